//! Weights as a record: the FHIR `Library` that holds the edition in force, each edition a version of it. Decisions name their
//! edition, so whoever questions one finds what it was weighed by. <https://hl7.org/fhir/R4/library.html>

use crate::linker::Linker;
use crate::linking::Edition;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use yba_fhir::json::{Value, items, json, str_at};
use yba_fhir::{Day, Outcome, Resource};
use yba_records::{Change, Ctx, Records};
use yba_store::Store;

/// The type and id of that record.
pub const KIND: &str = "Library";
pub const ID: &str = "linking-weights";
/// Fewer records than this are weighed as is usual: they say too little by themselves.
const RECORDS_LEAST: u64 = 2_000;
/// Weights are counted anew when there are so many times the records that the edition was counted from.
const GROWTH: u64 = 4;

/// An edition as a Library.
pub fn library(edition: &Edition) -> Value {
    let kind = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/library-type", "code": "model-definition"}]});
    json!({
        "resourceType": KIND,
        "id": ID,
        "url": "https://yba.vn/fhir/Library/linking-weights",
        "version": edition.name.as_str(),
        "title": "Trọng số liên kết hồ sơ",
        "status": "active",
        "type": kind,
        "content": [{"contentType": "text/tab-separated-values", "data": STANDARD.encode(edition.text()).as_str()}],
    })
}

/// The edition that a Library holds; `None` when it holds none.
pub fn read(tree: &Value) -> Option<Edition> {
    let data = items(tree, "content").find_map(|one| str_at(one, &["data"]))?;
    Edition::read(std::str::from_utf8(&STANDARD.decode(data).ok()?).ok()?)
}

/// The edition in force: the one on record, else what is usual.
pub(crate) async fn kept(store: &Store) -> Result<Edition, Outcome> {
    let heads = store.read_many(vec![(KIND.to_owned(), ID.to_owned())]).await?;
    let head = heads.into_iter().find(|head| !head.deleted);
    Ok(head.and_then(|head| read(&head.tree())).unwrap_or_else(Edition::usual))
}

/// Counts the weights anew when there are many more records than they were counted from, and writes the edition through the
/// door; it holds when it comes back through the log. Answers whether one was written.
pub(crate) async fn renew(records: &Records, linker: &Arc<Linker>) -> Result<bool, Outcome> {
    let day = Day::of_instant(records.store().clock().now_ms()).to_string();
    let edition = linker
        .ask(move |held| {
            let records = held.index.crowd().len() as u64;
            let is_due = records >= RECORDS_LEAST.max(held.edition.records.saturating_mul(GROWTH));
            is_due.then(|| Edition::estimate(&held.index, &day))
        })
        .await?;
    let Some(edition) = edition else { return Ok(false) };
    let resource = Resource::from_value(library(&edition))?;
    let done = records.transact(&Ctx::system("mpi"), vec![Change::put(resource)]).await;
    done.map(|_| true)
}
