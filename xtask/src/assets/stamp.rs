//! When is the asset folder the one our inputs give? When its stamp equals the hash over those inputs.

use std::path::Path;

use anyhow::Result;
use sha2::{Digest, Sha256};

/// Raise this when a compiler changes what it writes; `yba-assets` refuses a folder of another format.
pub const FORMAT: u32 = 4;

/// Everything in `web/` that decides what the asset folder holds.
const INPUTS: [&str; 5] =
    ["package.json", "package-lock.json", "requirements.txt", "assets.toml", "icons.txt"];

const FILE: &str = "stamp";

/// The stamp that an asset folder made from these inputs bears.
pub fn of(web: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(format!("format {FORMAT}\n"));
    for name in INPUTS {
        let bytes = super::read(&web.join(name))?;
        hash.update(format!("{name} {}\n", bytes.len()));
        hash.update(bytes);
    }
    Ok(format!("{:x}", hash.finalize()))
}

/// True when the folder was finished with this stamp.
pub fn stands(folder: &Path, stamp: &str) -> bool {
    std::fs::read_to_string(folder.join(FILE)).is_ok_and(|found| found == stamp)
}

/// Marks the folder as finished.
pub fn set(folder: &Path, stamp: &str) -> Result<()> {
    Ok(std::fs::write(folder.join(FILE), stamp)?)
}
