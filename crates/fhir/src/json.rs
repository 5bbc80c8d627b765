//! The JSON tree: one place that names the library, so that it can be changed in one place.
//!
//! Built with `arbitrary_precision`: a decimal keeps the digits it came with (`2.00` stays `2.00`).

pub use sonic_rs::{
    Array, JsonContainerTrait, JsonNumberTrait, JsonType, JsonValueMutTrait, JsonValueTrait, Object, Value,
    array, from_slice, from_str, json, object, to_string, to_vec,
};

/// Follows object keys from `value`; `None` as soon as one is missing.
pub fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |node, key| node.get(*key))
}

/// The string at a path of object keys.
pub fn str_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(value, path).and_then(|found| found.as_str())
}

/// The items of an array member, or nothing when it is absent or no array.
pub fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(|found| found.as_array()).map(|array| array.iter()).into_iter().flatten()
}

/// The digits of a number as they were written, e.g. `2.00`.
pub fn number_text(value: &Value) -> Option<String> {
    value.is_number().then(|| to_string(value).ok()).flatten()
}
