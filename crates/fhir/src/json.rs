//! The JSON tree: one place that names the library, so that it can be changed in one place.
//!
//! Built with `arbitrary_precision`: a decimal keeps the digits it came with (`2.00` stays `2.00`).

pub use sonic_rs::{
    Array, JsonContainerTrait, JsonNumberTrait, JsonType, JsonValueMutTrait, JsonValueTrait, Object, Value,
    array, from_slice, from_str, json, object, to_string, to_string_pretty, to_vec,
};
use sonic_rs::{to_object_iter, to_writer};
use std::borrow::Cow;

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

/// These members of an object as they are written in its text, without making a tree of it; `None` for one that is not there,
/// and for all of a text that is no object. Of a name that is there twice the last counts.
pub fn raw_members<'b, const N: usize>(body: &'b [u8], names: [&str; N]) -> [Option<&'b str>; N] {
    let mut found = [None; N];
    for member in to_object_iter(body) {
        let Ok((name, value)) = member else { return [None; N] };
        if let (Some(at), Cow::Borrowed(raw)) =
            (names.iter().position(|one| *one == name), value.as_raw_cow())
        {
            found[at] = Some(raw);
        }
    }
    found
}

/// The digits of a number as they were written, e.g. `2.00`.
pub fn number_text(value: &Value) -> Option<String> {
    value.is_number().then(|| to_string(value).ok()).flatten()
}

/// The same value with the members of every object in one order: `resourceType` and `id` first, the others by name.
///
/// An object built in memory (`json!`, `insert`) is a hash map in the library and prints in another order each time;
/// a parsed one keeps the order of its text. What is built is therefore ordered once, so that equal content has
/// equal bytes.
pub fn ordered(value: &Value) -> Value {
    let mut text = Vec::with_capacity(1024);
    write_ordered(value, &mut text);
    from_slice(&text).expect("what was printed from a tree parses")
}

fn write_ordered(value: &Value, out: &mut Vec<u8>) {
    if let Some(object) = value.as_object() {
        let mut members: Vec<(&str, &Value)> = object.iter().collect();
        members.sort_unstable_by_key(|(key, _)| (rank(key), *key));
        out.push(b'{');
        for (position, (key, member)) in members.into_iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            to_writer(&mut *out, key).expect("a string always serialises");
            out.push(b':');
            write_ordered(member, out);
        }
        out.push(b'}');
    } else if let Some(array) = value.as_array() {
        out.push(b'[');
        for (position, item) in array.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            write_ordered(item, out);
        }
        out.push(b']');
    } else {
        to_writer(out, value).expect("a leaf always serialises");
    }
}

fn rank(key: &str) -> u8 {
    match key {
        "resourceType" => 0,
        "id" => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_one_order_and_digits_stay() {
        let decimal: Value = from_str("7.20").unwrap();
        let value = json!({"b": [1, {"z": decimal, "a": "x\"y"}], "id": "1", "a": true, "resourceType": "T"});
        let text = to_string(&ordered(&value)).unwrap();
        assert_eq!(text, r#"{"resourceType":"T","id":"1","a":true,"b":[1,{"a":"x\"y","z":7.20}]}"#);
    }
}
