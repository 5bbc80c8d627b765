//! Large things: a folder in which a file's name is the SHA-256 of its content, so nothing is kept twice.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How the names of files end that are still being written.
const UNFINISHED_ENDING: &str = "part";

/// The blob folder.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    pub fn new(folder: PathBuf) -> Blobs {
        Blobs { folder }
    }

    /// Keeps bytes and answers their hash (64 hex digits). When this returns, they are on disk.
    pub fn put(&self, bytes: &[u8]) -> std::io::Result<String> {
        static UNFINISHED: AtomicU64 = AtomicU64::new(0);
        let hash = hash_of(bytes);
        let path = self.path(&hash).ok_or_else(|| std::io::Error::other("a hash is always a valid name"))?;
        let parent = path.parent().unwrap_or(&self.folder);
        if !path.exists() {
            if !parent.exists() {
                std::fs::create_dir_all(parent)?;
                for above in parent.ancestors().skip(1).take(2) {
                    File::open(above)?.sync_all()?;
                }
            }
            // Written under a name of its own first: a file that has its hash as name is whole.
            let number = UNFINISHED.fetch_add(1, Ordering::SeqCst);
            let unfinished = path.with_extension(format!("{UNFINISHED_ENDING}{number}"));
            let mut file = File::create(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&unfinished, &path)?;
        }
        // Also when it was there: whoever put it may not have come so far yet.
        File::open(parent)?.sync_all()?;
        Ok(hash)
    }

    /// Removes what a program that died has left half written.
    pub(crate) fn remove_unfinished(&self) -> std::io::Result<()> {
        for folder in folders(&self.folder)? {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
                if ending.starts_with(UNFINISHED_ENDING) {
                    std::fs::remove_file(path)?;
                }
            }
        }
        Ok(())
    }

    /// The bytes of a hash; `None` when they are not here, an error when the disk has changed them.
    pub fn get(&self, hash: &str) -> std::io::Result<Option<Vec<u8>>> {
        let Some(path) = self.path(hash) else { return Ok(None) };
        match std::fs::read(path) {
            Ok(bytes) if hash_of(&bytes) == hash => Ok(Some(bytes)),
            Ok(_) => Err(std::io::Error::other(format!("blob {hash} does not have its own hash"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a blob to be read piece by piece; `None` when it is not here.
    pub fn open(&self, hash: &str) -> std::io::Result<Option<File>> {
        let Some(path) = self.path(hash) else { return Ok(None) };
        match File::open(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a blob still has its own hash. Reads it piece by piece, however large it is.
    pub fn is_sound(&self, hash: &str) -> std::io::Result<bool> {
        let Some(mut file) = self.open(hash)? else { return Ok(false) };
        let mut digest = Sha256::new();
        std::io::copy(&mut file, &mut digest)?;
        Ok(hex(&digest.finalize()) == hash)
    }

    /// The hashes of all blobs.
    pub fn list(&self) -> std::io::Result<Vec<String>> {
        let mut hashes = Vec::new();
        for folder in folders(&self.folder)? {
            for entry in std::fs::read_dir(folder)? {
                let name = entry?.file_name().to_string_lossy().into_owned();
                if is_hash(&name) {
                    hashes.push(name);
                }
            }
        }
        hashes.sort_unstable();
        Ok(hashes)
    }

    fn path(&self, hash: &str) -> Option<PathBuf> {
        is_hash(hash).then(|| self.folder.join(&hash[..2]).join(hash))
    }
}

fn folders(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !root.exists() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(root)?.collect::<std::io::Result<Vec<_>>>()?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn hash_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_once_gives_back_and_notices_change() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path().join("blobs"));
        let hash = blobs.put(b"phim phoi").unwrap();
        assert_eq!(blobs.put(b"phim phoi").unwrap(), hash);
        assert_eq!(blobs.get(&hash).unwrap().unwrap(), b"phim phoi");
        assert_eq!(blobs.list().unwrap(), std::slice::from_ref(&hash));
        assert_eq!(blobs.get("../../etc/passwd").unwrap(), None);
        std::fs::write(blobs.path(&hash).unwrap(), b"khac").unwrap();
        assert!(blobs.get(&hash).is_err());
    }
}
