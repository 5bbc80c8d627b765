//! The sheets of content: their examples hold, and a register that gets a column needs no other sheet.

use crate::letters::read;
use std::fs;
use yba_content::{Content, Day, PrintOf};
use yba_forms::NoChoices;
use yba_print::Library;
use yba_print::examples::Makers;
use yba_print::paper::{self, Said};
use yba_print::typeset::set;
use yba_report::Library as Registers;
use yba_report::Period;

#[test]
fn a_register_with_a_new_column_is_printed_by_the_same_sheet() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string("../../content/registers/deaths/2020-03-01.toml").unwrap();
    let place = folder.path().join("registers/deaths");
    fs::create_dir_all(&place).unwrap();
    let more = "\n[[column]]\nname = \"last_work\"\ntitle = \"Nghề nghiệp trước khi chết\"\npath = \"extension.where(url = 'https://example.org/nghe').value.ofType(string)\"\n";
    fs::write(place.join("2020-03-01.toml"), format!("{text}{more}")).unwrap();
    let content = Content::with_folder(folder.path()).unwrap();
    let registers = Registers::load(&content).unwrap();
    let library = Library::of(&content);
    let example = content.examples().find(|one| one.edition == "registers/deaths").unwrap();
    let (register, rows) = registers.example_rows(example).unwrap();
    let day = rows.iter().find_map(|row| row.day).unwrap();
    let period = Period::of(yba_content::reports::Every::Month, day);
    let said = Said { place: Default::default(), basis: vec![], period, rows: &rows };
    let paper = paper::register(register, said);
    let pages = set(&library.job_of(&paper, 0).unwrap()).unwrap();
    let text = read(&pages.pdf);
    assert!(pages.text.contains("trước khi chết") || pages.text.contains("Nghề"), "{}", pages.text);
    assert!(text.contains(&format!("({})", paper.columns.len())), "{text}");
}

#[test]
fn one_that_names_its_register_goes_before_the_one_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("prints/deaths-wide");
    fs::create_dir_all(&place).unwrap();
    let head = "title = \"Sổ tử vong A3\"\nbasis = [\"yba\"]\nsure = \"verified\"\nprints = \"registers\"\nonly = [\"deaths\"]\n";
    fs::write(place.join("2026-03-01.toml"), head).unwrap();
    fs::write(place.join("2026-03-01.typ"), "A3").unwrap();
    let library = Library::of(&Content::with_folder(folder.path()).unwrap());
    let slug = |slug: &str, on: &str| {
        library.edition(PrintOf::Registers, slug, Day::parse(on).unwrap()).map(|one| one.slug.clone())
    };
    assert_eq!(slug("deaths", "2026-02-28").as_deref(), Some("register"));
    assert_eq!(slug("deaths", "2026-03-01").as_deref(), Some("deaths-wide"));
    assert_eq!(slug("outpatient-visits", "2026-03-01").as_deref(), Some("register"));
    assert_eq!(slug("deaths", "2019-01-01"), None);
}

#[test]
fn what_an_example_says_is_held_against_the_paper() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("prints/register/examples");
    fs::create_dir_all(&place).unwrap();
    let of = "registers/deaths/examples/causes-and-places.json";
    for (name, text) in [
        ("a", format!("{{\"prints\": \"{of}\", \"pages\": 7, \"text\": [\"không hề có\"]}}")),
        ("b", "{\"prints\": \"registers/khong-co.json\"}".to_owned()),
        ("c", format!("{{\"prints\": \"{of}\", \"trang\": 7}}")),
    ] {
        fs::write(place.join(format!("{name}.json")), text).unwrap();
    }
    fs::write(
        folder.path().join("prints/register/2020-03-01.typ"),
        "#import \"/national.typ\": *\n#khong-co",
    )
    .unwrap();
    let content = Content::with_folder(folder.path()).unwrap();
    let (registers, forms) =
        (Registers::load(&content).unwrap(), yba_forms::Library::load(&content).unwrap());
    let makers = Makers { content: &content, registers: &registers, forms: &forms, choices: &NoChoices };
    let told: Vec<String> =
        Library::of(&content).try_examples(&makers).iter().map(ToString::to_string).collect();
    let has = |text: &str| told.iter().any(|one| one.contains(text));
    assert!(has("prints/register/2020-03-01.typ") && has("unknown variable"), "{told:?}");
    assert!(has("khong-co.json") && has("ví dụ chỉ có các phần"), "{told:?}");
}
