//! Systems of other bodies that R4 names: units, languages, media types, addresses. Told by grammar; common codes are
//! listed so that people find them.

use std::sync::Arc;

use yba_content::Content;
use yba_fhir::Day;

use super::packed;
use crate::Terminology;
use crate::grammar::Grammar;
use crate::set::{Kept, Listed};
use crate::set::{SetHead, ValueSet};
use crate::system::{Content as Holds, Edition, Head};
use crate::table::{Flags, TableBuilder};

const UCUM: &str = "http://unitsofmeasure.org";
const COMMON_UNITS: &str = "http://hl7.org/fhir/ValueSet/ucum-common";
const LANGUAGES: &str = "urn:ietf:bcp:47";
const COMMON_LANGUAGES: &str = "http://hl7.org/fhir/ValueSet/languages";

/// The languages of Vietnam's larger peoples and neighbours that R4's list lacks. BCP-47 tags of ISO 639.
const LANGUAGES_HERE: [(&str, &str); 15] = [
    ("vi", "Tiếng Việt"),
    ("tyz", "Tiếng Tày"),
    ("nut", "Tiếng Nùng"),
    ("blt", "Tiếng Thái Đen"),
    ("twh", "Tiếng Thái Trắng"),
    ("mtq", "Tiếng Mường"),
    ("hmn", "Tiếng HMông"),
    ("ium", "Tiếng Dao"),
    ("km", "Tiếng Khmer"),
    ("jra", "Tiếng Gia-rai"),
    ("rad", "Tiếng Ê-đê"),
    ("bdq", "Tiếng Ba na"),
    ("cjm", "Tiếng Chăm"),
    ("lhu", "Tiếng La Hủ"),
    ("lo", "Tiếng Lào"),
];

pub(super) fn fill(terminology: &mut Terminology, _text: &Arc<str>, content: &Content) {
    let common = packed::listed(terminology, COMMON_UNITS);
    let printed = printed_units(content);
    let head = standard(UCUM, "UCUM", "Đơn vị đo (UCUM)");
    let units = Edition::new(head, move || units(&common, &printed));
    terminology.lay_system(units.with_grammar(Grammar::Ucum));

    let common = packed::listed(terminology, COMMON_LANGUAGES);
    let head = standard(LANGUAGES, "BCP47", "Ngôn ngữ (BCP 47)");
    let languages = Edition::new(head, move || languages(&common));
    terminology.lay_system(languages.with_grammar(Grammar::Bcp47));

    for (url, name, title, grammar) in [
        ("urn:ietf:bcp:13", "MediaTypes", "Kiểu tệp (BCP 13)", Grammar::MediaType),
        ("urn:ietf:rfc:3986", "URI", "Địa chỉ URI (RFC 3986)", Grammar::Uri),
    ] {
        let edition = Edition::new(standard(url, name, title), || TableBuilder::default().finish(true));
        terminology.lay_system(edition.with_grammar(grammar));
    }
    let head = SetHead {
        url: "https://yba.vn/fhir/ValueSet/ucum".to_owned(),
        name: "UCUM".to_owned(),
        title: "Đơn vị đo (UCUM)".to_owned(),
        ..SetHead::default()
    };
    terminology.lay_set(Kept::Ready(Arc::new(ValueSet::whole(head, UCUM))));
}

fn standard(url: &str, name: &str, title: &str) -> Head {
    let mut head = Head::new(url, "", title);
    name.clone_into(&mut head.name);
    head.content = Holds::NotPresent;
    head
}

/// Units of our laboratory tests with the way they are printed.
fn printed_units(content: &Content) -> Vec<(String, String)> {
    let newest = Day::new(9999, 12, 31).expect("a day of the calendar");
    let tests = content.labs(newest).tests().iter();
    let mut printed: Vec<(String, String)> = tests
        .filter(|test| !test.ucum.is_empty())
        .map(|test| (test.ucum.clone(), test.unit.clone()))
        .collect();
    printed.sort_unstable();
    printed.dedup_by(|a, b| a.0 == b.0);
    printed
}

fn units(common: &[Listed], printed: &[(String, String)]) -> crate::table::Table {
    let mut builder = TableBuilder::default();
    for (code, text) in printed {
        let known = common.iter().find(|listed| listed.code == *code);
        let at = builder.add(code, text, Flags::default());
        builder.designation(at, "en", known.map_or("", |listed| &listed.display));
    }
    for listed in common {
        builder.add(&listed.code, &listed.display, Flags::default());
    }
    builder.finish(true)
}

fn languages(common: &[Listed]) -> crate::table::Table {
    let mut builder = TableBuilder::default();
    for (code, name) in LANGUAGES_HERE {
        builder.add(code, name, Flags::default());
    }
    for listed in common {
        builder.add(&listed.code, &listed.display, Flags::default());
    }
    builder.finish(false)
}
