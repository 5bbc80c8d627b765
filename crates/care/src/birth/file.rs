//! The file of a child who was born, and the mother as their kin.

use super::{Birth, Line, answer, component};
use crate::visit::put;
use yba_fhir::Day;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::view::Patient;
use yba_mpi::identifier::SID;

const EXTENSION: &str = "https://yba.vn/fhir/StructureDefinition/";
const BIRTH_TIME: &str = "http://hl7.org/fhir/StructureDefinition/patient-birthTime";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";

impl Birth<'_> {
    /// The child's own file: it lives where the mother does.
    pub(super) fn file(&self, said: &Line, line: &Value, response: &Value, id: &str) -> Value {
        let text = |link: &str| {
            answer(response, link).and_then(|one| str_at(one, &["valueString"])).map(str::to_owned)
        };
        let mother = Patient(self.mother).name().unwrap_or_else(|| "chưa rõ tên".to_owned());
        let name = text("name").unwrap_or_else(|| match said.number > 1 {
            true => format!("Con {} bà {mother}", said.order),
            false => format!("Con bà {mother}"),
        });
        let sex = component(line, "sex").and_then(|one| {
            items(one.get("valueCodeableConcept")?, "coding").find_map(|coding| str_at(coding, &["code"]))
        });
        let mut tree = json!({
            "resourceType": "Patient",
            "id": id,
            "name": [{"use": "official", "text": name.as_str()}],
            "gender": sex.unwrap_or("unknown"),
            "birthDate": Day::of_instant(said.born_ms).to_string().as_str(),
            "_birthDate": {"extension": [{"url": BIRTH_TIME, "valueDateTime": said.born.as_str()}]},
            "contact": [self.contact(&mother)]
        });
        // Whoever calls for the child's vaccines calls the mother.
        if let Some(phone) = self.phone() {
            put(&mut tree, "telecom", phone);
        }
        if let Some(code) = &self.code {
            put(
                &mut tree,
                "identifier",
                json!([{"use": "temp", "system": format!("{SID}ma-tam").as_str(), "value": code.as_str()}]),
            );
        }
        if said.number > 1 {
            put(&mut tree, "multipleBirthInteger", Value::from(said.order));
        }
        let homes: Vec<Value> = items(self.mother, "address")
            .filter(|one| str_at(one, &["use"]) != Some("old"))
            .cloned()
            .collect();
        if !homes.is_empty() {
            put(&mut tree, "address", Value::from(homes));
        }
        let household = format!("{EXTENSION}ma-ho-gia-dinh");
        let household: Vec<Value> = items(self.mother, "extension")
            .filter(|one| str_at(one, &["url"]) == Some(&household))
            .cloned()
            .collect();
        if !household.is_empty() {
            put(&mut tree, "extension", Value::from(household));
        }
        if let Some(facility) = self.facility {
            put(
                &mut tree,
                "managingOrganization",
                json!({"reference": format!("Organization/{facility}").as_str()}),
            );
        }
        tree
    }

    fn phone(&self) -> Option<Value> {
        let phone = Patient(self.mother).phones().next()?.to_owned();
        Some(json!([{"system": "phone", "value": phone.as_str()}]))
    }

    fn contact(&self, mother: &str) -> Value {
        let mut contact = json!({
            "relationship": [{"coding": [{"system": ROLE, "code": "MTH", "display": "Mẹ"}], "text": "Mẹ"}],
            "name": {"text": mother}
        });
        if let Some(phone) = self.phone() {
            put(&mut contact, "telecom", phone);
        }
        contact
    }

    /// The mother as the child's kin, as registration writes whoever answers for a child.
    pub(super) fn kin(&self, child: &str) -> Value {
        let role =
            |code: &str, words: &str| json!({"coding": [{"system": ROLE, "code": code}], "text": words});
        let mother = Patient(self.mother).name().unwrap_or_else(|| "chưa rõ tên".to_owned());
        let mut kin = json!({
            "resourceType": "RelatedPerson",
            "id": child,
            "active": true,
            "patient": {"reference": format!("Patient/{child}").as_str()},
            "name": [{"use": "official", "text": mother.as_str()}],
            "relationship": [role("MTH", "Mẹ"), role("GUARD", "Người giám hộ")]
        });
        if let Some(phone) = self.phone() {
            put(&mut kin, "telecom", phone);
        }
        let numbers = format!("{SID}cccd");
        let is_current =
            |one: &&Value| str_at(one, &["system"]) == Some(&numbers) && str_at(one, &["use"]) != Some("old");
        if let Some(number) =
            items(self.mother, "identifier").find(is_current).and_then(|one| str_at(one, &["value"]))
        {
            put(
                &mut kin,
                "identifier",
                json!([{"use": "official", "system": numbers.as_str(), "value": number}]),
            );
        }
        kin
    }
}
