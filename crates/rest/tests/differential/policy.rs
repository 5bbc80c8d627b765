//! Who may see what, told anew from the records themselves: small and slow. A policy is a role file, places, patients and
//! consents by chance; the product reads the same file, and is given the same accounts.

use crate::chance::Chance;
use crate::data::{self, CODES, KINDS, UNITS};
use crate::reference::{Reference, local};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use yba_auth::Grant;
use yba_fhir::Day;
use yba_fhir::defs::r4;

/// How far a role reaches with a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Own,
    Tied,
    Province,
}

/// What one role says.
#[derive(Debug, Clone)]
struct Role {
    slug: String,
    reaches: BTreeMap<&'static str, Reach>,
    sensitive: BTreeSet<&'static str>,
}

/// One caller.
#[derive(Debug)]
pub struct Policy {
    roles: Vec<Role>,
    pub grants: Vec<Grant>,
    pub own: Vec<String>,
}

/// The labels that are sensitive here.
fn sensitive() -> BTreeSet<&'static str> {
    CODES.iter().copied().step_by(2).collect()
}

impl Policy {
    /// Roles at facilities that have people.
    pub fn random(number: usize, today: Day, ties: &Ties, chance: &mut Chance) -> Policy {
        let mut policy = Policy { roles: Vec::new(), grants: Vec::new(), own: Vec::new() };
        for role in 0..=chance.below(2) {
            let reach =
                |chance: &mut Chance| *chance.pick(&[Reach::Own, Reach::Tied, Reach::Tied, Reach::Province]);
            let slug = format!("thu-{number}-{role}");
            let sensitive = sensitive().into_iter().filter(|_| chance.happens(30)).collect();
            let reaches = KINDS.iter().map(|kind| (*kind, reach(chance))).collect();
            policy.roles.push(Role { slug: slug.clone(), reaches, sensitive });
            let mut grant = Grant::new(&slug, today);
            // A role without any place is for the province: seldom here, since nothing is hidden then.
            if chance.happens(80) {
                grant.organization = ties.any(chance).1.strip_prefix("Organization/").map(str::to_owned);
            }
            if grant.organization.is_none() && chance.happens(80) || chance.happens(20) {
                grant.commune = Some(format!("{}|{}", data::UNIT_SYSTEM, chance.word(&UNITS)));
            }
            policy.grants.push(grant);
        }
        if chance.happens(40) {
            policy.own = data::ids("Patient").filter(|_| chance.happens(10)).collect();
        }
        policy
    }

    /// The files of content that say so, with their paths.
    pub fn files(&self) -> Vec<(String, String)> {
        let quoted = |words: &mut dyn Iterator<Item = &&str>| {
            words.map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", ")
        };
        // The groups that the other roles name, and more labels.
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../content/roles/groups.toml");
        let labels = format!("sensitive = [{}, ", quoted(&mut sensitive().iter()));
        let groups = std::fs::read_to_string(path).unwrap().replace("sensitive = [", &labels);
        let mut files = vec![("roles/groups.toml".to_owned(), groups)];
        for role in &self.roles {
            let mut text = format!(
                "title = \"Thử\"\nbasis = [\"yba\"]\nsure = \"recalled\"\nsensitive = [{}]\n",
                quoted(&mut role.sensitive.iter())
            );
            for (kind, reach) in &role.reaches {
                let word = format!("{reach:?}").to_lowercase();
                write!(text, "[[may]]\ndo = [\"read\", \"search\", \"history\"]\nwith = [\"{kind}\"]\nreach = \"{word}\"\n").unwrap();
            }
            files.push((format!("roles/{}/2026-01-01.toml", role.slug), text));
        }
        files
    }

    fn hidden(&self) -> BTreeSet<&'static str> {
        let named = |label: &&str| self.roles.iter().any(|role| role.sensitive.contains(label));
        sensitive().into_iter().filter(|label| !named(label)).collect()
    }
}

/// Everything that says who may see whom.
pub struct Ties {
    /// In whose compartments a record is, by type and id.
    patients: BTreeMap<(&'static str, String), BTreeSet<String>>,
    /// Patient and place.
    ties: BTreeSet<(String, String)>,
    labels: BTreeMap<(&'static str, String), BTreeSet<String>>,
    consents: Vec<Value>,
    persons: BTreeMap<String, String>,
    today: String,
}

impl Ties {
    /// `persons` tells which Patients are one person; the dates of consents are compared with `today`.
    pub fn of(
        reference: &Reference,
        consents: Vec<Value>,
        persons: BTreeMap<String, String>,
        today: &str,
    ) -> Ties {
        let (mut patients, mut labels) =
            (BTreeMap::<_, BTreeSet<String>>::new(), BTreeMap::<_, BTreeSet<String>>::new());
        let mut ties = BTreeSet::new();
        for kind in KINDS {
            let ids = reference.ids(kind);
            for code in r4().patient_compartment(kind) {
                for (id, values) in ids.iter().zip(reference.values(kind, code).iter()) {
                    let found = values.iter().filter_map(local).filter(|(kind, _)| kind == "Patient");
                    patients.entry((kind, id.clone())).or_default().extend(found.map(|(_, patient)| patient));
                }
            }
            for id in &ids {
                if kind == "Patient" {
                    patients.entry((kind, id.clone())).or_default().insert(id.clone());
                }
                let tree = reference.tree(kind, id);
                let codes = tree["meta"]["security"].as_array().into_iter().flatten();
                let codes = codes.filter_map(|one| one["code"].as_str().map(str::to_owned));
                labels.entry((kind, id.clone())).or_default().extend(codes);
            }
        }
        for (kind, code) in
            [("Encounter", "service-provider"), ("Patient", "organization"), ("ServiceRequest", "performer")]
        {
            let ids = reference.ids(kind);
            for (id, values) in ids.iter().zip(reference.values(kind, code).iter()) {
                let tree = reference.tree(kind, id);
                if ["cancelled", "entered-in-error", "revoked"].iter().any(|status| tree["status"] == *status)
                {
                    continue;
                }
                let of = match kind {
                    "Patient" => BTreeSet::from([id.clone()]),
                    _ => patients.get(&(kind, id.clone())).cloned().unwrap_or_default(),
                };
                for (place, id) in
                    values.iter().filter_map(local).filter(|(place, _)| place == "Organization")
                {
                    ties.extend(of.iter().map(|patient| (patient.clone(), format!("{place}/{id}"))));
                }
            }
        }
        for id in reference.ids("Patient") {
            let tree = reference.tree("Patient", &id);
            for address in tree["address"].as_array().into_iter().flatten().filter(|one| one["use"] != "old")
            {
                for extension in address["extension"].as_array().into_iter().flatten() {
                    let coding = &extension["valueCoding"];
                    let text = |member: &str| coding[member].as_str().unwrap();
                    ties.insert((id.clone(), format!("{}|{}", text("system"), text("code"))));
                }
            }
        }
        Ties { patients, ties, labels, consents, persons, today: today.to_owned() }
    }

    /// A patient and a facility with a tie, by chance.
    pub fn any(&self, chance: &mut Chance) -> (String, String) {
        let pairs: Vec<&(String, String)> =
            self.ties.iter().filter(|(_, place)| place.starts_with("Organization/")).collect();
        (*chance.pick(&pairs)).clone()
    }

    /// Whether a caller sees a record.
    pub fn sees(&self, policy: &Policy, kind: &'static str, id: &str) -> bool {
        let key = (kind, id.to_owned());
        let none = BTreeSet::new();
        let (patients, labels) =
            (self.patients.get(&key).unwrap_or(&none), self.labels.get(&key).unwrap_or(&none));
        let hidden = policy.hidden();
        let is_of_persons = kind == "Patient" || !r4().patient_compartment(kind).is_empty();
        let veiled: Vec<&String> =
            labels.iter().filter(|label| is_of_persons && hidden.contains(label.as_str())).collect();
        let each = || {
            policy.roles.iter().zip(&policy.grants).map(|(role, grant)| (role.reaches[kind], grant.places()))
        };
        if each().any(|(reach, places)| reach == Reach::Province || reach == Reach::Tied && places.is_empty())
        {
            return veiled.is_empty();
        }
        let places: BTreeSet<String> =
            each().filter(|(reach, _)| *reach == Reach::Tied).flat_map(|(_, places)| places).collect();
        patients.iter().any(|patient| {
            let tied = places.iter().any(|place| {
                self.kin(patient).iter().any(|one| self.ties.contains(&(one.clone(), place.clone())))
                    && !self.barred(patient, place, labels)
                    // Who is reached as living in a commune is reached by the facility whose role is for it.
                    && !(place.contains('|')
                        && places
                            .iter()
                            .filter(|other| !other.contains('|'))
                            .any(|other| self.barred(patient, other, labels)))
            });
            policy.own.contains(patient)
                || tied
                    && veiled
                        .iter()
                        .all(|label| places.iter().any(|place| self.permits(patient, place, label)))
        })
    }

    /// All Patients that are the same person.
    fn kin(&self, patient: &str) -> BTreeSet<String> {
        let person = self.persons.get(patient);
        let same = self.persons.iter().filter(|(_, other)| person == Some(other)).map(|(one, _)| one.clone());
        same.chain([patient.to_owned()]).collect()
    }

    fn in_force<'a>(&'a self, kind: &'a str, patient: &'a str) -> impl Iterator<Item = &'a Value> {
        self.consents.iter().filter(move |consent| {
            let provision = &consent["provision"];
            let end = provision["period"]["end"].as_str();
            let begun =
                provision["period"]["start"].as_str().is_none_or(|start| start <= self.today.as_str());
            consent["patient"]["reference"] == format!("Patient/{patient}")
                && consent["status"] == "active"
                && provision["type"] == kind
                && begun
                && end.is_none_or(|end| end >= self.today.as_str())
        })
    }

    fn barred(&self, patient: &str, place: &str, labels: &BTreeSet<String>) -> bool {
        self.kin(patient).iter().any(|one| {
            self.in_force("deny", one).any(|consent| {
                let of = list(&consent["provision"]["securityLabel"], "code");
                is_about(consent, place) && (of.is_empty() || of.iter().any(|label| labels.contains(label)))
            })
        })
    }

    fn permits(&self, patient: &str, place: &str, label: &str) -> bool {
        self.in_force("permit", patient).any(|consent| {
            let actors = consent["provision"]["actor"].as_array().map_or(0, Vec::len);
            actors > 0
                && is_about(consent, place)
                && list(&consent["provision"]["securityLabel"], "code").iter().any(|one| one == label)
        })
    }
}

/// Whether a consent is about a place; one without actors is about all.
fn is_about(consent: &Value, place: &str) -> bool {
    let actors = consent["provision"]["actor"].as_array().cloned().unwrap_or_default();
    actors.is_empty() || actors.iter().any(|actor| actor["reference"]["reference"] == place)
}

fn list(value: &Value, member: &str) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|one| one[member].as_str().map(str::to_owned)).collect()
}

/// A consent by chance, with an id, of somebody who has a tie.
pub fn consent(number: usize, ties: &Ties, chance: &mut Chance) -> Value {
    let (patient, place) = ties.any(chance);
    let mut provision = json!({"type": chance.word(&["deny", "deny", "permit"])});
    if chance.happens(70) {
        let role = json!({"text": "cơ sở"});
        provision["actor"] = json!([{"role": role, "reference": {"reference": place}}]);
    }
    if chance.happens(50) {
        provision["securityLabel"] = json!([{"code": chance.word(&CODES)}]);
    }
    match chance.below(4) {
        0 => provision["period"] = json!({"end": chance.word(&["2025-12-31", "2030-01-01"])}),
        1 => provision["period"] = json!({"start": chance.word(&["2025-12-31", "2030-01-01"])}),
        _ => {}
    }
    let coding = |code: &str| json!({"coding": [{"code": code}]});
    json!({
        "resourceType": "Consent", "id": format!("c{number}"), "status": chance.word(&["active", "active", "inactive"]),
        "scope": coding("patient-privacy"), "category": [coding("x")], "policyRule": {"text": "x"},
        "patient": {"reference": format!("Patient/{patient}")}, "provision": provision
    })
}
