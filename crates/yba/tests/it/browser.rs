//! The pages in a real browser: found by name, number and card, by keyboard alone and without script, judged by
//! axe-core, and looked at: the pictures are in `target/screenshots`.

use crate::house::{Home, House, prepared, tool};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn a_person_is_found_and_read_in_a_real_browser() {
    let (home, closed_home) = (Home::new(), Home::new());
    let plan =
        ["demo", "--people", "150", "--years", "2", "--seed", "1", "--until", "2026-10-31", "--no-serve"];
    home.run(&plan).expect(0);
    let (house, closed) = (home.serve_open(), closed_home.serve(&[]));
    house.wait_for_links();
    let out = play("browser_story.mjs", &[&house, &closed], &[]);
    for counted in ["a clerk opens a known person by card", "a clerk registers a new person by card"] {
        assert!(out.contains(counted), "{counted} is counted: {out}");
    }
    assert_eq!((house.end().0.code(), closed.end().0.code()), (Some(0), Some(0)));
}

/// Plays a story of `tests/clients` in a real browser: its arguments are the addresses of these nodes, further words, and the
/// folder for pictures. Answers what it told; fails when it ends otherwise than well.
pub fn play(story: &str, houses: &[&House], words: &[&str]) -> String {
    let addresses: Vec<String> = houses.iter().map(|house| format!("http://{}", house.address)).collect();
    play_at(&addresses.iter().map(String::as_str).collect::<Vec<_>>(), story, houses, words)
}

/// The same, the nodes called by these addresses.
pub fn play_at(addresses: &[&str], story: &str, houses: &[&House], words: &[&str]) -> String {
    let modules = prepared("YBA_TEST_NODE_MODULES");
    tool("chromium", "chromium");
    let pictures = pictures();
    std::fs::create_dir_all(&pictures).unwrap();
    let ran = Command::new(tool("node", "nodejs"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(story))
        .args(addresses)
        .args(words)
        .arg(&pictures)
        .env("YBA_TEST_NODE_MODULES", modules)
        .output()
        .expect("node can be run");
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    eprintln!("{out}");
    let said: Vec<String> = houses.iter().map(|house| house.said()).collect();
    assert!(
        ran.status.success(),
        "{}\nthe node said:\n{}",
        String::from_utf8_lossy(&ran.stderr),
        said.join("\n")
    );
    out
}

/// `target/screenshots`, whatever the target folder is called.
pub fn pictures() -> PathBuf {
    let program = Path::new(crate::house::YBA);
    program.ancestors().nth(2).expect("the program lies in target/<profile>").join("screenshots")
}
