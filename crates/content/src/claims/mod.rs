//! The insurance claim tables of each edition (QĐ 4210, 4750, 3176, 1931): which columns there are, what they mean
//! and where they go. Chosen by the day the visit ended.
//!
//! It knows nothing of XML and builds no resource: `yba-claim` does both with what stands here.
//! Start reading at [`Edition`], then `load.rs` (how layers become an edition).

mod column;
mod load;

use std::collections::{BTreeMap, HashMap};

use yba_fhir::Day;

pub use column::{Column, Format, Kind, Required, Shape, TARGET_TYPES, Target};
pub(crate) use load::load;

use crate::law::Sure;

/// All claim editions, in the order of their first day.
#[derive(Debug, Default)]
pub struct ClaimEditions(pub(crate) Vec<Edition>);

impl ClaimEditions {
    /// The edition in force on a day (the day the visit ended). A day before the first edition gets the first: an
    /// old file is still read as well as we can.
    pub fn on(&self, day: Day) -> &Edition {
        let at = self.0.partition_point(|edition| edition.from <= day);
        &self.0[at.saturating_sub(1)]
    }

    /// The edition of this slug: `4210`, `4750`, `3176`, `1931`.
    pub fn get(&self, slug: &str) -> Option<&Edition> {
        self.0.iter().find(|edition| edition.slug == slug)
    }

    /// All editions, oldest first; never empty.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Edition> {
        self.0.iter()
    }
}

/// The claim tables in force between two days.
#[derive(Debug, Clone)]
pub struct Edition {
    pub slug: String,
    pub title: String,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    /// First day in force.
    pub from: Day,
    /// Last day in force; `None` for the newest edition.
    pub to: Option<Day>,
    /// The concept of XML1 whose day chooses the edition.
    pub date_of: String,
    pub sure: Sure,
    pub(crate) tables: BTreeMap<String, Table>,
}

impl Edition {
    /// The table of a `LOAIHOSO`, upper case (`XML1`); `None` when the edition does not know that part.
    pub fn table(&self, loai: &str) -> Option<&Table> {
        self.tables.get(loai)
    }

    /// All tables, in the order of their number.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        let mut tables: Vec<&Table> = self.tables.values().collect();
        tables.sort_by_key(|table| table.number());
        tables.into_iter()
    }
}

/// One part of a claim file.
#[derive(Debug, Clone)]
pub struct Table {
    /// `XML1` … `XML15`.
    pub loai: String,
    pub title: String,
    /// The outermost element; empty when unknown.
    pub root: String,
    /// The element around the rows; empty when there is none.
    pub list: String,
    /// The element of one row; empty when the root itself is the only row.
    pub row: String,
    /// Other spellings of `row` met in the field.
    pub row_aliases: Vec<String>,
    /// Other elements met around rows or around the root; they carry nothing.
    pub wrappers: Vec<String>,
    /// False: the part is known but kept raw only.
    pub mapped: bool,
    /// In the order of the decision; empty when not mapped.
    pub columns: Vec<Column>,
    pub(crate) by_name: HashMap<String, usize>,
    pub(crate) by_concept: HashMap<String, usize>,
}

/// What an element name means in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// One row begins. `usual` is false for a spelling the decision does not have.
    Row { usual: bool },
    /// Something around rows. `usual` is false for a wrapper the decision does not have.
    Around { usual: bool },
    /// Not structure: a column, or something unknown.
    Other,
}

impl Table {
    /// The column of this name in the file.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.by_name.get(name).map(|at| &self.columns[*at])
    }

    /// The column that carries this concept: the name of the column in QĐ 3176, equal over all editions.
    pub fn concept(&self, concept: &str) -> Option<&Column> {
        self.by_concept.get(concept).map(|at| &self.columns[*at])
    }

    /// What an element of this name is.
    pub fn element(&self, name: &str) -> Element {
        let single = self.row.is_empty();
        if (single && name == self.root) || (!single && name == self.row) {
            Element::Row { usual: true }
        } else if self.row_aliases.iter().any(|alias| alias == name) {
            Element::Row { usual: false }
        } else if name == self.root || (!self.list.is_empty() && name == self.list) {
            Element::Around { usual: true }
        } else if self.wrappers.iter().any(|wrapper| wrapper == name) {
            Element::Around { usual: false }
        } else {
            Element::Other
        }
    }

    fn number(&self) -> u32 {
        self.loai.trim_start_matches("XML").parse().unwrap_or(u32::MAX)
    }

    pub(crate) fn index(&mut self) {
        let at = |name: fn(&Column) -> &String, columns: &[Column]| {
            columns.iter().enumerate().map(|(at, column)| (name(column).clone(), at)).collect()
        };
        self.by_name = at(|column| &column.name, &self.columns);
        self.by_concept = at(|column| &column.concept, &self.columns);
    }
}
