//! Roles: the twelve that are built in, and a folder's own with its slips.

use yba_content::roles::Reach;
use yba_content::{Content, Day};

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

#[test]
fn the_twelve_users_have_a_role_and_a_citizens_reaches_their_own() {
    let content = Content::built_in();
    assert_eq!(content.roles().count(), 12);
    for slug in content.roles() {
        assert!(content.role(slug, day("2025-12-31")).is_none());
        let role = content.role(slug, day("2026-03-02")).expect("in force");
        let reaches = |reach| role.permitted.values().any(|one| *one == reach);
        assert!(!role.permitted.is_empty());
        assert_eq!(reaches(Reach::Own), slug == "citizen", "{slug}");
        assert!(slug != "citizen" || !(reaches(Reach::Tied)), "{slug}");
        assert!(
            !role.permitted.keys().any(|(action, kind)| *action == "delete" && kind == "Patient"),
            "{slug}"
        );
    }
}

#[test]
fn an_edition_of_a_folder_holds_from_its_day_and_slips_are_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("roles/nurse");
    std::fs::create_dir_all(&folder).expect("made");
    let role = |rule: &str| format!("title = \"Điều dưỡng\"\nbasis = [\"yba\"]\nsure = \"recalled\"\n{rule}");
    let narrow = role("[[may]]\ndo = [\"read\"]\nwith = [\"person\", \"Flag\"]\n");
    std::fs::write(folder.join("2026-07-01.toml"), &narrow).expect("written");
    let content = Content::with_folder(dir.path()).expect("sound");
    let on = |text: &str| content.role("nurse", day(text)).expect("in force").permitted.len();
    assert!(on("2026-06-30") > 100);
    assert_eq!(on("2026-07-01"), 5, "four of a group and one by itself");
    for (slip, named) in [
        ("[[may]]\ndo = [\"delate\"]\nwith = [\"Patient\"]\n", "\"delate\""),
        ("[[may]]\ndo = [\"read\"]\nwith = [\"Pacient\"]\n", "\"Pacient\""),
        ("[[may]]\ndo = [\"read\"]\nwith = [\"DomainResource\"]\n", "\"DomainResource\""),
        ("[[may]]\ndo = [\"read\"]\n", "with"),
        ("all = true\n", "all"),
        ("[[may]]\ndo = [\"read\"]\nwith = [\"Patient\"]\nreach = \"everyone\"\n", "\"everyone\""),
        ("sensitive = [\"XYZ\"]\n", "\"XYZ\""),
    ] {
        std::fs::write(folder.join("2026-07-01.toml"), role(slip)).expect("written");
        let problems = Content::with_folder(dir.path()).expect_err("a slip");
        let found = &problems[0];
        assert!(
            found.to_string().contains(named) && found.to_string().contains("roles/nurse/2026-07-01.toml"),
            "{found}"
        );
        assert_eq!(problems.len(), 1);
    }
}
