//! Our own catalogues: laboratory tests with their map to LOINC, drugs with their map to ATC. LOINC and ATC themselves
//! are there in part, with the names that we give those codes.

use std::collections::BTreeMap;

use yba_content::{Content, Drug, LabTest};
use yba_fhir::Day;

use super::lists::lay_whole;
use crate::Terminology;
use crate::map::{KeptMap, MapBuilder, MapHead};
use crate::system::{Content as Holds, Edition, Head};
use crate::table::{Flags, Period, Table, TableBuilder};

const LABS: &str = "https://yba.vn/fhir/CodeSystem/lab-test";
const DRUGS: &str = "https://yba.vn/fhir/CodeSystem/drug";
const LOINC: &str = "http://loinc.org";
const ATC: &str = "http://www.whocc.no/atc";

pub(super) fn fill(terminology: &mut Terminology, content: &Content) {
    let newest = Day::new(9999, 12, 31).expect("a day of the calendar");
    labs(terminology, content.labs(newest).from, content.labs(newest).tests());
    drugs(terminology, content.drugs(newest).from, content.drugs(newest).drugs());
}

fn ours(url: &str, name: &str, title: &str, from: Day) -> Head {
    let mut head = Head::new(url, &from.to_string(), title);
    name.clone_into(&mut head.name);
    head.language = "vi";
    // The newest edition stands for all: tests and drugs are added and keep their codes.
    head.period = Period::default();
    head
}

fn labs(terminology: &mut Terminology, from: Day, tests: &[LabTest]) {
    let mut builder = TableBuilder::default();
    for test in tests {
        let at = builder.add(&test.slug, &test.name, Flags::default());
        builder.designation(at, "vi", if test.short == test.name { "" } else { &test.short });
        for (name, value) in
            [("group", &test.group), ("specimen", &test.specimen), ("ucum", &test.ucum), ("unit", &test.unit)]
        {
            if !value.is_empty() {
                builder.property(at, name, "string", value);
            }
        }
    }
    let table = builder.finish(true);
    let title = "Danh mục xét nghiệm của Y Bạ";
    terminology.lay_system(Edition::new(ours(LABS, "lab-test", title, from), move || table));
    lay_whole(terminology, "lab-test", title, LABS);

    let coded: Vec<(&str, &str, &str)> = tests
        .iter()
        .filter(|test| !test.loinc.is_empty())
        .map(|test| (test.slug.as_str(), test.loinc.as_str(), test.name.as_str()))
        .collect();
    lay_part(terminology, LOINC, "LOINC", "LOINC (các mã trong danh mục xét nghiệm)", &coded);
    lay_codes_map(terminology, "lab-test-to-loinc", "Xét nghiệm sang LOINC", from, (LABS, LOINC), &coded);
}

fn drugs(terminology: &mut Terminology, from: Day, drugs: &[Drug]) {
    let mut builder = TableBuilder::default();
    for drug in drugs {
        let at = builder.add(&drug.slug, &drug.name, Flags::default());
        builder.designation(at, "en", if drug.inn == drug.name { "" } else { &drug.inn });
        builder.property(at, "group", "string", &drug.group);
        for form in &drug.forms {
            builder.property(at, "form", "code", form);
        }
        for strength in &drug.strengths {
            builder.property(at, "strength", "string", strength);
        }
        for route in &drug.routes {
            builder.property(at, "route", "code", route);
        }
        builder.property(at, "commune", "boolean", if drug.commune { "true" } else { "false" });
    }
    let table = builder.finish(true);
    let title = "Danh mục hoạt chất khởi đầu của Y Bạ";
    terminology.lay_system(Edition::new(ours(DRUGS, "drug", title, from), move || table));
    lay_whole(terminology, "drug", title, DRUGS);

    let coded: Vec<(&str, &str, &str)> = drugs
        .iter()
        .filter(|drug| !drug.atc.is_empty())
        .map(|drug| (drug.slug.as_str(), drug.atc.as_str(), drug.name.as_str()))
        .collect();
    lay_part(terminology, ATC, "ATC", "ATC (các mã trong danh mục thuốc)", &coded);
    lay_codes_map(terminology, "drug-to-atc", "Hoạt chất sang ATC", from, (DRUGS, ATC), &coded);
}

/// The codes of another body's system that we use, with our names for them; several of ours may share one.
fn lay_part(terminology: &mut Terminology, url: &str, name: &str, title: &str, coded: &[(&str, &str, &str)]) {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, code, name) in coded {
        names.entry(code).or_default().push(name);
    }
    let mut builder = TableBuilder::default();
    for (code, names) in names {
        builder.add(code, &names.join("; "), Flags::default());
    }
    let table: Table = builder.finish(true);
    let mut head = Head::new(url, "", title);
    name.clone_into(&mut head.name);
    head.content = Holds::Fragment;
    head.language = "vi";
    terminology.lay_system(Edition::new(head, move || table));
}

fn lay_codes_map(
    terminology: &mut Terminology,
    slug: &str,
    title: &str,
    from: Day,
    (source, target): (&str, &str),
    coded: &[(&str, &str, &str)],
) {
    let mut head = MapHead::new(&format!("https://yba.vn/fhir/ConceptMap/{slug}"), &from.to_string(), title);
    slug.clone_into(&mut head.name);
    let mut map = MapBuilder::new(head);
    map.group(source, target);
    for (own, other, name) in coded {
        map.row(own, other, "equivalent", name, "");
    }
    terminology.lay_map(KeptMap::Ready(std::sync::Arc::new(map.finish())));
}
