//! Bytes nobody would send: they are parsed or refused with a reason, and what is parsed is kept to the last digit.

use proptest::prelude::*;
use yba_fhir::Resource;
use yba_fhir::json::{JsonContainerTrait, Value, from_str, to_string};
use yba_fhir::resource::{Limits, parse_json};

const SOUND: &str = r#"{"resourceType":"Observation","id":"a-1","meta":{"tag":[{"code":"x"}]},"valueQuantity":{"value":2.00,"unit":"g\/L"},
    "note":[{"text":"Lò \"Thị\" \u1ea8n \ud83d\ude00"},{"text":"\t\n"}],"component":[{"valueDecimal":-1.5e-7},{"valueInteger":0},{"x":null},{"y":[true,false,[],{}]}]}"#;

/// Pieces that mean something to a parser.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\u{0}",
    "\\ud800",
    "null",
    "1e999",
    "01",
    "-",
    "2.00",
    "\u{feff}",
    "{\"a\":1,\"a\":2}",
    "[[[[[[[[",
    "/*",
    "\u{1F600}",
    "NaN",
];

fn soup() -> impl Strategy<Value = Vec<u8>> {
    let changed = prop::collection::vec(
        (any::<prop::sample::Index>(), prop::sample::select(PIECES), any::<bool>()),
        0..4,
    )
    .prop_map(|changes| {
        let mut bytes = SOUND.as_bytes().to_vec();
        for (at, piece, instead) in changes {
            let at = at.index(bytes.len());
            let end = if instead { (at + piece.len()).min(bytes.len()) } else { at };
            bytes.splice(at..end, piece.bytes());
        }
        bytes
    });
    prop_oneof![4 => changed, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

fn depth(value: &Value) -> usize {
    let of_object =
        value.as_object().into_iter().flat_map(|object| object.iter().map(|(_, inner)| depth(inner)));
    let of_array = value.as_array().into_iter().flatten().map(depth);
    of_object
        .chain(of_array)
        .max()
        .map_or(usize::from(value.as_object().is_some() || value.as_array().is_some()), |inner| inner + 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_bytes_are_parsed_or_refused_with_a_reason(bytes in soup()) {
        match parse_json(&bytes, &Limits::default()) {
            Err(refused) => {
                prop_assert!(refused.issues.iter().all(|issue| !issue.text.is_empty() && !issue.diagnostics.is_empty()));
            }
            Ok(tree) => {
                let text = to_string(&tree).unwrap();
                let again: Value = from_str(&text).unwrap();
                prop_assert_eq!(to_string(&again).unwrap(), text);
                prop_assert!(!bytes.contains(&0));
            }
        }
    }

    #[test]
    fn depth_is_bounded_whatever_the_brackets(opens in prop::collection::vec(prop::sample::select(&["[", "{\"a\":"][..]), 1..200)) {
        let closes = opens.iter().rev().map(|open| if *open == "[" { "]" } else { "}" });
        let text: String = opens.iter().copied().chain(std::iter::once("1")).chain(closes).collect();
        let limits = Limits::default();
        match parse_json(text.as_bytes(), &limits) {
            Ok(tree) => prop_assert!(opens.len() <= limits.depth && depth(&tree) <= limits.depth),
            Err(_) => prop_assert!(opens.len() > limits.depth),
        }
    }

    #[test]
    fn what_becomes_a_resource_has_a_type_and_a_sound_id(bytes in soup()) {
        if let Ok(resource) = Resource::parse(&bytes) {
            prop_assert!(!resource.kind().is_empty());
            prop_assert!(resource.id().is_none_or(yba_fhir::resource::is_id));
        }
    }
}
