//! What codes mean: a system whose codes stand below others, and value sets. They stay as they are while all else changes.

use crate::data::CODES;
use serde_json::{Value, json};

/// The system whose codes have codes below them.
pub const TREE_SYSTEM: &str = "urn:ma:noi-bo";
/// Codes of that system with the code right above each.
const TREE: [(&str, &str); 6] =
    [("HB", "hb"), ("50%", "hb"), ("8480-6", "HB"), ("718-7", "HB"), ("2345-7", "8480-6"), ("đ", "_")];

/// A value set, always there.
pub struct Set {
    pub id: &'static str,
    pub url: &'static str,
    /// System and code; the codes below one of the tree's are meant by its own with a `+`.
    codes: &'static [(&'static str, &'static str)],
}

pub const SETS: [Set; 4] = [
    Set {
        id: "tap-1",
        url: "http://a.vn/vs/tap-1",
        codes: &[(TREE_SYSTEM, "hb"), ("http://loinc.org", "2345-7"), ("http://loinc.org/x", "_")],
    },
    Set { id: "tap-2", url: "http://a.vn/vs/tap-2", codes: &[(TREE_SYSTEM, "+hb")] },
    Set {
        id: "tap-3",
        url: "urn:tap:3",
        codes: &[(TREE_SYSTEM, "+HB"), ("http://loinc.org/x", "a,b"), ("http://loinc.org/x", "x|y")],
    },
    Set {
        id: "tap-4",
        url: "http://a.vn/vs/tap-4",
        codes: &[("http://hl7.org/fhir/administrative-gender", "female"), ("http://loinc.org", "718-7")],
    },
];

impl Set {
    /// Its codes, with their systems.
    pub fn members(&self) -> Vec<(&'static str, &'static str)> {
        let each = |(system, code): &(&'static str, &'static str)| match code.strip_prefix('+') {
            Some(code) => TREE
                .iter()
                .map(|(code, _)| *code)
                .chain([code])
                .filter(|one| is_below(one, code))
                .map(|one| (*system, one))
                .collect(),
            None => vec![(*system, *code)],
        };
        self.codes.iter().flat_map(each).collect()
    }

    /// The set as a record.
    fn record(&self) -> Value {
        let include = |(system, code): &(&str, &str)| match code.strip_prefix('+') {
            Some(code) => {
                json!({"system": system, "filter": [{"property": "concept", "op": "is-a", "value": code}]})
            }
            None => json!({"system": system, "concept": [{"code": code}]}),
        };
        let include: Vec<Value> = self.codes.iter().map(include).collect();
        json!({"resourceType": "ValueSet", "id": self.id, "url": self.url, "status": "active", "compose": {"include": include}})
    }
}

/// Whether a code of the tree is another, or stands below it.
pub fn is_below(code: &str, other: &str) -> bool {
    let above = || TREE.iter().find(|(one, _)| *one == code).map(|(_, above)| *above);
    code == other || above().is_some_and(|above| is_below(above, other))
}

/// The tree as a CodeSystem, which is not searched, and the sets.
pub fn fixed() -> (Value, Vec<Value>) {
    let below = |code: &str| -> Vec<&str> {
        TREE.iter().filter(|(_, above)| *above == code).map(|(one, _)| *one).collect()
    };
    fn concept(code: &str, below: &dyn Fn(&str) -> Vec<&'static str>) -> Value {
        let under: Vec<Value> = below(code).into_iter().map(|one| concept(one, below)).collect();
        if under.is_empty() { json!({"code": code}) } else { json!({"code": code, "concept": under}) }
    }
    let tops = CODES.iter().filter(|code| TREE.iter().all(|(one, _)| one != *code));
    let concepts: Vec<Value> = tops.map(|code| concept(code, &below)).collect();
    let tree = json!({"resourceType": "CodeSystem", "id": "cay", "url": TREE_SYSTEM, "status": "active",
        "caseSensitive": true, "content": "complete", "hierarchyMeaning": "is-a", "concept": concepts});
    (tree, SETS.iter().map(Set::record).collect())
}
