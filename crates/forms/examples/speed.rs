//! How long a form takes: compiled, begun, taken, drawn, made into resources.
//! `cargo run --release -p yba-forms --example speed`

use std::time::Instant;
use yba_content::{Content, Day};
use yba_forms::page::{Look, page};
use yba_forms::{Head, Library, NoChoices, Setting};

fn main() {
    let content = Content::built_in();
    let begin = Instant::now();
    let library = Library::load(&content).expect("content is tested to be sound");
    println!("compile all forms: {:?}", begin.elapsed());
    let on = Day::parse("2026-03-02").expect("a day");
    let typed = [
        ("systolic-1", "168"),
        ("diastolic-1", "96"),
        ("systolic-2", "161"),
        ("diastolic-2", "95"),
        ("pulse", "88"),
        ("weight", "61"),
        ("smoking", "never"),
        ("alcohol", "none"),
        ("adherence", "full"),
        ("side-effects", "none"),
        ("next-date", "16/03/2026"),
    ];
    let fields: Vec<(String, String)> =
        typed.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let form = &library.edition("hypertension-visit", on).expect("in force").form;
    let setting = Setting::new(on.start_ms());
    let head = Head {
        id: Some("r"),
        subject: Some("Patient/p"),
        authored: "2026-03-02T08:00:00+07:00",
        ..Head::default()
    };
    let timed = |what: &str, act: &dyn Fn() -> usize| {
        let (begin, rounds) = (Instant::now(), 200);
        let made: usize = (0..rounds).map(|_| act()).sum();
        println!("{what}: {:?} ({} per round)", begin.elapsed() / rounds, made / rounds as usize);
    };
    timed("begin, slots", &|| form.begin(&setting).sheet.spots(form).len());
    timed("take, slots", &|| {
        form.take(&setting, &NoChoices, &fields).expect("within bounds").sheet.spots(form).len()
    });
    let taken = form.take(&setting, &NoChoices, &fields).expect("within bounds");
    assert!(taken.is_sound(), "{:?}", taken.faults);
    let look = Look {
        action: "/",
        verb: "Lưu phiếu",
        key: None,
        offers: None,
        choices: &NoChoices,
        uncertain: None,
        moves: None,
        kept: "",
        fields: maud::html! {},
    };
    timed("draw, bytes", &|| page(&taken, &look).into_string().len());
    timed("extract, resources", &|| {
        taken.extract(&setting, &head, &mut || "id".to_owned()).expect("sound").len()
    });
}
