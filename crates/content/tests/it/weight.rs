//! What content costs at start-up. Run with `--nocapture` to see the figures.

use std::time::{Duration, Instant};

use yba_content::Content;

#[test]
fn loading_is_a_matter_of_milliseconds() {
    let started = Instant::now();
    let content = Content::built_in();
    let built_in = started.elapsed();
    let started = Instant::now();
    content.icd10("I10").expect("hypertension is there");
    let icd10 = started.elapsed();
    let started = Instant::now();
    content.unit("03595").expect("Than Uyên is there");
    println!("content {built_in:?}, icd-10 {icd10:?}, administrative units {:?}", started.elapsed());
    // The bound is for an unoptimised build on a busy machine; optimised it is far below 50 ms.
    assert!(built_in < Duration::from_secs(2), "{built_in:?}");
}
