//! The code lists of the form, out of content.

use yba_fhir::Day;
use yba_terminology::Terminology;

fn system(slug: &str) -> String {
    format!("https://yba.vn/fhir/CodeSystem/{slug}")
}

/// Codes and words of a list, in its order, an empty choice first.
pub(super) fn choices(terminology: &Terminology, slug: &str, on: Day) -> Vec<(String, String)> {
    let mut found = vec![(String::new(), String::new())];
    if let Some(edition) = terminology.code_system(&system(slug), None, on) {
        let table = edition.table();
        found.extend(table.all().map(|at| (table.code(at).to_owned(), table.display(at).to_owned())));
    }
    found
}

/// What a code of a list is called.
pub(super) fn display(terminology: &Terminology, slug: &str, code: &str, on: Day) -> Option<String> {
    let table = terminology.code_system(&system(slug), None, on)?.table();
    table.find(code).map(|at| table.display(at).to_owned())
}
