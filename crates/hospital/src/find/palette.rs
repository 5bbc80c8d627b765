//! What the search box finds besides people: commands (behind `>`) and codes (behind `#`).

use super::model::marked;
use crate::Hospital;
use yba_fhir::text::fold;
use yba_fhir::{Day, Outcome};
use yba_records::Ctx;
use yba_terminology::expand::Expand;
use yba_ui::search::Hit;

/// Lines shown of each code list.
const CODES_SHOWN: usize = 12;

/// A code list that the box looks into.
pub struct CodeList {
    /// In addresses.
    pub slug: &'static str,
    pub word: &'static str,
    set: &'static str,
    pub system: &'static str,
}

/// In the order in which they are shown.
pub const LISTS: [CodeList; 3] = [
    CodeList {
        slug: "icd-10",
        word: "ICD-10",
        set: "https://yba.vn/fhir/ValueSet/icd-10-vn",
        system: "http://hl7.org/fhir/sid/icd-10",
    },
    CodeList {
        slug: "xa-2025",
        word: "Xã, phường từ 01/07/2025",
        set: "https://yba.vn/fhir/ValueSet/xa-phuong",
        system: "https://yba.vn/fhir/sid/admin-unit/2025-07-01",
    },
    CodeList {
        slug: "xa-2021",
        word: "Xã, phường trước 01/07/2025",
        set: "https://yba.vn/fhir/ValueSet/xa-phuong",
        system: "https://yba.vn/fhir/sid/admin-unit/2021",
    },
];

/// Commands of which every word typed begins a word of theirs.
pub fn commands(hospital: &Hospital, ctx: &Ctx, typed: &str) -> Vec<Hit> {
    let folded = fold(typed);
    let wanted: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let fits = |text: &str| {
        let folded = fold(text);
        wanted.iter().all(|want| folded.split(' ').any(|word| word.starts_with(want)))
    };
    let all = hospital.site.commands(ctx).into_iter();
    let found = all.filter(|(group, entry)| fits(&format!("{} {group}", entry.word)));
    let hit = |(group, entry): (&str, &yba_web::Entry)| Hit {
        href: entry.href.into(),
        name: marked(entry.word, typed),
        about: vec![group.to_string()],
        papers: Vec::new(),
        side: entry.keys(),
    };
    found.map(hit).collect()
}

/// Codes that begin as typed, or of whose title every word typed begins a word.
pub async fn codes(hospital: &Hospital, typed: &str, today: Day) -> Result<Vec<Hit>, Outcome> {
    let terminology = hospital.records.terminology().await?;
    let mut hits = Vec::new();
    let mut sets: Vec<&str> = LISTS.iter().map(|list| list.set).collect();
    sets.dedup();
    for url in sets {
        let Some(set) = terminology.value_set(url) else { continue };
        let asked = Expand { filter: Some(typed), count: Some(CODES_SHOWN), ..Expand::on(today) };
        for entry in set.expand(&asked)?.entries {
            let Some(list) = LISTS.iter().find(|list| list.system == entry.system) else { continue };
            let mut name = vec![(false, format!("{} ", entry.code))];
            name.extend(marked(&entry.display, typed));
            hits.push(Hit {
                href: format!("/ma/{}/{}", list.slug, entry.code),
                name,
                about: vec![list.word.to_string()],
                papers: Vec::new(),
                side: if entry.inactive { "không còn dùng".into() } else { String::new() },
            });
        }
    }
    Ok(hits)
}
