use super::*;
use crate::choices::NoChoices;
use crate::setting::Setting;
use crate::tests::{form, take};

const FORM: &str = r#"item = [
 { linkId = "ha", type = "group", text = "Huyết áp", item = [
  { linkId = "tt", type = "integer", text = "Tâm thu", required = true, entryFormat = "Đo khi ngồi", unit = { code = "mm[Hg]", display = "mmHg" }, minValue = 50, maxValue = 300 },
  { linkId = "kq", type = "string", text = "Kết quả", calculatedExpression = "iif(%resource.item.item.where(linkId = 'tt').answer.value > 139, 'cao', 'thường')" },
  { linkId = "an", type = "string", text = "Ẩn", hidden = true, initial = [{ valueString = "x" }] } ] },
 { linkId = "hut", type = "choice", text = "Hút thuốc", answerOption = [{ valueCoding = { code = "n", display = "Không" } }, { valueCoding = { code = "y", display = "Có" } }] },
 { linkId = "dieu", type = "integer", text = "Số điếu", enableWhen = [{ question = "hut", operator = "=", answerCoding = { code = "y" } }] },
 { linkId = "thuoc", type = "group", text = "Thuốc", repeats = true, item = [{ linkId = "ten", type = "string", text = "Tên thuốc", constraint = [{ key = "la", severity = "warning", expression = "answer.value.length() > 2", human = "Tên thuốc ngắn quá." }] }] },
 { linkId = "loi", type = "display", text = "Cảm ơn." },
]"#;

fn drawn(filling: &Filling) -> String {
    let look = Look {
        action: "/phieu",
        verb: "Lưu phiếu",
        key: Some("F9"),
        offers: Some("/phieu/ma"),
        choices: &NoChoices,
        uncertain: Some("Cần đối chiếu."),
        moves: None,
        kept: "",
        fields: html! {},
    };
    page(filling, &look).into_string()
}

#[track_caller]
fn has(markup: &str, part: &str) {
    assert!(markup.contains(part), "{part} is not in {markup}");
}

#[test]
fn a_fresh_form_has_labels_hints_units_and_a_first_button_that_saves() {
    let form = form(FORM);
    let markup = drawn(&form.begin(&Setting::new(0)));
    has(
        &markup,
        r#"<form class="form sheet" id="phieu" method="post" action="/phieu" novalidate><button class="sr" type="submit" tabindex="-1" aria-hidden="true">Lưu phiếu</button>"#,
    );
    has(&markup, r#"<fieldset class="group" id="o-ha" tabindex="-1"><legend>Huyết áp</legend>"#);
    has(&markup, r#"<label for="o-tt">Tâm thu</label><p class="hint" id="o-tt-goi-y">Đo khi ngồi</p>"#);
    has(
        &markup,
        r#"inputmode="numeric" autofocus aria-required="true" aria-describedby="o-tt-goi-y"><span class="unit">mmHg</span>"#,
    );
    has(&markup, r#"<legend>Hút thuốc<span class="muted"> (không bắt buộc)</span></legend>"#);
    has(&markup, r#"<input id="o-hut" name="hut" type="radio" value="n">"#);
    has(&markup, r#"<output id="o-kq" aria-labelledby="o-kq-n">"#);
    has(&markup, r#"<input type="hidden" name="thuoc~rows" value="1">"#);
    has(&markup, r#"<input type="hidden" name="thuoc~was" value="">"#);
    has(
        &markup,
        r#"name="~more" value="thuoc" formnovalidate aria-label="Thêm dòng: Thuốc">Thêm dòng</button>"#,
    );
    has(&markup, "Cần đối chiếu.");
    has(&markup, "Cảm ơn.");
    assert!(!markup.contains("Ẩn") && !markup.contains("Số điếu") && !markup.contains("style="), "{markup}");
    assert!(!markup.contains("role=\"alert\""), "nothing is wrong before anything is sent: {markup}");
}

#[test]
fn what_is_wrong_stands_at_the_field_and_above_with_what_was_typed() {
    let form = form(FORM);
    let markup = drawn(&take(&form, &[("tt", "9999"), ("ten:0", "A<b>")]));
    has(&markup, r##"<li><a href="#o-tt">Tâm thu: phải từ 50 đến 300 mmHg. Hãy xem lại.</a></li>"##);
    has(&markup, r#"<p class="error" id="o-tt-loi">Phải từ 50 đến 300 mmHg. Hãy xem lại.</p>"#);
    has(&markup, r#"value="9999""#);
    has(&markup, r#"aria-invalid="true" aria-describedby="o-tt-goi-y o-tt-loi""#);
    has(&markup, "value=\"A&lt;b&gt;\"");
}

#[test]
fn a_warning_asks_for_its_reason_in_a_field_the_summary_leads_to() {
    let form = form(FORM);
    let markup = drawn(&take(&form, &[("tt", "120"), ("ten:0", "A")]));
    has(&markup, r##"<a href="#o-ten_r0_twhy_tla">Tên thuốc ngắn quá.</a>"##);
    has(
        &markup,
        r#"<label for="o-ten_r0_twhy_tla">Lý do vẫn ghi như vậy</label><input id="o-ten_r0_twhy_tla" name="ten:0~why~la""#,
    );
}

#[test]
fn a_question_that_comes_up_is_drawn_and_leads_there() {
    let form = form(FORM);
    let markup = drawn(&take(&form, &[("~page", "1"), ("tt", "150"), ("hut", "y")]));
    has(&markup, r#"<input type="hidden" name="~shown" value="dieu">"#);
    has(&markup, r##"<a href="#o-dieu">Đến ô ấy</a>"##);
    has(
        &markup,
        r#"name="dieu" type="text" value="" maxlength="2000" autocomplete="off" inputmode="numeric" autofocus"#,
    );
    has(&markup, "<b>cao</b>");
    has(&markup, r#"value="y" checked"#);
}

#[test]
fn what_could_not_be_filled_in_stands_beside_its_field() {
    let form = form(
        r#"item = [{ linkId = "kg", type = "decimal", text = "Cân nặng", entryFormat = "Bỏ giày", unit = { code = "kg" }, initialExpression = "5 'cm'" }]"#,
    );
    has(
        &drawn(&form.begin(&Setting::new(0))),
        "<p class=\"hint\" id=\"o-kg-goi-y\">Bỏ giày. Hồ sơ ghi 5\u{202f}cm, không đổi được sang kg; hãy tự nhập.</p>",
    );
}

#[test]
fn what_is_wrong_with_a_repeating_question_leads_to_a_field_that_is_there() {
    let form = form(
        r#"item = [{ linkId = "d", type = "string", text = "D", repeats = true, constraint = [
 { key = "hard", severity = "error", expression = "answer.count() < 2", human = "Một thôi." },
 { key = "soft", severity = "warning", expression = "answer.count() < 2", human = "Nên một." }] }]"#,
    );
    let markup = drawn(&take(&form, &[("d:0", "a"), ("d:1", "b")]));
    has(&markup, r##"<a href="#o-d_r0">"##);
    has(&markup, r#"<p class="error" id="o-d_r0-loi">Một thôi.</p>"#);
    has(&markup, r#"name="d:0~why~soft""#);
}

#[test]
fn an_option_that_is_no_longer_listed_is_shown_until_another_is_chosen() {
    let form = form(
        r#"item = [{ linkId = "c", type = "choice", text = "C", answerOption = [{ valueCoding = { code = "a", display = "A" } }] }]"#,
    );
    let kept = r#"{"resourceType":"QuestionnaireResponse","item":[{"linkId":"c","answer":[{"valueCoding":{"code":"z","display":"Cũ"}}]}]}"#;
    let kept = yba_fhir::json::from_str(kept).unwrap();
    let setting = Setting::new(0);
    has(&drawn(&form.reopen(&setting, &kept).unwrap()), r#"name="c" type="radio" value="z · Cũ" checked"#);
    let sent = [("c".to_owned(), "z · Cũ".to_owned())];
    let again = form.retake(&setting, &NoChoices, &kept, &sent).unwrap();
    assert!(!again.is_sound());
    has(&drawn(&again), "Không có “z · Cũ” trong danh sách; hãy chọn một mục.");
    has(&drawn(&again), r#"value="z · Cũ" checked"#);
}

#[test]
fn a_broken_expression_is_told_above_the_form() {
    let form = form(
        r#"item = [{ linkId = "s", type = "string", text = "S", initialExpression = "('a' | 'b').single()", readOnly = true }]"#,
    );
    has(
        &drawn(&take(&form, &[])),
        r#"<div class="note bad" role="alert"><p><b>Chưa lưu được vì một công thức"#,
    );
}

#[test]
fn every_id_is_there_once_and_every_label_has_its_field() {
    let typed = [("tt", "x"), ("hut", "y"), ("dieu", "x"), ("ten:0", "A"), ("ten:1", "B")];
    ids_are_sound(&drawn(&take(&form(FORM), &typed)));
    // Names that look like the ids of what stands around another field.
    let item = |link: &str| format!(r#"{{ linkId = "{link}", type = "integer", text = "{link}" }}"#);
    let alike = ["a-1", "a-loi", "a-goi-y", "c-n", "a.1"].map(item);
    let form = form(&format!(
        r#"item = [{{ linkId = "a", type = "choice", text = "A", required = true, entryFormat = "g", answerOption = [{{ valueString = "x" }}, {{ valueString = "y" }}] }},
 {{ linkId = "c", type = "string", text = "C", calculatedExpression = "'c'" }}, {}]"#,
        alike.join(", ")
    ));
    ids_are_sound(&drawn(&take(&form, &[])));
}

fn ids_are_sound(markup: &str) {
    let all = |mark: &str| -> Vec<String> {
        markup.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    };
    let ids = all(" id=\"");
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "{ids:?}");
    for wanted in all(" for=\"").into_iter().chain(all("href=\"#")) {
        assert!(ids.contains(&wanted), "{wanted}");
    }
}

/// The fields of a page whose questions under a condition were not asked.
fn typed(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn moves(form: &Form, fields: &[(String, String)]) -> String {
    let look = Look {
        action: "/phieu",
        verb: "Lưu phiếu",
        key: None,
        offers: None,
        choices: &NoChoices,
        uncertain: None,
        moves: Some("/phieu/nhap"),
        kept: "Đã lưu nháp 09:41",
        fields: html! {},
    };
    let filling = form.resume(&Setting::new(0), &NoChoices, fields).unwrap();
    assert!(filling.faults.is_empty(), "nothing is judged while somebody types: {:?}", filling.faults);
    moved(&filling, &look, fields).into_string()
}

#[test]
fn while_somebody_types_what_is_worked_out_and_what_is_asked_follows() {
    let form = form(FORM);
    let markup = moves(&form, &typed(&[("~page", "1"), ("tt", "150"), ("hut", "y")]));
    has(&markup, r#"<div id="o-kq" hx-swap-oob="innerHTML"><b>cao</b></div>"#);
    has(&markup, r#"<div id="ko-dieu" hx-swap-oob="innerHTML">"#);
    has(&markup, "Số điếu");
    has(&markup, r#"<input type="hidden" name="~met" value="dieu">"#);
    has(&markup, r#"<div id="nhap-luc" hx-swap-oob="innerHTML">Đã lưu nháp 09:41</div>"#);
    assert!(!markup.contains("autofocus"), "nobody is led away: {markup}");
    // What is there stays as it is, so that nobody loses their place in it.
    let fields = [
        ("~page", "1"),
        ("tt", "150"),
        ("hut", "y"),
        ("~met", "dieu"),
        ("~shown", "dieu"),
        ("dieu", "9999999"),
    ];
    let markup = moves(&form, &typed(&fields));
    assert!(!markup.contains("Số điếu"), "{markup}");
    // And it goes when it is not asked any more.
    let fields = [("~page", "1"), ("hut", "n"), ("~met", "dieu"), ("~shown", "dieu"), ("dieu", "9")];
    has(&moves(&form, &typed(&fields)), r#"<div id="ko-dieu" hx-swap-oob="innerHTML"></div>"#);
}
