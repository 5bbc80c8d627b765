//! `yba content check`.

use std::path::Path;
use yba_content::{Content, Problem};

/// Loads everything, with a folder in place of built-in files; prints every problem. Exit 1 when there is one.
pub fn check(folder: Option<&Path>) -> u8 {
    let loaded = match folder {
        Some(folder) => Content::with_folder(folder),
        None => Ok(Content::built_in()),
    };
    match loaded {
        Ok(content) => {
            let problems = yba_terminology::check(&content, &yba_terminology::Terminology::built_in(&content));
            if !problems.is_empty() {
                return report(&problems);
            }
            let (laws, lists) = (content.laws().count(), content.code_lists().count());
            println!(
                "content is sound: {laws} laws, {lists} code lists, {} value sets and maps with {} examples, {} claim editions",
                content.canonicals().count(),
                content.set_examples().count(),
                content.claims().all().count()
            );
            0
        }
        Err(problems) => report(&problems),
    }
}

fn report(problems: &[Problem]) -> u8 {
    for problem in problems {
        println!("{problem}");
    }
    eprintln!("{} problems", problems.len());
    1
}
