//! `Patient/$match`. <https://hl7.org/fhir/R4/patient-operation-match.html>

use super::arguments::wrong;
use super::{Arguments, Call};
use crate::answer::Answer;
use crate::bundle::Writer;
use yba_fhir::Outcome;
use yba_fhir::json::{Value, str_at};
use yba_mpi::matching::{Grade, Match, matches};

/// Matches given when no count is asked, and the most that are.
const COUNT_DEFAULT: usize = 20;
const COUNT_MAX: usize = 100;

/// How sure a match is stands in this extension of `Bundle.entry.search`.
const GRADE: &str = "http://hl7.org/fhir/StructureDefinition/match-grade";

/// Answers 200 with a searchset: the Patients that may be the one given, likeliest first, each with its score and grade.
pub async fn run(call: Call) -> Result<Answer, Outcome> {
    let Call { api, asked, arguments, .. } = call;
    arguments.only(&["resource", "onlyCertainMatches", "count"])?;
    let patient = patient(&arguments)?;
    let only_certain = match arguments.text("onlyCertainMatches")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(wrong("onlyCertainMatches", "true hoặc false", "true or false is expected")),
    };
    let count = count(&arguments)?;
    let mut found = matches(api.records(), &asked.ctx, patient).await?;
    found.retain(|one| !only_certain || one.grade == Grade::Certain);
    found.truncate(count);
    let keys: Vec<(String, String)> =
        found.iter().map(|one| ("Patient".to_owned(), one.patient.clone())).collect();
    let versions = match keys.is_empty() {
        true => Vec::new(),
        false => api.records().read_many(&asked.ctx, &keys).await?,
    };
    let shown: Vec<(&Match, _)> = found
        .iter()
        .filter_map(|one| Some((one, versions.iter().find(|version| version.id == one.patient)?)))
        .collect();
    let here = format!("{}/Patient/$match", asked.base);
    let bytes = shown.iter().map(|(_, version)| version.body.len() + 300).sum();
    let mut bundle = Writer::new("searchset", Some(shown.len() as u64), &[("self", here)], None, bytes);
    for (one, version) in shown {
        bundle.matched(&asked.base, version, one.score, (GRADE, one.grade.code()));
    }
    Ok(Answer::json(bundle.finish()))
}

fn patient(arguments: &Arguments) -> Result<&Value, Outcome> {
    let given = arguments.resource("resource")?;
    given.filter(|tree| str_at(tree, &["resourceType"]) == Some("Patient")).ok_or_else(|| {
        let text = "$match cần một Patient trong tham số “resource”.";
        Outcome::invalid("match-resource", text, "a Patient is expected in the parameter resource")
            .at("resource")
    })
}

fn count(arguments: &Arguments) -> Result<usize, Outcome> {
    match arguments.text("count")? {
        None => Ok(COUNT_DEFAULT),
        Some(text) => match text.parse::<usize>() {
            Ok(count) if count > 0 => Ok(count.min(COUNT_MAX)),
            _ => Err(wrong("count", "một số nguyên dương", "a positive whole number is expected")),
        },
    }
}
