use super::*;
use crate::immunise::Drawn;
use yba_content::{Content, Day};

const NOW: &str = "2026-11-23T09:00:00+07:00";

fn ms(text: &str) -> i64 {
    DateRange::parse(text).unwrap().start
}

fn draft(kind: &str) -> Draft {
    Draft {
        patient: "p".into(),
        doses: vec!["d".into()],
        kind: kind.into(),
        began: "2026-11-23T08:40:00+07:00".into(),
        gravity: "mild".into(),
        end: "ongoing".into(),
        ..Draft::default()
    }
}

#[test]
fn a_reaction_lies_between_the_dose_and_now() {
    let content = Content::built_in();
    let edition = content.vaccination_day(Day::parse("2026-11-23").unwrap()).unwrap();
    let given = [ms("2026-11-23T08:30:00+07:00")];
    let fields = |draft: &Draft, given: &[i64]| -> Vec<String> {
        check(edition, draft, given, ms(NOW)).into_iter().map(|one| one.field).collect()
    };
    assert_eq!(fields(&draft("fever"), &given), Vec::<String>::new());
    let cases = [
        (Draft { kind: "x".into(), ..draft("") }, "kind"),
        (draft("other"), "words"),
        (Draft { began: "chiều".into(), ..draft("fever") }, "began"),
        (Draft { began: "2026-11-23T08:20:00+07:00".into(), ..draft("fever") }, "began"),
        (Draft { began: "2026-11-23T09:20:00+07:00".into(), ..draft("fever") }, "began"),
        (Draft { gravity: String::new(), ..draft("fever") }, "gravity"),
        (Draft { end: String::new(), ..draft("fever") }, "end"),
        (Draft { words: "x".repeat(1001), ..draft("fever") }, "words"),
    ];
    for (draft, field) in cases {
        assert_eq!(fields(&draft, &given), [field], "{draft:?}");
    }
    assert_eq!(fields(&draft("fever"), &[]), ["doses"]);
}

#[test]
fn what_is_serious_content_says_or_whoever_writes_it() {
    let content = Content::built_in();
    let edition = content.vaccination_day(Day::parse("2026-11-23").unwrap()).unwrap();
    for (draft, is_serious) in [
        (draft("fever"), false),
        (draft("anaphylaxis"), true),
        (Draft { gravity: "severe".into(), ..draft("fever") }, true),
        (Draft { end: "fatal".into(), ..draft("fever") }, true),
        (Draft { is_serious: true, ..draft("fever") }, true),
    ] {
        assert_eq!(draft.is_serious(edition), is_serious, "{draft:?}");
        let doses = [json!({"id": "d", "vaccineCode": {"text": "DPT"}, "lotNumber": "A1"})];
        let written = Written { id: "pu-1", now: NOW, facility: Some("tram"), doses: &doses };
        let tree = event(edition, &draft, &written);
        let read = Reaction::of(&tree, edition).unwrap();
        // By which a register knows whose it is.
        let at = items(&tree, "extension").find(|one| str_at(one, &["url"]) == Some(AT)).unwrap();
        assert_eq!(str_at(at, &["valueReference", "reference"]), Some("Organization/tram"));
        let suspect = items(&tree, "suspectEntity").next().unwrap();
        assert_eq!(str_at(suspect, &["instance", "display"]), Some("DPT lô A1"));
        assert_eq!((read.is_serious, read.kind, read.doses), (is_serious, draft.kind, draft.doses));
    }
}

#[test]
fn a_stopped_lot_is_not_given_where_it_was_stopped_and_is_asked_of_elsewhere() {
    let one = StoppedLot {
        id: "dl-1".into(),
        vaccine: "102".into(),
        lot: "A1".into(),
        by: "tram".into(),
        since: NOW.into(),
        why: String::new(),
    };
    let dose = |lot: &str| Drawn {
        series: "dpt".into(),
        vaccine: "102".into(),
        lot: lot.into(),
        ..Drawn::default()
    };
    let found = |lot: &str, own: &str| {
        let all = check_lots(std::slice::from_ref(&one), &[dose(lot)], Some(own));
        all.into_iter().map(|one| (one.field, one.severity)).collect::<Vec<_>>()
    };
    for written in ["A1", " A1 ", "a1", "A 1"] {
        assert_eq!(found(written, "tram"), [("lot-dpt".to_owned(), Severity::Stop)], "{written}");
    }
    assert_eq!(found("A1", "khac"), [("lot-dpt".to_owned(), Severity::Ask)]);
    assert!(found("A2", "tram").is_empty());
}
