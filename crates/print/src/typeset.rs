//! A template and its data become pages. <https://typst.app/docs/>
//!
//! A template sees the files that it is given, and nothing else: no folder, no package, no network, no clock.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Array, Bytes, Datetime, Dict, Duration, Smart, Str, Value};
use typst::layout::{Frame, FrameItem};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World, WorldExt};
use typst_kit::fonts::FontStore;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};
use yba_fhir::Day;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait};

/// Most pages of one sheet of paper.
pub const PAGES_MAX: usize = 400;
/// Most bytes of data for one.
pub const DATA_BYTES_MAX: usize = 8 << 20;

/// What is to be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// Templates by name.
    pub files: BTreeMap<String, String>,
    /// The name of the one that begins.
    pub main: String,
    /// A JSON object, which the template reads as `sys.inputs`.
    pub data: String,
    /// The moment that the PDF says it was made; ms since 1970 UTC.
    pub at_ms: i64,
}

/// Pages.
#[derive(Debug)]
pub struct Pages {
    pub pdf: Vec<u8>,
    pub count: usize,
    /// What stands on them, in the order in which it was set.
    pub text: String,
}

/// Why there are no pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The template at fault; empty when none is.
    pub file: String,
    /// From 1; 0 when unknown.
    pub line: u32,
    pub text: String,
}

impl Wrong {
    fn of(text: String) -> Wrong {
        Wrong { file: String::new(), line: 0, text }
    }
}

/// Sets a job in this process. Refuses what is larger than the bounds above, and says where a template breaks.
pub fn set(job: &Job) -> Result<Pages, Wrong> {
    let pages = pages(job);
    // What was worked out is of no use to the next job.
    typst::comemo::evict(0);
    pages
}

fn pages(job: &Job) -> Result<Pages, Wrong> {
    if job.data.len() > DATA_BYTES_MAX {
        return Err(Wrong::of(format!("bản in có hơn {} MB dữ liệu", DATA_BYTES_MAX >> 20)));
    }
    let desk = Desk::of(job)?;
    let compiled = typst::compile::<PagedDocument>(&desk);
    let document = compiled.output.map_err(|errors| desk.told(errors.first()))?;
    let count = document.pages().len();
    if count > PAGES_MAX {
        return Err(Wrong::of(format!("bản in dài {count} trang, tối đa {PAGES_MAX}")));
    }
    let standards =
        PdfStandards::new(&[PdfStandard::A_2b]).map_err(|error| Wrong::of(error.message().to_string()))?;
    let creator = Smart::Custom(Some("Y Bạ".to_owned()));
    let options = PdfOptions {
        creator,
        standards,
        timestamp: stamp(job.at_ms),
        tagged: false,
        ..PdfOptions::default()
    };
    let pdf = typst_pdf::pdf(&document, &options).map_err(|errors| desk.told(errors.first()))?;
    let mut text = String::new();
    for page in document.pages() {
        collect(&page.frame, &mut text);
        text.push('\u{c}');
    }
    Ok(Pages { pdf, count, text })
}

/// What a template can reach.
struct Desk {
    library: LazyHash<Library>,
    main: FileId,
    sources: HashMap<FileId, Source>,
}

/// The faces that are built in; Libertinus Serif has every Vietnamese letter.
static FONTS: LazyLock<FontStore> = LazyLock::new(|| {
    let mut fonts = FontStore::new();
    let faces = typst_kit::fonts::embedded().filter(|(_, info)| info.family == "Libertinus Serif");
    fonts.extend(faces);
    fonts
});

impl Desk {
    fn of(job: &Job) -> Result<Desk, Wrong> {
        let id = |name: &str| {
            let path = VirtualPath::new(name).map_err(|_| Wrong::of(format!("tên tệp in lạ: {name}")))?;
            Ok(RootedPath::new(VirtualRoot::Project, path).intern())
        };
        let mut sources = HashMap::new();
        for (name, text) in &job.files {
            let id = id(name)?;
            sources.insert(id, Source::new(id, text.clone()));
        }
        let data = json::from_str(&job.data).map_err(|error| Wrong::of(error.to_string()))?;
        let Value::Dict(inputs) = value(&data) else {
            return Err(Wrong::of("dữ liệu in phải là một bảng".to_owned()));
        };
        let library = Library::builder().with_inputs(inputs).build();
        Ok(Desk { library: LazyHash::new(library), main: id(&job.main)?, sources })
    }

    fn told(&self, error: Option<&SourceDiagnostic>) -> Wrong {
        let Some(error) = error else { return Wrong::of("mẫu in hỏng".to_owned()) };
        let place = error.span.id().and_then(|id| {
            let source = self.sources.get(&id)?;
            let line = source.lines().byte_to_line(self.range(error.span)?.start)?;
            Some((id.vpath().get_without_slash().to_owned(), line as u32 + 1))
        });
        let (file, line) = place.unwrap_or_default();
        Wrong { file, line, text: error.message.to_string() }
    }
}

/// A value of the data as templates know it. Not by Typst's own `json()`: numbers come to it as tables when anybody in the
/// program asks serde_json for their exact digits.
fn value(data: &json::Value) -> Value {
    if let Some(members) = data.as_object() {
        let members = members.iter().map(|(name, member)| (Str::from(name), value(member)));
        return Value::Dict(members.collect::<Dict>());
    }
    if let Some(list) = data.as_array() {
        return Value::Array(list.iter().map(value).collect::<Array>());
    }
    if let Some(text) = data.as_str() {
        return Value::Str(text.into());
    }
    if let Some(flag) = data.as_bool() {
        return Value::Bool(flag);
    }
    let digits = json::number_text(data).unwrap_or_default();
    let whole = digits.parse().map(Value::Int);
    whole.or_else(|_| digits.parse().map(Value::Float)).unwrap_or(Value::None)
}

/// A moment of ms since 1970 UTC.
fn stamp(ms: i64) -> Option<Timestamp> {
    let day = Day::of_instant(ms);
    // Of the day in Vietnam, seven hours before UTC.
    let second = (ms - day.start_ms()) / 1000;
    let (hour, minute) = (u8::try_from(second / 3600).ok()?, u8::try_from(second / 60 % 60).ok()?);
    let (month, date) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
    let at = Datetime::from_ymd_hms(i32::from(day.year()), month, date, hour, minute, (second % 60) as u8)?;
    Timestamp::new_local(at, 7 * 60)
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_without_slash().into())
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        FONTS.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        Err(missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// The text of a frame; pieces that stand apart are a space apart.
fn collect(frame: &Frame, text: &mut String) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => collect(&group.frame, text),
            FrameItem::Text(piece) => {
                text.push_str(&piece.text);
                text.push(' ');
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DATA_BYTES_MAX, Job, set};

    fn job(template: &str, data: &str) -> Job {
        let files = [("main.typ".to_owned(), template.to_owned())].into();
        Job { files, main: "main.typ".into(), data: data.into(), at_ms: 0 }
    }

    #[test]
    fn a_template_reads_its_data_and_nothing_else() {
        let pages = set(&job("#let d = sys.inputs\nXin chào #d.name", r#"{"name": "Lò Thị Ộ"}"#));
        let pages = pages.expect("it is sound");
        assert_eq!((pages.count, pages.text.contains("Lò Thị Ộ")), (1, true), "{}", pages.text);
        assert!(pages.pdf.starts_with(b"%PDF-1.7"));
        for reaching in [
            "#read(\"/etc/passwd\")",
            "#read(\"../../../../etc/hostname\")",
            "#include \"other.typ\"",
            "#import \"@preview/cetz:0.3.0\": canvas",
            "#image(\"https://example.org/a.png\")",
            "#datetime.today().display()",
            "#sys.inputs.secret",
        ] {
            let wrong = set(&job(&format!("\n\n{reaching}"), "{}")).expect_err(reaching);
            assert_eq!((wrong.file.as_str(), wrong.line), ("main.typ", 3), "{reaching}: {}", wrong.text);
        }
    }

    #[test]
    fn pages_and_data_are_bounded() {
        let wrong = set(&job("#for i in range(401) { pagebreak() }", "{}")).expect_err("too long");
        assert!(wrong.text.contains("trang"), "{}", wrong.text);
        let wrong = set(&job("a", &" ".repeat(DATA_BYTES_MAX + 1))).expect_err("too large");
        assert!(wrong.text.contains("MB"), "{}", wrong.text);
    }
}
