//! `$translate`: from a code to the codes it is mapped to, or back.
//! <https://hl7.org/fhir/R4/conceptmap-operation-translate.html>

use std::sync::Arc;

use yba_fhir::json::{Array, Value, json};
use yba_fhir::{Day, Kind, Outcome};

use crate::Terminology;
use crate::map::{ConceptMap, Mapping};
use crate::parameters::Parameters;

/// Most results of one question.
const MATCHES_MAX: usize = 1_000;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Translate<'a> {
    /// The map; without one, all maps between fitting systems are asked.
    pub map: Option<&'a str>,
    pub system: &'a str,
    pub code: &'a str,
    /// The system, or a value set of a map, that is translated to.
    pub target: Option<&'a str>,
    /// From target to source.
    pub reverse: bool,
    /// The day of the act, for the displays.
    pub on: Day,
}

/// What was found, best first.
#[derive(Debug)]
pub struct Translation {
    pub matches: Vec<Mapping>,
}

impl Terminology {
    /// The codes that a code is mapped to. No match is an answer, not an error.
    ///
    /// # Errors
    ///
    /// `not-found` when the map is not known.
    pub fn translate(&self, asked: &Translate) -> Result<Translation, Outcome> {
        let maps: Vec<Arc<ConceptMap>> = match asked.map {
            Some(url) => vec![self.concept_map(url).ok_or_else(|| no_map(url))?],
            None => self.maps_for(asked),
        };
        let mut matches = Vec::new();
        for map in maps {
            matches.extend(translated(&map, asked));
        }
        matches.truncate(MATCHES_MAX);
        for mapping in matches.iter_mut().filter(|mapping| mapping.display.is_empty()) {
            if let Some(edition) = self.code_system(&mapping.system, None, asked.on) {
                let found = edition.table().find(&mapping.code);
                mapping.display = found.map_or("", |at| edition.table().display(at)).to_owned();
            }
        }
        Ok(Translation { matches })
    }

    /// The newest versions of all maps; of several, in the order of their addresses.
    fn maps_for(&self, asked: &Translate) -> Vec<Arc<ConceptMap>> {
        let mut urls: Vec<&str> = self.maps.keys().map(|url| &**url).collect();
        urls.sort_unstable();
        let maps =
            urls.into_iter().filter_map(|url| self.maps.get(url)?.last().map(crate::map::KeptMap::unpack));
        let fits = |map: &Arc<ConceptMap>| {
            map.systems().any(|(source, target)| asked.system == if asked.reverse { target } else { source })
        };
        maps.filter(fits).collect()
    }
}

/// A target may be named by its system or by the map's value set.
fn translated(map: &ConceptMap, asked: &Translate) -> Vec<Mapping> {
    let set = if asked.reverse { &map.head.source } else { &map.head.target };
    let target = asked.target.filter(|target| *target != set);
    if asked.reverse {
        map.sources(asked.system, asked.code, target)
    } else {
        map.targets(asked.system, asked.code, target)
    }
}

fn no_map(url: &str) -> Outcome {
    Outcome::new(
        Kind::NotFound,
        "terminology-map",
        format!("Không có bảng ánh xạ {url}."),
        format!("unknown concept map {url}"),
    )
    .at("url")
}

impl Translation {
    /// As the operation answers it: `result` is true when something is mapped to, not merely said to be unmatched.
    pub fn to_value(&self) -> Value {
        let mut answer = Parameters::new();
        let is_match = |mapping: &Mapping| !matches!(mapping.equivalence, "unmatched" | "disjoint");
        let result = self.matches.iter().any(is_match);
        answer.boolean("result", result);
        if !result {
            answer.string("message", "Không tìm thấy mã tương ứng.");
        }
        for mapping in &self.matches {
            let mut parts = Array::new();
            parts.push(json!({"name": "equivalence", "valueCode": mapping.equivalence}));
            if !mapping.code.is_empty() {
                let mut coding = json!({"system": mapping.system.as_str(), "code": mapping.code.as_str()});
                if !mapping.display.is_empty() {
                    coding["display"] = Value::from(mapping.display.as_str());
                }
                parts.push(json!({"name": "concept", "valueCoding": coding}));
            }
            parts.push(json!({"name": "source", "valueUri": mapping.map.as_str()}));
            if !mapping.comment.is_empty() {
                // R4 has no place for the comment; an author wrote it for whoever must choose.
                parts.push(json!({"name": "comment", "valueString": mapping.comment.as_str()}));
            }
            answer.parts("match", parts);
        }
        answer.resource()
    }
}
