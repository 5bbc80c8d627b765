//! The files that content is made of: those built into the binary, with a folder laid over them.
//!
//! A file of the folder replaces the built-in file of the same path. A folder that holds the `edition.toml` of a
//! claim edition replaces that edition whole, so that no built-in table mixes into it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use crate::problem::Report;

include!(concat!(env!("OUT_DIR"), "/content_files.rs"));

/// Bounds on a folder given by an operator.
const FILES_MAX: usize = 20_000;
const FILE_BYTES_MAX: u64 = 32 << 20;
const TOTAL_BYTES_MAX: usize = 256 << 20;
const DEPTH_MAX: usize = 8;

/// One file as text.
pub(crate) struct Source {
    pub path: String,
    pub text: Cow<'static, str>,
}

impl Source {
    /// The file's name without its folders and its last extension: the slug or the first day in force.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// The name of the folder that holds the file.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit('/').nth(1).unwrap_or_default()
    }
}

/// All files by path.
#[derive(Default)]
pub(crate) struct Sources(BTreeMap<String, Source>);

impl Sources {
    /// The files built into the binary.
    pub(crate) fn built_in(report: &mut Report) -> Sources {
        let mut sources = Sources::default();
        for (path, bytes) in FILES {
            match std::str::from_utf8(bytes) {
                Ok(text) => sources.put((*path).to_string(), Cow::Borrowed(without_mark(text))),
                Err(_) => report.add(path, 0, NOT_UTF8),
            }
        }
        sources
    }

    /// Lays a folder over what is there.
    pub(crate) fn lay_over(&mut self, dir: &Path, report: &mut Report) {
        let mut found = Vec::new();
        walk(dir, "", 0, &mut found, report);
        for path in found.iter().filter(|path| path.ends_with("/edition.toml")) {
            let folder = path.trim_end_matches("edition.toml").to_string();
            self.0.retain(|known, _| !known.starts_with(&folder));
        }
        let mut total = 0;
        for path in found {
            match read(&dir.join(&path)) {
                Ok(text) if total + text.len() > TOTAL_BYTES_MAX => {
                    return report.add(&path, 0, format!("thư mục lớn quá {} MB", TOTAL_BYTES_MAX >> 20));
                }
                Ok(text) => {
                    total += text.len();
                    self.put(path, Cow::Owned(text));
                }
                Err(text) => report.add(&path, 0, text),
            }
        }
    }

    fn put(&mut self, path: String, text: Cow<'static, str>) {
        self.0.insert(path.clone(), Source { path, text });
    }

    /// The files directly in this folder (`law/`) with this extension.
    pub(crate) fn in_folder<'a>(
        &'a self,
        folder: &'a str,
        extension: &'a str,
    ) -> impl Iterator<Item = &'a Source> {
        self.under(folder).filter(move |source| {
            let rest = &source.path[folder.len()..];
            !rest.contains('/') && rest.ends_with(extension)
        })
    }

    /// The files anywhere below this folder.
    pub(crate) fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Source> {
        self.0
            .range(folder.to_string()..)
            .map(|(_, source)| source)
            .take_while(move |source| source.path.starts_with(folder))
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Source> {
        self.0.get(path)
    }

    /// The names of the folders directly below this one.
    pub(crate) fn folders(&self, below: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .under(below)
            .filter_map(|source| source.path[below.len()..].split_once('/').map(|(name, _)| name.to_string()))
            .collect();
        names.dedup();
        names
    }
}

const NOT_UTF8: &str = "tệp không phải văn bản UTF-8; hãy lưu lại với mã hóa UTF-8";

/// Excel and Notepad begin UTF-8 files with a byte order mark.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn read(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| format!("không đọc được tệp: {error}"))?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!("tệp lớn quá {} MB", FILE_BYTES_MAX >> 20));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("không đọc được tệp: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| NOT_UTF8.to_string())?;
    Ok(without_mark(&text).to_string())
}

/// Lists files below `dir` as relative paths; hidden ones are skipped.
fn walk(dir: &Path, prefix: &str, depth: usize, found: &mut Vec<String>, report: &mut Report) {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            return report.add(prefix, 0, format!("không đọc được thư mục {}: {error}", dir.display()));
        }
    };
    let mut names: Vec<_> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for name in names.iter().filter(|name| !name.starts_with('.')) {
        let relative = format!("{prefix}{name}");
        if dir.join(name).is_dir() {
            if depth < DEPTH_MAX {
                walk(&dir.join(name), &format!("{relative}/"), depth + 1, found, report);
            } else {
                report.add(&relative, 0, "thư mục lồng quá sâu");
            }
        } else if found.len() < FILES_MAX {
            found.push(relative);
        } else {
            return report.add(&relative, 0, format!("thư mục có hơn {FILES_MAX} tệp"));
        }
    }
}

/// The folders that mean something; a file elsewhere is more often a slip in a name than a note.
const FOLDERS: &[&str] = &[
    "campaigns/",
    "claims/",
    "codes/",
    "conceptmaps/",
    "drugs/",
    "essential-drugs/",
    "forms/",
    "health-records/",
    "labs/",
    "law/",
    "lessons/",
    "maps/lab-indicators/",
    "maps/spreadsheets/",
    "notifiable/",
    "vaccination/",
    "parameters/",
    "prescribing/",
    "prints/",
    "profiles/",
    "programmes/",
    "registers/",
    "reports/",
    "roles/",
    "rules/",
    "schedules/",
    "valuesets/",
    "views/",
];

/// Reports files that nothing reads.
pub(crate) fn check_places(sources: &Sources, report: &mut Report) {
    for source in sources.0.values() {
        let known = FOLDERS.iter().any(|folder| source.path.starts_with(folder));
        let readable =
            [".csv", ".json", ".toml", ".md"].iter().any(|extension| source.path.ends_with(extension));
        let readable = readable || source.path.starts_with("prints/") && source.path.ends_with(".typ");
        let note = source.path.ends_with(".md");
        if !(note || known && readable || source.path.contains("/examples/")) {
            report.add(
                &source.path,
                0,
                "không biết tệp này dùng vào việc gì; hãy xem tên thư mục và phần mở rộng",
            );
        }
    }
}
