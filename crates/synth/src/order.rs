//! JSON with its members always in the same order.
//!
//! An object built in memory is a hash map in the JSON library and would be printed in another order each time;
//! a parsed one keeps the order of its text. So resources are printed once in a fixed order and parsed again.

use yba_fhir::json::{JsonContainerTrait, Value, from_str, to_string};

/// The same value, with `resourceType` and `id` first and the other members by name.
pub fn ordered(value: &Value) -> Value {
    let mut text = String::with_capacity(1024);
    write(value, &mut text);
    from_str(&text).expect("what was printed from a tree parses")
}

fn write(value: &Value, out: &mut String) {
    if let Some(object) = value.as_object() {
        let mut members: Vec<(&str, &Value)> = object.iter().collect();
        members.sort_unstable_by_key(|(key, _)| (rank(key), *key));
        listed(out, '{', '}', members.into_iter(), |(key, inner), out| {
            out.push_str(&format!("\"{key}\":")); // element names of FHIR need no escapes
            write(inner, out);
        });
    } else if let Some(array) = value.as_array() {
        listed(out, '[', ']', array.iter(), write);
    } else {
        out.push_str(&to_string(value).expect("a leaf prints"));
    }
}

fn listed<T>(
    out: &mut String,
    open: char,
    close: char,
    all: impl Iterator<Item = T>,
    each: impl Fn(T, &mut String),
) {
    out.push(open);
    for (n, item) in all.enumerate() {
        if n > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(close);
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
    use yba_fhir::json::json;

    #[test]
    fn members_come_in_one_order_and_digits_stay() {
        let decimal: Value = from_str("7.20").unwrap();
        let value = json!({"b": [1, {"z": decimal, "a": "x\"y"}], "id": "1", "a": true, "resourceType": "T"});
        let text = to_string(&ordered(&value)).unwrap();
        assert_eq!(text, r#"{"resourceType":"T","id":"1","a":true,"b":[1,{"a":"x\"y","z":7.20}]}"#);
    }
}
