//! The pages in a real browser: found by name, number and card, by keyboard alone and without script, judged by
//! axe-core, and looked at: the pictures are in `target/screenshots`.

use crate::house::{Home, prepared, tool};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn a_person_is_found_and_read_in_a_real_browser() {
    let modules = prepared("YBA_TEST_NODE_MODULES");
    let node = tool("node", "nodejs");
    tool("chromium", "chromium");
    let (home, closed_home) = (Home::new(), Home::new());
    let plan =
        ["demo", "--people", "150", "--years", "2", "--seed", "1", "--until", "2026-10-31", "--no-serve"];
    home.run(&plan).expect(0);
    let (house, closed) = (home.serve_open(), closed_home.serve(&[]));
    house.wait_for_links();
    let pictures = pictures();
    std::fs::create_dir_all(&pictures).unwrap();
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/browser_story.mjs");
    let ran = Command::new(node)
        .arg(story)
        .args([&house, &closed].map(|house| format!("http://{}", house.address)))
        .arg(&pictures)
        .env("YBA_TEST_NODE_MODULES", modules)
        .output()
        .expect("node can be run");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    eprintln!("{out}");
    assert!(ran.status.success(), "{err}\nthe node said:\n{}", house.said());
    assert_eq!((house.end().0.code(), closed.end().0.code()), (Some(0), Some(0)));
}

/// `target/screenshots`, whatever the target folder is called.
pub fn pictures() -> PathBuf {
    let program = Path::new(crate::house::YBA);
    program.ancestors().nth(2).expect("the program lies in target/<profile>").join("screenshots")
}
