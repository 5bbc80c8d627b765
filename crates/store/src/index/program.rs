//! The expressions of R4's search parameters, compiled for the types that a node meets. A station meets some thirty of
//! the 146, so a type is compiled when its first resource comes.

use super::sharing::Kept;
use super::{Composite, Parameter};
use yba_fhir::defs::SearchType;
use yba_fhirpath::{CompileOptions, Program};

/// The programs of one resource type.
#[derive(Debug)]
pub(super) struct Programs {
    /// In the order of the parameters of the type; none for those whose rows others have.
    pub parameters: Vec<Option<Program>>,
    pub pairs: Vec<Option<PairProgram>>,
}

/// A composite: where its parts stand together, the token, and the other parts in order.
#[derive(Debug)]
pub(super) struct PairProgram {
    pub base: Program,
    pub token: Program,
    pub others: Vec<(SearchType, Program)>,
}

impl Programs {
    pub fn compile(kind: &str, parameters: &[Parameter], composites: &[Composite]) -> Programs {
        Programs {
            parameters: parameters.iter().map(|one| parameter(one, kind)).collect(),
            pairs: composites.iter().map(|one| (one.kept == Kept::Own).then(|| pair(one, kind))).collect(),
        }
    }
}

fn parameter(parameter: &Parameter, kind: &str) -> Option<Program> {
    (parameter.kept == Kept::Own).then(|| of(parameter, kind))
}

/// The expression of a parameter, compiled for a type.
pub fn of(parameter: &Parameter, kind: &str) -> Program {
    compile(parameter.expression, Some(kind))
}

fn pair(composite: &Composite, kind: &str) -> PairProgram {
    let mut parts = composite.parts.iter().map(|part| {
        // `DateTime` is the type of FHIRPath's own language; what R4's code-value-date means is FHIR's `dateTime`, as
        // the parameter of that part, Observation-value-date, writes it.
        let expression = part.expression.replace("as(DateTime)", "as(dateTime)");
        (part.search_type, compile(&expression, None))
    });
    let (_, token) = parts.next().expect("every composite of R4 has parts");
    let others = parts.collect();
    PairProgram { base: compile(composite.expression, Some(kind)), token, others }
}

/// HL7 wrote one expression with an element that R4 does not have; it finds nothing, as it would in any resource.
fn compile(expression: &str, context: Option<&str>) -> Program {
    let program = Program::compile_with(expression, &options(context));
    program.or_else(|_| Program::compile("{}", None)).expect("the empty collection compiles")
}

/// Search parameters name other types' elements, filter with `as`, and their rows are compared anyway.
fn options(context: Option<&str>) -> CompileOptions<'_> {
    CompileOptions {
        context,
        other_roots: true,
        as_filters: true,
        keep_duplicates: true,
        ..CompileOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::kinds;

    #[test]
    fn every_parameter_is_about_its_type_but_the_one_hl7_misspelled() {
        let (mut compiled, mut nothing) = (0, Vec::new());
        for (kind, index) in kinds() {
            for parameter in &index.parameters {
                compiled += 1;
                let program = compile(parameter.expression, Some(kind));
                if program.source() != parameter.expression || program.is_always_empty() {
                    nothing.push(format!("{kind}.{}", parameter.code));
                }
            }
            for composite in &index.composites {
                compiled += 1;
                let pair = pair(composite, kind);
                let parts = std::iter::once(&pair.token).chain(pair.others.iter().map(|(_, part)| part));
                let empty = parts
                    .chain([&pair.base])
                    .any(|program| program.is_always_empty() || program.source() == "{}");
                let known = composite.parts.iter().all(|part| part.search_type != SearchType::Special);
                let kept = composite.parts[0].search_type == SearchType::Token
                    && composite.parts[2..].iter().all(|part| part.search_type == SearchType::Number);
                assert!(!empty && known && kept, "{kind}.{}", composite.code);
            }
        }
        assert_eq!(nothing, ["DeviceDefinition.classification"]);
        assert!(compiled > 1900, "{compiled}: the parameters, those of many types and of all types for each");
    }
}
