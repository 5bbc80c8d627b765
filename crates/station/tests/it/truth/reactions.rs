//! Reactions after vaccines, and the lots that were stopped for them.

use super::{Person, Truth, typed};
use yba_fhir::Day;

#[derive(Debug)]
pub struct Reaction {
    pub child: Person,
    pub day: Day,
    /// `08:05`
    pub began: &'static str,
    pub title: &'static str,
    pub gravity: &'static str,
    pub end: &'static str,
    pub handled: &'static str,
    /// Vaccine and lot of the doses that are suspected.
    pub lots: Vec<(&'static str, &'static str)>,
    /// When it was told to the level above, if it is so serious that it must be.
    pub told: Option<String>,
    /// It was another child's.
    pub is_mistaken: bool,
}

/// A lot that is given no more.
#[derive(Debug)]
pub struct Stopped {
    pub words: &'static str,
    pub lot: &'static str,
    /// `15/09/2026 08:10`
    pub since: String,
}

impl Reaction {
    /// A line of the list.
    fn words(&self) -> String {
        let standing = match &self.told {
            _ if self.is_mistaken => "đã rút vì ghi nhầm".to_owned(),
            Some(at) => format!("nặng, đã báo {at}"),
            None => "không nặng".to_owned(),
        };
        let Reaction { child, began, title, gravity, end, .. } = self;
        format!("{} · {title} {} {began} · {gravity} · {end} · {standing}", child.name, typed(self.day))
    }
}

impl Truth {
    fn stand(&self) -> impl Iterator<Item = &Reaction> {
        self.reactions.iter().filter(|one| !one.is_mistaken)
    }

    /// A line of the report of vaccinations: reactions, of children under one, of girls.
    pub fn reacted(&self, is_serious: bool) -> Vec<String> {
        let columns: [fn(&Reaction) -> bool; 3] =
            [|_| true, |one| one.child.is_under(1, one.day), |one| one.child.is_female];
        let of = |column: fn(&Reaction) -> bool| {
            self.stand().filter(|one| one.told.is_some() == is_serious && column(one)).count().to_string()
        };
        columns.map(of).to_vec()
    }

    /// Lines of the list of reactions, those that were taken back among them.
    pub fn reaction_lines(&self) -> Vec<Vec<String>> {
        self.reactions.iter().map(|one| vec![one.words()]).collect()
    }

    /// How many stand.
    pub fn reaction_count(&self) -> usize {
        self.stand().count()
    }

    /// Lines of the register: day, child, born, what, how grave, how serious, how it ended, what is
    /// suspected, what was done.
    pub fn reaction_register(&self) -> Vec<Vec<String>> {
        let line = |one: &Reaction| {
            let (day, birth) = (typed(one.day), typed(one.child.birth));
            let mut lots: Vec<String> =
                one.lots.iter().map(|(words, lot)| format!("{words} lô {lot}")).collect();
            lots.sort_unstable();
            let lots = lots.join("; ");
            let serious = if one.told.is_some() { "Tai biến nặng" } else { "Thông thường" };
            [&*day, &one.child.name, &birth, one.title, one.gravity, serious, one.end, &lots, one.handled]
                .map(str::to_owned)
                .to_vec()
        };
        self.stand().map(line).collect()
    }

    /// Who was watched after their doses of a day, and how that ended: with a reaction, or well.
    pub fn watched(&self, day: Day) -> Vec<Vec<String>> {
        let mut all: Vec<Vec<String>> = Vec::new();
        for dose in self.doses.iter().filter(|dose| dose.day == day) {
            let is_own = |one: &&Reaction| one.child.id == dose.child.id && one.day == day;
            let end = self.stand().find(is_own).map_or("Về được, bình thường", |_| "Có phản ứng sau tiêm");
            let line = vec![dose.child.name.clone(), end.to_owned()];
            if !all.contains(&line) {
                all.push(line);
            }
        }
        all
    }

    /// Lines of the lots that are stopped.
    pub fn stopped_lines(&self) -> Vec<Vec<String>> {
        let words = |one: &Stopped| {
            let Stopped { words, lot, since } = one;
            vec![format!("{words} lô {lot} từ {since} · Có phản ứng nặng sau tiêm · Trạm Y tế xã Bản Bo")]
        };
        self.stopped.iter().map(words).collect()
    }
}
