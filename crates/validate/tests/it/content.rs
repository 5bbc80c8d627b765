//! The profiles of content: sound, true to their examples, and kept by the invented province.

use yba_content::{Content, Day};
use yba_fhir::json::{JsonValueMutTrait, Value, from_str, json, str_at, to_string};
use yba_validate::{Codes, Validator};

fn day() -> Day {
    Day::new(2026, 3, 2).unwrap()
}

fn built_in() -> (Content, Validator) {
    let content = Content::built_in();
    let (validator, problems) = Validator::of_content(&content, Codes::of_content(&content, day()), &[]);
    assert_eq!(problems, []);
    (content, validator)
}

#[test]
fn the_built_in_profiles_are_sound_and_do_what_their_examples_say() {
    let (content, validator) = built_in();
    let problems = validator.try_examples(&content);
    assert!(
        problems.is_empty(),
        "{}",
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    );
    for edition in content.profiles() {
        let folder = format!("profiles/{}", edition.slug);
        let own: Vec<_> = content.examples().filter(|example| example.edition == folder).collect();
        assert!(own.iter().any(|one| one.expected.is_none()), "{folder} has an example that is right");
        assert!(own.iter().any(|one| one.expected.is_some()), "{folder} has an example that is wrong");
    }
}

/// A folder with one profile of which the text is changed.
fn folder(change: impl Fn(&str) -> String, about: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("profiles/vn-encounter");
    std::fs::create_dir_all(&place).unwrap();
    let built_in = include_str!("../../../../content/profiles/vn-encounter/2026-01-01.json");
    std::fs::write(place.join("2026-01-01.json"), change(built_in)).unwrap();
    std::fs::write(
        place.join("about.toml"),
        format!("title = \"Lượt khám\"\nbasis = [\"yba\"]\nsure = \"verified\"\n{about}"),
    )
    .unwrap();
    let content = match Content::with_folder(folder.path()) {
        Ok(content) => content,
        Err(problems) => return problems.iter().map(ToString::to_string).collect(),
    };
    let (validator, mut problems) = Validator::of_content(&content, Codes::of_content(&content, day()), &[]);
    problems.extend(validator.try_examples(&content));
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_faulty_profile_is_told_with_file_and_line() {
    assert_eq!(folder(str::to_owned, ""), [""; 0]);
    let misspelt =
        folder(|text| text.replace("\"Encounter.serviceProvider\"", "\"Encounter.serviceProvidr\""), "");
    assert!(misspelt[0].starts_with("profiles/vn-encounter/2026-01-01.json:3"), "{misspelt:?}");
    assert!(misspelt[0].contains("Có phải “serviceProvider”?"), "{misspelt:?}");
    let rule = folder(|text| text.replace("period.end.exists()", "period.end.exists("), "");
    assert!(rule[0].contains("FHIRPath có lỗi"), "{rule:?}");
    let applies = folder(str::to_owned, "applies = \"stauts = 'finished'\"");
    assert!(applies[0].starts_with("profiles/vn-encounter/about.toml"), "{applies:?}");
    let version = folder(|text| text.replace("\"version\": \"2026-01-01\"", "\"version\": \"1\""), "");
    assert!(version[0].contains("“version” phải là “2026-01-01”"), "{version:?}");
    let example = folder(
        |text| {
            text.replace(
                "\"Encounter.serviceProvider\", \"min\": 1",
                "\"Encounter.serviceProvider\", \"min\": 0, \"max\": \"0\"",
            )
        },
        "",
    );
    assert!(example[0].starts_with("profiles/vn-encounter/examples/"), "{example:?}");
}

#[test]
fn content_attaches_profiles_to_what_resources_hold() {
    let content = Content::built_in();
    let rule = "subject.exists()";
    let about = |enforced: bool| {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("profiles/vn-encounter");
        std::fs::create_dir_all(&place).unwrap();
        let text = format!(
            "title = \"Lượt khám\"\nbasis = [\"yba\"]\nsure = \"verified\"\napplies = \"{rule}\"\nenforced = {enforced}\n"
        );
        std::fs::write(place.join("about.toml"), text).unwrap();
        let content = Content::with_folder(folder.path()).unwrap();
        Validator::of_content(&content, Codes::of_content(&content, day()), &[]).0
    };
    let class = r#""class": {"code": "AMB"}, "status": "finished""#;
    let tree = |rest: &str| from_str(&format!(r#"{{"resourceType": "Encounter", {class}{rest}}}"#)).unwrap();
    let with_subject = tree(r#", "subject": {"reference": "Patient/1"}"#);
    assert!(about(true).check(&with_subject).has_errors());
    let warned = about(false).check(&with_subject);
    assert!(!warned.has_errors() && !warned.issues.is_empty());
    assert!(about(true).check(&tree("")).issues.is_empty(), "it does not apply");
    assert!(
        Validator::of_content(&content, Codes::of_content(&content, day()), &[])
            .0
            .check(&with_subject)
            .issues
            .is_empty()
    );
}

/// A folder with two editions of the profile of visits, attached to every visit; the later one as it is changed.
fn two_editions(change: impl Fn(&str) -> String, applies: &str) -> (Validator, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("profiles/vn-encounter");
    std::fs::create_dir_all(&place).unwrap();
    let text = include_str!("../../../../content/profiles/vn-encounter/2026-01-01.json");
    let later = text.replace("\"version\": \"2026-01-01\"", "\"version\": \"2026-02-01\"");
    std::fs::write(place.join("2026-02-01.json"), change(&later)).unwrap();
    let about = format!(
        "title = \"Lượt khám\"\nbasis = [\"yba\"]\nsure = \"verified\"\napplies = \"{applies}\"\nenforced = true\n"
    );
    std::fs::write(place.join("about.toml"), about).unwrap();
    std::fs::create_dir_all(folder.path().join("profiles/no-such/examples")).unwrap();
    std::fs::write(
        folder.path().join("profiles/no-such/about.toml"),
        "title = \"x\"\nbasis = [\"yba\"]\nsure = \"verified\"\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("profiles/no-such/examples/right.json"), "{}").unwrap();
    let content = Content::with_folder(folder.path()).unwrap();
    let (validator, mut problems) = Validator::of_content(&content, Codes::of_content(&content, day()), &[]);
    problems.extend(validator.try_examples(&content));
    (validator, problems.iter().map(ToString::to_string).collect())
}

#[test]
fn each_edition_answers_for_itself_and_the_profile_is_attached_once() {
    let visit = from_str(r#"{"resourceType": "Encounter", "class": {"code": "AMB"}, "status": "finished", "type": [{"text": "x"}]}"#).unwrap();
    let (validator, problems) = two_editions(str::to_owned, "type.exists()");
    assert!(problems.iter().all(|one| one.starts_with("profiles/no-such/examples/")), "{problems:?}");
    assert_eq!(problems.len(), 1, "examples beside no profile are told: {problems:?}");
    let found = validator.check(&visit).issues;
    let rules = found.iter().filter(|issue| issue.path.as_deref() == Some("Encounter.subject")).count();
    assert_eq!(rules, 1, "{found:#?}");

    let (_, problems) =
        two_editions(|text| text.replace("\"Encounter.serviceProvider\"", "\"Encounter.nowhere\""), "true");
    let of_definitions: Vec<_> = problems.iter().filter(|one| one.contains("nowhere")).collect();
    assert_eq!(of_definitions.len(), 1, "{problems:?}");
    assert!(of_definitions[0].starts_with("profiles/vn-encounter/2026-02-01.json:"), "{problems:?}");
}

#[test]
fn a_resource_that_the_condition_cannot_be_asked_of_does_not_pass_by() {
    let (validator, _) = two_editions(str::to_owned, "type.text.substring(0, 1) = 'x'");
    let types = |number: usize| vec![r#"{"text": "x"}"#; number].join(", ");
    let visit = |number: usize| {
        let text = format!(
            r#"{{"resourceType": "Encounter", "class": {{"code": "AMB"}}, "status": "finished", "type": [{}]}}"#,
            types(number)
        );
        validator.check(&from_str(&text).unwrap())
    };
    assert!(visit(1).has_errors() && visit(2).has_errors());
}

#[test]
fn the_invented_province_keeps_the_profiles() {
    let (_, validator) = built_in();
    let profile = |kind: &str, laboratory: bool| match kind {
        "Patient" => Some("vn-patient"),
        "Coverage" => Some("bhyt-coverage"),
        "Encounter" => Some("vn-encounter"),
        "MedicationRequest" => Some("vn-prescription"),
        "Observation" if laboratory => Some("vn-lab-result"),
        _ => None,
    };
    let mut judged = std::collections::BTreeMap::new();
    for resource in crate::invented::resources(5000) {
        let kind = str_at(&resource, &["resourceType"]).unwrap_or_default();
        let laboratory = to_string(&resource).unwrap().contains("\"laboratory\"");
        let Some(slug) = profile(kind, laboratory) else { continue };
        let url = format!("https://yba.vn/fhir/StructureDefinition/{slug}");
        let found = validator.check_against(&resource, &[url]);
        assert!(!found.has_errors(), "{slug}: {:#?}\n{resource:?}", found.issues);
        *judged.entry(slug).or_insert(0) += 1;
    }
    assert_eq!(judged.len(), 5, "{judged:?}");
}

/// Damage to what profiles ask: its name, the profile, what it does, and where it must be found with which key.
type Breach = (&'static str, &'static str, fn(&mut Value) -> Option<()>, &'static str, &'static str);

const BREACHES: &[Breach] = &[
    (
        "a slice whose value breaks its rule",
        "vn-patient",
        |tree| set(slice(tree, "cccd")?, "value", "12"),
        "Patient.identifier[*].value",
        "invariant",
    ),
    (
        "a slice without its value",
        "vn-patient",
        |tree| remove(slice(tree, "bhxh")?, "value"),
        "Patient.identifier[*].value",
        "profile-missing",
    ),
    (
        "a slice too often",
        "vn-patient",
        |tree| repeat(tree, "bhxh"),
        "Patient.identifier",
        "profile-slice-too-many",
    ),
    (
        "a required element of the profile missing",
        "vn-patient",
        |tree| remove(tree, "gender"),
        "Patient.gender",
        "profile-missing",
    ),
    (
        "an extension of a wrong type",
        "vn-patient",
        |tree| {
            let extension = tree.get_mut("extension")?.get_mut(0)?;
            remove(extension, "valueCodeableConcept")?;
            set(extension, "valueCode", "08")
        },
        "Patient.extension[*].value",
        "profile-type",
    ),
    (
        "the slice that must be there turned into another",
        "bhyt-coverage",
        |tree| set(tree.get_mut("identifier")?.get_mut(0)?, "system", "urn:x"),
        "Coverage.identifier",
        "profile-slice-missing",
    ),
    (
        "a rule over two elements broken",
        "bhyt-coverage",
        |tree| set(tree, "subscriberId", "0000000000"),
        "Coverage.subscriberId",
        "invariant",
    ),
    (
        "a type that the profile leaves out",
        "vn-prescription",
        |tree| {
            remove(tree, "medicationCodeableConcept")?;
            tree.as_object_mut()?.insert("medicationReference", json!({"reference": "Medication/1"}));
            Some(())
        },
        "MedicationRequest.medication",
        "profile-type",
    ),
    (
        "a target that the profile leaves out",
        "vn-lab-result",
        |tree| set(tree.get_mut("subject")?, "reference", "Group/1"),
        "Observation.subject",
        "reference-type",
    ),
    (
        "the category slice of another kind",
        "vn-lab-result",
        |tree| set(tree.get_mut("category")?.get_mut(0)?.get_mut("coding")?.get_mut(0)?, "code", "exam"),
        "Observation.category",
        "profile-slice-missing",
    ),
];

fn slice<'v>(tree: &'v mut Value, slug: &str) -> Option<&'v mut Value> {
    let system = format!("https://yba.vn/fhir/sid/{slug}");
    tree.get_mut("identifier")?
        .as_array_mut()?
        .iter_mut()
        .find(|one| str_at(one, &["system"]) == Some(&system))
}

fn repeat(tree: &mut Value, slug: &str) -> Option<()> {
    let again = slice(tree, slug)?.clone();
    tree.get_mut("identifier")?.as_array_mut()?.push(again);
    Some(())
}

fn set(object: &mut Value, name: &str, text: &str) -> Option<()> {
    object.as_object_mut()?.insert(name, json!(text));
    Some(())
}

fn remove(object: &mut Value, name: &str) -> Option<()> {
    object.as_object_mut()?.remove(&name).map(|_| ())
}

#[test]
fn every_breach_of_a_profile_is_found_at_its_place() {
    let (_, validator) = built_in();
    let resources = crate::invented::resources(6000);
    for (name, slug, act, place, key) in BREACHES {
        let url = [format!("https://yba.vn/fhir/StructureDefinition/{slug}")];
        let kind = place.split('.').next();
        let (mut done, mut found) = (0, 0);
        for resource in resources.iter().filter(|one| str_at(one, &["resourceType"]) == kind) {
            let mut damaged = crate::damage::own(resource);
            if validator.check_against(&damaged, &url).has_errors() || act(&mut damaged).is_none() {
                continue;
            }
            done += 1;
            let told = validator.check_against(&damaged, &url).issues;
            let is_here = |path: &str| without_indexes(path) == place.replace("[*]", "");
            found += usize::from(
                told.iter().any(|one| one.key == *key && one.path.as_deref().is_some_and(is_here)),
            );
        }
        assert!(done >= 20, "{name} was done only {done} times");
        assert_eq!(found, done, "{name}");
    }
}

fn without_indexes(path: &str) -> String {
    path.split('[')
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once(']').map_or("", |(_, rest)| rest) })
        .collect()
}
