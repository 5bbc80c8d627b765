//! Registrations: what the desks of several facilities wrote down about the same people, and who it really was. The
//! material on which linking is measured.
//!
//! A person is registered at one to four facilities, on any day of the window. What a desk writes is spoiled as claim
//! files are ([`Dirt`]) and in the further ways of [`Spoiling`]; some children have a twin.

use crate::calendar::Day;
use crate::dirt::{Dirt, Filing, filing};
use crate::people::{self, Window};
use crate::person::{Home, Person};
use crate::places::places;
use crate::rng::Rng;
use crate::spoil;
use crate::visit::{Reason, Stay, Visit};
use crate::{PEOPLE_MAX, Plan, YEARS_MAX};

/// People registered at one, two, three, four facilities, of 100.
const FACILITIES: [u32; 4] = [35, 30, 20, 15];

/// Ways of spoiling a registration beside [`Dirt`], in parts of 10,000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoiling {
    /// `Ng. Thị Mai`.
    pub short_form: u32,
    /// Names written by ear, as those of the minorities are.
    pub by_ear: u32,
    /// A slip of a finger in the name.
    pub slip: u32,
    /// The given name before the family name.
    pub given_first: u32,
    pub without_middle: u32,
    /// Another digit in the birth date.
    pub mistyped_date: u32,
    pub wrong_sex: u32,
    /// Registrations at a home that is in no other record.
    pub moved: u32,
    pub missing_address: u32,
    pub missing_phone: u32,
    /// A phone that is in no other record.
    pub other_phone: u32,
    /// Children under six whose mother is written down.
    pub mother: u32,
    /// People who got a new personal number during the window.
    pub reissued: u32,
    /// Children who have a twin.
    pub twins: u32,
}

impl Default for Spoiling {
    fn default() -> Spoiling {
        Spoiling {
            short_form: 200,
            by_ear: 150,
            slip: 100,
            given_first: 50,
            without_middle: 100,
            mistyped_date: 50,
            wrong_sex: 5,
            moved: 100,
            missing_address: 100,
            missing_phone: 800,
            other_phone: 500,
            mother: 7000,
            reissued: 30,
            twins: 120,
        }
    }
}

impl Spoiling {
    /// All rates doubled but how many mothers are known and how many twins there are, which is no dirt.
    pub fn doubled(&self) -> Spoiling {
        Spoiling {
            short_form: self.short_form * 2,
            by_ear: self.by_ear * 2,
            slip: self.slip * 2,
            given_first: self.given_first * 2,
            without_middle: self.without_middle * 2,
            mistyped_date: self.mistyped_date * 2,
            wrong_sex: self.wrong_sex * 2,
            moved: self.moved * 2,
            missing_address: self.missing_address * 2,
            missing_phone: self.missing_phone * 2,
            other_phone: self.other_phone * 2,
            reissued: self.reissued * 2,
            ..*self
        }
    }
}

/// What a desk wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The truth: the same number, the same person.
    pub person: u32,
    /// MA_CSKCB.
    pub facility: &'static str,
    /// MA_BN.
    pub local_number: String,
    pub name: String,
    pub female: bool,
    /// `yyyy-mm-dd` or `yyyy`.
    pub birth: String,
    /// SO_CCCD: twelve digits, or nine of an old card; empty when not known.
    pub identity: String,
    /// MA_THE_BHYT, perhaps empty.
    pub card: String,
    pub phone: String,
    pub address: String,
    /// MAXA_CU_TRU, of the list of its time.
    pub commune: &'static str,
    /// HO_TEN_ME of small children.
    pub mother: String,
}

impl Registration {
    /// What [`Registration::fields`] are called.
    pub const COLUMNS: [&str; 12] = [
        "nguoi",
        "ma_cskcb",
        "ma_bn",
        "ho_ten",
        "gioi_tinh",
        "ngay_sinh",
        "so_cccd",
        "ma_the",
        "dien_thoai",
        "dia_chi",
        "ma_xa",
        "ho_ten_me",
    ];

    /// The row of a file; the truth first.
    pub fn fields(&self) -> [String; 12] {
        [
            self.person.to_string(),
            self.facility.to_owned(),
            self.local_number.clone(),
            self.name.clone(),
            if self.female { "Nữ" } else { "Nam" }.to_owned(),
            self.birth.clone(),
            self.identity.clone(),
            self.card.clone(),
            self.phone.clone(),
            self.address.clone(),
            self.commune.to_owned(),
            self.mother.clone(),
        ]
    }
}

/// All registrations of a province's people, those of one person together. `with_numbers` false leaves out personal
/// numbers and cards everywhere.
pub fn registrations(
    plan: &Plan,
    dirt: Dirt,
    spoiling: Spoiling,
    with_numbers: bool,
) -> impl Iterator<Item = Registration> + use<> {
    let seed = Rng::new(plan.seed);
    let until = Day::of(plan.until);
    let window = Window { from: until.plus(-(plan.years.clamp(1, YEARS_MAX) as i32) * 1461 / 4), until };
    let desk = Desk::new(plan.people.min(PEOPLE_MAX), seed, window, dirt, spoiling, with_numbers);
    (0..desk.people.len()).flat_map(move |person| desk.of(person))
}

struct Desk {
    people: Vec<Person>,
    seed: Rng,
    window: Window,
    dirt: Dirt,
    spoiling: Spoiling,
    with_numbers: bool,
}

impl Desk {
    /// Twins stand after everybody else, so that the others are the same with and without them.
    fn new(
        count: u32,
        seed: Rng,
        window: Window,
        dirt: Dirt,
        spoiling: Spoiling,
        with_numbers: bool,
    ) -> Desk {
        let mut people = people::people(count, &seed, window, None);
        let mut twins = Vec::new();
        for child in people.iter().filter(|one| one.mother.is_some()) {
            let mut rng = seed.fork("twin", u64::from(child.index));
            if rng.chance(spoiling.twins) && people.len() + twins.len() < PEOPLE_MAX as usize {
                twins.push(people::twin(child, (people.len() + twins.len()) as u32, &mut rng));
            }
        }
        people.extend(twins);
        Desk { people, seed, window, dirt, spoiling, with_numbers }
    }

    fn of(&self, index: usize) -> Vec<Registration> {
        let person = &self.people[index];
        let mut rng = self.seed.fork("registered", index as u64);
        let count = 1 + rng.weighted(FACILITIES.into_iter()) as u64;
        let all = &places().facilities;
        let first = rng.below(all.len() as u64);
        // Steps of seven meet no facility twice in four.
        let facilities = (0..count).map(|step| ((first + step * 7) % all.len() as u64) as u16);
        facilities.map(|facility| self.registration(person, facility, &mut rng)).collect()
    }

    fn registration(&self, person: &Person, facility: u16, rng: &mut Rng) -> Registration {
        let (visit, day) = self.contact(person, facility, rng);
        let filed = filing(&visit, &self.people, &self.dirt, &self.seed);
        let mut rng = self.seed.fork("spoiled", u64::from(person.index) << 16 | u64::from(facility));
        let (address, commune) = self.home(&filed, &mut rng);
        let is_small = person.age_on(day) < 6;
        let mother = person.mother.filter(|_| is_small && rng.chance(self.spoiling.mother));
        let mother = mother.map_or(String::new(), |mother| self.people[mother as usize].name.clone());
        let card = filed.card.as_ref().map_or(String::new(), |card| card.number.clone());
        Registration {
            person: person.index,
            facility: &places().facilities[usize::from(facility)].code,
            local_number: filed.local_number.clone(),
            name: self.name(&filed.name, &mut rng),
            female: person.female != rng.chance(self.spoiling.wrong_sex),
            birth: self.birth(&filed, &mut rng),
            identity: if self.with_numbers { self.identity(person, &filed, day) } else { String::new() },
            card: if self.with_numbers { card } else { String::new() },
            phone: self.phone(&filed, &mut rng),
            address,
            commune,
            mother,
        }
    }

    /// A day within the window and the person's life; children born in it are often seen first as newborns.
    fn contact(&self, person: &Person, facility: u16, rng: &mut Rng) -> (Visit, Day) {
        let born = person.birth.max(self.window.from);
        let last = person.death.unwrap_or(self.window.until).max(born);
        let is_birth = person.birth >= self.window.from && rng.chance(3000);
        let day = if is_birth {
            person.birth
        } else {
            Day(rng.between(i64::from(born.0), i64::from(last.0)) as i32)
        };
        let reason = if day < person.birth.plus(28) { Reason::Newborn(0) } else { Reason::Acute(0) };
        let visit = Visit {
            index: 0,
            person: person.index,
            facility,
            start: day.at(8, 0),
            end: day.at(9, 0),
            stay: Stay::Exam,
            reason,
            emergency: false,
            from: None,
            to: None,
            appointment: false,
            again: None,
            fatal: false,
        };
        (visit, day)
    }

    fn name(&self, filed: &str, rng: &mut Rng) -> String {
        let rates = &self.spoiling;
        let mut name = filed.to_owned();
        // A stand-in for a name is typed from habit.
        if name.starts_with("Con ") {
            return name;
        }
        if rng.chance(rates.by_ear) {
            name = spoil::by_ear(&name, rng);
        }
        if rng.chance(rates.slip) {
            name = spoil::slip(&name, rng);
        }
        match rng.below(10_000) as u32 {
            at if at < rates.short_form => spoil::short_form(&name, rng),
            at if at < rates.short_form + rates.without_middle => spoil::without_middle(&name),
            at if at < rates.short_form + rates.without_middle + rates.given_first => {
                spoil::given_first(&name)
            }
            _ => name,
        }
    }

    fn birth(&self, filed: &Filing, rng: &mut Rng) -> String {
        let (year, month, day) = (&filed.birth[..4], &filed.birth[4..6], &filed.birth[6..8]);
        if month == "00" {
            return year.to_owned();
        }
        let date = format!("{year}-{month}-{day}");
        if rng.chance(self.spoiling.mistyped_date) { spoil::mistyped_date(&date, rng) } else { date }
    }

    /// The new number from a day on, the one before it until then.
    fn identity(&self, person: &Person, filed: &Filing, day: Day) -> String {
        let mut rng = self.seed.fork("reissued", u64::from(person.index));
        let changed = rng.chance(self.spoiling.reissued);
        let from = Day(rng.between(i64::from(self.window.from.0), i64::from(self.window.until.0)) as i32);
        let own = format!("{:012}", person.cccd);
        if changed && day < from && filed.identity == own {
            return format!("{}{:06}", &own[..6], rng.below(1_000_000));
        }
        filed.identity.clone()
    }

    fn phone(&self, filed: &Filing, rng: &mut Rng) -> String {
        if rng.chance(self.spoiling.missing_phone) {
            return String::new();
        }
        if rng.chance(self.spoiling.other_phone) {
            return format!("09{:08}", rng.below(100_000_000));
        }
        filed.phone.clone()
    }

    fn home(&self, filed: &Filing, rng: &mut Rng) -> (String, &'static str) {
        if rng.chance(self.spoiling.missing_address) {
            return (String::new(), "");
        }
        if rng.chance(self.spoiling.moved) {
            let commune = rng.below(places().communes.len() as u64) as u16;
            let home = Home { commune, old: 0, village: rng.below(64) as u8 };
            let text = format!("{}, {}, tỉnh Lai Châu", home.village(), home.commune().name);
            return (text, home.commune().code);
        }
        (filed.address.clone(), filed.commune)
    }
}
