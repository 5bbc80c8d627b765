//! Ten doubts about who is who, settled by keyboard alone in a real browser, with the number of actions it takes.

use crate::browser::play;
use crate::house::Home;

#[test]
fn a_clerk_settles_ten_doubts_by_keyboard_alone() {
    let home = Home::new();
    let house = home.serve_open();
    let out = play("doubts_story.mjs", &[&house], &[]);
    assert!(out.contains("a clerk settles ten doubts by keyboard alone: "), "{out}");
    assert_eq!(house.end().0.code(), Some(0));
}
