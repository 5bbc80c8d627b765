//! The expression as it was written, before names get a meaning.

use crate::quantity::Quantity;
use crate::temporal::{Date, DateTime, Time};
use rust_decimal::Decimal;

/// A part of an expression and the byte where it begins.
#[derive(Debug, Clone)]
pub struct Expr {
    pub at: u32,
    /// Levels below this one; bounded by the parser.
    pub height: u32,
    pub kind: ExprKind,
}

#[derive(Debug, Clone)]
pub enum ExprKind {
    Literal(Literal),
    /// `{}`
    Empty,
    /// `%name`
    Variable(String),
    /// `input.what`; without input it begins at the context.
    Invoke {
        input: Option<Box<Expr>>,
        what: Invocation,
    },
    Index(Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Plus(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `input is type`, `input as type`
    Type {
        input: Box<Expr>,
        test: bool,
        name: TypeName,
    },
}

#[derive(Debug, Clone)]
pub enum Invocation {
    Member(String),
    Function(String, Vec<Expr>),
    This,
    Index,
    Total,
}

#[derive(Debug, Clone)]
pub enum Literal {
    Boolean(bool),
    String(String),
    Integer(i32),
    Decimal(Decimal),
    Date(Date),
    DateTime(DateTime),
    Time(Time),
    Quantity(Quantity),
}

/// `Patient`, `FHIR.Patient`, `System.String`, and the byte where it begins.
#[derive(Debug, Clone)]
pub struct TypeName {
    pub at: u32,
    pub namespace: Option<String>,
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Multiply,
    Divide,
    Div,
    Mod,
    Add,
    Subtract,
    Concatenate,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

impl Operator {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Div => "div",
            Operator::Mod => "mod",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Concatenate => "&",
            Operator::Union => "|",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Equivalent => "~",
            Operator::NotEquivalent => "!~",
            Operator::In => "in",
            Operator::Contains => "contains",
            Operator::And => "and",
            Operator::Or => "or",
            Operator::Xor => "xor",
            Operator::Implies => "implies",
        }
    }
}
