//! Ten doubts about who is who, settled by keyboard alone in a real browser, with the number of actions it takes.

use crate::browser::pictures;
use crate::house::{Home, prepared, tool};
use std::path::Path;
use std::process::Command;

#[test]
fn a_clerk_settles_ten_doubts_by_keyboard_alone() {
    let modules = prepared("YBA_TEST_NODE_MODULES");
    let node = tool("node", "nodejs");
    tool("chromium", "chromium");
    let home = Home::new();
    let house = home.serve_open();
    std::fs::create_dir_all(pictures()).unwrap();
    let ran = Command::new(node)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/doubts_story.mjs"))
        .arg(format!("http://{}", house.address))
        .arg(pictures())
        .env("YBA_TEST_NODE_MODULES", modules)
        .output()
        .expect("node can be run");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    eprintln!("{out}");
    assert!(ran.status.success(), "{err}\nthe node said:\n{}", house.said());
    assert!(out.contains("ten doubts settled by keyboard alone"), "{out}");
    assert_eq!(house.end().0.code(), Some(0));
}
