//! Bulk export: `$export` of the system, of all patients, of a group; asynchronous, as files of NDJSON.
//! <https://hl7.org/fhir/uv/bulkdata/STU2/export.html>
//!
//! Nothing is written to disk: an export is a moment of the log and what is asked of it, and a file is a walk over one
//! type as of that moment, streamed while it is fetched. So all files show one moment, memory is bounded by a page, and
//! no half of a file can be left behind; and an export lives as long as the index remembers its moment (an hour), or
//! until the node restarts. What is prepared in between is the number of records of each type.
//!
//! Start reading at [`run`] (the kick-off), then `jobs.rs` (the exports that there are), `state.rs`, `file.rs`.

mod file;
mod jobs;
mod state;

pub use file::handle as file;
pub use jobs::Exports;
pub use state::{cancel, handle as state};

use crate::address;
use crate::answer::Answer;
use crate::asked::Asked;
use crate::operation::arguments::{instant, kinds, wrong};
use crate::operation::{Arguments, Call};
use jobs::Job;
use std::sync::Arc;
use yba_fhir::Outcome;
use yba_fhir::defs::r4;
use yba_fhir::json::{JsonValueTrait, items, str_at};
use yba_records::Version;
use yba_store::index::reference::local_target;

/// What the addresses of states and files begin with.
pub const STATE: &str = "/fhir/$export/";

const PARAMETERS: &[&str] = &["_outputFormat", "_since", "_type"];
const FORMATS: &[&str] = &["application/fhir+ndjson", "application/ndjson", "ndjson"];

/// Whose records are exported.
#[derive(Debug)]
pub enum Whose {
    /// Everyone's and everything.
    All,
    /// What belongs to some patient.
    Patients,
    /// What belongs to these patients (ids).
    These(Vec<String>),
}

/// Answers 202 with the address of the state. Refuses who does not ask for an answer later (`Prefer: respond-async`),
/// unless `handling=lenient` parameters that are not served, and, with `too-many`, more than a few at once.
pub async fn run(call: Call) -> Result<Answer, Outcome> {
    let Call { api, asked, target, arguments } = call;
    if !asked.respond_async {
        let text = "Xuất dữ liệu chạy nền: hãy gửi tiêu đề “Prefer: respond-async”, rồi hỏi trạng thái ở Content-Location.";
        return Err(Outcome::invalid("export-async", text, "$export needs the header Prefer: respond-async"));
    }
    if !asked.lenient {
        arguments.only(PARAMETERS)?;
    }
    let format = arguments.text("_outputFormat")?.unwrap_or_else(|| FORMATS[0].to_owned());
    // A bare `+` in an address means a blank.
    if !FORMATS.contains(&format.replace(' ', "+").as_str()) {
        return Err(wrong(
            "_outputFormat",
            "application/fhir+ndjson",
            "only application/fhir+ndjson is offered",
        ));
    }
    let since_ms = instant(&arguments, "_since")?.map(|range| range.start);
    let whose = match target.kind.as_str() {
        "Group" => Whose::These(members(&api.records().read(&asked.ctx, "Group", &target.id).await?)),
        "Patient" => Whose::Patients,
        _ => Whose::All,
    };
    let kinds = wanted_kinds(&whose, &arguments, &asked)?;
    let room = api.exports().room(api.records().store().clock().now_ms())?;
    let patients = if let Whose::These(patients) = &whose { patients.as_slice() } else { &[] };
    let (t, moment_ms) = api.records().export_moment(&asked.ctx, patients).await?;
    let path = [&target.kind, &target.id]
        .map(|part| if part.is_empty() { String::new() } else { format!("/{part}") });
    let request = address::with_query(&format!("{}{}/$export", asked.base, path.concat()), &asked.pairs);
    let job = Arc::new(Job::new(api.records(), asked.ctx, whose, kinds, since_ms, t, moment_ms, request));
    api.exports().add(job.clone())?;
    let at = format!("{}/$export/{}", asked.base, job.id);
    tokio::spawn(async move {
        job.prepare(api.records()).await;
        drop(room);
    });
    Ok(Answer::accepted(at))
}

/// The types that are exported: those that were asked for, or all that there are at this level.
fn wanted_kinds(whose: &Whose, arguments: &Arguments, asked: &Asked) -> Result<Vec<String>, Outcome> {
    let of_level = |kind: &str| {
        matches!(whose, Whose::All) || kind == "Patient" || !r4().patient_compartment(kind).is_empty()
    };
    let mut kinds = kinds(arguments)?;
    if let Some(beyond) = kinds.iter().find(|kind| !of_level(kind)).filter(|_| !asked.lenient) {
        let vi = format!("các loại thuộc hồ sơ người bệnh; {beyond} thì dùng $export của cả hệ thống");
        return Err(wrong("_type", &vi, &format!("{beyond} is not in the compartment of a patient")));
    }
    kinds.retain(|kind| of_level(kind));
    if kinds.is_empty() && arguments.parts("_type").next().is_none() {
        kinds = r4().resource_types().filter(|kind| of_level(kind)).map(str::to_owned).collect();
    }
    Ok(kinds)
}

/// The patients that are in a group now.
fn members(group: &Version) -> Vec<String> {
    let tree = group.tree();
    let active = items(&tree, "member")
        .filter(|member| member.get("inactive").and_then(|value| value.as_bool()) != Some(true));
    let mut ids: Vec<String> = active
        .filter_map(|member| match local_target(str_at(member, &["entity", "reference"])?)? {
            ("Patient", id) => Some(id.to_owned()),
            _ => None,
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
