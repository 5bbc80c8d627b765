//! What `[base]/openapi.json` describes is what the program does, and it does nothing else.

use crate::house::{BASE, House, Said, each};
use std::collections::BTreeSet;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, items, str_at};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// Every operation of one type is that of one of these; `Basic` and `Location` have none of their own.
const KINDS: [&str; 12] = [
    "Basic",
    "CodeSystem",
    "ConceptMap",
    "Encounter",
    "Group",
    "Location",
    "Observation",
    "Patient",
    "Practitioner",
    "Subscription",
    "ValueSet",
    "ViewDefinition",
];
/// How an address is refused that means nothing here.
const UNSERVED: [&str; 6] = [
    "method-not-allowed",
    "unknown-address",
    "unknown-type",
    "unsupported-interaction",
    "unsupported-operation",
    "compartment",
];

/// Every path that is described, with its methods.
async fn described(house: &House) -> Vec<(String, BTreeSet<String>)> {
    let tree = house.get("/fhir/openapi.json").await.tree();
    let paths = tree["paths"].as_object().unwrap();
    let methods =
        |place: &Value| place.as_object().unwrap().iter().map(|(name, _)| name.to_uppercase()).collect();
    paths.iter().map(|(path, place)| (path.to_owned(), methods(place))).collect()
}

/// The description of an address: the one that says most of its parts by name, as OpenAPI has it.
fn description<'d>(
    described: &'d [(String, BTreeSet<String>)],
    address: &str,
) -> Option<&'d (String, BTreeSet<String>)> {
    let parts: Vec<&str> = address.split('/').collect();
    let fits = |template: &str| {
        let wanted: Vec<&str> = template.split('/').collect();
        let part = |(wanted, part): (&&str, &&str)| match wanted.starts_with('{') {
            true => is_value(wanted, part),
            false => wanted == part,
        };
        wanted.len() == parts.len() && wanted.iter().zip(&parts).all(part)
    };
    let fitting = described.iter().filter(|(template, _)| fits(template));
    fitting.min_by_key(|(template, _)| template.matches('{').count())
}

/// Whether a part of an address may stand for this parameter.
fn is_value(parameter: &str, part: &str) -> bool {
    match parameter {
        "{kind}" => part != "ViewDefinition" && KINDS.contains(&part),
        "{within}" => part == "*" || KINDS.contains(&part),
        _ => !part.starts_with(['$', '_']),
    }
}

fn is_served(said: &Said) -> bool {
    let refused = matches!(said.status.as_u16(), 404 | 405) && !said.body.is_empty();
    !(refused && UNSERVED.contains(&said.key().as_str()))
}

/// Asks for nothing in particular: whatever comes of it, the address was understood.
async fn ask(house: &House, method: &str, address: &str) -> Said {
    let path = format!("/fhir{}", address.trim_end_matches('/'));
    house.ask(method, &path, &[], "").await
}

#[tokio::test]
async fn the_api_is_described_as_openapi() {
    each(async |house| {
        let said = house.get("/fhir/openapi.json").await;
        assert_eq!((said.status.as_u16(), said.text(&["openapi"]).as_str()), (200, "3.0.3"));
        assert_eq!(str_at(&said.tree()["servers"][0], &["url"]), Some(BASE));
        let described = described(&house).await;
        let find = |path: &str| description(&described, path).map(|(path, _)| path.as_str());
        assert_eq!(find("/ValueSet/$expand"), Some("/ValueSet/$expand"));
        assert_eq!(find("/Basic/$expand"), None);
        assert_eq!(find("/Patient/a/Observation"), Some("/Patient/{id}/{within}"));
    })
    .await;
}

#[tokio::test]
async fn all_that_is_described_is_served() {
    each(async |house| {
        for (path, methods) in described(&house).await {
            let values =
                [("{kind}", "Basic"), ("{id}", "a"), ("{version}", "1"), ("{within}", "Observation")];
            let more = [("{job}", "x"), ("{file}", "Patient.ndjson")];
            let fill = |path: String, (name, value): &(&str, &str)| path.replace(name, value);
            let address = values.iter().chain(&more).fold(path.clone(), fill);
            assert!(!address.contains('{'), "{path} has a part that is not filled");
            for method in &methods {
                let said = ask(&house, method, &address).await;
                assert!(is_served(&said), "{method} {address}: {said:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_described_is_refused() {
    each(async |house| {
        let described = described(&house).await;
        let (mut asked, mut refused) = (0, 0);
        for address in addresses(&described) {
            let known = description(&described, &address);
            for method in METHODS {
                let is_described = known.is_some_and(|(_, methods)| methods.contains(method));
                let said = ask(&house, method, &address).await;
                assert_eq!(is_served(&said), is_described, "{method} {address}: {said:?}");
                asked += 1;
                refused += usize::from(!is_described);
            }
        }
        assert!(asked > 2000 && refused > asked / 2, "{refused} of {asked} were refused");
    })
    .await;
}

/// Every operation of every level and type, and addresses of interactions with and without sense.
fn addresses(described: &[(String, BTreeSet<String>)]) -> BTreeSet<String> {
    let names = described.iter().filter_map(|(path, _)| path.rsplit_once("/$")).map(|(_, name)| name);
    let operations: BTreeSet<&str> = names.filter(|name| !name.contains('/')).collect();
    let mut all: BTreeSet<String> = operations.iter().map(|name| format!("/${name}")).collect();
    for kind in KINDS {
        for name in &operations {
            let levels = ["", "/a", "/a/_history/1"].map(|below| format!("/{kind}{below}/${name}"));
            all.extend(levels);
        }
        let below = ["", "/a", "/_history", "/_search", "/a/_history", "/a/_history/1", "/a/b"];
        let within = ["/a/Observation", "/a/*", "/a/Observation/_search", "/a/_search", "/a/Observation/b"];
        all.extend(below.iter().chain(&within).map(|below| format!("/{kind}{below}")));
    }
    let system =
        ["/", "/metadata", "/openapi.json", "/_history", "/_search", "/$export/x", "/$export/x/y", "/$x"];
    all.extend(system.map(str::to_owned));
    all
}

#[tokio::test]
async fn each_part_of_an_address_and_each_answer_is_described() {
    each(async |house| {
        let tree = house.get("/fhir/openapi.json").await.tree();
        let known = |reference: &str| {
            let parts: Vec<&str> = reference.trim_start_matches("#/").split('/').collect();
            parts.iter().try_fold(&tree, |tree, part| tree.get(*part)).is_some()
        };
        for (path, place) in tree["paths"].as_object().unwrap().iter() {
            for (method, one) in place.as_object().unwrap().iter() {
                let named: Vec<&str> =
                    items(one, "parameters").filter_map(|one| str_at(one, &["$ref"])).collect();
                let parts = path.split('/').filter(|part| part.starts_with('{')).count();
                let answer = str_at(one, &["responses", "2XX", "$ref"]).unwrap();
                assert_eq!(named.len(), parts, "{method} {path}");
                assert!(named.iter().chain([&answer]).all(|one| known(one)), "{method} {path}");
            }
        }
        let kinds = tree["components"]["parameters"]["kind"]["schema"]["enum"].as_array().unwrap().len();
        assert_eq!(kinds, yba_fhir::defs::r4().resource_types().count());
    })
    .await;
}
