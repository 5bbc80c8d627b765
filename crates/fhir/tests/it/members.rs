//! Members looked up in the text of an object say what the tree would say.

use yba_fhir::json::{JsonValueTrait, Value, from_slice, from_str, raw_members};

const NAMES: [&str; 3] = ["code", "status", "meta"];

#[test]
fn members_are_what_the_tree_has_whatever_stands_around_them() {
    for text in [
        r#"{"resourceType":"Observation","code":{"text":"a \"b\" {"},"status":"final","x":[{"code":1}]}"#,
        r#"{"meta":{"security":[{"code":"HIV"}]},"status" : "final" , "code":null}"#,
        r#"{"a":{"status":"not this"},"value":1.50}"#,
        "{}",
    ] {
        let tree: Value = from_str(text).unwrap();
        let found = raw_members(text.as_bytes(), NAMES);
        for (name, raw) in NAMES.into_iter().zip(found) {
            let told: Option<Value> = raw.map(|raw| from_str(raw).unwrap());
            assert_eq!(told.as_ref(), tree.get(name), "{name} in {text}");
        }
    }
}

#[test]
fn what_is_no_object_or_breaks_off_has_no_members() {
    for text in ["", "[]", "1", "null", "{", "{\"code\":1", "{\"code\":1,}", "{\"code\" 1}", "\u{0}"] {
        let found = raw_members(text.as_bytes(), NAMES);
        assert!(found == [None; 3] || from_slice::<Value>(text.as_bytes()).is_ok(), "{text}: {found:?}");
    }
}
