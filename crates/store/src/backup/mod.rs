//! Backup and restore: one encrypted file that either engine writes and either engine takes back.
//!
//! The file holds the versions up to one log position, the audit chain of writes up to the entry of that position, the
//! files of the read trail with the signed heads, and all blobs. What can be made again is not in it: index rows, heads,
//! derived tables and how far their followers have come. Because versions never change, a log position is a snapshot:
//! a backup runs beside a working node and holds no transaction open.
//!
//! Start reading at [`write::backup`] and [`read::restore`]; [`frame`] is what they exchange, [`seal`] how it is
//! encrypted.

mod frame;
mod read;
mod seal;
mod write;

pub use read::{Restored, restore, verify};
pub use seal::BackupKey;
pub use write::{Summary, backup};

use yba_fhir::{Kind, Outcome};

/// The name of the key file in the data folder.
pub const KEY_FILE: &str = "backup.key";
/// The folder of the read trail within the data folder; its files travel as they are.
const AUDIT_FOLDER: &str = "audit";
/// Files of the data folder itself that travel too: without the province's key a restored node would give other ids
/// to imports it has already seen.
const FOLDER_FILES: [&str; 1] = ["province.key"];

/// A backup file that cannot be used: damaged, cut short, of another key, or no backup at all.
fn unusable(detail: impl Into<String>) -> Outcome {
    let text = "Tệp sao lưu bị hỏng, bị cắt, hoặc không khớp với tệp khóa. Chưa khôi phục gì.";
    Outcome::new(Kind::Invalid, "backup-unusable", text, detail.into())
}

fn disk(error: &std::io::Error) -> Outcome {
    let text = format!("Không đọc hoặc ghi được tệp sao lưu: {error}.");
    Outcome::new(Kind::Unavailable, "backup-io", text, format!("backup file: {error}"))
}
