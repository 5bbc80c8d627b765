//! The usual dirt: what the clerk at the desk writes instead of what is true.
//!
//! A facility registers a person once and keeps what it wrote; so most dirt belongs to a person at a facility
//! and comes back in each visit there. Rates are parts of 10,000.

use crate::calendar::{Day, Stamp};
use crate::names::without_accents;
use crate::person::{Card, Person};
use crate::places::{Dialect, places};
use crate::rng::Rng;
use crate::visit::{Reason, Visit};

/// How much dirt, in parts of 10,000. Set a field to 0 to be rid of that kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirt {
    /// Registrations with name and address without accents.
    pub no_accents: u32,
    /// Registrations with day and month of birth exchanged.
    pub swapped_date: u32,
    /// Registrations without the identity number.
    pub missing_identity: u32,
    /// Registrations with a relative's insurance card.
    pub shared_card: u32,
    /// Registrations with a stranger's identity number, picked from the wrong line.
    pub wrong_person: u32,
    /// Registrations with a wrong digit in the identity or the insurance number.
    pub typing_error: u32,
    /// Newborns without a card of their own who are filed under the mother's numbers; of 10,000 such newborns.
    /// With the three above this makes about 70 of 10,000 visits.
    pub newborn_as_mother: u32,
    /// Registrations since 2025-07-01 that still carry the old commune.
    pub old_commune: u32,
    /// Registrations by the nine-digit card.
    pub old_card: u32,
    /// People born before 1970 registered by year of birth only.
    pub year_only: u32,
    /// Visits sent again unchanged in another file.
    pub duplicate: u32,
    /// Visits sent again a month later with changed content.
    pub correction: u32,
    /// Facilities of dialect B that print results with a decimal comma.
    pub decimal_comma: u32,
    /// Visits of dialect B written as bare files, without an envelope.
    pub bare: u32,
}

impl Default for Dirt {
    fn default() -> Dirt {
        Dirt {
            no_accents: 1500,
            swapped_date: 100,
            missing_identity: 800,
            shared_card: 22,
            wrong_person: 12,
            typing_error: 14,
            newborn_as_mother: 6000,
            old_commune: 3000,
            old_card: 500,
            year_only: 800,
            duplicate: 100,
            correction: 200,
            decimal_comma: 1000,
            bare: 50,
        }
    }
}

impl Dirt {
    /// All rates doubled, up to always.
    pub fn doubled(&self) -> Dirt {
        let twice = |rate: u32| (rate * 2).min(10_000);
        Dirt {
            no_accents: twice(self.no_accents),
            swapped_date: twice(self.swapped_date),
            missing_identity: twice(self.missing_identity),
            shared_card: twice(self.shared_card),
            wrong_person: twice(self.wrong_person),
            typing_error: twice(self.typing_error),
            newborn_as_mother: twice(self.newborn_as_mother),
            old_commune: twice(self.old_commune),
            old_card: twice(self.old_card),
            year_only: twice(self.year_only),
            duplicate: twice(self.duplicate),
            correction: twice(self.correction),
            decimal_comma: twice(self.decimal_comma),
            bare: twice(self.bare),
        }
    }
}

/// Whose number stands there instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Borrowed {
    /// A newborn under the mother's numbers.
    Mother,
    /// A relative's insurance card.
    SharedCard,
    /// A stranger's identity number.
    WrongPerson,
    /// A number nobody has, or somebody by accident.
    TypingError,
}

/// What happens to a visit's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Sent,
    SentTwice,
    Corrected,
}

/// What the facility wrote about the person for one visit.
#[derive(Clone, Debug)]
pub struct Filing {
    /// MA_BN.
    pub local_number: String,
    pub name: String,
    /// NGAY_SINH: yyyymmddHHMM.
    pub birth: String,
    /// SO_CCCD, perhaps empty.
    pub identity: String,
    pub card: Option<Card>,
    /// MA_DKBD.
    pub registered: &'static str,
    pub address: String,
    /// MAHUYEN_CU_TRU, empty for new communes.
    pub district: &'static str,
    /// MAXA_CU_TRU.
    pub commune: &'static str,
    pub phone: String,
    /// Kinds of borrowed numbers, on the identity and on the card.
    pub borrowed_identity: Option<Borrowed>,
    pub borrowed_card: Option<Borrowed>,
    pub decimal_comma: bool,
    pub no_accents: bool,
    pub swapped_date: bool,
    pub old_commune: bool,
}

/// What becomes of a visit's file.
pub fn fate(visit: &Visit, dirt: &Dirt, seed: &Rng) -> Fate {
    let mut rng = seed.fork("fate", u64::from(visit.index));
    if rng.chance(dirt.duplicate) {
        Fate::SentTwice
    } else if rng.chance(dirt.correction) {
        Fate::Corrected
    } else {
        Fate::Sent
    }
}

/// Writes down a person at a facility's desk.
pub fn filing(visit: &Visit, people: &[Person], dirt: &Dirt, seed: &Rng) -> Filing {
    let person = &people[visit.person as usize];
    let day = visit.start.day();
    let key = u64::from(person.index) << 16 | u64::from(visit.facility);
    let rng = seed.fork("desk", key);
    // One stream for each kind of dirt: changing one rate leaves the others as they were.
    let draw = |what: &str, parts: u32| rng.fork(what, 0).chance(parts);
    let (birth, swapped_date) = birth(person, visit.start, dirt, &draw);
    let facility = &places().facilities[usize::from(visit.facility)];
    let comma = facility.system == Dialect::B
        && seed.fork("comma", u64::from(visit.facility)).chance(dirt.decimal_comma);
    let no_accents = draw("accents", dirt.no_accents);
    let old_commune = day < Day::ymd(2025, 7, 1) || draw("commune", dirt.old_commune);
    let (address, district, commune) = address(person, day, old_commune);
    let written = |text: String| if no_accents { without_accents(&text) } else { text };
    let mut filing = Filing {
        local_number: local_number(person.index, visit.facility),
        name: written(person.name.clone()),
        birth,
        identity: identity(person, day, dirt, &draw),
        card: person.card_on(day),
        registered: &places().facilities[usize::from(person.registered)].code,
        address: written(address),
        district,
        commune,
        phone: format!("0{}", person.phone),
        borrowed_identity: None,
        borrowed_card: None,
        decimal_comma: comma,
        no_accents,
        swapped_date,
        old_commune: old_commune && day >= Day::ymd(2025, 7, 1),
    };
    if matches!(visit.reason, Reason::Newborn(_)) || day < person.card_from {
        newborn(&mut filing, person, people, day, draw("newborn", dirt.newborn_as_mother), &written);
    } else {
        borrow(&mut filing, visit, people, dirt, &rng);
    }
    filing
}

/// A facility's own number of a person: the same person has others elsewhere.
fn local_number(person: u32, facility: u16) -> String {
    format!("{:08}", (u64::from(person) * 7_654_321 + u64::from(facility) * 104_729) % 100_000_000)
}

fn birth(person: &Person, at: Stamp, dirt: &Dirt, draw: &dyn Fn(&str, u32) -> bool) -> (String, bool) {
    let (year, month, day) = person.birth.parts();
    if at.day().0 - person.birth.0 <= 28 {
        // Up to 28 days the real time is asked for; nobody is born after the visit begins.
        let minute = (person.bhxh % 1440) as i64;
        return (person.birth.at(0, minute).min(at).claim(), false);
    }
    if year < 1970 && draw("year", dirt.year_only) {
        return (format!("{year}00000000"), false);
    }
    // Only a day up to 12 can be taken for a month: 36 of 100 birthdays. The rate holds for all people.
    if day <= 12 && day != month && draw("swap", dirt.swapped_date * 100 / 36) {
        return (format!("{year}{day:02}{month:02}0000"), true);
    }
    (format!("{}0000", person.birth.number()), false)
}

fn identity(person: &Person, day: Day, dirt: &Dirt, draw: &dyn Fn(&str, u32) -> bool) -> String {
    if person.cccd == 0 || day < person.cccd_from || draw("identity", dirt.missing_identity) {
        return String::new();
    }
    match person.cmnd {
        // Two people in three have an old card at all; the rate is of all registrations.
        Some(old) if person.age_on(day) >= 16 && draw("old card", dirt.old_card * 3 / 2) => {
            format!("{old:09}")
        }
        _ => format!("{:012}", person.cccd),
    }
}

fn address(person: &Person, day: Day, old: bool) -> (String, &'static str, &'static str) {
    let home = person.home_on(day);
    if old {
        let commune = home.old();
        let text = format!("{}, {}, {}, Tỉnh Lai Châu", home.village(), commune.name, commune.district);
        return (text, commune.district_code, commune.code);
    }
    let commune = home.commune();
    (format!("{}, {}, tỉnh Lai Châu", home.village(), commune.name), "", commune.code)
}

/// Before the child has a card: the mother's numbers, or a temporary card `TE1` + province + ten digits.
fn newborn(
    filing: &mut Filing,
    child: &Person,
    people: &[Person],
    day: Day,
    as_mother: bool,
    written: &dyn Fn(String) -> String,
) {
    let mother = child.mother.map(|m| &people[m as usize]);
    filing.identity = String::new();
    let under = mother.filter(|_| as_mother).and_then(|m| m.card_on(day).map(|card| (m, card)));
    match under {
        Some((mother, card)) => {
            filing.name = written(format!("Con bà {}", mother.name));
            filing.identity = if mother.cccd == 0 { String::new() } else { format!("{:012}", mother.cccd) };
            filing.card = Some(card);
            filing.borrowed_card = Some(Borrowed::Mother);
            filing.borrowed_identity = (mother.cccd != 0).then_some(Borrowed::Mother);
        }
        None => {
            let number = format!("TE112{:06}{:04}", child.birth.number() % 1_000_000, child.index % 10_000);
            let to = child.birth.plus(28);
            filing.card = Some(Card { number, from: child.birth, to: to.max(day), percent: 100 });
            filing.registered = "12000";
        }
    }
}

/// Somebody else's numbers, in rare registrations.
fn borrow(filing: &mut Filing, visit: &Visit, people: &[Person], dirt: &Dirt, rng: &Rng) {
    let person = &people[visit.person as usize];
    let mut rng = rng.fork("borrow", 0);
    let kind = rng.below(10_000) as u32;
    let day = visit.start.day();
    if kind < dirt.shared_card {
        let Some(lender) = lender(person, people, day, true, &mut rng) else { return };
        filing.card = lender.card_on(day);
        filing.borrowed_card = Some(Borrowed::SharedCard);
        if rng.chance(5000) {
            filing.identity = format!("{:012}", lender.cccd);
            filing.borrowed_identity = Some(Borrowed::SharedCard);
        }
    } else if kind < dirt.shared_card + dirt.wrong_person {
        let Some(lender) = lender(person, people, day, false, &mut rng) else { return };
        filing.identity = format!("{:012}", lender.cccd);
        filing.borrowed_identity = Some(Borrowed::WrongPerson);
    } else if kind < dirt.shared_card + dirt.wrong_person + dirt.typing_error {
        let on_card = filing.identity.len() != 12 || rng.chance(5000);
        match (&mut filing.card, on_card) {
            (Some(card), true) => {
                mistype(&mut card.number, 7, &mut rng);
                filing.borrowed_card = Some(Borrowed::TypingError);
            }
            (_, false) => {
                mistype(&mut filing.identity, 6, &mut rng);
                filing.borrowed_identity = Some(Borrowed::TypingError);
            }
            (None, true) => {}
        }
    }
}

/// Someone insured and identified whose birth lies at least three years off, so that nobody could take the two
/// for one person by sex and birth date; a relative when asked for and there is one.
fn lender<'a>(
    person: &Person,
    people: &'a [Person],
    day: Day,
    relative: bool,
    rng: &mut Rng,
) -> Option<&'a Person> {
    let fits = |p: &&Person| {
        p.cccd != 0
            && day >= p.cccd_from
            && p.card_on(day).is_some()
            && (p.birth.year() - person.birth.year()).abs() >= 3
            && p.death.is_none()
    };
    let near = person.index.saturating_sub(9) as usize..(person.index as usize + 10).min(people.len());
    let household = people[near].iter().filter(|p| p.household == person.household).find(fits);
    if relative && household.is_some() {
        return household;
    }
    (0..16).map(|_| &people[rng.below(people.len() as u64) as usize]).find(fits)
}

/// Another digit at a place from `first` on.
fn mistype(number: &mut String, first: usize, rng: &mut Rng) {
    let at = first + rng.below((number.len() - first) as u64) as usize;
    let digit = u64::from(number.as_bytes()[at] - b'0');
    let wrong = (digit + 1 + rng.below(9)) % 10;
    number.replace_range(at..=at, &wrong.to_string());
}
