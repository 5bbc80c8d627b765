//! `$meta`, `$meta-add`, `$meta-delete`: profiles, security labels and tags of a record.
//! <https://hl7.org/fhir/R4/resource-operation-meta.html>, <https://hl7.org/fhir/R4/resource-operation-meta-add.html>,
//! <https://hl7.org/fhir/R4/resource-operation-meta-delete.html>
//!
//! They are sets: adding what is there and taking away what is not makes no version. Anything else is an edit like
//! every other, with a version, and judged like one: a profile that the record does not keep is refused.

use super::{Arguments, Call, answer};
use crate::answer::Answer;
use crate::create::nothing_done;
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{Outcome, Resource};
use yba_records::{Change, Version};
use yba_store::labels::{LABELS_MAX, Labels};

/// The elements of Meta that are sets. What else a sender holds there is the server's, or not for these operations.
const SETS: [&str; 3] = ["profile", "security", "tag"];

/// What becomes of one set.
type Changed = fn(&mut Vec<Value>, &Value);

/// The `meta` of a record, or of one version; of a type or of everything the profiles and labels in use.
pub async fn read(call: Call) -> Result<Answer, Outcome> {
    let Call { api, asked, target, arguments } = call;
    arguments.only(&[])?;
    if target.id.is_empty() {
        let labels = api.records().labels(&asked.ctx, &target.kind).await?;
        return answer(&in_use(&labels)?);
    }
    let version = match target.version.is_empty() {
        true => api.records().read(&asked.ctx, &target.kind, &target.id).await?,
        false => api.records().vread(&asked.ctx, &target.kind, &target.id, &target.version).await?,
    };
    answer(&said(&version))
}

/// Adds what is named and is not there yet.
pub async fn add(call: Call) -> Result<Answer, Outcome> {
    edit(call, |set, one| {
        if !set.iter().any(|known| same(known, one)) {
            set.push(one.clone());
        }
    })
    .await
}

/// Takes away what is named.
pub async fn delete(call: Call) -> Result<Answer, Outcome> {
    edit(call, |set, one| set.retain(|known| !same(known, one))).await
}

async fn edit(call: Call, changed: Changed) -> Result<Answer, Outcome> {
    let Call { api, asked, target, arguments } = call;
    asked.only_conditions(&["If-Match"])?;
    let meta = meta(&arguments)?;
    let mut change = Change::edit(target.kind, target.id, move |version| edited(version, &meta, changed));
    if let Some(version) = asked.if_match()? {
        change = change.if_match(version);
    }
    let done = api.records().transact(&asked.ctx, vec![change]).await?;
    let version = done.into_iter().next().and_then(|done| done.version).ok_or_else(nothing_done)?;
    answer(&said(&version)).map(|answer| Answer { version: Some(version), ..answer })
}

/// The one `meta` that was sent.
fn meta(arguments: &Arguments) -> Result<Value, Outcome> {
    arguments.only(&["meta"])?;
    let meta = arguments.value("meta")?.filter(|meta| meta.as_object().is_some()).cloned();
    let meta = meta.ok_or_else(|| {
        let text = "Cần tham số “meta” (valueMeta) với profile, security hoặc tag.";
        Outcome::invalid("meta-missing", text, "parameter meta (valueMeta) is required").at("meta")
    })?;
    for name in ["security", "tag"] {
        if items(&meta, name)
            .any(|one| str_at(one, &["code"]).is_none() && str_at(one, &["system"]).is_none())
        {
            let text = format!("Mỗi “{name}” cần có code hoặc system.");
            let detail = format!("meta.{name} needs a code or a system");
            return Err(Outcome::invalid("meta-coding", text, detail).at(format!("meta.{name}")));
        }
    }
    Ok(meta)
}

fn edited(version: &Version, asked: &Value, changed: Changed) -> Result<Resource, Outcome> {
    let mut tree = version.tree();
    let mut meta = tree.get("meta").cloned().unwrap_or_else(|| json!({}));
    let mut is_other = false;
    for name in SETS {
        let before: Vec<Value> = items(&meta, name).cloned().collect();
        let mut set = before.clone();
        items(asked, name).for_each(|one| changed(&mut set, one));
        is_other |= set.len() != before.len();
        let Some(meta) = meta.as_object_mut() else { continue };
        match set.is_empty() {
            true => drop(meta.remove(&name)),
            false => drop(meta.insert(name, Value::from(set))),
        }
    }
    if !is_other {
        return version.resource();
    }
    if let Some(tree) = tree.as_object_mut() {
        tree.insert("meta", meta);
    }
    Resource::from_value(tree)
}

/// Whether two profiles, or two codings, are the same: codings by system and code.
fn same(one: &Value, other: &Value) -> bool {
    let part = |value: &Value, name: &'static str| str_at(value, &[name]).unwrap_or_default().to_owned();
    match (one.as_str(), other.as_str()) {
        (None, None) => ["system", "code"].iter().all(|name| part(one, name) == part(other, name)),
        (one, other) => one == other,
    }
}

/// The labels in use as a Meta. Refuses when there are too many to be told.
fn in_use(labels: &Labels) -> Result<Value, Outcome> {
    if labels.has_more {
        let text = format!("Có hơn {LABELS_MAX} nhãn đang dùng. Hãy hỏi theo từng loại tài nguyên.");
        let detail = format!("more than {LABELS_MAX} labels are in use; ask by type");
        return Err(Outcome::invalid("meta-too-many", text, detail));
    }
    let codings = |pairs: &[(String, String)]| {
        let coding = |(system, code): &(String, String)| match system.is_empty() {
            true => json!({"code": code.as_str()}),
            false => json!({"system": system.as_str(), "code": code.as_str()}),
        };
        Value::from(pairs.iter().map(coding).collect::<Vec<Value>>())
    };
    let profiles = labels.profiles.iter().map(|url| Value::from(url.as_str())).collect::<Vec<Value>>();
    let sets = [Value::from(profiles), codings(&labels.security), codings(&labels.tags)];
    let mut meta = json!({});
    for (name, set) in SETS.into_iter().zip(sets) {
        if let Some(meta) = meta.as_object_mut().filter(|_| !set.as_array().is_none_or(|set| set.is_empty()))
        {
            meta.insert(name, set);
        }
    }
    Ok(json!({"resourceType": "Parameters", "parameter": [{"name": "return", "valueMeta": meta}]}))
}

fn said(version: &Version) -> Value {
    let meta = version.tree().get("meta").cloned().unwrap_or_else(|| json!({}));
    json!({"resourceType": "Parameters", "parameter": [{"name": "return", "valueMeta": meta}]})
}
