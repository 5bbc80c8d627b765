//! `yba content check`.

use std::path::Path;
use yba_content::Content;

/// Loads everything, with a folder in place of built-in files; prints every problem. Exit 1 when there is one.
pub fn check(folder: Option<&Path>) -> u8 {
    let loaded = match folder {
        Some(folder) => Content::with_folder(folder),
        None => Ok(Content::built_in()),
    };
    match loaded {
        Ok(content) => {
            let (laws, lists) = (content.laws().count(), content.code_lists().count());
            println!(
                "content is sound: {laws} laws, {lists} code lists, {} claim editions",
                content.claims().all().count()
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
