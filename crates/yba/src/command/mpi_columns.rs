//! Which column of somebody's file means what: MAP.toml of `yba mpi link`, and the rows read by it.

use anyhow::{Context, bail};
use serde::Deserialize;
use std::path::Path;
use yba_mpi::birth::Birth;
use yba_mpi::identifier::{Key, SID, Sex, keys_of, phones};
use yba_mpi::linking::{Crowd, Known};

/// Most rows of one file, and the longest row.
const ROWS_MAX: usize = 5_000_000;
const ROW_BYTES_MAX: usize = 1 << 20;

/// The meaning of columns; every key is a column's name, or several whose texts belong together.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    pub id: Option<Names>,
    pub name: Option<Names>,
    pub sex: Option<Names>,
    pub birth: Option<Names>,
    pub identity: Option<Names>,
    pub insurance: Option<Names>,
    pub phone: Option<Names>,
    pub address: Option<Names>,
    pub commune: Option<Names>,
    pub mother: Option<Names>,
    /// Who it really is, when known: linking is then measured.
    pub truth: Option<Names>,
    /// What is called otherwise in the second file.
    pub second: Option<Box<Columns>>,
}

/// One name or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Names {
    One(String),
    Many(Vec<String>),
}

impl Names {
    fn all(&self) -> &[String] {
        match self {
            Names::One(name) => std::slice::from_ref(name),
            Names::Many(names) => names,
        }
    }
}

/// Places of columns in a file, in the order of [`Columns`].
struct Places([Vec<usize>; 11]);

const ID: usize = 0;
const NAME: usize = 1;
const SEX: usize = 2;
const BIRTH: usize = 3;
const IDENTITY: usize = 4;
const INSURANCE: usize = 5;
const PHONE: usize = 6;
const ADDRESS: usize = 7;
const COMMUNE: usize = 8;
const MOTHER: usize = 9;
const TRUTH: usize = 10;

/// What is kept of the rows beside the records: their ids, and the truth if it is told.
#[derive(Default)]
pub struct Rows {
    pub ids: Vec<String>,
    pub truth: Vec<String>,
}

impl Columns {
    /// Reads MAP.toml.
    pub fn load(path: &Path) -> anyhow::Result<Columns> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let columns: Columns = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        if columns.name.is_none() && columns.identity.is_none() && columns.insurance.is_none() {
            bail!("{} names no column for name, identity or insurance", path.display());
        }
        Ok(columns)
    }

    /// The same for the second file.
    pub fn of_second(&self) -> Columns {
        let Some(second) = self.second.clone() else { return self.clone() };
        Columns {
            id: second.id.or(self.id.clone()),
            name: second.name.or(self.name.clone()),
            sex: second.sex.or(self.sex.clone()),
            birth: second.birth.or(self.birth.clone()),
            identity: second.identity.or(self.identity.clone()),
            insurance: second.insurance.or(self.insurance.clone()),
            phone: second.phone.or(self.phone.clone()),
            address: second.address.or(self.address.clone()),
            commune: second.commune.or(self.commune.clone()),
            mother: second.mother.or(self.mother.clone()),
            truth: second.truth.or(self.truth.clone()),
            second: None,
        }
    }

    fn in_order(&self) -> [&Option<Names>; 11] {
        [
            &self.id,
            &self.name,
            &self.sex,
            &self.birth,
            &self.identity,
            &self.insurance,
            &self.phone,
            &self.address,
            &self.commune,
            &self.mother,
            &self.truth,
        ]
    }

    /// Adds the rows of a file to the crowd; all columns that are missing are told at once.
    pub fn read(&self, path: &Path, crowd: &mut Crowd, rows: &mut Rows) -> anyhow::Result<()> {
        let mut file = std::fs::File::open(path).with_context(|| format!("opening {}", path.display()))?;
        let delimiter = delimiter(&mut file).with_context(|| format!("reading {}", path.display()))?;
        let reader = std::io::BufReader::with_capacity(1 << 20, file);
        let mut csv = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(reader);
        let places = self.places(csv.headers()?).with_context(|| format!("in {}", path.display()))?;
        let mut record = csv::StringRecord::new();
        let mut read = 0;
        while csv.read_record(&mut record).with_context(|| format!("in {}", path.display()))? {
            read += 1;
            if read > ROWS_MAX || record.as_slice().len() > ROW_BYTES_MAX {
                bail!(
                    "{}: row {read}: more than {ROWS_MAX} rows or {ROW_BYTES_MAX} bytes in one",
                    path.display()
                );
            }
            add(crowd, &places, &record);
            let id = places.text(&record, ID, " ");
            rows.ids.push(if id.is_empty() { read.to_string() } else { id });
            rows.truth.push(places.text(&record, TRUTH, " "));
        }
        Ok(())
    }

    fn places(&self, headers: &csv::StringRecord) -> anyhow::Result<Places> {
        let place = |name: &String| {
            headers.iter().position(|header| header.trim().trim_start_matches('\u{feff}') == name.trim())
        };
        let wanted = || self.in_order().into_iter().flatten().flat_map(Names::all);
        let missing: Vec<&str> = wanted().filter(|name| place(name).is_none()).map(String::as_str).collect();
        if !missing.is_empty() {
            bail!(
                "no column {}; there are: {}",
                missing.join(", "),
                headers.iter().collect::<Vec<_>>().join(", ")
            );
        }
        let of = |names: &Option<Names>| names.iter().flat_map(Names::all).filter_map(place).collect();
        Ok(Places(self.in_order().map(of)))
    }
}

impl Places {
    /// The texts of a meaning's columns, those that are not empty joined.
    fn text(&self, record: &csv::StringRecord, meaning: usize, between: &str) -> String {
        let texts = self.0[meaning].iter().filter_map(|place| record.get(*place)).map(str::trim);
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(between)
    }
}

fn add(crowd: &mut Crowd, places: &Places, record: &csv::StringRecord) {
    let text = |meaning: usize| places.text(record, meaning, " ");
    let of = |meaning: usize, slug: &str| {
        let texts = places.0[meaning].iter().filter_map(|place| record.get(*place));
        texts.flat_map(|text| keys_of(&format!("{SID}{slug}"), text)).collect::<Vec<Key>>()
    };
    let keys: Vec<(Key, bool)> =
        of(IDENTITY, "cccd").into_iter().chain(of(INSURANCE, "bhyt")).map(|key| (key, true)).collect();
    let (name, mother) = (text(NAME), text(MOTHER));
    crowd.add(&Known {
        names: &[&name],
        sex: Sex::read(&text(SEX)),
        birth: Birth::read(&places.text(record, BIRTH, "/")),
        phones: &phones(&places.text(record, PHONE, ";")),
        address: &places.text(record, ADDRESS, ", "),
        commune: &text(COMMUNE),
        mother: &mother,
        keys: &keys,
    });
}

/// Comma, semicolon (spreadsheets here) or tab, whichever the first line has most of. Leaves the file at its beginning.
fn delimiter(file: &mut std::fs::File) -> std::io::Result<u8> {
    use std::io::{Read, Seek};
    let mut head = Vec::new();
    file.take(64 << 10).read_to_end(&mut head)?;
    file.rewind()?;
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| line.iter().filter(|byte| *byte == delimiter).count();
    Ok([b';', b'\t', b','].into_iter().max_by_key(count).unwrap_or(b','))
}
