//! Records in compact form, side by side: some eighty bytes each, so that a million fit in a small server.

use super::birth::PackedBirth;
use super::hash::{FastMap, key_of, key_of_text};
use super::names::{Name, stand_in};
use super::numbers::{NUMBERS_MAX, Number};
use super::place::{Gazetteer, Home};
use super::word::Dictionary;
use crate::birth::Birth;
use crate::identifier::{Key, Sex};

/// Most phones of one record that are kept.
const PHONES: usize = 2;
/// Most names of one record beside the one in use.
const OTHER_NAMES_MAX: usize = 4;

/// What is known about one record, as it came. Everything may be missing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// All names, the one in use first. A stand-in (`Con bà Lò Thị Mai`) is understood.
    pub names: &'a [&'a str],
    pub sex: Option<Sex>,
    pub birth: Option<Birth>,
    /// In national form, as [`crate::identifier::phones`] gives them.
    pub phones: &'a [String],
    /// Parts from small to large, parted by commas.
    pub address: &'a str,
    /// Code of the commune, of either list.
    pub commune: &'a str,
    /// Name of the mother, for small children.
    pub mother: &'a str,
    /// Numbers, and whether each is in force.
    pub keys: &'a [(Key, bool)],
}

/// One record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compact {
    pub name: Name,
    pub birth: PackedBirth,
    pub phones: [u32; PHONES],
    pub home: Home,
    /// Place in [`Crowd::mothers`] plus one; 0 when the mother is not known.
    pub mother: u32,
    /// Where its numbers stand.
    numbers: u32,
    number_count: u8,
    pub sex: u8,
    /// Whether the name is a stand-in, and the order of birth that it names.
    pub is_stand_in: bool,
    pub birth_order: u8,
    has_other_names: bool,
}

/// Many records and the words in them.
#[derive(Debug)]
pub struct Crowd {
    pub(super) gazetteer: &'static Gazetteer,
    pub(super) dictionary: Dictionary,
    records: Vec<Compact>,
    mothers: Vec<Name>,
    numbers: Vec<Number>,
    other_names: FastMap<u32, Vec<Name>>,
    /// How many records have a name of these sounds.
    name_counts: FastMap<u32, u32>,
    /// How many records have this phone.
    phone_counts: FastMap<u32, u32>,
}

/// What there was before a question.
pub(super) struct Mark {
    records: usize,
    mothers: usize,
    numbers: usize,
}

impl Crowd {
    pub fn new(gazetteer: &'static Gazetteer) -> Crowd {
        Crowd {
            gazetteer,
            dictionary: Dictionary::default(),
            records: Vec::new(),
            mothers: Vec::new(),
            numbers: Vec::new(),
            other_names: FastMap::default(),
            name_counts: FastMap::default(),
            phone_counts: FastMap::default(),
        }
    }

    /// Adds a record; answers its number, counted from 0.
    pub fn add(&mut self, known: &Known) -> u32 {
        let id = self.records.len() as u32;
        let compact = self.compacted(id, known);
        self.records.push(compact);
        id
    }

    /// Puts another record in the place of one, or, of a [`Known`] without anything, takes it away. The place of its
    /// numbers is not used again before the next start.
    pub(super) fn replace(&mut self, id: u32, known: &Known) {
        let old = self.records[id as usize];
        self.uncount(&old);
        self.other_names.remove(&id);
        self.records[id as usize] = self.compacted(id, known);
    }

    fn compacted(&mut self, id: u32, known: &Known) -> Compact {
        let mut texts = known.names.iter().filter(|name| !name.trim().is_empty());
        let text = texts.next().copied().unwrap_or_default();
        let stand_in = stand_in(&mut self.dictionary, text);
        let name = if stand_in.is_some() { Name::NONE } else { Name::of(&mut self.dictionary, text) };
        let others: Vec<Name> = texts
            .take(OTHER_NAMES_MAX)
            .map(|text| Name::of(&mut self.dictionary, text))
            .filter(|other| other.key != name.key && !crate::name::is_placeholder(text))
            .collect();
        let said = Name::of(&mut self.dictionary, known.mother);
        let mother = match stand_in {
            Some(stand_in) if stand_in.mother.count > 0 => stand_in.mother,
            _ => said,
        };
        let numbers = self.numbers.len() as u32;
        let own =
            known.keys.iter().filter_map(|(key, current)| Number::of(key, *current, known.sex, known.birth));
        self.numbers.extend(own.take(NUMBERS_MAX));
        let mut phones = [0; PHONES];
        for (place, phone) in phones.iter_mut().zip(known.phones) {
            *place = key_of_text(phone);
        }
        let compact = Compact {
            name,
            birth: PackedBirth::of(known.birth),
            phones,
            home: self.gazetteer.home(known.address, known.commune),
            mother: self.keep_mother(mother),
            numbers,
            number_count: (self.numbers.len() as u32 - numbers) as u8,
            sex: known.sex.map_or(0, |sex| 1 + sex as u8),
            is_stand_in: stand_in.is_some(),
            birth_order: stand_in.map_or(0, |one| one.order),
            has_other_names: !others.is_empty(),
        };
        if !others.is_empty() {
            self.other_names.insert(id, others);
        }
        self.count(&compact);
        compact
    }

    fn keep_mother(&mut self, mother: Name) -> u32 {
        if mother.count == 0 {
            return 0;
        }
        self.mothers.push(mother);
        self.mothers.len() as u32
    }

    fn count(&mut self, compact: &Compact) {
        if compact.name.key != 0 {
            *self.name_counts.entry(compact.name.key).or_default() += 1;
        }
        for phone in compact.phones.iter().filter(|phone| **phone != 0) {
            *self.phone_counts.entry(*phone).or_default() += 1;
        }
    }

    fn uncount(&mut self, compact: &Compact) {
        let counted = |counts: &mut FastMap<u32, u32>, key: u32| {
            if let Some(count) = counts.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&key);
                }
            }
        };
        counted(&mut self.name_counts, compact.name.key);
        compact.phones.iter().for_each(|phone| counted(&mut self.phone_counts, *phone));
    }

    /// From here on what is added can be taken back by [`Crowd::end_question`].
    pub(super) fn begin_question(&mut self) -> Mark {
        self.dictionary.begin_journal();
        Mark { records: self.records.len(), mothers: self.mothers.len(), numbers: self.numbers.len() }
    }

    /// Takes back everything since the mark.
    pub(super) fn end_question(&mut self, mark: Mark) {
        for compact in self.records.split_off(mark.records) {
            self.uncount(&compact);
        }
        self.other_names.remove(&(mark.records as u32));
        self.mothers.truncate(mark.mothers);
        self.numbers.truncate(mark.numbers);
        self.dictionary.take_back();
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn record(&self, id: u32) -> &Compact {
        &self.records[id as usize]
    }

    pub(super) fn numbers_of(&self, record: &Compact) -> &[Number] {
        &self.numbers[record.numbers as usize..record.numbers as usize + usize::from(record.number_count)]
    }

    pub(super) fn mother_of(&self, record: &Compact) -> Option<&Name> {
        self.mothers.get((record.mother as usize).checked_sub(1)?)
    }

    /// All names of a record that are no stand-ins.
    pub(super) fn names_of<'a>(&'a self, id: u32, record: &'a Compact) -> impl Iterator<Item = &'a Name> {
        let others = self.other_names.get(&id).filter(|_| record.has_other_names);
        std::iter::once(&record.name).chain(others.into_iter().flatten()).filter(|name| name.key != 0)
    }

    /// How many records have a name that sounds like this.
    pub(super) fn bearers_of_name(&self, name: &Name) -> u32 {
        self.name_counts.get(&name.key).copied().unwrap_or(0)
    }

    pub(super) fn bearers_of_phone(&self, phone: u32) -> u32 {
        self.phone_counts.get(&phone).copied().unwrap_or(0)
    }

    /// How likely two records drawn at random have names that sound alike.
    pub(super) fn same_name_rate(&self) -> f64 {
        rate(self.name_counts.values(), self.len())
    }

    /// How likely two records drawn at random have the same phone.
    pub(super) fn same_phone_rate(&self) -> f64 {
        let shared = self.phone_counts.values().filter(|count| **count <= super::blocking::PHONE_BEARERS_MAX);
        rate(shared, self.len())
    }

    /// The key of a home with its village.
    pub(super) fn village_key(record: &Compact) -> u32 {
        match (record.home.communes[0], record.home.village) {
            (0, _) | (_, 0) => 0,
            (commune, village) => key_of(&[u64::from(commune), u64::from(village)]),
        }
    }
}

fn rate<'a>(counts: impl Iterator<Item = &'a u32>, records: usize) -> f64 {
    let same: f64 = counts.map(|count| f64::from(*count) * (f64::from(*count) - 1.0)).sum();
    let all = records as f64 * (records as f64 - 1.0);
    if all > 0.0 { same / all } else { 0.0 }
}
