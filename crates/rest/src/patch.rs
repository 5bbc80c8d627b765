//! FHIR patch: `PATCH [base]/[type]/[id]` and `PATCH [base]/[type]?[search]`, as JSON Patch.
//! <https://hl7.org/fhir/R4/http.html#patch>, <https://www.rfc-editor.org/rfc/rfc6902>

use crate::answer::{Answer, Reply};
use crate::api::Api;
use crate::asked::{Asked, Return};
use crate::body::Body;
use crate::create::{nothing_done, same_kind};
use crate::target::Target;
use crate::update::{condition_of, same_id};
use axum::extract::State;
use serde_json::Value;
use std::sync::Arc;
use yba_fhir::resource::{Limits, parse_json};
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Version};

/// The media type of a patch.
pub const MEDIA_TYPE: &str = "application/json-patch+json";
/// Most operations of one patch.
const OPERATIONS_MAX: usize = 1000;
/// Most values that a record may have while it is patched: a few copies of copies would fill the memory.
const VALUES_MAX: usize = 1_000_000;
/// How deep it may be meanwhile: copies into copies double it, and a tree is printed and freed level by level.
const DEPTH_MAX: usize = 128;

/// Changes a record as it is. A patch whose tests or paths do not fit it changes nothing (422); with If-Match another
/// version is refused (412); without, what others change meanwhile is patched in turn.
pub async fn handle(State(api): State<Api>, asked: Asked, target: Target, body: Body) -> Reply {
    asked.only_parameters(&[])?;
    asked.only_conditions(&["If-Match"])?;
    let patch = Patch::parse(&body.patch()?)?;
    let mut change = patch.of(target.kind, target.id);
    if let Some(version) = asked.if_match()? {
        change = change.if_match(version);
    }
    done(&api, &asked, change).await
}

/// Changes the one record that the parameters find.
pub async fn by_condition(State(api): State<Api>, asked: Asked, target: Target, body: Body) -> Reply {
    asked.only_conditions(&[])?;
    let condition = condition_of(&asked.pairs)?;
    let patch = Patch::parse(&body.patch()?)?;
    done(&api, &asked, patch.of_match(target.kind, condition)).await
}

async fn done(api: &Api, asked: &Asked, change: Change) -> Reply {
    let done = api.records().transact(&asked.ctx, vec![change]).await?;
    let done = done.into_iter().next().ok_or_else(nothing_done)?;
    Ok(Answer::written(done, &asked.base, asked.wanted.unwrap_or(Return::Representation)))
}

/// A patch that was understood.
pub struct Patch(Arc<json_patch::Patch>);

impl Patch {
    /// Refuses what is no JSON Patch, or too long a one.
    pub fn parse(bytes: &[u8]) -> Result<Patch, Outcome> {
        // The guards of every other body: depth, U+0000, names that stand twice.
        parse_json(bytes, &Limits::default())?;
        let patch: json_patch::Patch = serde_json::from_slice(bytes).map_err(|error| {
            let text =
                "Nội dung không phải JSON Patch: cần một danh sách thao tác, mỗi thao tác có op và path.";
            Outcome::invalid("patch", text, format!("not a JSON Patch: {error}"))
        })?;
        if patch.0.len() > OPERATIONS_MAX {
            let text = format!("Bản vá có quá {OPERATIONS_MAX} thao tác. Hãy chia nhỏ.");
            return Err(Outcome::new(Kind::TooLarge, "patch-too-long", text, "too many patch operations"));
        }
        Ok(Patch(Arc::new(patch)))
    }

    pub fn of(self, kind: String, id: String) -> Change {
        let patch = self.0;
        Change::edit(kind, id, move |version| applied(&patch, version))
    }

    pub fn of_match(self, kind: String, condition: String) -> Change {
        let patch = self.0;
        Change::edit_where(kind, condition, move |version| applied(&patch, version))
    }
}

/// The record with the patch applied. From text to text, so that decimals keep their digits.
fn applied(patch: &json_patch::Patch, version: &Version) -> Result<Resource, Outcome> {
    let mut tree: Value = serde_json::from_slice(&version.body)
        .map_err(|error| Outcome::fault(format!("a stored record is no JSON: {error}")))?;
    for (position, operation) in patch.0.iter().enumerate() {
        json_patch::patch(&mut tree, std::slice::from_ref(operation))
            .map_err(|error| unfit(position, &error))?;
        if may_grow(operation) && values(&tree, DEPTH_MAX, VALUES_MAX) > VALUES_MAX {
            let text = "Bản vá làm bản ghi lớn quá mức.";
            return Err(Outcome::new(
                Kind::TooLarge,
                "patch-too-large",
                text,
                "the patched record is too large",
            ));
        }
    }
    let bytes = serde_json::to_vec(&tree).map_err(|error| Outcome::fault(error.to_string()))?;
    let resource = Resource::from_parsed(parse_json(&bytes, &Limits::default())?)?;
    same_id(same_kind(resource, &version.kind)?, &version.id)
}

fn may_grow(operation: &json_patch::PatchOperation) -> bool {
    use json_patch::PatchOperation::{Add, Copy, Move, Remove, Replace, Test};
    let is_tree = |value: &Value| value.is_object() || value.is_array();
    match operation {
        Add(add) => is_tree(&add.value),
        Replace(replace) => is_tree(&replace.value),
        Copy(_) | Move(_) => true,
        Remove(_) | Test(_) => false,
    }
}

/// How many values a tree has, counted up to `most`; more than that when it is deeper than `depth`.
fn values(tree: &Value, depth: usize, most: usize) -> usize {
    let mut count = 1;
    let mut parts: Box<dyn Iterator<Item = &Value>> = match tree {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => return 1,
    };
    while count <= most
        && let Some(part) = parts.next()
    {
        count = match depth {
            0 => most + 1,
            _ => count + values(part, depth - 1, most - count),
        };
    }
    count
}

fn unfit(position: usize, error: &json_patch::PatchError) -> Outcome {
    let text = format!(
        "Thao tác {} của bản vá ({}) không áp dụng được cho bản ghi hiện tại. Không có gì bị sửa.",
        position + 1,
        error.path
    );
    let detail = format!("patch operation {position} at {} does not apply: {}", error.path, error.kind);
    Outcome::new(Kind::Unprocessable, "patch-unfit", text, detail)
}
