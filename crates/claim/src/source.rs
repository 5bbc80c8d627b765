//! Where claim files come from: a file, a folder with everything below it, or a zip archive. One file is in memory at
//! a time, and nothing is trusted: sizes are bounded before and while reading.

use crate::bounds::Bounds;
use crate::problem::Problem;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// One file to read.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub path: PathBuf,
    /// As people know it: the path as given, or below the folder that was given.
    pub name: String,
    pub bytes: u64,
}

/// What a walk found, in the order of names, which is the order of arrival in every export we know.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub files: Vec<Found>,
    pub problems: Vec<Problem>,
    /// Files that are neither XML nor zip.
    pub skipped: u64,
}

const FOLDERS_DEEP: usize = 32;

/// Lists the files of all inputs.
pub(crate) fn walk(inputs: &[PathBuf], bounds: &Bounds) -> Walked {
    let mut walked = Walked::default();
    for input in inputs {
        let shown = input.display().to_string();
        match std::fs::metadata(input) {
            Ok(found) if found.is_dir() => folder(input, "", 0, bounds, &mut walked),
            Ok(found) => walked.files.push(Found { path: input.clone(), name: shown, bytes: found.len() }),
            Err(error) => walked.problems.push(unreadable(&shown, &error)),
        }
    }
    walked
}

fn unreadable(name: &str, error: &std::io::Error) -> Problem {
    let text = "Không mở được tệp hoặc thư mục này. Hãy kiểm tra đường dẫn và quyền đọc.";
    Problem::error("file-unreadable", text, format!("cannot open: {error}")).file(name)
}

fn folder(path: &Path, prefix: &str, depth: usize, bounds: &Bounds, walked: &mut Walked) {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return walked.problems.push(unreadable(prefix, &error)),
    };
    // Links are not followed: a folder that holds itself would have no end.
    let mut entries: Vec<_> = entries.flatten().map(|entry| (entry.file_name(), entry)).collect();
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    // Files before folders: what lies together is read together.
    for folders in [false, true] {
        for (name, entry) in &entries {
            let name = name.to_string_lossy();
            let Ok(kind) = entry.file_type() else { continue };
            if name.starts_with('.') || kind.is_dir() != folders {
                continue;
            }
            let shown = if prefix.is_empty() { name.to_string() } else { format!("{prefix}/{name}") };
            if kind.is_dir() {
                if depth < FOLDERS_DEEP {
                    folder(&entry.path(), &shown, depth + 1, bounds, walked);
                }
            } else if kind.is_file() && wanted(&name) {
                if walked.files.len() >= bounds.files {
                    let text = format!(
                        "Thư mục có hơn {} tệp; phần còn lại chưa được nạp. Hãy nạp từng thư mục con.",
                        bounds.files
                    );
                    let told = walked.problems.iter().any(|problem| problem.key == "files-many");
                    if !told {
                        walked
                            .problems
                            .push(Problem::error("files-many", text, "too many files").file(&shown));
                    }
                    return;
                }
                let bytes = entry.metadata().map(|found| found.len()).unwrap_or_default();
                walked.files.push(Found { path: entry.path(), name: shown, bytes });
            } else if kind.is_file() {
                walked.skipped += 1;
            }
        }
    }
}

fn wanted(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with(".xml") || lower.ends_with(".zip")
}

/// Opens a file and hands over its content, or the content of every XML file inside when it is an archive. `take`
/// answers false to stop.
pub(crate) fn open(
    found: &Found,
    bounds: &Bounds,
    take: &mut dyn FnMut(&str, Vec<u8>) -> bool,
) -> Result<Vec<Problem>, Problem> {
    let failed = |error: std::io::Error| unreadable(&found.name, &error);
    let mut file = File::open(&found.path).map_err(failed)?;
    let mut magic = [0u8; 4];
    let read = file.read(&mut magic).map_err(failed)?;
    if magic[..read] == *b"PK\x03\x04" {
        return archive(found, bounds, take);
    }
    if found.bytes > bounds.file_bytes {
        return Err(too_large(&found.name, bounds.file_bytes));
    }
    let mut content = Vec::with_capacity(found.bytes.min(bounds.file_bytes) as usize + 1);
    content.extend_from_slice(&magic[..read]);
    // A file may grow while it is read; one byte beyond the bound is enough to know.
    let rest = bounds.file_bytes + 1 - read as u64;
    file.take(rest).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > bounds.file_bytes {
        return Err(too_large(&found.name, bounds.file_bytes));
    }
    take(&found.name, content);
    Ok(Vec::new())
}

fn too_large(name: &str, limit: u64) -> Problem {
    let text = format!("Tệp lớn quá {} MB. Hãy chia nhỏ rồi nạp lại.", limit >> 20);
    Problem::error("file-large", text, "file exceeds the bound").file(name)
}

fn broken_archive(name: &str, detail: String) -> Problem {
    let text = "Tệp zip bị hỏng hoặc có mật khẩu. Hãy giải nén ra thư mục rồi nạp thư mục đó.";
    Problem::error("zip", text, detail).file(name)
}

fn archive(
    found: &Found,
    bounds: &Bounds,
    take: &mut dyn FnMut(&str, Vec<u8>) -> bool,
) -> Result<Vec<Problem>, Problem> {
    let file = File::open(&found.path).map_err(|error| unreadable(&found.name, &error))?;
    let broken = |error: zip::result::ZipError| broken_archive(&found.name, format!("zip: {error}"));
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    if archive.len() > bounds.files {
        return Err(broken_archive(&found.name, format!("{} entries", archive.len())));
    }
    let mut order: Vec<(String, usize)> = Vec::new();
    let mut problems = Vec::new();
    for at in 0..archive.len() {
        let entry = match archive.by_index(at) {
            Ok(entry) => entry,
            Err(error) => {
                problems.push(broken_archive(&found.name, format!("zip entry {at}: {error}")));
                continue;
            }
        };
        let name = entry.name().map(|name| name.into_owned()).unwrap_or_else(|_| format!("#{at}"));
        if !entry.is_dir() && name.to_ascii_lowercase().ends_with(".xml") {
            order.push((name, at));
        }
    }
    order.sort();
    let mut left = bounds.archive_bytes;
    for (name, at) in order {
        let shown = format!("{}!{name}", found.name);
        let content = match entry_content(&mut archive, at, bounds, left) {
            Ok(content) => content,
            Err(Some(problem)) => {
                problems.push(problem.file(&shown));
                continue;
            }
            Err(None) => {
                let text = "Tệp zip bung ra quá lớn; phần còn lại chưa được nạp. Hãy chia nhỏ.";
                problems
                    .push(Problem::error("zip-large", text, "archive exceeds the bound").file(&found.name));
                break;
            }
        };
        left = left.saturating_sub(content.len() as u64);
        if !take(&shown, content) {
            break;
        }
    }
    Ok(problems)
}

/// The content of one entry, never more than its bounds whatever its header says. `Err(None)`: the archive as a whole
/// has been unpacked far enough.
fn entry_content(
    archive: &mut zip::ZipArchive<BufReader<File>>,
    at: usize,
    bounds: &Bounds,
    left: u64,
) -> Result<Vec<u8>, Option<Problem>> {
    let entry = archive.by_index(at).map_err(|error| Some(broken_archive("", format!("zip: {error}"))))?;
    // Small files may be packed very well; the ratio counts from a megabyte up.
    let by_ratio = entry.compressed_size().saturating_mul(bounds.archive_ratio).max(1 << 20);
    let limit = bounds.file_bytes.min(by_ratio).min(left);
    let mut content = Vec::new();
    entry
        .take(limit + 1)
        .read_to_end(&mut content)
        .map_err(|error| Some(broken_archive("", format!("zip: {error}"))))?;
    match content.len() as u64 > limit {
        false => Ok(content),
        true if limit == left => Err(None),
        true => Err(Some(too_large("", limit))),
    }
}
