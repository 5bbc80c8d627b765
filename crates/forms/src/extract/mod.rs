//! Answers become resources. <https://hl7.org/fhir/uv/sdc/STU3/extraction.html>
//!
//! The same answers, ids and clock give the same resources. They are handed over as they are; the one door judges them.

mod observation;
mod template;

use crate::evaluate::World;
use crate::fill::Filling;
use crate::limits::EXTRACTED_MAX;
use crate::response::{self, Head};
use crate::setting::Setting;
use yba_fhir::json::{self, JsonContainerTrait, Value};
use yba_fhir::{Kind, Outcome};

/// One resource that answers became. To the door it goes as `Change::create(resource)`, `.unless(search)` and
/// `.known_as(name)` where there are such, or as `Change::put(resource)`; together with the response, in one transaction.
#[derive(Debug, Clone)]
pub struct Extracted {
    pub act: Act,
    pub resource: Value,
    /// The name under which other resources of the same form point to it (`urn:uuid:…`).
    pub known_as: Option<String>,
}

/// What is to be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A new record, unless this search finds one.
    Create { unless: Option<String> },
    /// The record of its own id is created or replaced.
    Put,
}

impl Filling<'_> {
    /// The resources that the answers become, in the order of the form: observations first, then templates. `new_id`
    /// makes the ids by which they point to each other.
    ///
    /// # Errors
    ///
    /// `fault` when an expression of the form breaks or there are more than [`EXTRACTED_MAX`] resources: the form is at
    /// fault, not whoever filled it in. `invalid` when what was typed was to be the id of a record and cannot be one.
    pub fn extract(
        &self,
        setting: &Setting,
        head: &Head,
        new_id: &mut dyn FnMut() -> String,
    ) -> Result<Vec<Extracted>, Outcome> {
        let tree = whole(self, head);
        let mut world = World::of(self.form, setting, &tree);
        let mut all = observation::all(self, head);
        template::all(self, &tree, &mut world, new_id, &mut all)?;
        if let Some(broken) = world.broken.first() {
            return Err(Outcome::fault(format!("form extraction: {}: {}", broken.place, broken.text)));
        }
        if all.len() > EXTRACTED_MAX {
            let text = "Phiếu sinh ra quá nhiều bản ghi; hãy báo bộ phận kỹ thuật.";
            return Err(Outcome::new(Kind::Fault, "form-extract", text, format!("{} resources", all.len())));
        }
        for one in &mut all {
            one.resource = json::ordered(&one.resource);
        }
        Ok(all)
    }
}

/// The response with a place for every slot, and what it says of itself.
fn whole(filling: &Filling, head: &Head) -> Value {
    let mut whole = json::Object::new();
    for part in [filling.response(head), response::tree(filling.form, &filling.sheet, true)] {
        for (name, member) in part.as_object().into_iter().flat_map(|object| object.iter()) {
            if name != "status" || whole.get(&"status").is_none() {
                whole.insert(name, member.clone());
            }
        }
    }
    Value::from(whole)
}
