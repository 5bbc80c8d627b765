//! An open node: its records, content and keys.

use crate::config::{Config, References};
use rand::RngCore;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use yba_content::{Content, Day, Problem};
use yba_fhir::json::{Value, str_at};
use yba_fhir::{Kind, Outcome};
use yba_records::{Ids, Records};
use yba_store::Store;
use yba_validate::{Codes, Validator};
use yba_view::Library;

/// What a command works on.
#[derive(Clone)]
pub struct Node {
    pub records: Records,
    pub content: Arc<Content>,
    /// The views of content, compiled.
    pub views: Arc<Library>,
    /// The registers and reports of content, compiled.
    pub registers: Arc<yba_report::Library>,
    /// The forms of content, compiled.
    pub forms: Arc<yba_forms::Library>,
    /// The rules of content, compiled.
    pub rules: Arc<yba_rules::Library>,
    /// From which ids of imported records are made (DESIGN 14); the same on every node of a province.
    pub province_key: [u8; 32],
    pub config: Config,
}

impl Node {
    /// Opens the node of these settings; creates it when the folder is new.
    pub fn open(config: Config) -> Result<Node, Outcome> {
        let content = load_content(&config)?;
        keep_to_owner(&config.data);
        let store = Store::open(config.store_options())?;
        let province_key = province_key(&config.data).map_err(|error| {
            Outcome::fault(format!("the province key in {} cannot be used: {error}", config.data.display()))
        })?;
        let views = Library::load(&content).map_err(|problems| {
            content_problems("Các bảng trong nội dung có lỗi; chạy `yba content check`.", &problems)
        })?;
        let registers = yba_report::Library::load(&content).map_err(|problems| {
            content_problems("Các sổ và biểu trong nội dung có lỗi; chạy `yba content check`.", &problems)
        })?;
        let forms = yba_forms::Library::load(&content).map_err(|problems| {
            content_problems("Các biểu mẫu trong nội dung có lỗi; chạy `yba content check`.", &problems)
        })?;
        let rules = yba_rules::Library::load(&content).map_err(|problems| {
            content_problems("Các luật nhắc trong nội dung có lỗi; chạy `yba content check`.", &problems)
        })?;
        let records = Records::open(store, Ids::Random)?;
        let content = Arc::new(content);
        let codes = Codes::of_content(&content, Day::of_instant(records.store().clock().now_ms()));
        let terminology = codes.terminology().clone();
        records.speak_by(terminology.clone());
        refuse_unsound_profiles(&content, codes)?;
        let of_content = content.clone();
        records.judge_by(move |definitions, day| {
            validator(&of_content, Codes::new(terminology.clone(), day), definitions)
        });
        records.require_targets(config.references == References::Existing);
        let (views, registers, forms) = (Arc::new(views), Arc::new(registers), Arc::new(forms));
        let rules = Arc::new(rules);
        Ok(Node { records, content, views, registers, forms, rules, province_key, config })
    }
}

/// Makes a new data folder one that its owner alone may open. Trouble is told by whoever opens the store in it.
fn keep_to_owner(folder: &Path) {
    use std::os::unix::fs::DirBuilderExt;
    let _ = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
}

fn load_content(config: &Config) -> Result<Content, Outcome> {
    let Some(folder) = &config.content else { return Ok(Content::built_in()) };
    Content::with_folder(folder).map_err(|problems| {
        let text = format!("Thư mục nội dung {} có lỗi; chạy `yba content check`.", folder.display());
        content_problems(&text, &problems)
    })
}

fn content_problems(text: &str, problems: &[Problem]) -> Outcome {
    let list: Vec<String> = problems.iter().map(Problem::to_string).collect();
    Outcome::new(Kind::Unavailable, "content", text, format!("content has problems:\n{}", list.join("\n")))
}

fn refuse_unsound_profiles(content: &Content, codes: Codes) -> Result<(), Outcome> {
    let (_, problems) = Validator::of_content(content, codes, &[]);
    match problems.is_empty() {
        true => Ok(()),
        false => {
            Err(content_problems("Các hồ sơ trong nội dung có lỗi; chạy `yba content check`.", &problems))
        }
    }
}

/// R4, the profiles of content and those that were written into the store. Whoever may write there must not change what
/// content says; and what is no sound profile is told and left out, for the store holds whatever R4 allows.
fn validator(content: &Content, codes: Codes, definitions: &[Value]) -> Validator {
    const TOLD_MAX: usize = 20;
    let of_content = |url: &str| content.profiles().iter().any(|edition| edition.url() == Some(url));
    let (held, further): (Vec<Value>, Vec<Value>) =
        definitions.iter().cloned().partition(|one| str_at(one, &["url"]).is_some_and(of_content));
    for url in held.iter().filter_map(|one| str_at(one, &["url"])).take(TOLD_MAX) {
        eprintln!("yba: StructureDefinition {url} of the store is left out: content has that profile");
    }
    let (validator, problems) = Validator::of_content(content, codes, &further);
    for problem in problems.iter().take(TOLD_MAX) {
        eprintln!("yba: a StructureDefinition of the store is left out: {problem}");
    }
    validator
}

/// Reads the key, or makes one at first; readable by its owner alone.
fn province_key(folder: &Path) -> std::io::Result<[u8; 32]> {
    let path = folder.join("province.key");
    if let Ok(text) = std::fs::read_to_string(&path) {
        return parse_key(text.trim())
            .ok_or_else(|| std::io::Error::other("province.key must be 64 hex digits"));
    }
    let mut key = [0u8; 32];
    rand::rngs::OsRng.fill_bytes(&mut key);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path)?;
    let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(key)
}

fn parse_key(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut key = [0u8; 32];
    for (position, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * position..2 * position + 2], 16).ok()?;
    }
    Some(key)
}
