//! The station's own sheets: every example of content comes out of its PDF letter by letter.

use crate::letters::read;
use unicode_normalization::UnicodeNormalization;
use yba_content::Content;
use yba_fhir::json::{JsonValueTrait, Value, from_str, items};
use yba_forms::NoChoices;
use yba_print::Library;
use yba_print::examples::Makers;
use yba_print::typeset::set;

/// Those of which no other test reads the glyphs.
const SHEETS: [&str; 5] = ["referral", "fridge", "reaction", "health-record", "session"];

#[test]
fn what_the_stations_sheets_say_is_read_back_from_their_glyphs() {
    let content = &Content::built_in();
    let registers = yba_report::Library::load(content).unwrap();
    let forms = yba_forms::Library::load(content).unwrap();
    let makers = Makers { content, registers: &registers, forms: &forms, choices: &NoChoices };
    let library = Library::of(content);
    for slug in SHEETS {
        let folder = format!("prints/{slug}");
        let examples: Vec<_> = content.examples().filter(|one| one.edition == folder).collect();
        assert!(examples.len() >= 3, "{slug} has {} examples", examples.len());
        for example in examples {
            let pages = set(&library.example_job(&makers, slug, example).unwrap()).unwrap();
            // To be looked at.
            let name =
                format!("{slug}-{}.pdf", example.path.rsplit('/').next().unwrap().trim_end_matches(".json"));
            std::fs::write(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), &pages.pdf).unwrap();
            let text = read(&pages.pdf);
            assert!(text.chars().eq(text.nfc()), "{}: composed letters", example.path);
            // What stands in the frames is what the glyphs say: no letter is lost on the way.
            let (mut set, mut glyphs) = (letters(&pages.text), letters(&text));
            set.sort_unstable();
            glyphs.sort_unstable();
            assert_eq!(set, glyphs, "{}", example.path);
            let document: Value = from_str(&example.text).unwrap();
            for wanted in items(&document, "text").filter_map(|one| one.as_str()) {
                let words: Vec<String> = wanted.split_whitespace().map(plain).collect();
                let missing: Vec<&String> =
                    words.iter().filter(|word| !plain(&text).contains(*word)).collect();
                assert!(missing.is_empty(), "{}: {missing:?} in {text}", example.path);
            }
        }
    }
}

fn plain(text: &str) -> String {
    text.nfc().filter(|one| !one.is_whitespace()).collect()
}

/// The letters and digits of a text.
fn letters(text: &str) -> Vec<char> {
    text.nfc().filter(|one| one.is_alphanumeric()).collect()
}
