//! Conditions, calculations, constraints.

use super::*;

#[test]
fn conditions_ask_by_every_operator() {
    let form = form(OPERATORS);
    let asked = |pairs: &[(&str, &str)]| -> Vec<String> {
        let filling = take(&form, pairs);
        let spots = filling.sheet.spots(&form).into_iter().skip(2);
        spots.filter(|spot| filling.sheet.slot(spot).unwrap().enabled).map(|spot| spot.name(&form)).collect()
    };
    assert_eq!(asked(&[]), ["absent"]);
    assert_eq!(asked(&[("n", "5")]), ["exists", "eq", "ge", "le"]);
    assert_eq!(asked(&[("n", "6")]), ["exists", "ne", "gt", "ge", "any", "path"]);
    assert_eq!(asked(&[("n", "4"), ("y", "true")]), ["exists", "ne", "lt", "le", "any"]);
    assert_eq!(asked(&[("n", "6"), ("y", "true")]), ["exists", "ne", "gt", "ge", "all", "any", "path"]);
}

#[test]
fn what_is_not_asked_is_neither_demanded_nor_kept() {
    let form = form(
        r#"item = [
 { linkId = "y", type = "boolean", text = "Sốt", required = true },
 { linkId = "g", type = "group", enableWhen = [{ question = "y", operator = "=", answerBoolean = true }], item = [
   { linkId = "days", type = "integer", text = "Số ngày", required = true },
   { linkId = "why", type = "string", text = "Vì sao", enableWhen = [{ question = "days", operator = ">", answerInteger = 3 }] } ] },
]"#,
    );
    assert_eq!(answers(&take(&form, &[("y", "false"), ("days", "5"), ("why", "x")])), ["y=false"]);
    assert_eq!(
        answers(&take(&form, &[("y", "true"), ("days", "5"), ("why", "x")])),
        ["y=true", "days=5", "why=\"x\""]
    );
    assert_eq!(faults(&form, &[("y", "true")]), [("days".to_owned(), "Hãy nhập số ngày.".to_owned())]);
    assert_eq!(faults(&form, &[]), [("y".to_owned(), "Hãy chọn Có hoặc Không: sốt.".to_owned())]);
}

#[test]
fn a_question_the_page_did_not_show_is_asked_before_anything_is_saved() {
    let form = form(
        r#"item = [
 { linkId = "y", type = "boolean", text = "Y" },
 { linkId = "more", type = "string", text = "M", enableWhen = [{ question = "y", operator = "=", answerBoolean = true }] } ]"#,
    );
    let step = |pairs: &[(&str, &str)]| take(&form, pairs).step;
    assert_eq!(step(&[("~page", "1"), ("y", "false")]), Step::Save);
    assert_eq!(step(&[("~page", "1"), ("y", "true")]), Step::Go { at: Some("more".to_owned()) });
    assert_eq!(step(&[("~page", "1"), ("y", "true"), ("~shown", "more")]), Step::Save);
    assert_eq!(
        step(&[("~page", "1"), ("y", "true"), ("~shown", "more"), ("~refresh", "1")]),
        Step::Go { at: None }
    );
}

#[test]
fn a_question_that_comes_up_keeps_what_it_was_filled_in_with() {
    let form = form(
        r#"item = [
 { linkId = "y", type = "boolean", text = "Y" },
 { linkId = "day", type = "date", text = "D", initialExpression = "%today", enableWhen = [{ question = "y", operator = "=", answerBoolean = true }] } ]"#,
    );
    let come_up = take(&form, &[("~page", "1"), ("y", "true")]);
    assert_eq!(answers(&come_up), ["y=true", "day=\"2026-03-02\""]);
    let cleared = take(&form, &[("~page", "1"), ("y", "true"), ("~shown", "day"), ("day", "")]);
    assert_eq!(answers(&cleared), ["y=true"]);
}

#[test]
fn calculated_values_settle_and_what_never_settles_is_told() {
    let form = form(
        r#"
variable = [{ name = "w", expression = "item.where(linkId = 'w').answer.value" }]
item = [
 { linkId = "w", type = "decimal", text = "Cân nặng" },
 { linkId = "c", type = "decimal", text = "C", maxDecimalPlaces = 1, calculatedExpression = "%resource.item.where(linkId = 'b').answer.value + 0.05" },
 { linkId = "b", type = "decimal", text = "B", calculatedExpression = "%resource.item.where(linkId = 'a').answer.value * 2" },
 { linkId = "a", type = "decimal", text = "A", calculatedExpression = "%w + 1" },
]"#,
    );
    assert_eq!(answers(&take(&form, &[("w", "2,10"), ("a", "9")])), ["w=2.10", "c=6.3", "b=6.20", "a=3.10"]);
    let endless = self::form(
        r#"item = [{ linkId = "a", type = "integer", text = "A", calculatedExpression = "iif(answer.exists(), answer.value + 1, 1)" }]"#,
    );
    let filling = take(&endless, &[]);
    assert!(filling.broken[0].text.contains("quá 12 lượt"), "{:?}", filling.broken);
    assert!(!filling.is_sound());
}

#[test]
fn a_rule_that_breaks_stops_the_form_with_a_sentence_that_says_where() {
    let broken = |expression: &str| {
        format!(
            r#"item = [{{ linkId = "n", type = "integer", text = "N", repeats = true,
 constraint = [{{ key = "k", severity = "error", expression = "{expression}", human = "Sai." }}] }}]"#
        )
    };
    let two = [("n:0", "1"), ("n:1", "2")];
    for expression in ["answer.value.single() > 0", "answer.value.select($this > 0)"] {
        let form = form(&broken(expression));
        assert!(take(&form, &two[..1]).is_sound());
        assert_eq!(take(&form, &two[..1]).trouble(), None);
        let filling = take(&form, &two);
        assert!(!filling.is_sound(), "{expression}");
        let said = filling.trouble().unwrap();
        assert!(said.starts_with("Chưa lưu được") && said.ends_with("item[0].constraint."), "{said}");
        assert_eq!(filling.broken.len(), 1, "told once: {:?}", filling.broken);
    }
}

#[test]
fn what_only_fills_in_a_field_may_break_unless_nobody_can_type_it() {
    let item = |more: &str| {
        format!(
            r#"item = [{{ linkId = "s", type = "string", text = "S", {more} initialExpression = "('a' | 'b').single()" }}]"#
        )
    };
    let open = form(&item(""));
    assert!(open.begin(&setting()).trouble().unwrap().contains("có thể không lưu được"));
    assert!(take(&open, &[("s", "gõ tay")]).is_sound());
    let closed = form(&item("readOnly = true,"));
    assert!(!take(&closed, &[]).is_sound());
}

#[test]
fn scores_are_summed_from_the_options() {
    let form = form(
        r#"item = [
 { linkId = "a", type = "choice", text = "A", answerOption = [
   { ordinalValue = 0, valueCoding = { code = "no", display = "Không" } },
   { valueCoding = { code = "yes", display = "Có", ordinalValue = 2 } } ] },
 { linkId = "b", type = "choice", repeats = true, text = "B", answerOption = [
   { itemWeight = 1, valueCoding = { code = "x" } }, { itemWeight = 3, valueCoding = { code = "y" } } ] },
 { linkId = "sum", type = "integer", text = "Tổng", calculatedExpression = "%resource.item.answer.value.extension.where(url = %ext-ordinalValue or url = %ext-itemWeight).value.aggregate($this + $total, 0)" },
]"#,
    );
    assert_eq!(
        answers(&take(&form, &[("a", "yes"), ("b", "x"), ("b", "y")])),
        ["a=yes", "b=x", "b=y", "sum=6"]
    );
    assert_eq!(answers(&take(&form, &[("a", "no")])), ["a=no", "sum=0"]);
}

#[test]
fn an_error_stops_and_a_warning_wants_a_reason_that_is_kept() {
    let form = form(
        r#"
targetConstraint = [{ key = "root", severity = "error", expression = "item.answer.exists()", human = "Phiếu trống." }]
item = [{ linkId = "n", type = "integer", text = "N", constraint = [
 { key = "hard", severity = "error", expression = "answer.value < 100", human = "Phải dưới 100." },
 { key = "soft", severity = "warning", expression = "answer.value < 50", human = "Cao quá." } ] }]"#,
    );
    assert_eq!(faults(&form, &[]), [(String::new(), "Phiếu trống.".to_owned())]);
    assert!(take(&form, &[("n", "10")]).is_sound());
    let high = take(&form, &[("n", "60")]);
    assert_eq!((high.faults[0].weight, high.is_sound()), (Weight::Warning, false));
    let why = high.faults[0].why();
    let told = take(&form, &[("n", "60"), (&why, " đã đo  lại "), ("n~why~other", "x")]);
    assert!(told.is_sound());
    let kept = to_string(&told.response(&head())).unwrap();
    assert!(kept.contains("đã đo lại") && !kept.contains("other"), "{kept}");
    let again = form.reopen(&setting(), &told.response(&head())).unwrap();
    assert_eq!(again.sheet.reasons.get(&why).map(String::as_str), Some("đã đo lại"));
    let very_high = take(&form, &[("n", "160"), (&why, "x")]);
    assert!(!very_high.is_sound(), "no reason passes an error over");
}

#[test]
fn a_group_may_be_demanded_and_what_is_around_an_item_holds_for_it() {
    let form = form(
        r#"item = [
 { linkId = "g", type = "group", text = "Sinh hiệu", required = true, item = [{ linkId = "a", type = "integer", text = "A" }] },
 { linkId = "r", type = "group", text = "R", readOnly = true, item = [{ linkId = "b", type = "integer", text = "B" }] } ]"#,
    );
    assert_eq!(faults(&form, &[("b", "1")]), [("g".to_owned(), "Hãy điền phần sinh hiệu.".to_owned())]);
    assert!(!form.item("b").unwrap().is_open());
    assert!(take(&form, &[("a", "1")]).is_sound());
}

#[test]
fn words_inside_a_question_stand_with_it_and_questions_wait_for_its_answer() {
    let form = form(
        r#"item = [{ linkId = "y", type = "boolean", text = "Y", item = [
 { linkId = "help", type = "display", text = "Hỏi cả tháng trước." }, { linkId = "more", type = "string", text = "M" } ] }]"#,
    );
    let asked = |pairs: &[(&str, &str)]| -> Vec<bool> {
        let filling = take(&form, pairs);
        let spots = filling.sheet.spots(&form);
        spots.iter().map(|spot| filling.sheet.slot(spot).unwrap().enabled).collect()
    };
    assert_eq!(asked(&[]), [true, true, false]);
    assert_eq!(asked(&[("y", "false")]), [true, true, true]);
    assert_eq!(answers(&take(&form, &[("y", "true"), ("more", "x")])), ["y=true", "more=\"x\""]);
}

#[test]
fn limits_of_several_units_are_rules_by_unit() {
    let item = r#"linkId = "q", type = "quantity", text = "Q", unitOption = [{ system = "http://unitsofmeasure.org", code = "cm" }, { system = "http://unitsofmeasure.org", code = "m" }]"#;
    let place = |outcome: Outcome| outcome.issues[0].path.clone().unwrap();
    assert_eq!(place(compiled(&format!("item = [{{ {item}, maxValue = 40 }}]")).unwrap_err()), "item[0]");
    let rule = r#"constraint = [{ key = "tall", severity = "error", expression = "answer.value <= 200 'cm'", human = "Cao quá." }]"#;
    let form = form(&format!("item = [{{ {item}, {rule} }}]"));
    assert!(take(&form, &[("q", "1,9"), ("q~unit", "m")]).is_sound());
    assert!(!take(&form, &[("q", "2,1"), ("q~unit", "m")]).is_sound());
}

#[test]
fn a_contained_value_set_gives_the_options() {
    let form = form(
        r##"
contained = [{ resourceType = "ValueSet", id = "s", status = "active", compose = { include = [{ system = "urn:s", concept = [{ code = "a", display = "A" }, { code = "b" }] }] } }]
item = [{ linkId = "c", type = "choice", text = "C", answerValueSet = "#s" }]"##,
    );
    assert_eq!(answers(&take(&form, &[("c", "b")])), ["c=b"]);
    assert_eq!(faults(&form, &[("c", "z")]).len(), 1);
    let missing =
        compiled(r##"item = [{ linkId = "c", type = "choice", text = "C", answerValueSet = "#s" }]"##);
    assert_eq!(missing.unwrap_err().issues[0].path.as_deref(), Some("item[0].answerValueSet"));
}

#[test]
fn a_rule_of_a_repeating_question_is_told_at_its_first_field() {
    let form = form(
        r#"item = [{ linkId = "d", type = "string", text = "Dị ứng", repeats = true, constraint = [
 { key = "hard", severity = "error", expression = "answer.count() < 3", human = "Nhiều nhất hai." },
 { key = "soft", severity = "warning", expression = "answer.count() < 2", human = "Chỉ nên một." }] }]"#,
    );
    assert_eq!(faults(&form, &[("d:0", "a"), ("d:1", "b"), ("d:2", "c")])[0].0, "d:0");
    let two = [("d:0", "a"), ("d:1", "b"), ("d:0~why~soft", "đúng cả hai")];
    let kept = take(&form, &two);
    assert!(kept.is_sound());
    let again = form.reopen(&setting(), &kept.response(&head())).unwrap();
    assert_eq!(again.sheet.reasons, kept.sheet.reasons);
}

#[test]
fn why_a_group_was_left_empty_is_kept() {
    let form = form(
        r#"item = [{ linkId = "g", type = "group", text = "Khám", repeats = true, constraint = [
 { key = "none", severity = "warning", expression = "item.answer.exists()", human = "Chưa khám." }], item = [{ linkId = "n", type = "string", text = "N" }] },
 { linkId = "m", type = "string", text = "M" }]"#,
    );
    let kept = take(&form, &[("n:0", ""), ("n:1", "x"), ("g:0~why~none", "người bệnh từ chối")]);
    assert!(kept.is_sound(), "{:?}", kept.faults);
    let response = kept.response(&head());
    assert!(to_string(&response).unwrap().contains("người bệnh từ chối"));
    let again = form.reopen(&setting(), &response).unwrap();
    assert_eq!(
        (again.sheet.reasons, answers(&kept)),
        (kept.sheet.reasons.clone(), vec!["n=\"x\"".to_owned()])
    );
    assert_eq!(
        to_string(&take(&form, &[("n:0", ""), ("m", "x")]).response(&head()))
            .unwrap()
            .matches("linkId")
            .count(),
        1
    );
}

#[test]
fn the_same_code_of_two_systems_is_two_options() {
    let two = r#"{ SYSTEM = "urn:a", code = "1", display = "Một" }, { SYSTEM = "urn:b", code = "1", display = "Hai" }"#;
    let options = two.replace("SYSTEM", "system").replace("{ s", "{ valueCoding = { s").replace(" }", " } }");
    let listed = form(&format!(
        r#"item = [{{ linkId = "c", type = "choice", text = "C", answerOption = [{options}] }}]"#
    ));
    let include = |system: &str| format!(r#"{{ system = "{system}", concept = [{{ code = "1" }}] }}"#);
    let contained = form(&format!(
        r##"contained = [{{ resourceType = "ValueSet", id = "s", status = "active", compose = {{ include = [{}, {}] }} }}]
item = [{{ linkId = "c", type = "choice", text = "C", answerValueSet = "#s" }}]"##,
        include("urn:a"),
        include("urn:b")
    ));
    for form in [&listed, &contained] {
        for (key, system) in [("1", "urn:a"), ("1|urn:b", "urn:b")] {
            let filling = take(form, &[("c", key)]);
            assert!(to_string(&filling.response(&head())).unwrap().contains(system), "{key}");
            let again = form.reopen(&setting(), &filling.response(&head())).unwrap();
            assert!(again.fields().contains(&("c".to_owned(), key.to_owned())), "{key}");
        }
    }
    let same = options.replace("urn:b", "urn:a");
    let refused = compiled(&format!(
        r#"item = [{{ linkId = "c", type = "choice", text = "C", answerOption = [{same}] }}]"#
    ));
    assert_eq!(refused.unwrap_err().issues[0].path.as_deref(), Some("item[0].answerOption[1]"));
}

#[test]
fn a_name_means_one_thing_in_a_form() {
    let places = |head: &str, item: &str| -> Vec<String> {
        let toml = format!(
            r#"{head}
item = [{{ linkId = "c", type = "string", text = "C", {item} }}]"#
        );
        let issues = compiled(&toml).map_or_else(|outcome| outcome.issues, |_| Vec::new());
        issues.into_iter().filter_map(|issue| issue.path).collect()
    };
    let v = |names: [&str; 2]| {
        let each = names.map(|name| format!(r#"{{ name = "{name}", expression = "1" }}"#));
        format!("variable = [{}]", each.join(", "))
    };
    let patient = r#"{ name = "patient", type = "Patient" }"#;
    assert_eq!(places(&v(["a", "b"]), ""), [""; 0]);
    assert_eq!(places(&v(["a", "a"]), ""), ["variable[1]"]);
    assert_eq!(places(&v(["resource", "today"]), ""), ["variable[0]", "variable[1]"]);
    assert_eq!(places(&v(["context", "ucum"]), ""), ["variable[0]", "variable[1]"]);
    assert_eq!(places(&format!("launchContext = [{patient}]\n{}", v(["patient", "b"])), ""), ["variable[0]"]);
    assert_eq!(places(&format!("launchContext = [{patient}, {patient}]"), ""), ["launchContext[1]"]);
    assert_eq!(places(&v(["a", "b"]), r#"allocateId = ["b"]"#), ["variable[1]"]);
    assert_eq!(
        places(&format!("launchContext = [{patient}]"), r#"allocateId = ["patient"]"#),
        ["allocateId"]
    );
}

#[test]
fn a_reason_does_not_move_to_another_row() {
    let form = form(
        r#"item = [{ linkId = "g", type = "group", text = "G", repeats = true, item = [{ linkId = "n", type = "integer", text = "N",
 constraint = [{ key = "soft", severity = "warning", expression = "answer.value < 50", human = "Cao." }] }] }]"#,
    );
    let both = [("n:0", "60"), ("n:1", "70"), ("n:1~why~soft", "đã đo lại")];
    assert_eq!(take(&form, &both).sheet.reasons.len(), 1);
    let less = take(&form, &[both.as_slice(), &[("~less", "g:0")]].concat());
    assert!(less.sheet.reasons.is_empty() && less.faults.is_empty());
    let more = take(&form, &[both.as_slice(), &[("~more", "g")]].concat());
    assert_eq!(
        (more.sheet.reasons.len(), more.faults.len()),
        (1, 1),
        "what was given stays while rows are added"
    );
}
