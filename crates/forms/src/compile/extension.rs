//! Extensions by their short keys, see [`yba_content::forms::sdc`].

use yba_content::forms::sdc;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, items, str_at};

/// All extensions of a short key, in their order.
pub(crate) fn extensions<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    let url = sdc::url(key);
    items(value, "extension").filter(move |one| str_at(one, &["url"]) == Some(url))
}

/// The first extension of a short key.
pub(crate) fn extension<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    extensions(value, key).next()
}

/// An extension inside an extension.
pub(crate) fn part<'v>(value: &'v Value, url: &str) -> Option<&'v Value> {
    items(value, "extension").find(|one| str_at(one, &["url"]) == Some(url))
}

/// The text of an extension that is a FHIRPath expression.
pub(crate) fn expression_text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    str_at(extension(value, key)?, &["valueExpression", "expression"])
}

/// The value of an extension, whatever its type.
pub(super) fn value_of<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    let mut members = extension(value, key)?.as_object()?.iter();
    members.find(|(name, _)| name.starts_with("value")).map(|(_, held)| held)
}

pub(super) fn text_of<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value_of(value, key)?.as_str()
}

pub(super) fn count_of(value: &Value, key: &str) -> Option<usize> {
    value_of(value, key)?.as_u64().map(|count| count as usize)
}
