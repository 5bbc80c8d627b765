//! What follows from a weighed pair: link, ask a person, or keep apart. The probability alone never links: rules of
//! safety stand above it, since a false link is worse than a missed one.

use super::birth::BirthLevel;
use super::compare::{CommonLevel, Levels, SexLevel};
use super::model::Weighed;
use super::names::NameLevel;
use super::numbers::NumberLevel;
use super::place::PlaceLevel;

/// From here on a pair is linked, or asked about.
pub(super) const LINK_FROM: f64 = 0.999;
pub(super) const ASK_FROM: f64 = 0.02;

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    Link,
    Ask,
    Apart,
}

impl Band {
    pub fn code(self) -> &'static str {
        match self {
            Band::Link => "link",
            Band::Ask => "doubt",
            Band::Apart => "apart",
        }
    }
}

/// A pair with everything that was found about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    pub band: Band,
    pub weighed: Weighed,
    pub levels: Levels,
}

impl Levels {
    fn numbers(&self) -> [NumberLevel; 3] {
        [self.cccd, self.bhxh, self.card]
    }

    /// A number that speaks for both.
    pub(super) fn has_trusted_number(&self) -> bool {
        self.numbers().contains(&NumberLevel::Same)
    }

    pub(super) fn birth_fits(&self) -> bool {
        use BirthLevel::{Equal, EqualFirstOfYear, SameYear, Swapped};
        matches!(self.birth, Equal | EqualFirstOfYear | Swapped | SameYear)
    }

    /// The same phone in the same village.
    pub(super) fn at_home(&self) -> bool {
        self.phone == CommonLevel::Same && self.place == PlaceLevel::Village
    }

    /// Two records that cannot be one person's, whatever links them.
    pub(crate) fn contradict(&self) -> bool {
        self.sex == SexLevel::Differs
            || self.name.contradicts()
            || self.birth == BirthLevel::Differs
            || self.mother == CommonLevel::Differs
            || (self.cccd == NumberLevel::Differs && !self.has_trusted_number())
    }
}

/// The band of a pair alone.
pub fn band(levels: &Levels, weighed: &Weighed) -> Band {
    let likely = weighed.probability >= LINK_FROM;
    let fits = levels.birth_fits() || levels.birth == BirthLevel::OneDigit;
    let trusted = levels.has_trusted_number();
    match () {
        // Twins, brothers and sisters share everything but the given name; a number makes it worth a look.
        () if levels.name.contradicts() => {
            ask(trusted && levels.birth_fits() && levels.sex == SexLevel::Same)
        }
        // A shared number alone is a borrowed one.
        () if levels.birth == BirthLevel::Differs => ask(trusted && levels.name.agrees()),
        () if levels.sex == SexLevel::Differs => {
            ask(levels.name.agrees() && fits && weighed.probability >= ASK_FROM)
        }
        () if levels.cccd == NumberLevel::Differs => ask(weighed.probability >= ASK_FROM),
        () if matches!(levels.name, NameLevel::Mother | NameLevel::Nameless) => newborn(levels, weighed),
        () if levels.mother == CommonLevel::Differs && !trusted => ask(weighed.probability >= ASK_FROM),
        () if trusted && levels.name.agrees() && levels.birth_fits() && levels.sex == SexLevel::Same => {
            Band::Link
        }
        () if likely && levels.name.agrees() && fits && levels.sex == SexLevel::Same => Band::Link,
        () if likely && levels.name == NameLevel::Loose && levels.at_home() && levels.birth_fits() => {
            Band::Link
        }
        () => ask(weighed.probability >= ASK_FROM),
    }
}

/// A newborn without a name is known by mother, day and home, all of them: of eighty newborns one has a twin. Where a
/// twin is on record, [`super::settle`] asks even so.
fn newborn(levels: &Levels, weighed: &Weighed) -> Band {
    let same_day = levels.birth == BirthLevel::Equal && levels.sex == SexLevel::Same;
    match weighed.probability >= LINK_FROM && levels.name == NameLevel::Mother && same_day && levels.at_home()
    {
        true => Band::Link,
        false => ask(weighed.probability >= ASK_FROM),
    }
}

fn ask(worth: bool) -> Band {
    if worth { Band::Ask } else { Band::Apart }
}
