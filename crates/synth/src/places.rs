//! Communes of Lai Châu, real since 2025-07-01 with the communes before, and the invented facilities in them.
//!
//! Facility codes have the form of MA_CSKCB (QĐ 384/QĐ-BYT 2019), the province's `12` first; names say
//! «giả định» so that nobody takes them for real ones. Two hospital systems share the facilities.

use crate::table::rows;
use std::sync::OnceLock;

/// A commune of today.
pub struct Commune {
    pub code: &'static str,
    pub name: &'static str,
    /// Short name of the former district, which is the region of a health centre.
    pub region: &'static str,
    /// Share of the province's people.
    pub weight: u32,
    /// Codes of the ethnic groups at home here.
    pub home: Vec<&'static str>,
    pub old: Vec<OldCommune>,
}

/// A commune as it was until 2025-06-30.
pub struct OldCommune {
    pub code: &'static str,
    pub name: &'static str,
    pub district_code: &'static str,
    pub district: &'static str,
    /// Index of the health station there.
    pub station: u16,
}

/// Which of the two hospital systems a facility runs, and so how its claim files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    A,
    B,
}

/// What a facility is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Provincial,
    Traditional,
    Lung,
    Cdc,
    Regional,
    Clinic,
    Station,
}

/// A facility.
pub struct Facility {
    /// MA_CSKCB.
    pub code: String,
    pub name: String,
    pub kind: Kind,
    pub region: &'static str,
    pub system: Dialect,
    /// Index of the commune it stands in.
    pub commune: u16,
}

/// Communes and facilities.
pub struct Places {
    pub communes: Vec<Commune>,
    pub facilities: Vec<Facility>,
}

impl Places {
    /// The health centre of a region.
    pub fn centre(&self, region: &str) -> u16 {
        self.facilities
            .iter()
            .position(|f| f.kind == Kind::Regional && f.region == region)
            .expect("each region has a centre") as u16
    }

    /// The first facility of a kind that the province has once.
    pub fn only(&self, kind: Kind) -> u16 {
        self.facilities.iter().position(|f| f.kind == kind).expect("the province has one") as u16
    }

    /// The private clinic of a region, if it has one.
    pub fn clinic(&self, region: &str) -> Option<u16> {
        self.facilities.iter().position(|f| f.kind == Kind::Clinic && f.region == region).map(|i| i as u16)
    }
}

/// The places, read on first use.
pub fn places() -> &'static Places {
    static ALL: OnceLock<Places> = OnceLock::new();
    ALL.get_or_init(read)
}

fn read() -> Places {
    let mut communes: Vec<Commune> = rows(include_str!("../data/communes.tsv"))
        .map(|row| Commune {
            code: row.text(0),
            name: row.text(1),
            region: row.text(2),
            weight: row.number(3) as u32,
            home: row.words(4).collect(),
            old: Vec::new(),
        })
        .collect();
    let mut facilities: Vec<Facility> = rows(include_str!("../data/hospitals.tsv"))
        .map(|row| Facility {
            code: row.text(0).to_owned(),
            name: row.text(1).to_owned(),
            kind: kind(row.text(2)),
            region: row.text(3),
            system: if row.text(4) == "A" { Dialect::A } else { Dialect::B },
            commune: communes.iter().position(|c| c.region == row.text(3)).expect("a commune of the region")
                as u16,
        })
        .collect();
    for row in rows(include_str!("../data/old-communes.tsv")) {
        let index = communes.iter().position(|c| c.code == row.text(0)).expect("a commune of today");
        let station = facilities.len() as u16;
        let commune = &mut communes[index];
        facilities.push(station_of(commune, index as u16, station));
        commune.old.push(OldCommune {
            code: row.text(1),
            name: row.text(2),
            district_code: row.text(3),
            district: row.text(4),
            station,
        });
    }
    Places { communes, facilities }
}

/// A former commune's station is a point of the new commune's station.
fn station_of(commune: &Commune, index: u16, number: u16) -> Facility {
    let short = commune.name.trim_start_matches("Xã ").trim_start_matches("Phường ");
    Facility {
        code: format!("12{:03}", 87 + number),
        name: format!("Trạm Y tế {short} – điểm trạm {} (giả định)", commune.old.len() + 1),
        kind: Kind::Station,
        region: commune.region,
        // Most stations share vendor B's system even where the centre runs A's: people meet both.
        system: if matches!(commune.region, "LC" | "MT") { Dialect::A } else { Dialect::B },
        commune: index,
    }
}

fn kind(text: &str) -> Kind {
    match text {
        "provincial" => Kind::Provincial,
        "traditional" => Kind::Traditional,
        "lung" => Kind::Lung,
        "cdc" => Kind::Cdc,
        "clinic" => Kind::Clinic,
        _ => Kind::Regional,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn lai_chau_has_38_communes_made_of_106() {
        let all = places();
        assert_eq!(all.communes.len(), 38);
        assert_eq!(all.communes.iter().map(|c| c.old.len()).sum::<usize>(), 106);
        assert!(all.communes.iter().all(|c| !c.old.is_empty() && c.code.len() == 5));
    }

    #[test]
    fn there_are_14_hospitals_and_centres_and_106_stations_with_codes_of_the_province() {
        let all = places();
        assert_eq!(all.facilities.iter().filter(|f| f.kind == Kind::Station).count(), 106);
        assert_eq!(all.facilities.len(), 120);
        let codes: HashSet<_> = all.facilities.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(codes.len(), 120);
        assert!(codes.iter().all(|c| c.len() == 5 && c.starts_with("12")));
        assert!(all.facilities.iter().all(|f| f.name.contains("giả định")));
    }

    #[test]
    fn both_systems_have_hospitals_and_stations() {
        for system in [Dialect::A, Dialect::B] {
            let of = |kind| places().facilities.iter().any(|f| f.system == system && f.kind == kind);
            assert!(of(Kind::Regional) && of(Kind::Station));
        }
    }
}
