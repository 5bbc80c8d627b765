//! What no index row answers and is tried on the bodies of the records that the other conditions leave: words of the
//! narrative (`_text`), of everything (`_content`), and of what stands beside a code (`:text`).
//! <https://hl7.org/fhir/R4/search.html#text>
//!
//! Words are compared without marks and case, each from its beginning, in any order; all of them must be there. What
//! stands beside a code is searched like a name: from the beginning of any word on.
//! A page tries a bounded number of records and then ends, with a link to the next: so no such search is refused for
//! what it costs, and none holds a connection for long.

use super::condition::escaped_split;
use super::query::{Query, bad_value};
use crate::index::program;
use std::sync::Arc;
use yba_fhir::Outcome;
use yba_fhir::defs::SearchType;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, items, str_at};
use yba_fhir::text::fold;
use yba_fhirpath::{Environment, Node, Program};

/// Most words that are looked for.
const WORDS_MAX: usize = 20;

/// One filter.
#[derive(Debug, Clone)]
pub struct Filter {
    within: Within,
    /// Alternatives; of each all words.
    wanted: Vec<Vec<String>>,
}

#[derive(Debug, Clone)]
enum Within {
    Narrative,
    Everything,
    /// What stands beside the codes that this expression finds.
    Displays(Arc<Program>),
}

impl Filter {
    /// `None` when the parameter is not one of these.
    pub fn parse(kind: &str, name: &str, value: &str) -> Result<Option<Filter>, Outcome> {
        let within = match (name, name.split_once(':')) {
            ("_text", _) => Within::Narrative,
            ("_content", _) => Within::Everything,
            (_, Some((code, "text"))) if !code.starts_with("_has") && !code.contains('.') => {
                let parameter = Query::all(kind).parameter(name, code)?;
                if parameter.search_type != SearchType::Token {
                    return Ok(None);
                }
                Within::Displays(Arc::new(program::of(parameter, kind)))
            }
            _ => return Ok(None),
        };
        let words = |part: &String| match within {
            // Beside a code the value is one string: the beginning of some word, and what follows.
            Within::Displays(_) => vec![fold(part)],
            _ => fold(part).split(' ').map(str::to_owned).collect::<Vec<_>>(),
        };
        let mut wanted: Vec<Vec<String>> = escaped_split(value, ',').iter().map(words).collect();
        // Nothing but marks and signs: no word is meant, so none is found.
        wanted.retain(|words| words.iter().any(|word| !word.is_empty()));
        if wanted.iter().map(Vec::len).sum::<usize>() > WORDS_MAX {
            return Err(bad_value(name, value, &format!("tối đa {WORDS_MAX} từ")));
        }
        Ok(Some(Filter { within, wanted }))
    }

    /// Whether a stored body fits.
    pub fn fits(&self, body: &[u8]) -> bool {
        let Ok(tree) = json::from_slice::<Value>(body) else { return false };
        match &self.within {
            Within::Narrative => {
                let div = str_at(&tree, &["text", "div"]).unwrap_or_default();
                self.is_in(&[fold(&without_tags(div))])
            }
            Within::Everything => {
                let mut texts = Vec::new();
                collect(&tree, &mut texts);
                self.is_in(&texts)
            }
            Within::Displays(program) => {
                let found = program.evaluate_node(Node::root(&tree), &Environment::default());
                let found = found.unwrap_or_default();
                let values = found.iter().filter_map(|item| item.node().and_then(|node| node.value));
                values.into_iter().any(|value| {
                    let mut texts = Vec::new();
                    displays(value, &mut texts);
                    texts.iter().any(|text| self.is_in(std::slice::from_ref(text)))
                })
            }
        }
    }

    fn is_in(&self, texts: &[String]) -> bool {
        let has = |word: &String| texts.iter().any(|text| starts_a_word(text, word));
        self.wanted.iter().any(|words| words.iter().all(has))
    }
}

/// Whether a word of a folded text starts so.
fn starts_a_word(text: &str, start: &str) -> bool {
    text.match_indices(start).any(|(at, _)| at == 0 || text.as_bytes()[at - 1] == b' ')
}

/// The texts beside a code: `CodeableConcept.text`, `Coding.display`, `Identifier.type.text`.
fn displays(value: &Value, texts: &mut Vec<String>) {
    let concept = |value: &Value, texts: &mut Vec<String>| {
        texts.extend(str_at(value, &["text"]).map(fold));
        texts.extend(items(value, "coding").filter_map(|coding| str_at(coding, &["display"])).map(fold));
    };
    concept(value, texts);
    texts.extend(str_at(value, &["display"]).map(fold));
    texts.extend(str_at(value, &["type", "text"]).map(fold));
}

/// Every text of a tree, narrative without its tags.
fn collect(node: &Value, texts: &mut Vec<String>) {
    if let Some(text) = node.as_str() {
        texts.push(fold(text));
    } else if node.is_number() {
        texts.extend(json::number_text(node).map(|text| fold(&text)));
    } else if let Some(array) = node.as_array() {
        array.iter().for_each(|item| collect(item, texts));
    } else if let Some(object) = node.as_object() {
        for (key, value) in object.iter() {
            match (key, value.as_str()) {
                ("div", Some(div)) => texts.push(fold(&without_tags(div))),
                // The name of a type is said by the address.
                ("resourceType", _) => {}
                _ => collect(value, texts),
            }
        }
    }
}

fn without_tags(div: &str) -> String {
    let (mut text, mut inside) = (String::with_capacity(div.len()), false);
    for letter in div.chars() {
        match letter {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            _ if inside => {}
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(name: &str, value: &str, body: &str) -> bool {
        Filter::parse("Condition", name, value).unwrap().unwrap().fits(body.as_bytes())
    }

    #[test]
    fn words_are_found_without_marks_from_their_beginning_in_any_order() {
        let body = r#"{"resourceType":"Condition","text":{"status":"generated","div":"<div>Đái tháo <b>đường</b></div>"},
            "code":{"text":"Tăng huyết áp","coding":[{"code":"I10","display":"Bệnh tăng huyết áp vô căn"}]}}"#;
        assert!(fits("_text", "duong thao", body) && fits("_text", "Đường", body));
        assert!(!fits("_text", "huyet", body) && !fits("_text", "div", body) && !fits("_text", "uong", body));
        assert!(fits("_content", "huyet duong", body) && fits("_content", "khong,i10", body));
        assert!(!fits("_content", "huyet khong", body) && !fits("_content", "condition", body));
        assert!(fits("code:text", "VO CAN", body) && fits("code:text", "tang huyet", body));
        assert!(!fits("code:text", "I10", body) && !fits("code:text", "dai thao", body));
    }

    #[test]
    fn what_is_no_such_parameter_is_left_and_too_many_words_are_refused() {
        assert!(Filter::parse("Condition", "code", "x").unwrap().is_none());
        assert!(Filter::parse("Condition", "subject:text", "x").unwrap().is_none());
        assert!(Filter::parse("Condition", "_content", &"a ".repeat(30)).is_err());
        assert!(!fits("_content", "!!", r#"{"resourceType":"Condition","id":"a"}"#));
        assert!(Filter::parse("Condition", "nothing:text", "x").is_err());
    }
}
