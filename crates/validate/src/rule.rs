//! Rules in FHIRPath, compiled: R4's invariants and those of profiles. <https://hl7.org/fhir/R4/conformance-rules.html#constraints>

use crate::finding::{Finding, Findings};
use crate::spot::Spot;
use std::collections::HashMap;
use std::sync::LazyLock;
use yba_fhir::defs::Invariant;
use yba_fhir::json::{JsonValueTrait, Value};
use yba_fhir::outcome::Severity;
use yba_fhirpath::{CompileOptions, Environment, Node, PathError, Program};

/// Not compiled: two are done by hand in the walk, because they concern every element; `cid-0` speaks of the name of a
/// ChargeItemDefinition, which R4 did not give it; `dom-6` wishes every resource a narrative, and a wish that nearly all
/// data leaves open would bury the warnings that matter.
const LEFT_OUT: [&str; 4] = ["ele-1", "ext-1", "cid-0", "dom-6"];

/// Rules that R4 wrote otherwise than it meant, as R5 mended them: in `que-7` a FHIR boolean is no `System.Boolean`.
const MENDED: [(&str, &str); 1] = [("que-7", "operator = 'exists' implies (answer is boolean)")];

/// Rules about contained resources, empty talk for a resource that has none.
const OF_CONTAINED: [&str; 4] = ["dom-2", "dom-3", "dom-4", "dom-5"];

/// One rule.
#[derive(Debug)]
pub struct Rule {
    key: String,
    /// In the author's words; those of R4 in English.
    human: String,
    /// R4's in Vietnamese, where we have words for it.
    vietnamese: Option<&'static str>,
    severity: Severity,
    program: Program,
    /// Holds by itself where nothing is contained.
    only_with_contained: bool,
}

impl Rule {
    /// The rule for nodes of a type such as `Patient.contact`; `None` for those left out.
    pub fn compile(invariant: &Invariant, context: &str) -> Result<Option<Rule>, PathError> {
        if LEFT_OUT.contains(&invariant.key.as_str()) {
            return Ok(None);
        }
        let options =
            CompileOptions { context: Some(context), as_filters: true, ..CompileOptions::default() };
        let mended = MENDED.iter().find(|(key, _)| *key == invariant.key);
        let expression = mended.map_or(invariant.expression.as_str(), |(_, expression)| expression);
        let program = Program::compile_with(expression, &options)?;
        Ok(Some(Rule {
            key: invariant.key.clone(),
            human: invariant.human.clone(),
            vietnamese: None,
            severity: if invariant.is_error { Severity::Error } else { Severity::Warning },
            program,
            only_with_contained: OF_CONTAINED.contains(&invariant.key.as_str()),
        }))
    }

    /// A rule of R4's own: HL7 says it in English alone.
    pub fn of_r4(invariant: &Invariant, context: &str) -> Result<Option<Rule>, PathError> {
        let rule = Rule::compile(invariant, context)?;
        Ok(rule.map(|rule| Rule { vietnamese: vietnamese(&rule.key), ..rule }))
    }

    /// Says so when the node breaks the rule. An empty result breaks nothing: the rule does not apply.
    pub fn judge(&self, node: Node<'_>, spot: Spot<'_>, out: &mut Findings) {
        if !out.wants(self.severity) || self.only_with_contained && !has_contained(node.value) {
            return;
        }
        let environment = Environment {
            host: spot.within.host,
            resource: Some(spot.within.resource),
            root_resource: Some(spot.within.root),
            assumed_offset: Some(7 * 60),
            ..Environment::default()
        };
        match self.program.test(node, &environment) {
            Ok(None | Some(true)) => {}
            Ok(Some(false)) => {
                let finding =
                    Finding::invariant(&self.key, self.vietnamese.unwrap_or(&self.human), &self.human);
                out.add(&spot.place, Finding { severity: self.severity, ..finding });
            }
            // On a malformed node a rule may make no sense; what is malformed about it has been said.
            Err(_) if out.has_errors() => {}
            Err(error) => out.add(&spot.place, Finding::rule_failed(&self.key, &error.to_string())),
        }
    }
}

/// What an invariant of R4 asks, as we say it: `invariants.vi.tsv`, one a line.
fn vietnamese(key: &str) -> Option<&'static str> {
    static WORDS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        include_str!("invariants.vi.tsv").lines().filter_map(|line| line.split_once('\t')).collect()
    });
    WORDS.get(key).copied()
}

fn has_contained(resource: Option<&Value>) -> bool {
    resource.is_some_and(|resource| resource.get("contained").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use yba_fhir::defs::r4;

    #[test]
    fn every_line_of_words_is_about_a_rule_of_r4() {
        let known: HashSet<&str> = r4()
            .types()
            .flat_map(|(_, def)| def.elements.iter().flat_map(|one| &one.invariants).chain(&def.invariants))
            .map(|invariant| invariant.key.as_str())
            .collect();
        let mut seen = HashSet::new();
        for line in include_str!("invariants.vi.tsv").lines() {
            let (key, words) = line.split_once('\t').unwrap();
            assert!(known.contains(key) && !LEFT_OUT.contains(&key) && seen.insert(key), "{key}");
            assert!(words.ends_with('.') && !words.contains('\t'), "{line}");
        }
        let found = vietnamese("per-1").unwrap();
        assert_eq!(found, "Ngày bắt đầu không được sau ngày kết thúc.");
    }
}
