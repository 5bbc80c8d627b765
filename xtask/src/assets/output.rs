//! The asset folder: named files, and an index in Rust that `yba-assets` includes as it stands.
//!
//! The index carries hashes and media types so that no build script needs to compute anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

use super::stamp;

/// What `crates/assets` includes.
const INDEX: &str = "index.rs";

/// Files to be written, by served name.
#[derive(Default)]
pub struct Output {
    files: BTreeMap<String, Vec<u8>>,
}

impl Output {
    /// Adds a file as it is; refuses a second one of the same name.
    pub fn file(&mut self, name: &str, bytes: Vec<u8>) -> Result<()> {
        if mime(name).is_none() {
            bail!("{name}: no media type is known for this ending; add it in xtask/src/assets/output.rs");
        }
        if self.files.insert(name.to_owned(), bytes).is_some() {
            bail!("{name}: two assets of one name");
        }
        Ok(())
    }

    /// Adds a file compressed, always to the same bytes.
    pub fn gzip(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut packer =
            GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
        packer.write_all(bytes)?;
        self.file(name, packer.finish()?)
    }

    /// Makes the folder hold exactly these files and returns their size together.
    ///
    /// A file that is as it was is not touched, so that nothing is built again for it. The stamp goes in last: a
    /// folder that was interrupted is made again.
    pub fn write(&self, folder: &Path, stamp: &str) -> Result<usize> {
        if folder.exists() {
            clear(folder, |name| self.files.contains_key(name))?;
        }
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for (name, bytes) in &self.files {
            replace(&folder.join(name), bytes)?;
        }
        replace(&folder.join(INDEX), self.index().as_bytes())?;
        stamp::set(folder, stamp)?;
        Ok(self.files.values().map(Vec::len).sum())
    }

    /// The index: Rust source that lists every file, sorted by name.
    fn index(&self) -> String {
        let mut index = String::from("// Written by `cargo xtask assets`.\n");
        let _ = writeln!(index, "pub(crate) const FORMAT: u32 = {};", stamp::FORMAT);
        index.push_str("pub(crate) static ASSETS: &[Asset] = &[\n");
        for (name, bytes) in &self.files {
            let hash = format!("{:x}", Sha256::digest(bytes));
            let mime = mime(name).expect("file() admits only known endings");
            let _ = writeln!(
                index,
                "    Asset {{ name: {name:?}, bytes: include_bytes!({name:?}), hash: {:?}, mime: {mime:?} }},",
                &hash[..16]
            );
        }
        index.push_str("];\n");
        index
    }
}

/// Clears a folder of ours of its stamp and of what is no longer wanted; refuses one that holds other things, for
/// `YBA_ASSETS` may name anything.
fn clear(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<()> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    if !entries.is_empty() && !folder.join(INDEX).exists() {
        bail!("{} is not empty and was not made by this command", folder.display());
    }
    for entry in entries {
        if entry.file_type()?.is_dir() {
            bail!("{} does not belong there", entry.path().display());
        }
        let keep = entry.file_name().to_str().is_some_and(|name| name == INDEX || wanted(name));
        if !keep {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Writes a file in one step, unless it holds these bytes already.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|found| found == bytes) {
        return Ok(());
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn mime(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "html" => "text/html; charset=utf-8",
        "woff2" => "font/woff2",
        "gz" => "application/gzip",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_names_every_file_with_hash_and_media_type() {
        let mut output = Output::default();
        output.file("b.js", b"1".to_vec()).unwrap();
        output.gzip("a.tsv.gz", b"x\ty\n").unwrap();
        let index = output.index();
        let a = index.find("a.tsv.gz").unwrap();
        let b = index.find("b.js").unwrap();
        assert!(a < b, "sorted by name");
        // sha256 of "1"
        assert!(index.contains("hash: \"6b86b273ff34fce1\", mime: \"text/javascript; charset=utf-8\""));
    }

    #[test]
    fn the_same_table_is_packed_to_the_same_bytes() {
        let pack = || {
            let mut output = Output::default();
            output.gzip("t.gz", &[7; 5000]).unwrap();
            output.files["t.gz"].clone()
        };
        assert_eq!(pack(), pack());
        assert_eq!(&pack()[4..8], [0, 0, 0, 0], "no time in the header");
    }

    #[test]
    fn two_files_of_one_name_and_unknown_endings_are_refused() {
        let mut output = Output::default();
        output.file("a.js", Vec::new()).unwrap();
        assert!(output.file("a.js", Vec::new()).is_err());
        assert!(output.file("a.exe", Vec::new()).is_err());
    }

    #[test]
    fn a_folder_that_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("thesis.odt"), "x").unwrap();
        assert!(Output::default().write(folder.path(), "s").is_err());
        assert!(folder.path().join("thesis.odt").exists());
    }

    #[test]
    fn a_second_writing_drops_what_is_gone_and_touches_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut first = Output::default();
        first.file("a.js", b"a".to_vec()).unwrap();
        first.file("b.js", b"b".to_vec()).unwrap();
        first.write(folder.path(), "one").unwrap();
        let written = std::fs::metadata(path("a.js")).unwrap().modified().unwrap();
        let mut second = Output::default();
        second.file("a.js", b"a".to_vec()).unwrap();
        second.write(folder.path(), "two").unwrap();
        assert!(!path("b.js").exists());
        assert!(!std::fs::read_to_string(path("index.rs")).unwrap().contains("b.js"));
        assert_eq!(std::fs::metadata(path("a.js")).unwrap().modified().unwrap(), written);
        assert!(stamp::stands(folder.path(), "two") && !stamp::stands(folder.path(), "one"));
    }
}
