//! A record becomes pieces of rows: pure, by the views of registers.

use crate::register::{On, Part, RECORD_BYTES_MAX, RECORD_ROWS_MAX, Register, Role, Source, number_of};
use crate::row::{Origin, Row};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, from_slice};
use yba_fhir::{DateRange, Day, Kind, Outcome};
use yba_view::{Cell, Left};

/// What one record gives to one view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Which of the record's pieces it is.
    pub n: i64,
    /// Of a row: its day as a number; 0 for none.
    pub day: i64,
    /// Of a row: its facility.
    pub facility: String,
    /// Of a row: its patient. Of a part: the id on which it hangs.
    pub key: String,
    /// The cells as a JSON list.
    pub cells: Vec<u8>,
}

/// The pieces of a record. Refuses when a value is not what the register says, or the record is too large.
pub(crate) fn pieces(source: &Source, tree: &Value) -> Result<Vec<Piece>, Outcome> {
    let (mut pieces, mut bytes, hidden) = (Vec::new(), 0, source.hidden());
    let keep = match source.role {
        Role::Main { .. } => 3,
        Role::Part => hidden,
    };
    source.view.rows_within(tree, &mut Left::UNBOUNDED.clone(), &mut |row| {
        if bytes > RECORD_BYTES_MAX {
            return;
        }
        let cells = written(&row.cells[keep..]);
        bytes += cells.len();
        match source.role {
            Role::Main { from, until } => {
                let day = day_number(&text(&row.cells[0]));
                if day == 0 || (day >= from && day < until) {
                    let (facility, key) = (text(&row.cells[1]), text(&row.cells[2]));
                    pieces.push(Piece { n: pieces.len() as i64, day, facility, key, cells });
                }
            }
            Role::Part => {
                for key in texts(&row.cells[0]).into_iter().take(RECORD_ROWS_MAX + 1) {
                    let n = pieces.len() as i64;
                    pieces.push(Piece { n, day: 0, facility: String::new(), key, cells: cells.clone() });
                }
            }
        }
    })?;
    match bytes > RECORD_BYTES_MAX || pieces.len() > RECORD_ROWS_MAX {
        false => Ok(pieces),
        true => Err(too_long()),
    }
}

fn too_long() -> Outcome {
    let text = format!(
        "dòng sổ của bản ghi này dài hơn {} KB hoặc trỏ tới hơn {RECORD_ROWS_MAX} bản ghi khác; hãy rút ngắn bản ghi",
        RECORD_BYTES_MAX >> 10
    );
    Outcome::new(
        Kind::Unprocessable,
        "register-long",
        text,
        "the pieces of a record are too long or too many",
    )
}

fn written(cells: &[Cell]) -> Vec<u8> {
    let mut out = vec![b'['];
    for (position, cell) in cells.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        cell.write_json(&mut out);
    }
    out.push(b']');
    out
}

fn text(cell: &Cell) -> String {
    let mut out = Vec::new();
    cell.write_text(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn texts(cell: &Cell) -> Vec<String> {
    match cell {
        Cell::Many(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Some(text(cell)).filter(|text| !text.is_empty()).into_iter().collect(),
    }
}

/// The day, in Vietnam, of a moment that is known to the month at least; of a month, its first.
fn day_number(text: &str) -> i64 {
    let known = DateRange::parse(text).filter(|_| text.len() >= "2026-03".len());
    known.map_or(0, |range| number_of(Day::of_instant(range.start)))
}

/// A row before its parts are known.
#[derive(Debug, Clone)]
pub(crate) struct Bare {
    pub origin: Origin,
    pub piece: Piece,
}

/// A piece of a row as it was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub part: usize,
    pub origin: Origin,
    pub cells: Vec<u8>,
}

impl Bare {
    /// The id on which a part of this row hangs.
    pub fn key(&self, part: &Part) -> Option<String> {
        let key = match part.on {
            On::Record => self.origin.id.clone(),
            On::Person => self.piece.key.clone(),
            On::Cell(at) => {
                let cells: Value = from_slice(&self.piece.cells).ok()?;
                cells.as_array()?.get(at)?.as_str()?.to_owned()
            }
        };
        (!key.is_empty()).then_some(key)
    }

    /// Puts the row together. What is found comes in the order of records, so that a row is the same each time.
    pub fn assemble(self, register: &Register, mut found: Vec<Found>) -> Row {
        found.sort_by(|one, other| (one.part, &one.origin).cmp(&(other.part, &other.origin)));
        let own = parsed(&self.piece.cells);
        let trees: Vec<(usize, Vec<Value>)> =
            found.iter().map(|one| (one.part, parsed(&one.cells))).collect();
        let cells = register.columns.iter().map(|column| match column.part {
            None => own.get(column.at).cloned().unwrap_or_default(),
            Some(part) => {
                let mut values = trees
                    .iter()
                    .filter(|(of, _)| *of == part)
                    .filter_map(|(_, cells)| cells.get(column.at).filter(|value| !value.is_null()).cloned());
                match column.is_list {
                    true => Value::from(values.collect::<Vec<_>>()),
                    false => values.next().unwrap_or_default(),
                }
            }
        });
        let cells = cells.collect();
        let mut sources = vec![self.origin];
        for one in found {
            if !sources.contains(&one.origin) {
                sources.push(one.origin);
            }
        }
        Row {
            record: sources[0].id.clone(),
            n: self.piece.n,
            day: crate::register::day_of(self.piece.day),
            facility: self.piece.facility,
            patient: self.piece.key,
            cells,
            sources,
        }
    }
}

fn parsed(cells: &[u8]) -> Vec<Value> {
    let tree: Value = from_slice(cells).unwrap_or_default();
    tree.as_array().map(|cells| cells.iter().cloned().collect()).unwrap_or_default()
}
