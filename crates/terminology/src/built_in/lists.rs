//! The code lists of content: every edition an edition, with a value set of all its codes.

use std::sync::Arc;

use yba_content::{CodeList, Content};

use crate::Terminology;
use crate::set::{Kept, SetHead, ValueSet};
use crate::system::{Content as Holds, Edition, Head};
use crate::table::{Flags, Period, Table, TableBuilder};

/// Has a table of its own.
const ICD10: &str = "icd-10-vn";

pub(super) fn fill(terminology: &mut Terminology, content: &Content) {
    for list in content.code_lists().filter(|list| list.slug != ICD10) {
        let mut head = Head::new(&list.url, &list.from.to_string(), &list.title);
        head.name.clone_from(&list.slug);
        head.language = "vi";
        head.content = if list.complete { Holds::Complete } else { Holds::Fragment };
        head.period = Period { first: Some(list.from), last: list.to };
        head.basis = basis(content, &list.basis);
        let table = table(list);
        terminology.lay_system(Edition::new(head, move || table));
        lay_whole(terminology, &list.slug, &list.title, &list.url);
    }
}

/// A value set of all codes of a system of ours, under our own address.
pub(super) fn lay_whole(terminology: &mut Terminology, slug: &str, title: &str, system: &str) {
    let head = SetHead {
        url: format!("https://yba.vn/fhir/ValueSet/{slug}"),
        name: slug.to_owned(),
        title: title.to_owned(),
        ..SetHead::default()
    };
    terminology.lay_set(Kept::Ready(Arc::new(ValueSet::whole(head, system))));
}

/// The numbers of laws by their slugs.
pub(super) fn basis(content: &Content, slugs: &[String]) -> String {
    let numbers: Vec<&str> =
        slugs.iter().filter_map(|slug| content.law(slug)).map(|law| law.number.as_str()).collect();
    numbers.join("; ")
}

fn table(list: &CodeList) -> Table {
    let mut builder = TableBuilder::default();
    for code in &list.codes {
        let at = builder.add(&code.code, &code.title, Flags::default());
        builder.designation(at, "en", &code.english);
        builder.period(at, Period { first: code.from, last: code.to });
        if !code.parent.is_empty() {
            builder.under_code(at, &code.parent);
        }
        if !code.note.is_empty() {
            builder.property(at, "note", "string", &code.note);
        }
    }
    builder.finish(true)
}
