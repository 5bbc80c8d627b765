//! An understood visit to FHIR resources: pure functions, one file per target. Nothing is read from the store here;
//! what is shared by several visits (patient, coverage, parties) is handed over apart, to be merged.

mod build;
mod claim;
mod condition;
mod coverage;
mod document;
mod encounter;
mod medication;
mod party;
mod patient;
mod provenance;
mod result;
mod service;
mod vitals;

use crate::id::{Ordinals, ProvinceKey, id, organization_id};
use crate::table::{Row, Visit};
use crate::value::Moment;
use build::{coding, reference, sid, system};
use yba_content::Content;
use yba_content::claims::Shape;
use yba_fhir::json::{Value, ordered};

pub(crate) use build::{array, extension_url};
pub(crate) use provenance::{Trail, Verdict, digest, provenance};

/// The resources of one visit.
#[derive(Debug, Clone)]
pub struct Mapped {
    pub facility: String,
    /// `MA_LK`.
    pub key: String,
    pub patient_id: String,
    pub encounter_id: String,
    pub provenance_id: String,
    /// As this visit states it; merged with what other visits of the same record said.
    pub patient: Value,
    /// Coverages of the patient, shared by visits.
    pub coverages: Vec<Value>,
    /// Organizations and practitioners, shared by patients.
    pub parties: Vec<Value>,
    /// What belongs to this visit alone.
    pub own: Vec<Value>,
    /// When the visit ended: decides which visit speaks for the patient.
    pub ended: Moment,
    /// The content digest, hexadecimal: equal for equal content whatever file it came in.
    pub digest: String,
}

impl Mapped {
    /// Every resource but the Provenance.
    pub fn all(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.patient).chain(&self.coverages).chain(&self.parties).chain(&self.own)
    }
}

/// What every mapping function sees.
pub(crate) struct Scene<'a, 'c> {
    pub visit: &'a Visit<'c>,
    pub summary: &'a Row<'c>,
    pub content: &'c Content,
    pub key: &'a ProvinceKey,
    pub patient_id: String,
    pub encounter_id: String,
    /// The end of the visit.
    pub ended: Moment,
}

impl<'a, 'c> Scene<'a, 'c> {
    fn new(visit: &'a Visit<'c>, content: &'c Content, key: &'a ProvinceKey) -> Option<Scene<'a, 'c>> {
        let summary = visit.summary()?;
        let ended = summary.moment("NGAY_RA")?;
        let patient_id = match summary.peek("MA_BN") {
            Some(code) => id(key, &visit.facility, &["patient", code]),
            None => id(key, &visit.facility, &["patient-of-visit", &visit.key]),
        };
        let encounter_id = id(key, &visit.facility, &["visit", &visit.key, "encounter"]);
        Some(Scene { visit, summary, content, key, patient_id, encounter_id, ended })
    }

    /// The id of something this visit owns: what it is, and the business key of its row.
    pub(crate) fn id(&self, what: &str, row: &str) -> String {
        id(self.key, &self.visit.facility, &["visit", &self.visit.key, what, row])
    }

    /// Where a resource came from, to the row: `urn:yba:bhyt:12001:<hash>#<MA_LK>/XML2/3`.
    pub(crate) fn source(&self, part: &str, row: u32) -> String {
        let origin = &self.visit.origin;
        format!(
            "urn:yba:bhyt:{}:{}#{}/{part}/{row}",
            self.visit.facility,
            origin.hash,
            uri_text(&self.visit.key)
        )
    }

    pub(crate) fn subject(&self) -> Value {
        reference("Patient", &self.patient_id)
    }

    pub(crate) fn encounter(&self) -> Value {
        reference("Encounter", &self.encounter_id)
    }

    pub(crate) fn facility(&self) -> Value {
        reference("Organization", &organization_id(&self.visit.facility))
    }

    /// Another facility, by its code: the reference holds whether or not its Organization is here.
    pub(crate) fn other_facility(&self, code: &str) -> Value {
        build::reference_by(&sid("facility"), code, &format!("Cơ sở khám chữa bệnh {code}"))
    }

    /// A code of a national list, with its words when the list of that day has them.
    pub(crate) fn national(&self, list: &str, code: &str) -> Value {
        let known = self.content.code_list(list, self.visit.day);
        let url = known.map_or_else(|| system(list), |list| list.url.clone());
        coding(&url, code, known.and_then(|list| list.title(code)))
    }

    /// The code in a cell, by the list its column names: one concept has different lists in different editions.
    pub(crate) fn listed(&self, row: &Row<'_>, concept: &str) -> Option<Value> {
        let cell = row.cell(concept)?;
        let list = match &cell.column?.format.shape {
            Shape::Code(slug) => slug.as_str(),
            _ => return None,
        };
        Some(self.national(list, &cell.text))
    }

    /// An ICD-10 code with its Vietnamese title.
    pub(crate) fn icd10(&self, code: &str) -> Value {
        let plain = code.trim_end_matches(['†', '*', '+']);
        coding(build::ICD10, plain, self.title_of(code))
    }

    pub(crate) fn title_of(&self, code: &str) -> Option<&'c str> {
        self.content.icd10(code).map(|title| title.vi).filter(|title| !title.is_empty())
    }

    pub(crate) fn practitioner_id(&self, code: &str) -> String {
        id(self.key, &self.visit.facility, &["practitioner", code])
    }

    /// The practitioners of a cell: several joined by `;`, a trainee in brackets after the supervisor.
    pub(crate) fn practitioners(&self, row: &Row<'_>, concept: &str) -> Vec<Value> {
        row.list(concept)
            .iter()
            .filter_map(|text| party::licence(text))
            .map(|code| self.practitioner(code))
            .collect()
    }

    pub(crate) fn practitioner(&self, code: &str) -> Value {
        reference("Practitioner", &self.practitioner_id(code))
    }
}

/// Maps a visit that passed the check. `None` only for a visit without summary or end, which the check refuses.
pub(crate) fn map<'c>(visit: &Visit<'c>, content: &'c Content, key: &ProvinceKey) -> Option<Mapped> {
    visit.parts.iter().flat_map(|part| &part.rows).for_each(Row::unread_all);
    let scene = Scene::new(visit, content, key)?;
    let mut own = Vec::with_capacity(64);
    let conditions = condition::map(&scene, &mut own);
    let coverages = coverage::map(&scene);
    encounter::map(&scene, &conditions, &mut own);
    medication::map(&scene, &mut own);
    let services = service::map(&scene, &mut own);
    result::map(&scene, &services, &mut own);
    vitals::map(&scene, &mut own);
    document::map(&scene, &mut own);
    claim::map(&scene, &conditions, &coverages, &mut own);
    let (patient, parties) = (patient::map(&scene), party::map(&scene));
    // Last, because it keeps what nothing else has read.
    own.extend(document::kept_raw(&scene));
    let in_order = |trees: Vec<Value>| trees.iter().map(ordered).collect::<Vec<Value>>();
    let (patient, parties, coverages, own) =
        (ordered(&patient), in_order(parties), in_order(coverages), in_order(own));
    Some(Mapped {
        facility: visit.facility.clone(),
        key: visit.key.clone(),
        provenance_id: scene.id("provenance", ""),
        patient,
        coverages,
        parties,
        own,
        ended: scene.ended,
        digest: provenance::digest(visit),
        patient_id: scene.patient_id,
        encounter_id: scene.encounter_id,
    })
}

/// The id of a visit's Provenance: known before the visit is mapped, so that an unchanged visit can be skipped.
pub(crate) fn provenance_id(key: &ProvinceKey, facility: &str, visit: &str) -> String {
    id(key, facility, &["visit", visit, "provenance", ""])
}

/// Text as it may stand in the fragment of a URI.
fn uri_text(text: &str) -> String {
    let mut uri = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// Ordinals of one part's rows by their business key.
pub(crate) fn row_keys(rows: &[Row<'_>], concepts: &[&str]) -> Vec<String> {
    let mut ordinals = Ordinals::default();
    let key = |row: &Row<'_>| {
        let fields: Vec<Option<&str>> = concepts.iter().map(|concept| row.peek(concept)).collect();
        ordinals.key(&fields)
    };
    rows.iter().map(key).collect()
}
