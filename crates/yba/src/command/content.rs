//! `yba content check`.

use std::path::Path;
use yba_content::{Content, Problem};
use yba_view::Library;

/// Loads everything, with a folder in place of built-in files, and runs every example; prints every problem. Exit 1
/// when there is one.
pub fn check(folder: Option<&Path>) -> u8 {
    match load(folder) {
        Ok((content, views, examples)) => {
            let (laws, lists) = (content.laws().count(), content.code_lists().count());
            println!(
                "content is sound: {laws} laws, {lists} code lists, {} claim editions, {} views with {examples} examples",
                content.claims().all().count(),
                views.slugs().count(),
            );
            0
        }
        Err(problems) => {
            for problem in &problems {
                println!("{problem}");
            }
            eprintln!("{} problems", problems.len());
            1
        }
    }
}

fn load(folder: Option<&Path>) -> Result<(Content, Library, usize), Vec<Problem>> {
    let content = match folder {
        Some(folder) => Content::with_folder(folder)?,
        None => Content::built_in(),
    };
    let views = Library::load(&content)?;
    let (problems, examples) = views.check_examples(&content);
    if problems.is_empty() { Ok((content, views, examples)) } else { Err(problems) }
}
