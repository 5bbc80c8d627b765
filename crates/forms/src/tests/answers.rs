//! What is typed and posted.

use super::*;
use crate::limits::*;
use proptest::prelude::*;

#[test]
fn every_fault_of_a_questionnaire_is_told_with_its_place() {
    let outcome = compiled(
        r##"
variable = [{ name = "v", expression = "item.where(linkid = 'x')" }, { name = "q", language = "application/x-fhir-query", expression = "Patient/{{%patient.id" }]
templateExtract = [{ template = "#none" }]
item = [
 { linkId = "a", type = "choice", text = "A" },
 { linkId = "a", type = "integer", text = "A", minValue = 9, maxValue = 1, regex = "(" },
 { linkId = "b c", type = "attachment", text = "B" },
 { linkId = "d", type = "string", text = "D", calculatedExpression = "%nobody.name", enableWhen = [{ question = "gendr", operator = "=", answerString = "x" }] },
 { linkId = "e", type = "boolean", text = "E", enableWhen = [{ question = "a", operator = "~", answerBoolean = true }, { question = "e", operator = "exists", answerBoolean = true }] },
 { linkId = "f", type = "group", constraint = [{ key = "k", severity = "bad", expression = "true", human = "x" }] },
 { linkId = "gender", type = "string", text = "G", initialExpression = "%resource.itm" },
]"##,
    )
    .unwrap_err();
    let places: Vec<&str> = outcome.issues.iter().filter_map(|issue| issue.path.as_deref()).collect();
    for place in [
        "variable[0]",
        "variable[1]",
        "templateExtract[0]",
        "item[0]",
        "item[1].linkId",
        "item[1].minValue",
        "item[1].regex",
        "item[2].linkId",
        "item[2].type",
        "item[3].calculatedExpression",
        "item[3].enableWhen[0]",
        "item[4]",
        "item[4].enableWhen[0]",
        "item[4].enableWhen[1]",
        "item[5]",
        "item[5].constraint[0]",
        "item[6].initialExpression",
    ] {
        assert!(places.contains(&place), "{place} is not among {places:?}");
    }
    assert!(outcome.issues.iter().any(|issue| issue.text.contains("có phải gender?")), "{outcome}");
}

#[test]
fn what_people_type_is_understood_or_told() {
    let form = form(
        r#"item = [
 { linkId = "d", type = "decimal", text = "Thân nhiệt", maxDecimalPlaces = 1, minValue = 30, maxValue = 45 },
 { linkId = "n", type = "decimal", text = "Liều" },
 { linkId = "i", type = "integer", text = "Mạch" },
 { linkId = "t", type = "date", text = "Ngày" },
 { linkId = "h", type = "time", text = "Giờ" },
 { linkId = "m", type = "dateTime", text = "Lúc" },
 { linkId = "b", type = "boolean", text = "Sốt" },
 { linkId = "s", type = "string", text = "Mã", regex = "[A-Z]{2}", entryFormat = "hai chữ in", maxLength = 3 },
 { linkId = "u", type = "url", text = "Trang" },
 { linkId = "q", type = "quantity", text = "Đường", unitOption = [{ code = "mmol/L" }, { code = "mg/dL" }] },
 { linkId = "c", type = "choice", text = "Bệnh", answerValueSet = "urn:set" },
]"#,
    );
    let good = [
        (("d", "36,5"), "d=36.5"),
        (("d", " 037.50 "), "d=37.50"),
        (("d", "36,500"), "d=36.500"),
        (("n", "150.5"), "n=150.5"),
        (("n", "0.125"), "n=0.125"),
        (("n", "-0,5"), "n=-0.5"),
        (("n", "−12"), "n=-12"),
        (("n", "1.2345"), "n=1.2345"),
        (("n", "150,000"), "n=150.000"),
        (("n", "1 500 000"), "n=1500000"),
        (("n", "123456789012345678"), "n=123456789012345678"),
        (("n", "0,12345678901234567"), "n=0.12345678901234567"),
        (("i", "12 500"), "i=12500"),
        (("i", "120.0"), "i=120"),
        (("i", "120"), "i=120"),
        (("i", "120,0"), "i=120"),
        (("t", "5/9/2026"), "t=\"2026-09-05\""),
        (("t", "05092026"), "t=\"2026-09-05\""),
        (("t", "2026-09-05"), "t=\"2026-09-05\""),
        (("h", "7h30"), "h=\"07:30:00\""),
        (("m", "05/09/2026 7:30"), "m=\"2026-09-05T07:30:00+07:00\""),
        (("m", "2026-09-05T07:30"), "m=\"2026-09-05T07:30:00+07:00\""),
        (("m", "2026-09-05T07:30:15.5"), "m=\"2026-09-05T07:30:15.5+07:00\""),
        (("m", "2026-09-05T07:30Z"), "m=\"2026-09-05T07:30:00Z\""),
        (("m", "2026-09-05T07:30:15-05:00"), "m=\"2026-09-05T07:30:15-05:00\""),
        (("b", "Có"), "b=true"),
        (("s", "AB"), "s=\"AB\""),
        (("u", "https://yba.vn"), "u=\"https://yba.vn\""),
        (("c", "I10 · gì đó"), "c=I10"),
        (("c", "benh tim"), "c=I11"),
    ];
    for (pair, expected) in good {
        let filling = take(&form, &[pair]);
        assert_eq!((answers(&filling), filling.is_sound()), (vec![expected.to_owned()], true), "{pair:?}");
    }
    let bad = [
        ("d", "ba sáu", "không phải là số"),
        ("n", "1.234,5", "150,5"),
        ("n", "1,234.5", "gõ liền"),
        ("n", "150.000", "gõ liền, như 150000"),
        ("n", "-150.000", "gõ liền, như 150000"),
        ("n", "1.234.567", "gõ liền"),
        ("n", "1,234,567", "không phải là số"),
        ("n", "36 5", "không phải là số"),
        ("n", "1 5000", "không phải là số"),
        ("n", "5.", "không phải là số"),
        ("n", ",5", "không phải là số"),
        ("q", "150.000", "gõ liền"),
        ("i", "150.000", "gõ liền"),
        ("i", "150,000", "gõ số liền"),
        ("d", "36,55", "1 chữ số sau dấu phẩy"),
        ("d", "50", "Phải từ 30 đến 45"),
        ("n", "1234567890123456789", "18 chữ số"),
        ("n", "0,1234567890123456789", "18 chữ số"),
        ("i", "12,5", "số nguyên"),
        ("i", "99999999999", "số nguyên"),
        ("t", "31/02/2026", "không phải là ngày"),
        ("t", "1/2/26", "bốn chữ số"),
        ("t", "é1234567", "không phải là ngày"),
        ("h", "25:00", "không phải là giờ"),
        ("m", "05/09/2026", "ngày và giờ"),
        ("m", "2026-09-05T07", "ngày và giờ"),
        ("b", "có lẽ", "Có hoặc Không"),
        ("s", "ab", "hai chữ in"),
        ("s", "ABCD", "Dài quá 3"),
        ("u", "yba", "https://"),
        ("q", "5", "chọn đơn vị"),
        ("c", "tăng huyết áp", "Có nhiều mục"),
        ("c", "gãy xương", "chọn một mục"),
    ];
    for (name, typed, said) in bad {
        let filling = take(&form, &[(name, typed)]);
        let told: Vec<&str> = filling.faults.iter().map(|fault| fault.text.as_str()).collect();
        assert!(told.len() == 1 && told[0].contains(said), "{name} {typed}: {told:?}");
        let spot = filling.sheet.spots(&form).into_iter().find(|spot| spot.name(&form) == name).unwrap();
        assert_eq!(filling.sheet.slot(&spot).unwrap().answers[0].typed, typed, "what was typed is kept");
    }
    let with_unit = take(&form, &[("q", "5,6"), ("q~unit", "mmol/L")]);
    let held = to_string(&json::ordered(&with_unit.response(&head()))).unwrap();
    assert!(held.contains(r#""valueQuantity":{"code":"mmol/L","unit":"mmol/L","value":5.6}"#), "{held}");
}

#[test]
fn codes_of_a_large_set_are_offered_and_found() {
    let form =
        form(r#"item = [{ linkId = "c/1", type = "choice", text = "Bệnh", answerValueSet = "urn:set" }]"#);
    let offers = crate::page::offers(&form, &Two, "c/1", &posted(&[("c/1", "tang")]));
    assert_eq!(offers[0], ("I10 · Tăng huyết áp vô căn".to_owned(), "i10 tang huyet ap vo can".to_owned()));
    assert!(crate::page::offers(&form, &Two, "c/1", &[]).is_empty());
    assert!(crate::page::offers(&form, &Two, "none", &posted(&[("none", "x")])).is_empty());
}

#[test]
fn rows_repeat_by_names_and_by_buttons() {
    let form = form(DRUGS);
    let two = [
        ("name:0", "Amlodipin"),
        ("dose:0", "5"),
        ("name:1", "Losartan"),
        ("dose:1", "150"),
        ("odd:1", "kháng trị"),
        ("side:1:0", "ho"),
        ("side:1:1", "phù"),
    ];
    let kept = [
        "name=\"Amlodipin\"",
        "dose=5",
        "name=\"Losartan\"",
        "dose=150",
        "odd=\"kháng trị\"",
        "side=\"ho\"",
        "side=\"phù\"",
        "total=2",
    ];
    assert_eq!(answers(&take(&form, &two)), kept, "the condition looks at its own row");
    let with = |more: (&'static str, &'static str)| take(&form, &[two.as_slice(), &[more]].concat());
    let more = with(("~more", "drug"));
    assert_eq!(more.step, Step::Go { at: Some("name:2".to_owned()) });
    assert_eq!(more.sheet.top.slots[0].rows.len(), 3);
    let less = with(("~less", "drug:0"));
    assert_eq!(less.sheet.top.slots[0].rows[0].slots[0].answers[0].typed, "Losartan");
    let side = with(("~more", "side:1"));
    assert_eq!(side.step, Step::Go { at: Some("side:1:2".to_owned()) });
    assert_eq!(with(("~more", "nothing")).step, Step::Go { at: None });
}

#[test]
fn rows_that_nobody_may_change_are_neither_added_nor_removed() {
    for more in ["readOnly = true", "hidden = true"] {
        let form = form(&format!(
            r#"item = [{{ linkId = "g", type = "group", text = "G", repeats = true, {more}, item = [{{ linkId = "s", type = "string", text = "S", repeats = true, initial = [{{ valueString = "a" }}, {{ valueString = "b" }}] }}] }},
 {{ linkId = "c", type = "string", text = "C", repeats = true, calculatedExpression = "'x' | 'y'" }}]"#
        ));
        for (button, name) in [
            ("~more", "g"),
            ("~less", "g:0"),
            ("~more", "s:0"),
            ("~less", "s:0:0"),
            ("~more", "c"),
            ("~less", "c:0"),
        ] {
            let filling = take(&form, &[(button, name)]);
            assert_eq!(filling.step, Step::Go { at: None }, "{more} {button} {name}");
            assert_eq!(
                answers(&filling),
                ["s=\"a\"", "s=\"b\"", "c=\"x\"", "c=\"y\""],
                "{more} {button} {name}"
            );
        }
    }
}

#[test]
fn a_full_group_gets_no_row_and_typing_goes_on_in_its_last() {
    let form = form(DRUGS);
    let full = [("name:3", "d"), ("~more", "drug")];
    let filling = take(&form, &full);
    assert_eq!(filling.sheet.top.slots[0].rows.len(), 4);
    assert_eq!(filling.step, Step::Go { at: Some("name:3".to_owned()) });
}

#[test]
fn a_space_is_no_answer() {
    for repeats in [false, true] {
        let form = form(&format!(
            r#"item = [{{ linkId = "s", type = "string", text = "Dị ứng", required = true, repeats = {repeats} }}]"#
        ));
        for blank in [" ", "\u{a0}", "\t "] {
            let told = faults(&form, &[("s", blank), ("s:0", blank), ("s:1", blank)]);
            assert_eq!(told.len(), 1, "{repeats} {blank:?}");
            assert_eq!(told[0].1, "Hãy nhập dị ứng.");
        }
        assert!(take(&form, &[("s", "tôm"), ("s:0", " "), ("s:1", "tôm")]).is_sound());
    }
}

#[test]
fn ticked_options_words_of_ones_own_and_what_stands_alone() {
    let form = form(
        r#"item = [
 { linkId = "s", type = "open-choice", repeats = true, text = "S", answerOption = [
  { optionExclusive = true, valueCoding = { code = "none", display = "Không có" } }, { valueCoding = { code = "ho", display = "Ho" } } ] },
 { linkId = "one", type = "open-choice", text = "O", answerOption = [{ valueString = "A" }] } ]"#,
    );
    assert_eq!(
        answers(&take(&form, &[("s", "ho"), ("s~other", "ngứa"), ("one~other", "B")])),
        ["s=ho", "s=\"ngứa\"", "one=\"B\""]
    );
    assert_eq!(answers(&take(&form, &[("one", "A"), ("one~other", "B")])), ["one=\"A\""]);
    assert_eq!(faults(&form, &[("s", "none"), ("s", "ho")]).len(), 1);
}

#[test]
fn words_of_ones_own_stay_as_they_were_typed() {
    let listed = form(
        r#"item = [{ linkId = "s", type = "open-choice", text = "S", answerOption = [{ valueCoding = { code = "ho", display = "Ho khan" } }, { valueCoding = { code = "sot", display = "Sốt" } }] }]"#,
    );
    let coded =
        form(r#"item = [{ linkId = "c", type = "open-choice", text = "C", answerValueSet = "urn:set" }]"#);
    for (form, name, typed, expected) in [
        (&listed, "s", "ho", "s=ho"),
        (&listed, "s", "Ho khan", "s=ho"),
        (&listed, "s", "ho khan", "s=\"ho khan\""),
        (&listed, "s~other", "ho", "s=\"ho\""),
        (&listed, "s~other", "sốt", "s=\"sốt\""),
        (&coded, "c", "I10 · Tăng huyết áp vô căn", "c=I10"),
        (&coded, "c", "Tăng huyết áp vô căn", "c=I10"),
        (&coded, "c", "I10", "c=I10"),
        (&coded, "c", "benh tim", "c=\"benh tim\""),
        (&coded, "c", "tăng huyết áp", "c=\"tăng huyết áp\""),
        (
            &coded,
            "c",
            "I10 · Tăng huyết áp vô căn, mới phát hiện",
            "c=\"I10 · Tăng huyết áp vô căn, mới phát hiện\"",
        ),
    ] {
        let filling = take(form, &[(name, typed)]);
        assert_eq!((answers(&filling), filling.is_sound()), (vec![expected.to_owned()], true), "{typed}");
        let again = form.reopen(&setting(), &filling.response(&head())).unwrap();
        let posted_again =
            form.retake(&setting(), &Two, &filling.response(&head()), &again.fields()).unwrap();
        assert_eq!(answers(&posted_again), [expected], "{typed} posted again");
        assert_eq!(
            answers(&form.take(&setting(), &Two, &filling.fields()).unwrap()),
            [expected],
            "{typed} as a draft"
        );
    }
    let closed = form(
        r#"item = [{ linkId = "s", type = "choice", text = "S", answerOption = [{ valueCoding = { code = "ho" } }] }]"#,
    );
    assert!(take(&closed, &[("s~other", "ngứa")]).faults[0].text.contains("Không có “ngứa” trong danh sách"));
}

#[test]
fn what_nobody_changed_is_what_it_was() {
    let form = form(
        r#"item = [{ linkId = "m", type = "dateTime", text = "M" }, { linkId = "c", type = "open-choice", text = "C", answerValueSet = "urn:set" },
 { linkId = "n", type = "integer", text = "N", maxValue = 9 }, { linkId = "k", type = "choice", text = "K", answerValueSet = "urn:set" }]"#,
    );
    let kept: Value = from_str(
        r#"{"resourceType":"QuestionnaireResponse","item":[{"linkId":"m","answer":[{"valueDateTime":"2026-03-02T07:30:59.5+09:00"}]},
 {"linkId":"c","answer":[{"valueCoding":{"code":"I10","display":"Tên cũ"}}]},{"linkId":"n","answer":[{"valueInteger":10}]},{"linkId":"k","answer":[{"valueCoding":{"code":"Z99"}}]}]}"#,
    )
    .unwrap();
    let fields = form.reopen(&setting(), &kept).unwrap().fields();
    let again = form.retake(&setting(), &Two, &kept, &fields).unwrap();
    assert_eq!(answers(&again), ["m=\"2026-03-02T07:30:59.5+09:00\"", "c=I10"]);
    assert!(to_string(&again.response(&head())).unwrap().contains("Tên cũ"));
    let wrong: Vec<&str> = again.faults.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(wrong, ["n", "k"], "limits and lists of today hold for it all the same");
}

#[test]
fn an_option_that_is_sent_twice_is_ticked_once() {
    let form = form(
        r#"item = [{ linkId = "s", type = "choice", repeats = true, minOccurs = 2, text = "S", answerOption = [
  { itemWeight = 1, valueCoding = { code = "ho" } }, { itemWeight = 3, valueCoding = { code = "sot" } } ] },
 { linkId = "sum", type = "integer", text = "Tổng", calculatedExpression = "%resource.item.answer.value.extension.where(url = %ext-itemWeight).value.aggregate($this + $total, 0)" }]"#,
    );
    assert_eq!(answers(&take(&form, &[("s", "ho"), ("s", "sot"), ("s", "ho")])), ["s=ho", "s=sot", "sum=4"]);
    assert_eq!(faults(&form, &[("s", "ho"), ("s", "ho")])[0].1, "Cần ít nhất 2 câu trả lời.");
}

#[test]
fn bounds_are_reached_and_held() {
    let form = form(DRUGS);
    let refused =
        |fields: Vec<(String, String)>| form.take(&setting(), &Two, &fields).unwrap_err().issues[0].key;
    assert_eq!(refused(vec![("a".to_owned(), String::new()); FIELDS_MAX + 1]), "form-too-large");
    assert_eq!(refused(vec![("a".to_owned(), "x".repeat(FIELD_BYTES_MAX + 1))]), "form-too-large");
    let many = vec![("a".to_owned(), "x".repeat(FIELD_BYTES_MAX)); POST_BYTES_MAX / FIELD_BYTES_MAX + 1];
    assert_eq!(refused(many), "form-too-large");
    let rows = take(&form, &[("drug~rows", "99999999"), ("name:3", "d"), ("name:4", "e")]);
    assert_eq!(rows.sheet.top.slots[0].rows.len(), 4, "maxOccurs");
    let sides = take(&form, &[("side:0~rows", "9999")]);
    assert_eq!(sides.sheet.top.slots[0].rows[0].slots[3].answers.len(), ROWS_MAX);
    let nested = self::form(
        r#"item = [{ linkId = "a", type = "group", repeats = true, text = "A", item = [{ linkId = "b", type = "group", repeats = true, text = "B", item = [{ linkId = "c", type = "group", repeats = true, text = "C", item = [{ linkId = "d", type = "string", text = "D" }] }] }] }]"#,
    );
    let mut fields = posted(&[("a~rows", "50")]);
    fields.extend((0..50).map(|row| (format!("b:{row}~rows"), "50".to_owned())));
    fields.extend((0..2500).map(|at| (format!("c:{}:{}~rows", at / 50, at % 50), "50".to_owned())));
    assert_eq!(nested.take(&setting(), &Two, &fields).unwrap_err().issues[0].key, "form-too-large");
}

#[test]
fn as_much_as_the_page_lets_type_is_taken() {
    let form = form(r#"item = [{ linkId = "s", type = "text", text = "S" }]"#);
    let full = "ệ".repeat(yba_ui::question::LETTERS_MAX);
    assert!(take(&form, &[("s", &full)]).is_sound());
}

#[test]
fn a_form_that_is_too_large_is_refused_when_it_is_loaded() {
    let item = |at: usize| format!(r#"{{ linkId = "i{at}", type = "string", text = "I" }}"#);
    let items = |count: usize| format!("item = [{}]", (0..count).map(item).collect::<Vec<_>>().join(", "));
    let deep = |depth: usize| {
        let inner = (1..depth).fold(item(0), |inside, at| {
            format!(r#"{{ linkId = "g{at}", type = "group", text = "G", item = [{inside}] }}"#)
        });
        format!("item = [{inner}]")
    };
    let options = |count: usize| {
        let all = (0..count).map(|at| format!("{{ valueInteger = {at} }}")).collect::<Vec<_>>().join(", ");
        format!(r#"item = [{{ linkId = "c", type = "choice", text = "C", answerOption = [{all}] }}]"#)
    };
    for (fits, bursts) in [
        (items(ITEMS_MAX), items(ITEMS_MAX + 1)),
        (deep(DEPTH_MAX), deep(DEPTH_MAX + 1)),
        (options(OPTIONS_MAX), options(OPTIONS_MAX + 1)),
    ] {
        assert!(compiled(&fits).is_ok());
        let outcome = compiled(&bursts).unwrap_err();
        assert!(["form-limit", "form-option"].contains(&outcome.issues[0].key), "{outcome}");
    }
}

#[test]
fn expressions_that_never_end_and_resources_without_number_stop_the_form() {
    let costly = form(
        r#"item = [{ linkId = "s", type = "text", text = "S" },
 { linkId = "n", type = "integer", text = "N", calculatedExpression = "%resource.item.where(linkId = 's').answer.value.toChars().select(%resource.item.where(linkId = 's').answer.value.toChars().count()).count()" }]"#,
    );
    assert!(take(&costly, &[("s", &"x".repeat(20))]).is_sound());
    let filling = take(&costly, &[("s", &"x".repeat(FIELD_BYTES_MAX))]);
    assert!(
        !filling.is_sound() && filling.broken[0].place == "item[1].calculatedExpression",
        "{:?}",
        filling.broken
    );
    let coded = (0..=EXTRACTED_MAX / ROWS_MAX).map(|at| {
        format!(r#"{{ linkId = "n{at}", type = "integer", text = "N", code = [{{ code = "n" }}] }}"#)
    });
    let many = form(&format!(
        r#"observationExtract = true
item = [{{ linkId = "g", type = "group", text = "G", repeats = true, item = [{}] }}]"#,
        coded.collect::<Vec<_>>().join(", ")
    ));
    let fields = |count: usize| -> Vec<(String, String)> {
        (0..count).map(|at| (format!("n{}:{}", at / ROWS_MAX, at % ROWS_MAX), "1".to_owned())).collect()
    };
    let made = |count: usize| {
        let filling = many.take(&setting(), &Two, &fields(count)).unwrap();
        filling.extract(&setting(), &head(), &mut || "i".to_owned()).map(|made| made.len())
    };
    assert_eq!(made(EXTRACTED_MAX).unwrap(), EXTRACTED_MAX);
    assert_eq!(made(EXTRACTED_MAX + 1).unwrap_err().issues[0].key, "form-extract");
}

#[test]
fn reasons_are_found_by_their_field_and_bounded() {
    let soft = |key: usize| {
        format!(
            r#"{{ key = "k{key}", severity = "warning", expression = "answer.value < 50", human = "Cao." }}"#
        )
    };
    let constraints = (0..5).map(soft).collect::<Vec<_>>().join(", ");
    let form = form(&format!(
        r#"item = [{{ linkId = "g", type = "group", text = "G", repeats = true, item = [{{ linkId = "n", type = "integer", text = "N", constraint = [{constraints}] }}] }}]"#
    ));
    let fields = |rows: usize, reasons: usize| -> Vec<(String, String)> {
        let typed = (0..rows).map(|row| (format!("n:{row}"), "60".to_owned()));
        let given = (0..reasons).map(|at| (format!("n:{}~why~k{}", at / 5, at % 5), format!("vì {at}")));
        typed.chain(given).collect()
    };
    let full = form.take(&setting(), &Two, &fields(40, REASONS_MAX)).unwrap();
    assert_eq!((full.sheet.reasons.len(), full.is_sound()), (REASONS_MAX, true));
    let outcome = form.take(&setting(), &Two, &fields(41, REASONS_MAX + 1)).unwrap_err();
    assert_eq!(outcome.issues[0].key, "form-too-large");
    let kept = full.response(&head());
    let text = to_string(&kept).unwrap();
    assert!(
        (0..REASONS_MAX).all(|at| text.matches(&format!("\"vì {at}\"")).count() == 1),
        "each once, at its field"
    );
    let again = form.reopen(&setting(), &kept).unwrap();
    assert_eq!(again.sheet.reasons, full.sheet.reasons);
    // A kept response from elsewhere may hold more.
    let row = r#"{"linkId":"g","item":[{"linkId":"n","answer":[{"valueInteger":60}],"extension":[E]}]}"#;
    let reason = |at: usize| {
        format!(
            r#"{{"url":"{}","extension":[{{"url":"constraint","valueId":"x{at}"}},{{"url":"reason","valueString":"r"}}]}}"#,
            crate::response::REASON
        )
    };
    let row = row.replace('E', &(0..REASONS_MAX + 5).map(reason).collect::<Vec<_>>().join(","));
    let foreign: Value =
        from_str(&format!(r#"{{"resourceType":"QuestionnaireResponse","item":[{row}]}}"#)).unwrap();
    let mut sheet = crate::Sheet::blank(&form);
    crate::response::read_into(&form, &foreign, &mut sheet);
    assert_eq!(sheet.reasons.len(), REASONS_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_posted_is_judged_drawn_and_kept_without_a_panic(
        fields in proptest::collection::vec(
            (prop_oneof![
                "(name|dose|odd|side|drug|g|lot|n|y|all|s|d|t|h|m|b|q|c)(:[0-9]{1,2}){0,3}(~rows|~unit|~other|~was|~why~k)?",
                "~(more|less|refresh|page|shown)", "\\PC{0,12}"],
             prop_oneof!["[0-9]{1,20}[,.]?[0-9]{0,20}", "[0-9]{1,3}[/:hT -][0-9]{1,3}[/: ][0-9]{1,5}", "(drug|side:1|drug:1|name:0|g|g:0|n)", "[0-9,]{0,8}", "\\PC{0,40}"]),
            0..24),
    ) {
        for toml in [DRUGS, OPERATORS, PREFILL, KINDS, known::LOTS] {
            let form = form(toml);
            let filling = form.take(&setting(), &Two, &fields).unwrap();
            let response = filling.response(&head());
            let look = crate::page::Look { action: "/", verb: "Lưu", key: None, offers: Some("/o"), choices: &Two, uncertain: None, moves: None, kept: "", fields: maud::html! {} };
            let _ = crate::page::page(&filling, &look).into_string();
            let _ = filling.extract(&setting(), &head(), &mut || "i".to_owned()).unwrap();
            let again = form.reopen(&setting(), &response).unwrap();
            let kept = to_string(&response).unwrap();
            prop_assert_eq!(to_string(&again.response(&head())).unwrap(), kept.as_str());
            let posted_again = form.retake(&setting(), &Two, &response, &again.fields()).unwrap();
            prop_assert_eq!(to_string(&posted_again.response(&head())).unwrap(), kept.as_str());
        }
    }
}
