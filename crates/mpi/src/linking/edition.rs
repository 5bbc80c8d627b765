//! An edition of the weights: what is usual everywhere, what a province's own records say, and both as text that can be kept,
//! read back and questioned.

use super::band::{ASK_FROM, Band, LINK_FROM};
use super::index::Index;
use super::model::{FIELDS, LEVELS_MAX, Model, Table};

/// Records whose pairs are looked at to learn how many there are.
const SAMPLE: usize = 20_000;
/// Of a hundred records so many may be asked about.
const DOUBTS_PER_HUNDRED: f64 = 0.9;
/// The size of the province that is thought of while nothing was counted: half a million people have about this many records
/// when a few facilities have joined.
const USUAL_RECORDS: f64 = 100_000.0;
/// Longest text of an edition that is read.
const TEXT_MAX: usize = 64 << 10;

/// Weights, and from which weight on a person is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Edition {
    /// `usual`, or the day of the count and how many records were counted: `2026-11-22.8192`.
    pub name: String,
    /// How many records were counted.
    pub records: u64,
    pub model: Model,
    /// In bits. Doubts are many and people's time is short: weaker ones are not asked.
    pub ask_from: f64,
}

impl Edition {
    /// What is expected before anything was counted.
    pub fn usual() -> Edition {
        let table = |shares: fn(&super::model::Field) -> &'static [f64]| {
            let mut table: Table = [[0.0; LEVELS_MAX]; FIELDS.len()];
            for (row, field) in table.iter_mut().zip(&FIELDS) {
                row[..shares(field).len()].copy_from_slice(shares(field));
            }
            table
        };
        let strangers = table(|field| field.strangers);
        let same_name = strangers[0][1..=4].iter().sum();
        let model = Model::new(&table(|field| field.same), &strangers, same_name, -USUAL_RECORDS.log2());
        Edition { name: "usual".into(), records: 0, model, ask_from: f64::MIN }
    }

    /// Counted from the records of an index, on a day.
    pub fn estimate(index: &Index, day: &str) -> Edition {
        let mut model = Model::estimate(index.crowd());
        let records = index.crowd().len();
        let step = records.div_ceil(SAMPLE).max(1);
        let looked_at = records.div_ceil(step).max(1);
        let (mut all, mut asked) = (Vec::new(), Vec::new());
        for id in (0..records as u32).step_by(step) {
            for (judgement, bits) in index.likely(id, &model) {
                all.push(bits as f32);
                asked.extend((judgement == Band::Ask).then_some(bits));
            }
        }
        // Each pair is met from both of its ends.
        model.expect(&all, records, records as f64 / looked_at as f64 / 2.0);
        asked.sort_by(|a, b| b.total_cmp(a));
        let most = (looked_at as f64 * DOUBTS_PER_HUNDRED / 100.0 * 2.0) as usize;
        let ask_from = asked.get(most).copied().unwrap_or(f64::MIN);
        Edition { name: format!("{day}.{records}"), records: records as u64, model, ask_from }
    }

    /// As text: a line for each figure, its name and the figure parted by a tab.
    pub fn text(&self) -> String {
        let mut lines = vec![
            format!("edition\t{}", self.name),
            format!("records\t{}", self.records),
            format!("link-from-probability\t{LINK_FROM}"),
            format!("ask-from-probability\t{ASK_FROM}"),
            format!("ask-from-bits\t{}", if self.ask_from == f64::MIN { -1e9 } else { self.ask_from }),
        ];
        lines.extend(self.model.figures().map(|(name, figure)| format!("{name}\t{figure}")));
        lines.join("\n") + "\n"
    }

    /// Reads back what [`Edition::text`] wrote; `None` of anything else.
    pub fn read(text: &str) -> Option<Edition> {
        let lines: Vec<(&str, &str)> =
            text.get(..text.len().min(TEXT_MAX))?.lines().filter_map(|line| line.split_once('\t')).collect();
        let of = |name: &str| lines.iter().find(|line| line.0 == name).map(|line| line.1);
        let figure = |name: &str| of(name)?.parse::<f64>().ok().filter(|figure| figure.is_finite());
        let name = of("edition").filter(|name| is_name(name))?.to_owned();
        let ask_from = figure("ask-from-bits")?;
        let model = Model::of_figures(&figure)?;
        Some(Edition { name, records: of("records")?.parse().ok()?, model, ask_from })
    }
}

fn is_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.bytes().all(|one| one.is_ascii_alphanumeric() || b".-".contains(&one))
}

impl Model {
    /// All figures with their names.
    fn figures(&self) -> impl Iterator<Item = (String, f64)> + '_ {
        let beside = [("prior".to_owned(), self.prior_bits), ("same-name".to_owned(), self.same_name)];
        beside.into_iter().chain(self.places().map(|(name, field, level)| (name, self.bits[field][level])))
    }

    fn of_figures(figure: &dyn Fn(&str) -> Option<f64>) -> Option<Model> {
        let mut model =
            Model { bits: Default::default(), same_name: figure("same-name")?, prior_bits: figure("prior")? };
        let places: Vec<_> = model.places().collect();
        for (name, field, level) in places {
            model.bits[field][level] = figure(&name)?.clamp(-100.0, 100.0);
        }
        Some(model)
    }

    /// The name, field and level of each weight.
    fn places(&self) -> impl Iterator<Item = (String, usize, usize)> + use<> {
        FIELDS.iter().enumerate().flat_map(|(field, about)| {
            let named = (1..about.levels.len()).filter(|level| !about.levels[*level].is_empty());
            named.map(move |level| (format!("{}-{}", about.name, about.levels[level]), field, level))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linking::{Crowd, Gazetteer};

    #[test]
    fn an_edition_is_the_same_after_it_was_written_and_read() {
        let index = Index::new(Crowd::new(Gazetteer::built_in()), Edition::usual().model);
        for edition in [Edition::usual(), Edition::estimate(&index, "2026-11-22")] {
            let read = Edition::read(&edition.text()).expect("our own text is understood");
            assert_eq!((read.model, read.name, read.records), (edition.model, edition.name, edition.records));
        }
    }

    #[test]
    fn what_is_no_edition_is_refused() {
        let good = Edition::usual().text();
        for bad in [
            String::new(),
            good.replace("edition\t", "edition\t<b>"),
            good.replace("prior\t", "prior\tNaN"),
            good.replace("name-marks", "name-other"),
            "x\ty\n".repeat(100_000),
        ] {
            assert_eq!(Edition::read(&bad), None, "{}", &bad[..bad.len().min(40)]);
        }
    }
}
