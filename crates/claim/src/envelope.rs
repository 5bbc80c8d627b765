//! A claim file to visits: the `GIAMDINHHS` envelope with many `HOSO`, or a bare part. One `HOSO` is held at a time.
//! <https://vbpl.vn> QĐ 4750/QĐ-BYT 2023 and QĐ 3176/QĐ-BYT 2024, annex; dialects as met in the field.

use crate::bounds::Bounds;
use crate::decode;
use crate::problem::{Problem, Problems};
use crate::rows;
use crate::shapes::Shapes;
use crate::value::compact_day;
use crate::visit::{Form, Origin, Part, RawRow, VisitFile};
use crate::xml::{Piece, Walk};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a file turned out to be.
#[derive(Debug, Default)]
pub struct FileReading {
    /// `HOSO` counted (not `SOLUONGHOSO`, which is only compared).
    pub visits: u32,
    /// How parts were packed, counted.
    pub forms: BTreeMap<Form, u32>,
    /// Rows of a file without envelope, to be joined with its neighbours by `MA_LK`.
    pub bare: Option<(Arc<Origin>, Part)>,
    /// Findings about the file as a whole.
    pub problems: Vec<Problem>,
}

/// Reads one file. Each visit of an envelope is handed to `take` as soon as it is complete; a bare file comes back
/// in [`FileReading::bare`] and is joined with [`join`]. What is wrong with the file stands in the answer; visits
/// before the place where a file breaks are handed over all the same.
pub fn read(
    file: &str,
    bytes: &[u8],
    shapes: &Shapes,
    bounds: Bounds,
    take: &mut dyn FnMut(VisitFile),
) -> FileReading {
    let mut reading = FileReading::default();
    let mut problems = Problems::default();
    let hash = hex16(&Sha256::digest(bytes));
    let origin = Origin { file: file.to_owned(), hash, facility: None, prepared: None };
    match decode::text(bytes) {
        Err(problem) => problems.add(problem),
        Ok((text, note)) => {
            problems.extend(note);
            let mut envelope = Envelope {
                origin,
                shapes,
                bounds,
                reading: &mut reading,
                problems: &mut problems,
                declared: None,
            };
            if let Err(problem) = envelope.document(&text, take) {
                problems.add(problem);
            }
        }
    }
    reading.problems = problems.finish(file, None);
    reading
}

fn hex16(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A part with hints about it, or a part that could not be read with the reason.
type Parted = Result<(Part, Vec<Problem>), Box<(Part, Problem)>>;

struct Envelope<'a> {
    origin: Origin,
    shapes: &'a Shapes,
    bounds: Bounds,
    reading: &'a mut FileReading,
    problems: &'a mut Problems,
    declared: Option<String>,
}

impl Envelope<'_> {
    fn document(&mut self, text: &str, take: &mut dyn FnMut(VisitFile)) -> Result<(), Problem> {
        // Parts are bounded when they are read; the envelope itself may hold very many of them.
        let bounds = Bounds { elements: usize::MAX, depth: self.bounds.depth + 8, ..self.bounds };
        let mut walk = Walk::new(text, bounds);
        let root = loop {
            match walk.next()? {
                Piece::Open(name) => break name,
                Piece::End => return Err(empty()),
                _ => {}
            }
        };
        if let Some(kind) = self.shapes.kind_of_root(&root) {
            return self.bare(kind, text);
        }
        let known =
            matches!(root.as_str(), "GIAMDINHHS" | "THONGTINHOSO" | "DANHSACHHOSO" | "HOSO" | "FILEHOSO");
        if !known && !text.contains("FILEHOSO") {
            return self.bare_by_columns(&root, text);
        }
        let mut parts = Vec::new();
        let mut hoso = Problems::default();
        loop {
            if root == "FILEHOSO" && walk.depth() == 1 {
                self.file_hoso(&mut walk, &mut parts, &mut hoso)?;
                continue;
            }
            match walk.next()? {
                Piece::Open(name) => match name.as_str() {
                    "FILEHOSO" => self.file_hoso(&mut walk, &mut parts, &mut hoso)?,
                    "MACSKCB" => self.origin.facility = some(leaf(&mut walk)?),
                    "NGAYLAP" => self.origin.prepared = compact_day(leaf(&mut walk)?.trim()),
                    "SOLUONGHOSO" => self.declared = some(leaf(&mut walk)?),
                    "CHUKYDONVI" => skip(&mut walk)?,
                    "HOSO" => self.hand_over(&mut parts, &mut hoso, take),
                    _ => {}
                },
                Piece::Close if walk.inside().is_none_or(|outer| outer == "DANHSACHHOSO") => {
                    self.hand_over(&mut parts, &mut hoso, take)
                }
                Piece::End => break,
                _ => {}
            }
        }
        self.hand_over(&mut parts, &mut hoso, take);
        self.compare_count();
        Ok(())
    }

    fn compare_count(&mut self) {
        let counted = self.reading.visits;
        if let Some(declared) = self.declared.take()
            && declared.parse() != Ok(counted)
        {
            let text = format!(
                "SOLUONGHOSO ghi {declared} nhưng tệp có {counted} hồ sơ; đã đọc đủ {counted} hồ sơ."
            );
            self.problems.add(Problem::warning(
                "count-differs",
                text,
                format!("declared {declared:?}, found {counted}"),
            ));
        }
    }

    fn hand_over(&mut self, parts: &mut Vec<Part>, hoso: &mut Problems, take: &mut dyn FnMut(VisitFile)) {
        let (parts, hoso) = (std::mem::take(parts), std::mem::take(hoso));
        if parts.is_empty() && !hoso.refuse() {
            return;
        }
        self.reading.visits += 1;
        let origin = Arc::new(self.origin.clone());
        let ordinal = self.reading.visits;
        let problems = hoso.finish(&origin.file, None);
        split(VisitFile { origin, ordinal, parts, problems }).into_iter().for_each(take);
    }

    /// One `FILEHOSO`, whose open tag was just read.
    fn file_hoso(
        &mut self,
        walk: &mut Walk<'_>,
        parts: &mut Vec<Part>,
        hoso: &mut Problems,
    ) -> Result<(), Problem> {
        let depth = walk.depth();
        let (mut kind, mut packed) = (String::new(), None);
        while walk.depth() >= depth {
            match walk.next()? {
                Piece::Open(name) if name == "LOAIHOSO" => kind = leaf(walk)?.trim().to_ascii_uppercase(),
                Piece::Open(name) if name == "NOIDUNGFILE" => packed = Some(pack(walk)?),
                Piece::End => return Ok(()),
                _ => {}
            }
        }
        let Some((form, text)) = packed else { return Ok(()) };
        match self.part(&kind, form, text) {
            Ok((part, notes)) => {
                *self.reading.forms.entry(part.form).or_default() += 1;
                hoso.extend(notes);
                parts.push(part);
            }
            Err(refused) => {
                let (part, problem) = *refused;
                hoso.add(if problem.part.is_none() { problem.part(&part.kind) } else { problem });
                parts.push(part);
            }
        }
        Ok(())
    }

    fn part(&self, kind: &str, form: Form, text: String) -> Parted {
        let mut part = Part { kind: kind.to_owned(), form, rows: Vec::new(), source: None };
        let mut notes = Vec::new();
        let text = match unpack(form, text, self.bounds) {
            Ok((text, note)) => {
                notes.extend(note.map(|note| note.part(kind)));
                text
            }
            Err(refused) => {
                let (text, problem) = *refused;
                part.source = Some(text);
                return Err(Box::new((part, problem)));
            }
        };
        if text.trim().is_empty() {
            let told = "Phần này để trống, không có nội dung; đã bỏ qua.";
            notes.push(Problem::warning("part-empty", told, "empty part").part(kind));
            part.source = Some(text);
            return Ok((part, notes));
        }
        match rows::read(&text, self.bounds) {
            Ok(content) => {
                if part.kind.is_empty() {
                    part.kind = self.shapes.kind_of_root(&content.root).unwrap_or("XML").to_owned();
                }
                part.rows = content.rows;
                part.source = Some(text);
                Ok((part, notes))
            }
            Err(problem) => {
                part.source = Some(text);
                Err(Box::new((part, problem)))
            }
        }
    }

    fn bare(&mut self, kind: &str, text: &str) -> Result<(), Problem> {
        let content = rows::read(text, self.bounds).map_err(|problem| problem.part(kind))?;
        let part = Part { kind: kind.to_owned(), form: Form::Bare, rows: content.rows, source: None };
        *self.reading.forms.entry(Form::Bare).or_default() += 1;
        self.reading.bare = Some((Arc::new(self.origin.clone()), part));
        Ok(())
    }

    /// A file whose outermost element nobody knows: its rows may still tell by name what they are.
    fn bare_by_columns(&mut self, root: &str, text: &str) -> Result<(), Problem> {
        let content = rows::read(text, self.bounds)?;
        let kind =
            content.rows.first().and_then(|row| self.shapes.kind_of_root(&row.element)).map(str::to_owned);
        let Some(kind) = kind else { return Err(unknown(root)) };
        let part = Part { kind, form: Form::Bare, rows: content.rows, source: None };
        *self.reading.forms.entry(Form::Bare).or_default() += 1;
        self.reading.bare = Some((Arc::new(self.origin.clone()), part));
        Ok(())
    }
}

fn empty() -> Problem {
    let text = "Tệp không có nội dung XML. Hãy xuất lại tệp.";
    Problem::error("file-empty", text, "no element in the file")
}

fn unknown(root: &str) -> Problem {
    let root: String = root.chars().take(60).collect();
    let text = format!(
        "Tệp bắt đầu bằng phần tử {root}, không phải hồ sơ khám chữa bệnh BHYT. Hãy chọn tệp GIAMDINHHS hoặc bảng XML1–XML15."
    );
    Problem::error("file-unknown", text, "unknown root element")
}

fn some(text: String) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The text of a plain element whose open tag was just read; at most a few hundred characters are kept.
fn leaf(walk: &mut Walk<'_>) -> Result<String, Problem> {
    let depth = walk.depth();
    let mut text = String::new();
    while walk.depth() >= depth {
        match walk.next()? {
            Piece::Text(piece) | Piece::Cdata(piece) if text.len() < 400 => {
                text.extend(piece.chars().take(400))
            }
            Piece::End => break,
            _ => {}
        }
    }
    Ok(text)
}

fn skip(walk: &mut Walk<'_>) -> Result<(), Problem> {
    leaf(walk).map(|_| ())
}

/// What stands in `NOIDUNGFILE`, whose open tag was just read, still packed.
fn pack(walk: &mut Walk<'_>) -> Result<(Form, String), Problem> {
    let depth = walk.depth();
    let start = walk.position();
    let (mut text, mut cdata, mut elements) = (String::new(), false, false);
    while walk.depth() >= depth {
        match walk.next()? {
            Piece::Open(_) => elements = true,
            Piece::Text(piece) if !elements => text.push_str(&piece),
            Piece::Cdata(piece) if !elements => {
                cdata = true;
                text.push_str(&piece);
            }
            Piece::End => break,
            _ => {}
        }
    }
    if elements {
        let inner = walk.source().get(start..walk.started()).unwrap_or_default();
        return Ok((Form::Elements, inner.to_owned()));
    }
    let form = match (text.trim_start().starts_with('<'), cdata) {
        (true, true) => Form::Cdata,
        (true, false) => Form::Escaped,
        (false, _) => Form::Base64,
    };
    Ok((form, text))
}

/// Base64 as hospital systems write it: with line ends inside, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

type Unpacked = Result<(String, Option<Problem>), Box<(String, Problem)>>;

/// The XML text of a part; on refusal the text as it stood, so that it can be handed back to be mended.
fn unpack(form: Form, text: String, bounds: Bounds) -> Unpacked {
    if text.len() > bounds.part_bytes.saturating_mul(4) / 3 + 4 {
        let told = format!("Phần này lớn quá {} MB. Hãy chia nhỏ.", bounds.part_bytes >> 20);
        return Err(Box::new((text, Problem::error("part-large", told, "part exceeds the bound"))));
    }
    if form != Form::Base64 {
        return Ok((text.trim_start_matches('\u{feff}').to_owned(), None));
    }
    let dense: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let bytes = match BASE64.decode(dense.as_bytes()) {
        Ok(bytes) => bytes,
        Err(error) => {
            let told =
                "Nội dung NOIDUNGFILE không phải base64 hợp lệ (có thể bị cắt cụt). Hãy xuất lại hồ sơ này.";
            let problem = Problem::error("base64", told, format!("base64: {error}")).column("NOIDUNGFILE");
            return Err(Box::new((text, problem)));
        }
    };
    match decode::text(&bytes) {
        Ok((inner, note)) => Ok((inner.into_owned(), note)),
        Err(problem) => Err(Box::new((text, problem.column("NOIDUNGFILE")))),
    }
}

/// Parts a `HOSO` by `MA_LK` when it holds several visits, which the decision does not foresee but exporters do.
fn split(visit: VisitFile) -> Vec<VisitFile> {
    let mut keys: Vec<&str> = Vec::new();
    for row in visit.parts.iter().flat_map(|part| &part.rows) {
        if let Some(key) = row.get("MA_LK")
            && !keys.contains(&key)
        {
            keys.push(key);
        }
    }
    if keys.len() < 2 {
        return vec![visit];
    }
    let parts = visit.parts.iter().map(|part| (visit.origin.clone(), part.clone()));
    let mut visits = join(parts);
    for one in &mut visits {
        one.ordinal = visit.ordinal;
        one.problems = visit.problems.clone();
    }
    visits
}

/// Joins rows of bare files to visits by `MA_LK`, in the order in which visits are first named. Rows without it
/// belong to no visit and come back as a visit of their own, which the check refuses by name.
pub fn join(files: impl IntoIterator<Item = (Arc<Origin>, Part)>) -> Vec<VisitFile> {
    let mut order: Vec<VisitFile> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (origin, part) in files {
        for row in part.rows {
            let key = row.get("MA_LK").unwrap_or_default().to_owned();
            let at = *known.entry(key).or_insert_with(|| {
                order.push(VisitFile {
                    origin: origin.clone(),
                    ordinal: 0,
                    parts: Vec::new(),
                    problems: Vec::new(),
                });
                order.len() - 1
            });
            // The file that holds the summary is the one that people look for.
            if part.kind == "XML1" {
                order[at].origin = origin.clone();
            }
            put_row(&mut order[at].parts, &part.kind, part.form, row);
        }
    }
    order
}

fn put_row(parts: &mut Vec<Part>, kind: &str, form: Form, row: RawRow) {
    match parts.iter_mut().find(|part| part.kind == kind) {
        Some(part) => part.rows.push(row),
        None => parts.push(Part { kind: kind.to_owned(), form, rows: vec![row], source: None }),
    }
}
