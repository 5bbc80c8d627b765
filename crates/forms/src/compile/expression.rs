//! Expressions: compiled against R4's tables, with the variables that a form has.

use crate::fault::Faults;
use crate::form::Launch;
use yba_fhirpath::schema::schema;
use yba_fhirpath::{CompileOptions, Program, Shape};

/// What FHIRPath gives every expression. <https://hl7.org/fhir/R4/fhirpath.html#variables>
const FIXED: [&str; 5] = ["context", "rootResource", "ucum", "sct", "loinc"];

/// Which variables an expression may name, and what is known of them.
pub(crate) struct Scope {
    shapes: Vec<(String, Shape)>,
}

impl Scope {
    pub fn new(launch: &[Launch]) -> Scope {
        let of = |kind: &str| schema().fhir(kind).map_or_else(Shape::any, Shape::of);
        let mut shapes = vec![
            ("resource".to_owned(), of("QuestionnaireResponse")),
            ("today".to_owned(), Shape::of(yba_fhirpath::schema::TypeId::DATE)),
        ];
        shapes.extend(launch.iter().map(|one| (one.name.clone(), of(&one.kind))));
        Scope { shapes }
    }

    /// Whether a name means something already: of the form, or of FHIRPath itself.
    pub fn knows(&self, name: &str) -> bool {
        FIXED.contains(&name) || self.shapes.iter().any(|(known, _)| known == name)
    }

    pub fn add(&mut self, name: &str, shape: Shape) {
        self.shapes.push((name.to_owned(), shape));
    }

    /// Compiles for the response, or for whatever `within` says.
    pub fn compile(
        &self,
        text: &str,
        within: Option<&Shape>,
        place: &str,
        faults: &mut Faults,
    ) -> Option<Program> {
        let names: Vec<&str> = self.shapes.iter().map(|(name, _)| name.as_str()).collect();
        let options = CompileOptions {
            context: Some("QuestionnaireResponse"),
            within,
            variables: Some(&names),
            shapes: &self.shapes,
            ..CompileOptions::default()
        };
        Program::compile_with(text, &options).map_err(|error| faults.expression(place, error)).ok()
    }
}
