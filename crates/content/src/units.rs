//! Administrative units: the 3,321 communes since 2025-07-01, and the communes before with what became of them.
//!
//! A code means nothing without its list: 3,316 new codes re-use an old code, two in three for another place.

use std::collections::HashMap;

/// A commune, ward or special zone since 2025-07-01.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Five digits.
    pub code: String,
    /// With its kind: `Xã Than Uyên`.
    pub name: String,
    /// Two digits.
    pub province_code: String,
    pub province_name: String,
    /// Latitude and longitude of the centre, in degrees, when known.
    pub place: Option<(f64, f64)>,
    /// Square kilometres, when known.
    pub area_km2: Option<f64>,
}

/// A commune before 2025-07-01.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldUnit {
    pub code: String,
    pub name: String,
    pub district: String,
    /// Three digits; empty when unknown.
    pub district_code: String,
    pub province_code: String,
    pub province_name: String,
    /// Codes of the new units it went to; the first is the likely one, the others because it was split.
    pub new: Vec<String>,
}

/// Both lists by code.
#[derive(Debug, Default)]
pub(crate) struct Units {
    new: HashMap<String, Unit>,
    old: HashMap<String, OldUnit>,
}

impl Units {
    /// `units`: province code, code, name, province name, latitude, longitude, area. `old`: code, name, district,
    /// province code, province name, new codes joined by `;` with the default first, district code. Parted by tabs.
    pub(crate) fn parse(units: &str, old: &str) -> Units {
        let new = units.lines().filter_map(unit).map(|unit| (unit.code.clone(), unit)).collect();
        let old = old.lines().filter_map(old_unit).map(|unit| (unit.code.clone(), unit)).collect();
        Units { new, old }
    }

    pub(crate) fn unit(&self, code: &str) -> Option<&Unit> {
        self.new.get(code)
    }

    pub(crate) fn old_unit(&self, code: &str) -> Option<&OldUnit> {
        self.old.get(code)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Unit> {
        self.new.values()
    }
}

fn unit(line: &str) -> Option<Unit> {
    let cells: Vec<&str> = line.split('\t').collect();
    let number = |at: usize| cells.get(at).and_then(|cell| cell.trim().parse::<f64>().ok());
    let &[province_code, code, name, province_name, ..] = cells.as_slice() else { return None };
    Some(Unit {
        code: code.to_string(),
        name: name.to_string(),
        province_code: province_code.to_string(),
        province_name: province_name.to_string(),
        place: number(4).zip(number(5)),
        area_km2: number(6),
    })
}

fn old_unit(line: &str) -> Option<OldUnit> {
    let cells: Vec<&str> = line.split('\t').collect();
    let &[code, name, district, province_code, province_name, new, ..] = cells.as_slice() else {
        return None;
    };
    // Five island districts had no commune: their rows have no code.
    if code.is_empty() {
        return None;
    }
    Some(OldUnit {
        code: code.to_string(),
        name: name.to_string(),
        district: district.to_string(),
        district_code: cells.get(6).copied().unwrap_or_default().to_string(),
        province_code: province_code.to_string(),
        province_name: province_name.to_string(),
        new: new.split(';').map(str::trim).filter(|code| !code.is_empty()).map(str::to_string).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_code_leads_to_its_new_candidates_the_likely_one_first() {
        let units = Units::parse(
            "12\t03595\tXã Than Uyên\tTỉnh Lai Châu\t21.9\t103.8\t246.1\n",
            "03604\tXã Thân Thuộc\tHuyện Tân Uyên\t12\tTỉnh Lai Châu\t03598;03595\t111\n",
        );
        assert_eq!(units.unit("03595").map(|unit| unit.name.as_str()), Some("Xã Than Uyên"));
        assert_eq!(units.unit("03595").and_then(|unit| unit.place), Some((21.9, 103.8)));
        assert_eq!(
            units.old_unit("03604").map(|unit| unit.new.clone()),
            Some(vec!["03598".into(), "03595".into()])
        );
        assert_eq!(units.unit("03604"), None);
    }
}
