//! Cells that are computed from other cells, by FHIRPath over their numbers.

use crate::condition::{Wrong, mentions, program};
use crate::report::Plan;
use yba_content::Placed;
use yba_fhir::json::Value;
use yba_fhir::{Kind, Outcome};
use yba_fhirpath::{Decimal, Environment, Item, Program};

/// A computed cell.
#[derive(Debug)]
pub(crate) struct Formula {
    program: Program,
    /// The variables that it names, each with its cell.
    pub asks: Vec<(String, usize)>,
    nothing: Value,
}

impl Formula {
    /// Compiles a formula over lines of these names; `cell` says where the number of a line stands.
    pub fn compile(text: &Placed, lines: &[&str], cell: impl Fn(usize) -> usize) -> Result<Plan, Wrong> {
        let program = program(text, lines)?;
        let asked = lines.iter().enumerate().filter(|(_, name)| mentions(&text.text, name));
        let asks = asked.map(|(at, name)| ((*name).to_owned(), cell(at))).collect();
        Ok(Plan::Formula(Formula { program, asks, nothing: Value::default() }))
    }

    /// Its number, from those of all cells; none when it has no value, as a share of nothing has none.
    pub fn value(&self, cells: &[Option<Decimal>]) -> Result<Option<Decimal>, Outcome> {
        let mut environment = Environment::default();
        for (name, cell) in &self.asks {
            let number = cells.get(*cell).copied().flatten();
            environment.variables.push((name.clone(), number.map(Item::Decimal).into_iter().collect()));
        }
        let found = self.program.evaluate(&self.nothing, &environment).map_err(|error| {
            let outcome = Outcome::from(error);
            let said = outcome.issues.first().map_or("", |issue| issue.text.as_str());
            let source = self.program.source();
            let text = format!("Công thức “{source}” trong định nghĩa biểu không tính được: {said}");
            Outcome::new(Kind::Unprocessable, "report-formula", text, format!("{source:?} failed"))
        })?;
        Ok(match found.as_slice() {
            [only] => number(only),
            _ => None,
        })
    }
}

/// What an expression found, when it is a number.
pub(crate) fn number(item: &Item) -> Option<Decimal> {
    match item.to_system() {
        Item::Integer(number) => Some(Decimal::from(number)),
        Item::Decimal(number) => Some(number.normalize()),
        _ => None,
    }
}

/// The computed cells, each after those it asks for; the cell that needs itself when there is one.
pub(crate) fn order(cells: &[Plan]) -> Result<Vec<usize>, usize> {
    // As deep as the longest chain of cells, of which a report has a bounded number.
    fn visit(at: usize, cells: &[Plan], state: &mut [u8], order: &mut Vec<usize>) -> Result<(), usize> {
        let Some(Plan::Formula(formula)) = cells.get(at) else { return Ok(()) };
        match state[at] {
            2 => return Ok(()),
            1 => return Err(at),
            _ => state[at] = 1,
        }
        for (_, other) in &formula.asks {
            visit(*other, cells, state, order)?;
        }
        state[at] = 2;
        order.push(at);
        Ok(())
    }
    let (mut state, mut order) = (vec![0; cells.len()], Vec::new());
    for at in 0..cells.len() {
        visit(at, cells, &mut state, &mut order)?;
    }
    Ok(order)
}
