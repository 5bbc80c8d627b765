//! Communes, of the list in force since 2025-07-01 and of the one before it: found by what was typed, and written as one
//! text that says which it is.

use crate::Terminology;
use crate::expand::Expand;
use yba_content::Content;
use yba_fhir::Day;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::text::fold;

const SET: &str = "https://yba.vn/fhir/ValueSet/xa-phuong";
/// How the systems of the lists of units begin, each before [`NEW`] or [`OLD`].
pub const UNIT_SYSTEMS: &str = "https://yba.vn/fhir/sid/";
pub const NEW: &str = "admin-unit/2025-07-01";
pub const OLD: &str = "admin-unit/2021";
/// Most communes that are offered for what was typed; a few hundred are called «Xã Tân Lập».
const OFFERED: usize = 12;
const LOOKED_AT: usize = 400;

/// A commune of one of the lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commune {
    pub is_new: bool,
    pub code: String,
    pub name: String,
    /// Before 2025-07-01.
    pub district: String,
    pub province: String,
    /// Of an old one: codes of the new ones it went to.
    pub new: Vec<String>,
}

impl Commune {
    /// As ties name it: `system|code`.
    pub fn place(&self) -> String {
        format!("{UNIT_SYSTEMS}{}|{}", if self.is_new { NEW } else { OLD }, self.code)
    }

    /// «Xã Bản Bo, Lai Châu», «Xã Bản Bo, Huyện Tam Đường, Lai Châu (cũ)».
    pub fn label(&self) -> String {
        match self.is_new {
            true => format!("{}, {}", self.name, self.province),
            false => format!("{}, {}, {} (cũ)", self.name, self.district, self.province),
        }
    }
}

fn new_one(content: &Content, code: &str) -> Option<Commune> {
    content.unit(code).map(|unit| Commune {
        is_new: true,
        code: unit.code.clone(),
        name: unit.name.clone(),
        district: String::new(),
        province: unit.province_name.clone(),
        new: Vec::new(),
    })
}

fn old_one(content: &Content, code: &str) -> Option<Commune> {
    content.old_unit(code).map(|unit| Commune {
        is_new: false,
        code: unit.code.clone(),
        name: unit.name.clone(),
        district: unit.district.clone(),
        province: unit.province_name.clone(),
        new: unit.new.clone(),
    })
}

/// The commune of a place, as ties name it.
pub fn of_place(content: &Content, place: &str) -> Option<Commune> {
    let (list, code) = place.strip_prefix(UNIT_SYSTEMS)?.split_once('|')?;
    match list {
        NEW => new_one(content, code),
        OLD => old_one(content, code),
        _ => None,
    }
}

/// Names of kinds, that people leave out.
const KINDS: [&str; 9] =
    ["xa ", "phuong ", "thi tran ", "dac khu ", "huyen ", "thi xa ", "thanh pho ", "tinh ", "quan "];

fn bare(name: &str) -> String {
    let folded = fold(name);
    KINDS.iter().find_map(|kind| folded.strip_prefix(kind)).unwrap_or(&folded).to_owned()
}

/// Communes that fit what was typed, the best first: «ban bo, lai chau», a code, or a label of ours.
pub fn offered(terminology: &Terminology, content: &Content, typed: &str, day: Day) -> Vec<Commune> {
    let mut found = matching(terminology, content, typed, day);
    found.truncate(OFFERED);
    found
}

fn matching(terminology: &Terminology, content: &Content, typed: &str, day: Day) -> Vec<Commune> {
    let typed = typed.trim();
    if typed.len() == 5 && typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return [new_one(content, typed), old_one(content, typed)].into_iter().flatten().collect();
    }
    let only_old = typed.ends_with("(cũ)");
    let parts: Vec<String> =
        typed.trim_end_matches("(cũ)").split(',').map(bare).filter(|part| !part.is_empty()).collect();
    let (Some(name), Some(set)) = (parts.first(), terminology.value_set(SET)) else { return Vec::new() };
    let asked = Expand { filter: Some(name), count: Some(LOOKED_AT), ..Expand::on(day) };
    let Ok(expansion) = set.expand(&asked) else { return Vec::new() };
    let of_entry = |system: &str, code: &str| match system.strip_prefix(UNIT_SYSTEMS)? {
        NEW => new_one(content, code),
        OLD => old_one(content, code),
        _ => None,
    };
    let mut found: Vec<Commune> = expansion
        .entries
        .iter()
        .filter_map(|entry| of_entry(&entry.system, &entry.code))
        .filter(|one| !(only_old && one.is_new))
        .filter(|one| {
            let above = [bare(&one.district), bare(&one.province)];
            parts[1..].iter().all(|part| above.iter().any(|unit| unit.starts_with(part.as_str())))
        })
        .collect();
    found.sort_by_key(|one| (bare(&one.name) != *name, !one.is_new));
    found
}

/// The one commune that was meant; otherwise those among which to choose.
pub fn meant(
    terminology: &Terminology,
    content: &Content,
    typed: &str,
    day: Day,
) -> Result<Commune, Vec<Commune>> {
    let found = matching(terminology, content, typed, day);
    let name = typed.split(',').next().map(bare).unwrap_or_default();
    let exact: Vec<&Commune> =
        found.iter().filter(|one| bare(&one.name) == name || one.code == typed.trim()).collect();
    // A label says which list it is from; a bare name means today's.
    let new: Vec<&Commune> = exact.iter().copied().filter(|one| one.is_new).collect();
    match (new.as_slice(), exact.as_slice()) {
        ([one], _) | ([], [one]) => Ok((*one).clone()),
        _ => Err(found.into_iter().take(6).collect()),
    }
}

/// An address in one line, as cards hold it, cut into commune and the rest before it; all is rest when no commune is sure.
pub fn of_text(content: &Content, text: &str) -> (String, String) {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let Some((province, before)) = parts.split_last() else { return (String::new(), String::new()) };
    let province = bare(province);
    for (at, part) in before.iter().enumerate().rev() {
        let name = bare(part);
        let mut fits =
            content.units().filter(|one| bare(&one.name) == name && bare(&one.province_name) == province);
        if let (Some(one), None) = (fits.next(), fits.next()) {
            let label = new_one(content, &one.code).map(|one| one.label()).unwrap_or_default();
            return (label, before[..at].join(", "));
        }
    }
    (String::new(), text.trim().to_owned())
}

/// An Address of FHIR as label and rest.
pub fn of_address(content: &Content, address: &Value) -> (String, String) {
    let unit = |list: &str, make: fn(&Content, &str) -> Option<Commune>| {
        let system = format!("{UNIT_SYSTEMS}{list}");
        let codings = items(address, "extension").filter_map(|one| one.get("valueCoding"));
        let code = codings
            .filter(|one| str_at(one, &["system"]) == Some(&system))
            .find_map(|one| str_at(one, &["code"]));
        code.and_then(|code| make(content, code))
    };
    let commune = unit(OLD, old_one).or_else(|| unit(NEW, new_one));
    let label = commune.as_ref().map(Commune::label).unwrap_or_default();
    if let Some(line) = items(address, "line").next() {
        return (label, line.as_str().unwrap_or_default().to_owned());
    }
    let text = str_at(address, &["text"]).unwrap_or_default();
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let own = commune.map(|one| bare(&one.name)).unwrap_or_default();
    let at = parts.iter().position(|part| bare(part) == own).filter(|_| !own.is_empty());
    (label, at.map_or_else(|| text.to_owned(), |at| parts[..at].join(", ")))
}
