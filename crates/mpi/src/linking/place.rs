//! Where somebody lives, as far as two addresses can be compared: communes of today, whatever list an address was written
//! by, and the village before them.
//!
//! Since 2025-07-01 communes are fewer and most of their codes are codes of the old list used again, so a code alone
//! may mean either; names with a district are of the old list.

use super::hash::{FastMap, key_of_text};
use std::sync::OnceLock;
use yba_content::Content;
use yba_fhir::text::fold;

/// Longest address that is read.
const TEXT_MAX: usize = 400;
/// Communes one address may mean; more say nothing.
const CANDIDATES: usize = 2;
/// A place of no list: its name, hashed, above this.
const UNLISTED: u16 = 0x8000;

/// A home in compact form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Home {
    /// Communes it may be in, 0 for none.
    pub communes: [u16; CANDIDATES],
    /// What stands before the commune, hashed; 0 when nothing does.
    pub village: u32,
}

/// What two homes say about each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum PlaceLevel {
    Missing,
    Village,
    Commune,
    Differs,
}

impl Home {
    pub fn level(&self, other: &Home) -> PlaceLevel {
        let known = |home: &Home| home.communes[0] != 0;
        let meet = self.communes.iter().any(|one| *one != 0 && other.communes.contains(one));
        let same_village = self.village != 0 && self.village == other.village;
        match (known(self) && known(other), meet) {
            (false, _) if same_village => PlaceLevel::Village,
            (false, _) => PlaceLevel::Missing,
            (true, true) if same_village => PlaceLevel::Village,
            (true, true) => PlaceLevel::Commune,
            (true, false) => PlaceLevel::Differs,
        }
    }
}

/// The communes of the country, old and new, by name and code.
#[derive(Debug, Default)]
pub struct Gazetteer {
    /// Folded name without its kind → (province now, district of an old one or empty, communes of today).
    by_name: FastMap<String, Vec<Meaning>>,
    by_code: FastMap<String, Vec<u16>>,
    provinces: FastMap<String, String>,
}

#[derive(Debug, Clone)]
struct Meaning {
    province: String,
    district: String,
    communes: Vec<u16>,
}

impl Gazetteer {
    /// The one made of the built-in lists.
    pub fn built_in() -> &'static Gazetteer {
        static ONE: OnceLock<Gazetteer> = OnceLock::new();
        ONE.get_or_init(|| Gazetteer::of(&Content::built_in()))
    }

    fn of(content: &Content) -> Gazetteer {
        let mut new: Vec<_> = content.units().collect();
        new.sort_by(|a, b| a.code.cmp(&b.code));
        let ids: FastMap<&str, u16> = (1..).zip(&new).map(|(id, unit)| (unit.code.as_str(), id)).collect();
        let mut made = Gazetteer::default();
        for unit in &new {
            made.provinces.insert(bare(&fold(&unit.province_name)).to_owned(), unit.province_code.clone());
            let communes = vec![ids[unit.code.as_str()]];
            made.add(&unit.name, &unit.province_code, "", communes.clone());
            made.by_code.entry(unit.code.clone()).or_default().extend(communes);
        }
        // Codes of communes have five digits; there is no list of the old ones to walk over.
        for code in (0..100_000).map(|number| format!("{number:05}")) {
            let Some(old) = content.old_unit(&code) else { continue };
            let communes: Vec<u16> =
                old.new.iter().filter_map(|code| ids.get(code.as_str()).copied()).collect();
            let now = old.new.first().and_then(|code| content.unit(code));
            let province = now.map_or(String::new(), |unit| unit.province_code.clone());
            made.provinces
                .entry(bare(&fold(&old.province_name)).to_owned())
                .or_insert_with(|| province.clone());
            made.add(&old.name, &province, &old.district, communes.clone());
            let known = made.by_code.entry(code).or_default();
            known.extend(communes.iter().filter(|one| !known.contains(one)).copied().collect::<Vec<_>>());
        }
        made
    }

    fn add(&mut self, name: &str, province: &str, district: &str, communes: Vec<u16>) {
        let meaning =
            Meaning { province: province.to_owned(), district: bare(&fold(district)).to_owned(), communes };
        self.by_name.entry(bare(&fold(name)).to_owned()).or_default().push(meaning);
    }

    /// Reads an address of parts from small to large (`Bản Nà Củng 2, xã Mường So, tỉnh Lai Châu`), and a commune code
    /// that is used when the text names no commune.
    pub(super) fn home(&self, address: &str, code: &str) -> Home {
        let mut end = address.len().min(TEXT_MAX);
        while !address.is_char_boundary(end) {
            end -= 1;
        }
        let parts: Vec<String> =
            address[..end].split([',', ';']).map(fold).filter(|part| !part.is_empty()).collect();
        let (named, village_parts) = self.communes_in(&parts);
        let coded = || self.by_code.get(code.trim()).map(|found| few(found)).unwrap_or_default();
        let communes = match named {
            Some(communes) => communes,
            None if !code.trim().is_empty() => coded(),
            None => [0; CANDIDATES],
        };
        let village = parts[..village_parts].join(",");
        Home { communes, village: if village.is_empty() { 0 } else { key_of_text(&village) } }
    }

    /// The communes that the parts name, and how many parts stand before that.
    fn communes_in(&self, parts: &[String]) -> (Option<[u16; CANDIDATES]>, usize) {
        let province = parts.last().and_then(|part| self.provinces.get(bare(part)));
        let before_province = parts.len() - usize::from(province.is_some());
        let parts = &parts[..before_province];
        // A commune with its district is of the old list. Districts are named like communes, so this is tried first.
        let with_district = (1..parts.len()).rev().find_map(|at| {
            let district = bare(&parts[at]);
            Some((self.meant(&parts[at - 1], province, |meaning| meaning.district == district)?, at - 1))
        });
        let of_today = || {
            let named = (0..parts.len()).rev().filter(|at| !is_district(&parts[*at]));
            named.into_iter().find_map(|at| {
                let today = self.meant(&parts[at], province, |meaning| meaning.district.is_empty());
                Some((today.or_else(|| self.meant(&parts[at], province, |_| true))?, at))
            })
        };
        if let Some((communes, at)) = with_district.or_else(of_today) {
            return (Some(communes), at);
        }
        // A place of no list still is a place: two who write the same live in the same.
        match before_province {
            0 => (None, 0),
            1 => (None, 1),
            more => {
                let hashed = UNLISTED | key_of_text(&parts[more - 1]) as u16;
                (Some([hashed, 0]), more - 1)
            }
        }
    }

    /// The communes of this name that fit; `None` when there are none, or so many that the name says nothing.
    fn meant(
        &self,
        part: &str,
        province: Option<&String>,
        fits: impl Fn(&Meaning) -> bool,
    ) -> Option<[u16; CANDIDATES]> {
        let meanings = self.by_name.get(bare(part))?.iter();
        let fitting =
            meanings.filter(|meaning| province.is_none_or(|one| *one == meaning.province) && fits(meaning));
        let mut communes: Vec<u16> = fitting.flat_map(|one| one.communes.iter().copied()).collect();
        communes.dedup();
        let says = !communes.is_empty() && (province.is_some() || communes.len() <= CANDIDATES);
        says.then(|| few(&communes))
    }
}

/// The first few; several parts of a divided commune are told apart by nobody.
fn few(communes: &[u16]) -> [u16; CANDIDATES] {
    let mut kept = [0; CANDIDATES];
    for (place, commune) in kept.iter_mut().zip(communes) {
        *place = *commune;
    }
    kept
}

fn is_district(folded: &str) -> bool {
    ["huyen ", "quan ", "thi xa ", "thanh pho ", "tp ", "tx ", "h ", "q "]
        .iter()
        .any(|kind| folded.starts_with(kind))
}

/// A folded name without the kind of unit before it.
fn bare(folded: &str) -> &str {
    const KINDS: [&str; 16] = [
        "thanh pho ",
        "tinh ",
        "thi xa ",
        "thi tran ",
        "quan ",
        "huyen ",
        "phuong ",
        "xa ",
        "dac khu ",
        "tp ",
        "tx ",
        "tt ",
        "h ",
        "p ",
        "x ",
        "q ",
    ];
    KINDS.iter().find_map(|kind| folded.strip_prefix(kind)).unwrap_or(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(one: (&str, &str), other: (&str, &str)) -> PlaceLevel {
        let gazetteer = Gazetteer::built_in();
        gazetteer.home(one.0, one.1).level(&gazetteer.home(other.0, other.1))
    }

    #[test]
    fn a_commune_of_the_old_list_is_where_it_lies_today() {
        use PlaceLevel::*;
        let new = "Bản Nà Củng 2, Phường Đoàn Kết, tỉnh Lai Châu";
        let rows = [
            (
                ("Bản Nà Củng 2, Phường Quyết Thắng, Thành phố Lai Châu, Tỉnh Lai Châu", ""),
                (new, ""),
                Village,
            ),
            (("Xã Lản Nhì Thàng, Huyện Phong Thổ, Lai Châu", ""), (new, ""), Commune),
            (
                ("Bản Nậm Pha 1, Xã Nậm Ban, Huyện Nậm Nhùn, Lai Châu", ""),
                ("Bản Nậm Pha 1, Xã Pa Tần, Lai Châu", ""),
                Village,
            ),
            (("Bản 3, Ma Quai, Sìn Hồ, Lai Châu", ""), ("Bản 3, Xã Hồng Thu, tỉnh Lai Châu", ""), Village),
            (("ban na cung 2, p. doan ket, lai chau", ""), (new, ""), Village),
            (("Bản Nà Củng 2, Phường Tân Phong, tỉnh Lai Châu", ""), (new, ""), Differs),
            (("", "03388"), (new, ""), Commune),
            (("", "03386"), (new, ""), Commune),
            (("", ""), (new, ""), Missing),
            (("Thôn 3, Xã Không Có Thật", ""), ("Thôn 3, Xã Không Có Thật", ""), Village),
            (("Thôn 4, Xã Không Có Thật", ""), ("Thôn 3, Xã Không Có Thật", ""), Commune),
        ];
        for (one, other, expected) in rows {
            assert_eq!(level(one, other), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn hostile_addresses_are_read_in_bounded_time() {
        let gazetteer = Gazetteer::built_in();
        for text in [&",".repeat(100_000), &"ế".repeat(100_000), &"xã ,".repeat(50_000), "\0|\n"] {
            gazetteer.home(text, "99999999999");
        }
    }
}
