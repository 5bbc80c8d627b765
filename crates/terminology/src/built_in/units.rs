//! Administrative units: provinces and communes since 2025-07-01, and provinces, districts and communes before it, as
//! two systems, for a code means another place in each; and the map from old to new.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use yba_content::Content;
use yba_fhir::Day;

use crate::Terminology;
use crate::map::{KeptMap, MapBuilder, MapHead};
use crate::system::{Edition, Head};
use crate::table::{Flags, Period, Table, TableBuilder};

const MAP: &str = "https://yba.vn/fhir/ConceptMap/admin-unit-2021-to-2025";

pub(super) fn fill(terminology: &mut Terminology, content: &Content) {
    let uri = |slug: &str| content.identifier_system(slug).map(|system| system.uri.clone());
    let (Some(new), Some(old)) = (uri("admin-unit"), uri("admin-unit-old")) else { return };
    let reform = Day::new(2025, 7, 1).expect("a day of the calendar");

    let mut head = Head::new(&new, "2025-07-01", "Đơn vị hành chính từ 01/07/2025");
    "AdministrativeUnit".clone_into(&mut head.name);
    head.language = "vi";
    head.period = Period { first: Some(reform), last: None };
    terminology.lay_system(Edition::new(head, new_units));

    let mut head = Head::new(&old, "2021", "Đơn vị hành chính trước 01/07/2025");
    "AdministrativeUnitOld".clone_into(&mut head.name);
    head.language = "vi";
    head.retired = Some(reform);
    terminology.lay_system(Edition::new(head, old_units));

    let mut head = MapHead::new(MAP, "2025-07-01", "Đơn vị hành chính cũ sang mới (01/07/2025)");
    "AdministrativeUnitOldToNew".clone_into(&mut head.name);
    let kept = head.clone();
    terminology.lay_map(KeptMap::lazy(head, move || old_to_new(MapBuilder::new(kept), &old, &new)));
}

/// The tables of the assets as cells; their columns are documented in `yba-assets`.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split('\t').collect::<Vec<_>>()).filter(|cells| cells.len() >= 6)
}

fn text(name: &str) -> String {
    yba_assets::text(name).unwrap_or_default()
}

fn new_units() -> Table {
    let text = text("units.tsv.gz");
    let mut provinces: BTreeMap<(&str, &str), Vec<(&str, &str)>> = BTreeMap::new();
    for cells in rows(&text) {
        provinces.entry((cells[0], cells[3])).or_default().push((cells[1], cells[2]));
    }
    let mut builder = TableBuilder::default();
    for ((code, name), communes) in provinces {
        let province = builder.add(code, name, Flags::default());
        for (code, name) in communes {
            let commune = builder.add(code, name, Flags::default());
            builder.under(commune, province);
        }
    }
    builder.finish(true)
}

fn old_units() -> Table {
    type Districts<'a> = BTreeMap<(&'a str, &'a str), Vec<(&'a str, &'a str)>>;
    let text = text("units-old.tsv.gz");
    let mut provinces: BTreeMap<(&str, &str), Districts> = BTreeMap::new();
    for cells in rows(&text) {
        let district = cells.get(6).copied().unwrap_or_default();
        let districts = provinces.entry((cells[3], cells[4])).or_default();
        districts.entry((district, cells[2])).or_default().push((cells[0], cells[1]));
    }
    let mut builder = TableBuilder::default();
    for ((code, name), districts) in provinces {
        let province = builder.add(code, name, Flags::default());
        for ((code, name), communes) in districts {
            let district = builder.add(code, name, Flags::default());
            builder.under(district, province);
            // Five island districts had no commune.
            for (code, name) in communes.into_iter().filter(|(code, _)| !code.is_empty()) {
                let commune = builder.add(code, name, Flags::default());
                builder.under(commune, district);
            }
        }
    }
    builder.finish(true)
}

/// A commune that became one new commune with nothing else is equivalent, one that was merged into a larger one is
/// narrower than it, and one that was divided only overlaps with its successors, of which the likely one comes first.
fn old_to_new(mut map: MapBuilder, old: &str, new: &str) -> crate::ConceptMap {
    let text = text("units-old.tsv.gz");
    let new_text = self::text("units.tsv.gz");
    let province_of: HashMap<&str, &str> = rows(&new_text).map(|cells| (cells[1], cells[0])).collect();
    let mut parts: HashMap<&str, usize> = HashMap::new();
    let mut provinces: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for cells in rows(&text) {
        for target in targets(&cells) {
            *parts.entry(target).or_default() += 1;
            provinces.entry(cells[3]).or_default().extend(province_of.get(target));
        }
    }
    let mut merged: HashMap<&str, usize> = HashMap::new();
    for target in provinces.values().flatten() {
        *merged.entry(target).or_default() += 1;
    }
    map.group(old, new);
    for (source, targets) in &provinces {
        for target in targets {
            map.row(source, target, equivalence(targets.len(), merged[target]), "", "");
        }
    }
    for cells in rows(&text).filter(|cells| !cells[0].is_empty()) {
        let all: Vec<&str> = targets(&cells).collect();
        for (at, target) in all.iter().enumerate() {
            let comment = match (all.len(), at) {
                (1, _) => "",
                (_, 0) => "Xã cũ bị chia; đây là nơi nhận phần lớn, cần hỏi lại địa chỉ",
                _ => "Xã cũ bị chia; một phần về đây",
            };
            map.row(cells[0], target, equivalence(all.len(), parts[target]), "", comment);
        }
    }
    map.finish()
}

fn targets<'a>(cells: &[&'a str]) -> impl Iterator<Item = &'a str> {
    cells[5].split(';').map(str::trim).filter(|code| !code.is_empty())
}

fn equivalence(successors: usize, parts: usize) -> &'static str {
    match (successors, parts) {
        (1, 1) => "equivalent",
        (1, _) => "wider",
        _ => "inexact",
    }
}
