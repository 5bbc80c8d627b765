//! Sentences with expressions in them: `Huyết áp {{%systolic}}/{{%diastolic}} mmHg`.

use yba_fhirpath::{Item, Program};

/// A piece of a sentence.
#[derive(Debug)]
pub(crate) enum Piece {
    Text(String),
    Path(Program),
}

/// Cuts a sentence at `{{` and `}}`: whether a piece is an expression, and the piece. `None` when a brace is not closed.
pub(crate) fn cut(text: &str) -> Option<Vec<(bool, &str)>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, behind) = after.split_once("}}")?;
        pieces.push((false, before));
        pieces.push((true, inside.trim()));
        rest = behind;
    }
    pieces.push((false, rest));
    Some(pieces)
}

/// Items as people read them, several with commas between.
pub(crate) fn shown(items: &[Item]) -> String {
    items.iter().map(one).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

fn one(item: &Item) -> String {
    match item.to_system() {
        Item::String(text) => text.trim().to_owned(),
        Item::Integer(whole) => whole.to_string(),
        Item::Decimal(amount) => amount.normalize().to_string().replace('.', ","),
        Item::Date(day) => day_of(&day.to_string()),
        Item::DateTime(moment) => day_of(&moment.to_string()),
        Item::Boolean(true) => "có".to_owned(),
        Item::Boolean(false) => "không".to_owned(),
        _ => String::new(),
    }
}

/// `2026-11-23T08:00:00+07:00` is `23/11/2026`.
fn day_of(text: &str) -> String {
    let day = text.trim_start_matches('@').split('T').next().unwrap_or_default();
    day.split('-').rev().collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_cut_at_its_braces() {
        assert_eq!(cut("a {{ %b }}c").unwrap(), [(false, "a "), (true, "%b"), (false, "c")]);
        assert_eq!(cut("{{a}}{{b}}").unwrap().len(), 5);
        assert_eq!(cut("plain").unwrap(), [(false, "plain")]);
        assert!(cut("a {{b").is_none());
    }

    #[test]
    fn values_are_written_as_vietnam_writes_them() {
        let said = |path: &str| {
            let program = Program::compile(path, None).unwrap();
            let tree = yba_fhir::json::json!({});
            let items = program.evaluate(&tree, &yba_fhirpath::Environment::at(0)).unwrap();
            shown(&items)
        };
        for (path, words) in [
            ("38.50", "38,5"),
            ("190", "190"),
            ("@2026-11-03", "03/11/2026"),
            ("@2026-11-03T08:00:00+07:00", "03/11/2026"),
            ("'a' | 'b' | ' '", "a, b"),
            ("{}", ""),
            ("true", "có"),
        ] {
            assert_eq!(said(path), words, "{path}");
        }
    }
}
