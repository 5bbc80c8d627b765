//! What is printed, before anybody knows how it looks: whose it is, columns, lines of typed cells, what it was made of.

use sha2::{Digest, Sha256};
use yba_fhir::Day;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, json, number_text};
use yba_fhirpath::Decimal;
use yba_report::closing::Standing;
use yba_report::{Period, Register, Report, Row};
use yba_ui::format;
use yba_view::Form;

/// Most lines of one paper: of a register's month at a busy station, several times over.
pub const LINES_MAX: usize = 5000;
/// Most lines that are set as pages: 2,000 take 2 s and some 420 MB of the process that sets them.
pub const SET_MAX: usize = 2000;
/// What the edges of a cell take, in letters.
const EDGES: f64 = 1.5;

/// A register, or a report, of a facility and some days.
#[derive(Debug, Clone)]
pub struct Paper {
    pub slug: String,
    /// The first day in force of its definition.
    pub edition: Day,
    /// As the circular calls it: `A1/YTCS`.
    pub form: String,
    /// Vietnamese.
    pub title: String,
    /// `tháng 2/2026`
    pub period: String,
    /// The days it is about, the last one included.
    pub days: (Day, Day),
    pub place: Place,
    pub columns: Vec<Column>,
    pub lines: Vec<Line>,
    /// Of the versions it was made of.
    pub checksum: String,
    /// How many rows of registers stand behind it.
    pub rows: usize,
    /// What of the definition nobody has compared with the original.
    pub uncertain: String,
    /// Numbers of the laws it rests on: `37/2019/TT-BYT`.
    pub basis: Vec<String>,
    /// When its numbers were closed, as an instant; none for what is still open, and for registers.
    pub closed_at: Option<String>,
    /// Whether it counts, and so may be closed.
    pub is_report: bool,
}

/// Whose paper it is.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Id of the Organization; empty for all together.
    pub id: String,
    /// `Trạm Y tế xã Bản Bo`
    pub name: String,
    /// The organization above it.
    pub above: String,
    /// Where it signs: `Bản Bo`; empty when unknown.
    pub town: String,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub title: String,
}

/// A line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Of reports, the row's; of registers, the number.
    pub name: String,
    /// One for each column.
    pub cells: Vec<Cell>,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    Text(String),
    Number(Decimal),
    Day(Day),
    /// As the record writes it, to the minute or finer.
    Moment(String),
}

impl Cell {
    /// As people read it.
    pub fn words(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => format::number(&number.to_string()),
            Cell::Day(day) => format::date(&day.to_string()),
            Cell::Moment(text) => format::date_time(text),
        }
    }

    /// As programs read it: ISO dates, digits with a point.
    pub fn plain(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) | Cell::Moment(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Day(day) => day.to_string(),
        }
    }

    fn is_narrow(&self) -> bool {
        !matches!(self, Cell::Text(_))
    }
}

/// What every paper says of itself.
pub struct Said<'s> {
    pub place: Place,
    pub basis: Vec<String>,
    pub period: Period,
    /// Rows, in the order in which they stand.
    pub rows: &'s [Row],
}

/// A register of a month, or another period.
pub fn register(register: &Register, said: Said) -> Paper {
    let own = [("stt", "STT"), ("day", "Ngày")].map(|(name, title)| column(name, title));
    let columns = register.columns.iter().map(|one| column(&one.name, &one.title));
    let lines = said.rows.iter().enumerate().map(|(at, row)| {
        let mut cells =
            vec![Cell::Number(Decimal::from(at as u64 + 1)), row.day.map_or(Cell::Empty, Cell::Day)];
        cells.extend((0..register.columns.len()).map(|column| cell(register, row, column)));
        Line { name: (at + 1).to_string(), cells }
    });
    Paper {
        slug: register.slug.clone(),
        edition: register.from,
        form: register.about.form.clone(),
        title: register.about.title.clone(),
        period: said.period.title(),
        days: (said.period.first(), said.period.last()),
        columns: own.into_iter().chain(columns).collect(),
        lines: lines.collect(),
        checksum: checksum(said.rows),
        rows: said.rows.len(),
        uncertain: register.about.uncertain.clone(),
        basis: said.basis,
        place: said.place,
        closed_at: None,
        is_report: false,
    }
}

/// A report: what was closed when it was, else what the record says now. `standing` is of the same report and period.
pub fn report(report: &Report, standing: &Standing, said: Said) -> Paper {
    let numbers = |at: usize| standing.cell(report, at);
    let width = report.columns.len();
    let lines = report.shown(numbers).into_iter().map(|r| {
        let row = &report.rows[r];
        let mut cells = vec![Cell::Text(row.title.clone())];
        cells.extend((0..width).map(|c| numbers(r * width + c).map_or(Cell::Empty, Cell::Number)));
        Line { name: row.name.clone(), cells }
    });
    let columns = report.columns.iter().map(|one| column(&one.name, &one.title));
    let closed = standing.closed.as_ref();
    Paper {
        slug: report.slug.clone(),
        edition: report.from,
        form: report.about.form.clone(),
        title: report.about.title.clone(),
        period: said.period.title(),
        days: (said.period.first(), said.period.last()),
        columns: std::iter::once(column("title", "Chỉ tiêu")).chain(columns).collect(),
        lines: lines.collect(),
        checksum: closed.map_or(&standing.now.checksum, |closed| &closed.checksum).clone(),
        rows: standing.rows(),
        uncertain: report.about.uncertain.clone(),
        basis: said.basis,
        place: said.place,
        closed_at: closed.map(|closed| closed.at.clone()),
        is_report: true,
    }
}

fn column(name: &str, title: &str) -> Column {
    Column { name: name.to_owned(), title: title.to_owned() }
}

/// The versions behind these rows, in whatever order they came.
fn checksum(rows: &[Row]) -> String {
    let mut sources: Vec<_> = rows.iter().flat_map(|row| &row.sources).collect();
    sources.sort();
    sources.dedup();
    let mut hash = Sha256::new();
    for one in sources {
        hash.update(format!("{}/{}/{}\n", one.kind, one.id, one.version));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What stands in a column of a row: typed where it is one whole value, else words.
fn cell(register: &Register, row: &Row, at: usize) -> Cell {
    let column = &register.columns[at];
    let value = row.cells.get(at);
    let only = value.and_then(|value| match value.as_array() {
        Some(list) if list.len() == 1 => list.first(),
        Some(_) => None,
        None => Some(value),
    });
    if column.words.is_empty()
        && let Some(typed) = only.and_then(|value| typed(value, column.form))
    {
        return typed;
    }
    match yba_report::csv::in_words(register, row, at) {
        text if text.is_empty() => Cell::Empty,
        text => Cell::Text(format::date_time(&text)),
    }
}

fn typed(value: &Value, form: Form) -> Option<Cell> {
    match form {
        // What is known to the year alone stays as it was said.
        Form::Date => value.as_str().and_then(Day::parse).map(Cell::Day),
        Form::DateTime | Form::Instant => {
            let text = value.as_str()?;
            match Day::parse(text) {
                Some(day) => Some(Cell::Day(day)),
                None => text.contains('T').then(|| Cell::Moment(text.to_owned())),
            }
        }
        Form::Integer | Form::Integer64 | Form::Decimal => number_text(value)?.parse().ok().map(Cell::Number),
        _ => None,
    }
}

/// How much room each column asks for: its longest word at least, more for long texts, bounded, as parts of a whole.
fn weights(paper: &Paper) -> Vec<f64> {
    let longest_word =
        |text: &str| text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or_default();
    let of = |at: usize| {
        let mut words = longest_word(&paper.columns[at].title);
        let mut lengths = Vec::new();
        for line in &paper.lines {
            let text = line.cells.get(at).map(Cell::words).unwrap_or_default();
            words = words.max(longest_word(&text));
            lengths.push(text.chars().count());
        }
        lengths.sort_unstable();
        let usual = lengths.get(lengths.len() * 9 / 10).copied().unwrap_or_default() as f64;
        (words as f64).clamp(3.0, 14.0).max((usual * 3.0).sqrt().min(22.0)) + EDGES
    };
    (0..paper.columns.len()).map(of).collect()
}

impl Paper {
    /// What a template reads, as docs/vi/noi-dung.md describes it.
    pub fn data(&self) -> Value {
        let columns = self.columns.iter().enumerate().zip(weights(self)).map(|((at, column), weight)| {
            let mut cells = self.lines.iter().filter_map(|line| line.cells.get(at));
            let is_narrow = at > 0 && cells.all(Cell::is_narrow) || column.name == "stt";
            json!({"name": column.name.as_str(), "title": column.title.as_str(), "weight": weight,
                "narrow": is_narrow})
        });
        let columns: Vec<Value> = columns.collect();
        let lines: Vec<Vec<String>> =
            self.lines.iter().map(|line| line.cells.iter().map(Cell::words).collect()).collect();
        let (first, last) = (format::date(&self.days.0.to_string()), format::date(&self.days.1.to_string()));
        json!({
            "form": self.form.as_str(), "title": self.title.as_str(), "period": self.period.as_str(),
            "first": first, "last": last, "place": self.place.data(), "columns": columns, "lines": lines,
            "checksum": self.checksum.as_str(), "rows": self.rows, "uncertain": self.uncertain.as_str(),
            "basis": self.basis, "is_report": self.is_report,
            "closed": self.closed_at.as_deref().map(format::date_time).unwrap_or_default(),
        })
    }

    /// `so-kham-benh-2026-02`, without an ending.
    pub fn file_name(&self) -> String {
        format!("{}-{}", self.slug, &self.days.0.to_string()[..7])
    }
}

impl Place {
    pub(crate) fn data(&self) -> Value {
        json!({"id": self.id.as_str(), "name": self.name.as_str(), "above": self.above.as_str(),
            "town": self.town.as_str()})
    }
}
