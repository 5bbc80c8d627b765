//! The starter formulary: what it holds, how it is found, and what is wrong with a table of drugs.

use std::collections::HashSet;

use yba_content::{Content, Control, Day, Sure};

fn today() -> Day {
    Day::new(2026, 3, 2).expect("a day")
}

fn found(content: &Content, text: &str) -> Vec<String> {
    content.drugs(today()).search(text, 50).iter().map(|drug| drug.slug.clone()).collect()
}

#[test]
fn the_formulary_serves_stations_and_provincial_hospitals() {
    let content = Content::built_in();
    let drugs = content.drugs(today()).drugs();
    assert!(drugs.len() >= 400, "{}", drugs.len());
    let at_station = drugs.iter().filter(|drug| drug.commune).count();
    assert!((150..drugs.len()).contains(&at_station), "{at_station}");
    for slug in
        ["paracetamol", "amoxicillin", "amlodipine", "metformin", "oral-rehydration-salts", "oxytocin"]
    {
        assert!(content.drug(slug).expect(slug).commune, "{slug}");
    }
    for slug in ["meropenem", "propofol", "cisplatin", "vancomycin"] {
        assert!(!content.drug(slug).expect(slug).commune, "{slug}");
    }
    assert!(content.drug("khong-co").is_none());
}

#[test]
fn every_code_is_whole_and_the_unsure_ones_say_so() {
    let content = Content::built_in();
    let drugs = content.drugs(today()).drugs();
    let verified = drugs.iter().filter(|drug| drug.sure == Sure::Verified && !drug.atc.is_empty()).count();
    assert!(verified * 10 > drugs.len() * 9, "{verified} of {}", drugs.len());
    assert!(drugs.iter().all(|drug| !drug.atc.is_empty() || drug.sure == Sure::Recalled), "no code, no oath");
    assert_eq!(content.drug("gabapentin").map(|drug| drug.sure), Some(Sure::Recalled));
    let groups: HashSet<&str> = drugs.iter().map(|drug| drug.group.as_str()).collect();
    assert!((20..40).contains(&groups.len()), "{groups:?}");
}

#[test]
fn a_drug_is_found_by_any_spelling_without_marks() {
    let content = Content::built_in();
    let rows = [
        ("Para", "paracetamol"),
        ("sắt", "ferrous-sulfate"),
        ("sat", "ferrous-sulfate"),
        ("ADRENALIN", "epinephrine"),
        ("epinephrine", "epinephrine"),
        ("thuoc tim", "potassium-permanganate"),
        ("oxy gia", "hydrogen-peroxide"),
        ("clavulanic amoxi", "amoxicillin-and-clavulanic-acid"),
        ("Vitamin B1", "thiamine"),
        ("nho mat cloramphenicol", "chloramphenicol-eye"),
    ];
    for (text, slug) in rows {
        assert!(found(&content, text).contains(&slug.to_string()), "{text}: {:?}", found(&content, text));
    }
    assert_eq!(found(&content, "paracetamol")[0], "paracetamol", "a name that begins so comes first");
    for nothing in ["", "  ", "!?", "khong co thuoc nay", "cetamol"] {
        assert!(found(&content, nothing).is_empty(), "{nothing}");
    }
    assert_eq!(content.drugs(today()).search("a", 5).len(), 5, "no more than asked");
    assert!(found(&content, "paracetamol zzz").is_empty());
    let long = format!("paracetamol{}zzz", " ".repeat(100));
    assert_eq!(
        found(&content, &long)[0],
        "paracetamol",
        "what stands after a hundred characters is not read"
    );
}

#[test]
fn an_atc_group_gives_its_drugs_in_the_order_of_codes() {
    let content = Content::built_in();
    let list = content.drugs(today());
    let slugs = |code| list.by_atc(code).map(|drug| drug.slug.as_str()).collect::<Vec<_>>();
    assert_eq!(slugs("J01CA04"), ["amoxicillin"]);
    assert_eq!(slugs("B05BB01"), ["sodium-chloride-infusion", "ringer-lactate"]);
    assert_eq!(slugs("J01FA"), ["erythromycin", "spiramycin", "clarithromycin", "azithromycin"]);
    assert!(slugs("J01").len() > 50 && slugs("Z").is_empty());
}

#[test]
fn controlled_substances_are_marked() {
    let content = Content::built_in();
    let rows = [
        ("morphine", Some(Control::Narcotic)),
        ("methadone", Some(Control::Narcotic)),
        ("diazepam", Some(Control::Psychotropic)),
        ("ephedrine", Some(Control::Precursor)),
        ("paracetamol", None),
    ];
    for (slug, control) in rows {
        assert_eq!(content.drug(slug).expect(slug).control, control, "{slug}");
    }
}

#[test]
fn a_station_finds_its_drugs_by_a_few_letters_and_knows_what_they_take() {
    let content = Content::built_in();
    let list = content.essential(today());
    assert!(list.drugs().len() >= 60, "{}", list.drugs().len());
    let found =
        |text: &str| -> Vec<&str> { list.search(text, 5).into_iter().map(|one| one.slug.as_str()).collect() };
    assert_eq!(found("amlo"), ["amlodipine-5"]);
    assert_eq!(found("acetylsal"), ["aspirin-81"], "by the international name");
    assert_eq!(found("sat"), ["ferrous-folic"], "without marks");
    assert_eq!(found("  "), Vec::<&str>::new());
    let meant = |text: &str| list.meant(text).map(|one| one.slug.as_str());
    assert_eq!(
        (meant("amoxicilin 500"), meant("Metformin 500 mg")),
        (Some("amoxicillin-500"), Some("metformin-500"))
    );
    assert_eq!((meant("amoxicilin"), meant("para"), meant("xyz")), (None, None, None));
    let units = |slug: &str, take, times, days| list.drug(slug).unwrap().units(take, times, days);
    assert_eq!(units("paracetamol-500", 1000, 3, 3), 9);
    assert_eq!(units("hydrochlorothiazide-25", 500, 1, 30), 15, "half a tablet");
    assert_eq!(units("hydrochlorothiazide-25", 500, 1, 5), 3, "rounded up");
    assert_eq!(units("salbutamol-inhaler", 2000, 3, 7), 1, "200 puffs a can");
    assert_eq!(units("clotrimazole-cream", 1000, 2, 14), 1);
    assert_eq!(units("paracetamol-500", u32::MAX, 24, 90), u32::MAX, "no overflow");
}

#[test]
fn the_limits_of_prescriptions_are_by_kind_and_diagnosis() {
    use yba_content::PrescriptionKind::{Narcotic, Ordinary, Psychotropic};
    let content = Content::built_in();
    let limits = content.prescribing(today());
    let most = |kind, code: &str| limits.days_max(kind, [code].into_iter());
    assert_eq!((most(Ordinary, "I10"), most(Ordinary, "J00"), most(Ordinary, "i10.9")), (90, 30, 90));
    assert_eq!((most(Psychotropic, "G40.9"), most(Psychotropic, "F41")), (30, 10));
    assert_eq!(most(Narcotic, "R52"), 7);
}
