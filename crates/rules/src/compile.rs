//! A rule of content, compiled. Every fault of it is told at once, with its line.

use yba_content::rules::{Rule, Severity};
use yba_content::{Content, Day, Problem, Sure};
use yba_fhir::defs::r4;
use yba_fhirpath::schema::{TypeId, schema};
use yba_fhirpath::{CompileOptions, Program, Shape};

use crate::words::{Piece, cut};

/// Names that every rule knows, before its own.
pub(crate) const KNOWN: [&str; 8] =
    ["patient", "entered", "beside", "today", "ageDays", "ageMonths", "ageYears", "disease"];
/// Search parameters that are of every type.
const CONTROL: [&str; 4] = ["_sort", "_count", "_id", "_lastUpdated"];

/// One edition, ready to be asked.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub rule: Rule,
    /// Numbers of the laws it stands on.
    pub source: String,
    pub uncertain: String,
    pub each: Option<Program>,
    pub when: Program,
    pub message: Vec<Piece>,
    pub suggest: Vec<Piece>,
    pub rests: Option<Program>,
    /// In their order: each may use those before it.
    pub variables: Vec<Variable>,
}

#[derive(Debug)]
pub(crate) struct Variable {
    pub name: String,
    pub program: Program,
    /// Whether it is the same whatever the rule is asked of: then it is worked out once.
    pub is_fixed: bool,
}

impl Compiled {
    pub fn from(&self) -> Day {
        self.rule.from
    }
}

/// Compiles a rule; or all that is wrong with it.
pub(crate) fn compile(content: &Content, rule: &Rule) -> Result<Compiled, Vec<Problem>> {
    let mut compiler = Compiler::new(rule);
    let records: Vec<Shape> =
        rule.records.iter().enumerate().map(|(at, one)| compiler.record(at, &one.expression)).collect();
    // What it is asked of is found before the record is: it knows what is entered, and tables.
    let each = (!rule.each.is_empty()).then(|| compiler.program("each", &rule.each)).flatten();
    if let Some(each) = &each {
        compiler.focus = each.leaves().clone();
    }
    for (named, shape) in rule.records.iter().zip(records) {
        compiler.know(&named.name, shape);
    }
    let mut variables: Vec<Variable> = Vec::new();
    for (at, named) in rule.variables.iter().enumerate() {
        let program = compiler.program(&format!("variable[{at}]"), &named.expression);
        let is_fixed = compiler.is_fixed(&named.expression, &variables);
        let shape = program.as_ref().map_or_else(Shape::any, |program| program.leaves().clone());
        compiler.know(&named.name, shape);
        let name = named.name.clone();
        variables.extend(program.map(|program| Variable { name, program, is_fixed }));
    }
    let when = compiler.program("when", &rule.when);
    let (message, suggest) =
        (compiler.words("message", &rule.message), compiler.words("suggest", &rule.suggest));
    let rests = (!rule.rests.is_empty()).then(|| compiler.program("rests", &rule.rests)).flatten();
    match (when, compiler.problems) {
        (Some(when), problems) if problems.is_empty() => Ok(Compiled {
            source: source(content, rule),
            uncertain: uncertain(rule),
            rule: rule.clone(),
            each,
            when,
            message,
            suggest,
            rests,
            variables,
        }),
        (_, problems) => Err(problems),
    }
}

/// `QĐ 3192/QĐ-BYT; …`: the numbers of the laws, in their order.
fn source(content: &Content, rule: &Rule) -> String {
    let number = |slug: &String| content.law(slug).map_or(slug.clone(), |law| law.number.clone());
    rule.basis.iter().map(number).collect::<Vec<_>>().join("; ")
}

fn uncertain(rule: &Rule) -> String {
    match (rule.sure, rule.uncertain.as_str()) {
        (Sure::Verified, words) => words.to_owned(),
        (_, "") => "Ngưỡng và lời nhắc ghi theo hiểu biết chung, cần so với bản gốc.".to_owned(),
        (_, words) => words.to_owned(),
    }
}

struct Compiler<'r> {
    rule: &'r Rule,
    names: Vec<String>,
    shapes: Vec<(String, Shape)>,
    focus: Shape,
    problems: Vec<Problem>,
}

impl<'r> Compiler<'r> {
    fn new(rule: &'r Rule) -> Compiler<'r> {
        let patient = shape_of("Patient");
        let (whole, day) = (Shape::of(TypeId::INTEGER), Shape::of(TypeId::DATE));
        let mut compiler = Compiler {
            rule,
            names: KNOWN.iter().map(|name| (*name).to_owned()).collect(),
            shapes: vec![
                ("patient".to_owned(), patient.clone()),
                ("today".to_owned(), day),
                ("ageDays".to_owned(), whole.clone()),
                ("ageMonths".to_owned(), whole.clone()),
                ("ageYears".to_owned(), whole),
            ],
            focus: patient,
            problems: Vec::new(),
        };
        for (name, _) in &rule.tables {
            compiler.know(name, Shape::any());
        }
        let own = rule.records.iter().chain(&rule.variables).map(|named| &named.name);
        for name in own.filter(|name| KNOWN.contains(&name.as_str())) {
            compiler.problems.push(Problem {
                file: rule.path.clone(),
                line: 0,
                text: format!("tên {name} đã có nghĩa riêng"),
            });
        }
        compiler
    }

    fn know(&mut self, name: &str, shape: Shape) {
        self.names.push(name.to_owned());
        self.shapes.push((name.to_owned(), shape));
    }

    fn wrong(&mut self, place: &str, text: String) {
        let line = self.rule.lines.of(place);
        self.problems.push(Problem { file: self.rule.path.clone(), line, text });
    }

    fn program(&mut self, place: &str, source: &str) -> Option<Program> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let options = CompileOptions {
            within: Some(&self.focus),
            variables: Some(&names),
            shapes: &self.shapes,
            ..CompileOptions::default()
        };
        match Program::compile_with(source, &options) {
            Ok(program) => Some(program),
            Err(error) => {
                self.wrong(place, format!("{error}"));
                None
            }
        }
    }

    /// Whether an expression says the same of whatever it is asked: it compiles where there is nothing to ask, and names no variable that
    /// does not. What is in doubt is worked out each time.
    fn is_fixed(&self, source: &str, before: &[Variable]) -> bool {
        let nothing = Shape::of(TypeId::BOOLEAN);
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let options = CompileOptions {
            within: Some(&nothing),
            variables: Some(&names),
            shapes: &self.shapes,
            ..CompileOptions::default()
        };
        let moves = before.iter().filter(|one| !one.is_fixed);
        let mut named = moves.map(|one| format!("%{}", one.name));
        !source.contains("$this")
            && !named.any(|name| source.contains(&name))
            && Program::compile_with(source, &options).is_ok()
    }

    fn words(&mut self, place: &str, text: &str) -> Vec<Piece> {
        let Some(pieces) = cut(text) else {
            self.wrong(place, "{{ chưa đóng bằng }}".to_owned());
            return Vec::new();
        };
        let mut words = Vec::new();
        for (is_path, piece) in pieces {
            match is_path {
                true => words.extend(self.program(place, piece).map(Piece::Path)),
                false => words.push(Piece::Text(piece.to_owned())),
            }
        }
        words
    }

    /// What a search of the record brings; the patient is added to it later.
    fn record(&mut self, at: usize, search: &str) -> Shape {
        let place = format!("record[{at}]");
        let (kind, query) = search.split_once('?').unwrap_or((search, ""));
        if r4().search_parameter(kind, "patient").is_none() {
            self.wrong(&place, format!("không tìm {kind} theo người bệnh được"));
            return Shape::any();
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = pair.split(['=', ':', '.']).next().unwrap_or_default();
            let count = pair.strip_prefix("_count=").map(|count| count.parse::<usize>());
            let fits = match name {
                "patient" | "subject" => false,
                "_count" => {
                    matches!(count, Some(Ok(count)) if (1..=crate::limits::RECORDS_MAX).contains(&count))
                }
                name => CONTROL.contains(&name) || r4().search_parameter(kind, name).is_some(),
            };
            if !fits {
                self.wrong(&place, format!("{pair:?} không dùng được khi tìm {kind}"));
            }
        }
        shape_of(kind)
    }
}

fn shape_of(kind: &str) -> Shape {
    schema().fhir(kind).map_or_else(Shape::any, Shape::of)
}

/// Gravest first.
pub(crate) fn weight(severity: Severity) -> u8 {
    match severity {
        Severity::Stop => 0,
        Severity::Warn => 1,
        Severity::Info => 2,
    }
}
