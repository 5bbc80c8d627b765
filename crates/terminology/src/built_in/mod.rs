//! What the program carries, laid in order: R4's definitions, standards told by grammar, and content.

mod catalogues;
mod icd10;
mod lists;
pub(crate) mod packed;
mod standards;
mod units;

use std::sync::Arc;

use yba_content::Content;

use crate::Terminology;

pub(crate) fn fill(terminology: &mut Terminology, content: &Content) {
    let text = yba_assets::text("terminology.tsv.gz").expect("the definitions are embedded at build time");
    let text: Arc<str> = text.into();
    packed::fill(terminology, &text);
    standards::fill(terminology, &text, content);
    icd10::fill(terminology, content);
    units::fill(terminology, content);
    lists::fill(terminology, content);
    catalogues::fill(terminology, content);
    authored(terminology, content);
}

/// The value sets and maps of content. What is wrong with one is said by `check`, and it is left out here.
fn authored(terminology: &mut Terminology, content: &Content) {
    for canonical in content.canonicals() {
        if let Ok(Some(laid)) = crate::resource::read(&canonical.resource) {
            terminology.lay(laid);
        }
    }
}
