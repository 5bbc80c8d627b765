//! FHIRPath over the columns of a register: `%day < %birth_date + 5 years`. Every column is a variable by its name, with
//! the type its view gave it; `%day`, `%facility` and `%patient` are there always.

use crate::register::Column;
use crate::row::Row;
use yba_content::{Placed, Problem};
use yba_fhir::json::Value;
use yba_fhir::{Kind, Outcome};
use yba_fhirpath::{CompileOptions, Environment, Item, Limits, Node, Program};

/// Names that every row has besides its columns.
pub(crate) const OWN: [&str; 3] = ["day", "facility", "patient"];
/// Steps that one expression may take on one row.
const STEPS_MAX: u64 = 100_000;

/// An expression over a row.
#[derive(Debug)]
pub(crate) struct Condition {
    program: Program,
    /// The columns that it names.
    pub needs: Vec<usize>,
    nothing: Value,
}

/// What is wrong with an expression, before it is known in which file.
#[derive(Debug)]
pub(crate) struct Wrong {
    line: u32,
    text: String,
}

impl Wrong {
    pub fn in_file(self, path: &str) -> Problem {
        Problem { file: path.to_owned(), line: self.line, text: self.text }
    }
}

/// The names of the variables, those of the columns first.
pub(crate) fn names(columns: &[Column]) -> Vec<&str> {
    columns.iter().map(|column| column.name.as_str()).chain(OWN).collect()
}

/// Whether an expression names this variable.
pub(crate) fn mentions(expression: &str, name: &str) -> bool {
    let variable = format!("%{name}");
    expression.match_indices(&variable).any(|(at, _)| {
        let next = expression[at + variable.len()..].chars().next();
        !next.is_some_and(|next| next.is_ascii_alphanumeric() || next == '_')
    })
}

/// Compiles an expression over variables of these names.
pub(crate) fn program(text: &Placed, names: &[&str]) -> Result<Program, Wrong> {
    let options = CompileOptions { variables: Some(names), ..CompileOptions::default() };
    Program::compile_with(&text.text, &options).map_err(|error| {
        let outcome = Outcome::from(error);
        let said = outcome.issues.first().map_or("", |issue| issue.text.as_str());
        Wrong { line: text.line, text: format!("biểu thức “{}”: {said}", text.text) }
    })
}

impl Condition {
    pub fn compile(text: &Placed, names: &[&str]) -> Result<Condition, Wrong> {
        let program = program(text, names)?;
        let columns = &names[..names.len() - OWN.len()];
        let needs = (0..columns.len()).filter(|at| mentions(&text.text, columns[*at])).collect();
        Ok(Condition { program, needs, nothing: Value::default() })
    }

    /// Whether it is true of a row; what is unknown is not.
    pub fn holds<'a>(&'a self, environment: &Environment<'a>) -> Result<bool, Outcome> {
        let verdict = self.program.test(Node::root(&self.nothing), environment);
        verdict.map(|verdict| verdict == Some(true)).map_err(|error| self.failed(Outcome::from(error)))
    }

    /// What it finds in a row.
    pub fn find<'a>(&'a self, environment: &Environment<'a>) -> Result<Vec<Item<'a>>, Outcome> {
        let found = self.program.evaluate(&self.nothing, environment);
        found.map_err(|error| self.failed(Outcome::from(error)))
    }

    fn failed(&self, outcome: Outcome) -> Outcome {
        let said = outcome.issues.first().map_or("", |issue| issue.text.as_str());
        let source = self.program.source();
        let text = format!("Biểu thức “{source}” trong định nghĩa không tính được: {said}");
        Outcome::new(Kind::Unprocessable, FAILED, text, format!("{source:?} failed on a row"))
    }
}

/// The key of a refusal that is about one row.
const FAILED: &str = "report-expression";

/// What came of a row; none when an expression cannot be computed on it, such as a date past the year 9999. One such record
/// must not keep a whole station from its numbers.
pub(crate) fn of_row<T>(result: Result<T, Outcome>) -> Result<Option<T>, Outcome> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(outcome) if outcome.issues.first().is_some_and(|issue| issue.key == FAILED) => Ok(None),
        Err(outcome) => Err(outcome),
    }
}

/// A sum that cannot be told.
pub(crate) fn overflow() -> Outcome {
    let text = "Có số quá lớn để cộng. Hãy tìm giá trị gõ nhầm trong sổ.";
    Outcome::new(Kind::Unprocessable, FAILED, text, "a sum overflows")
}

/// The variables of a row, with the values of these columns.
pub(crate) fn environment<'a>(columns: &[Column], needs: &[usize], row: &'a Row) -> Environment<'a> {
    let mut environment = Environment { assumed_offset: Some(7 * 60), ..Environment::default() };
    environment.limits = Limits { steps: STEPS_MAX, ..Limits::default() };
    for at in needs {
        let column = &columns[*at];
        environment.variables.push((column.name.clone(), row.items(*at, column.form)));
    }
    environment.variables.extend(OWN.map(|name| (name.to_owned(), row.own(name))));
    environment
}
