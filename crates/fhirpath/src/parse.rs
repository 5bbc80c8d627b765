//! Tokens to an expression tree, by precedence climbing. Specification: <http://hl7.org/fhirpath/N1/grammar.html> and
//! its table of operator precedence.

use crate::ast::{Expr, ExprKind, Invocation, Literal, Operator, TypeName};
use crate::error::Fault;
use crate::lex::{Kind, Token, tokens};
use crate::quantity::{Quantity, Unit};
use crate::temporal::{Date, DateTime, Time};
use rust_decimal::Decimal;

/// Longest expression, in bytes.
pub const MAX_TEXT: usize = 64 << 10;

/// Most levels of an expression tree; evaluation recurses once for each.
pub const MAX_HEIGHT: u32 = 160;

/// Parses a whole expression. Refuses with key `fhirpath-syntax` or `fhirpath-size`.
pub fn parse(source: &str) -> Result<Expr, Fault> {
    if source.len() > MAX_TEXT {
        return Err(Fault::new(
            "fhirpath-size",
            0,
            format!("biểu thức dài {} byte, quá mức {MAX_TEXT}", source.len()),
            format!("the expression has {} bytes, more than {MAX_TEXT}", source.len()),
        ));
    }
    let mut parser = Parser { tokens: tokens(source)?, next: 0, depth: 0 };
    let expr = parser.expression(0)?;
    match parser.peek() {
        Kind::End => Ok(expr),
        found => {
            Err(parser.unexpected(&found.clone(), "một toán tử hoặc hết biểu thức", "an operator or the end"))
        }
    }
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
    depth: u32,
}

/// How an operator binds; a higher power binds tighter. All associate to the left.
enum Infix {
    Binary(Operator),
    Type { test: bool },
}

const UNARY_POWER: u8 = 11;

fn infix(kind: &Kind) -> Option<(u8, Infix)> {
    use Operator::*;
    let word = match kind {
        Kind::Word(word) => *word,
        Kind::Symbol(symbol) => symbol,
        _ => return None,
    };
    let (power, operator) = match word {
        "implies" => (1, Implies),
        "or" => (2, Or),
        "xor" => (2, Xor),
        "and" => (3, And),
        "in" => (4, In),
        "contains" => (4, Contains),
        "=" => (5, Equal),
        "!=" => (5, NotEqual),
        "~" => (5, Equivalent),
        "!~" => (5, NotEquivalent),
        "<" => (6, Less),
        "<=" => (6, LessOrEqual),
        ">" => (6, Greater),
        ">=" => (6, GreaterOrEqual),
        "|" => (7, Union),
        "is" => return Some((8, Infix::Type { test: true })),
        "as" => return Some((8, Infix::Type { test: false })),
        "+" => (9, Add),
        "-" => (9, Subtract),
        "&" => (9, Concatenate),
        "*" => (10, Multiply),
        "/" => (10, Divide),
        "div" => (10, Div),
        "mod" => (10, Mod),
        _ => return None,
    };
    Some((power, Infix::Binary(operator)))
}

impl<'a> Parser<'a> {
    fn peek(&self) -> &Kind<'a> {
        &self.tokens[self.next].kind
    }

    fn at(&self) -> u32 {
        self.tokens[self.next].at
    }

    fn advance(&mut self) -> Kind<'a> {
        let kind = self.peek().clone();
        if self.next + 1 < self.tokens.len() {
            self.next += 1;
        }
        kind
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Kind::Symbol(found) if *found == symbol);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), Fault> {
        if self.take(symbol) {
            return Ok(());
        }
        Err(self.unexpected(&self.peek().clone(), &format!("“{symbol}”"), &format!("\"{symbol}\"")))
    }

    fn unexpected(&self, found: &Kind, vi: &str, en: &str) -> Fault {
        let (found_vi, found_en) = describe(found);
        Fault::new(
            "fhirpath-syntax",
            self.at(),
            format!("gặp {found_vi}, ở đây cần {vi}"),
            format!("unexpected {found_en}; expected {en}"),
        )
    }

    fn node(&self, at: u32, kind: ExprKind) -> Result<Expr, Fault> {
        let height = 1 + children(&kind).map(|child| child.height).max().unwrap_or(0);
        if height > MAX_HEIGHT {
            return Err(too_deep(at));
        }
        Ok(Expr { at, height, kind })
    }

    fn expression(&mut self, least: u8) -> Result<Expr, Fault> {
        self.depth += 1;
        if self.depth > MAX_HEIGHT {
            return Err(too_deep(self.at()));
        }
        let mut left = self.prefix()?;
        while let Some((power, infix)) = infix(self.peek()) {
            if power < least {
                break;
            }
            let at = self.at();
            self.advance();
            let kind = match infix {
                Infix::Binary(operator) => {
                    let right = self.expression(power + 1)?;
                    ExprKind::Binary(operator, Box::new(left), Box::new(right))
                }
                Infix::Type { test } => {
                    ExprKind::Type { input: Box::new(left), test, name: self.type_name()? }
                }
            };
            left = self.node(at, kind)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Result<Expr, Fault> {
        let at = self.at();
        if self.take("-") {
            let inner = self.expression(UNARY_POWER)?;
            return self.node(at, ExprKind::Negate(Box::new(inner)));
        }
        if self.take("+") {
            let inner = self.expression(UNARY_POWER)?;
            return self.node(at, ExprKind::Plus(Box::new(inner)));
        }
        let mut expr = self.term()?;
        loop {
            let at = self.at();
            let kind = if self.take(".") {
                ExprKind::Invoke { input: Some(Box::new(expr)), what: self.invocation()? }
            } else if self.take("[") {
                let index = self.expression(0)?;
                self.expect("]")?;
                ExprKind::Index(Box::new(expr), Box::new(index))
            } else {
                return Ok(expr);
            };
            let at = if matches!(kind, ExprKind::Invoke { .. }) { at + 1 } else { at };
            expr = self.node(at, kind)?;
        }
    }

    fn term(&mut self) -> Result<Expr, Fault> {
        let at = self.at();
        let kind = match self.peek().clone() {
            Kind::Word("true") => self.literal(Literal::Boolean(true)),
            Kind::Word("false") => self.literal(Literal::Boolean(false)),
            Kind::String(text) => self.literal(Literal::String(text)),
            Kind::Number(text) => self.number(text)?,
            Kind::Moment(text) => {
                let moment = moment(text, at)?;
                self.literal(moment)
            }
            Kind::Variable(name) => {
                self.advance();
                ExprKind::Variable(name)
            }
            Kind::Symbol("(") => {
                self.advance();
                let inner = self.expression(0)?;
                self.expect(")")?;
                return Ok(inner);
            }
            Kind::Symbol("{") => {
                self.advance();
                self.expect("}")?;
                ExprKind::Empty
            }
            _ => ExprKind::Invoke { input: None, what: self.invocation()? },
        };
        self.node(at, kind)
    }

    fn literal(&mut self, literal: Literal) -> ExprKind {
        self.advance();
        ExprKind::Literal(literal)
    }

    fn number(&mut self, text: &str) -> Result<ExprKind, Fault> {
        let at = self.at();
        self.advance();
        let decimal = Decimal::from_str_exact(text).map_err(|_| too_large(at, text))?;
        let unit = match self.peek() {
            Kind::String(code) => Some(Unit::named(code)),
            Kind::Word(word) => Unit::calendar(word),
            _ => None,
        };
        if let Some(unit) = unit {
            return Ok(self.literal(Literal::Quantity(Quantity { value: decimal, unit })));
        }
        let literal = if text.contains('.') {
            Literal::Decimal(decimal)
        } else {
            // The minus sign is an operator, so -2147483648 is written (-2147483647 - 1).
            Literal::Integer(text.parse().map_err(|_| too_large(at, text))?)
        };
        Ok(ExprKind::Literal(literal))
    }

    fn invocation(&mut self) -> Result<Invocation, Fault> {
        let found = self.peek().clone();
        let name = match found {
            Kind::Dollar("this") => {
                self.advance();
                return Ok(Invocation::This);
            }
            Kind::Dollar("index") => {
                self.advance();
                return Ok(Invocation::Index);
            }
            Kind::Dollar(_) => {
                self.advance();
                return Ok(Invocation::Total);
            }
            Kind::Word(word) if is_identifier(word) => word.to_owned(),
            Kind::Delimited(name) => name,
            other => {
                return Err(self.unexpected(
                    &other,
                    "một tên, một giá trị hoặc “(”",
                    "a name, a value or \"(\"",
                ));
            }
        };
        self.advance();
        if !self.take("(") {
            return Ok(Invocation::Member(name));
        }
        let mut arguments = Vec::new();
        if !self.take(")") {
            loop {
                arguments.push(self.expression(0)?);
                if self.take(")") {
                    break;
                }
                if !self.take(",") {
                    return Err(self.unexpected(&self.peek().clone(), "“,” hoặc “)”", "\",\" or \")\""));
                }
            }
        }
        Ok(Invocation::Function(name, arguments))
    }

    fn type_name(&mut self) -> Result<TypeName, Fault> {
        let at = self.at();
        let first = self.type_word()?;
        if !self.take(".") {
            return Ok(TypeName { at, namespace: None, name: first });
        }
        let name = self.type_word()?;
        Ok(TypeName { at, namespace: Some(first), name })
    }

    fn type_word(&mut self) -> Result<String, Fault> {
        let word = match self.peek() {
            Kind::Word(word) if is_identifier(word) => (*word).to_owned(),
            Kind::Delimited(name) => name.clone(),
            other => {
                return Err(self.unexpected(&other.clone(), "tên một kiểu, ví dụ Quantity", "a type name"));
            }
        };
        self.advance();
        Ok(word)
    }
}

/// The parts directly below.
pub fn children(kind: &ExprKind) -> impl Iterator<Item = &Expr> {
    let (first, second, rest): (Option<&Expr>, Option<&Expr>, &[Expr]) = match kind {
        ExprKind::Literal(_) | ExprKind::Empty | ExprKind::Variable(_) => (None, None, &[]),
        ExprKind::Invoke { input, what } => match what {
            Invocation::Function(_, arguments) => (input.as_deref(), None, arguments),
            _ => (input.as_deref(), None, &[]),
        },
        ExprKind::Index(input, index) => (Some(input), Some(index), &[]),
        ExprKind::Negate(input) | ExprKind::Plus(input) | ExprKind::Type { input, .. } => {
            (Some(input), None, &[])
        }
        ExprKind::Binary(_, left, right) => (Some(left), Some(right), &[]),
    };
    first.into_iter().chain(second).chain(rest)
}

/// Keywords cannot be names unless they stand in backticks; four of them can (grammar, rule `identifier`).
fn is_identifier(word: &str) -> bool {
    !matches!(word, "and" | "or" | "xor" | "implies" | "div" | "mod" | "true" | "false")
}

fn moment(text: &str, at: u32) -> Result<Literal, Fault> {
    let literal = if let Some(time) = text.strip_prefix('T') {
        Time::parse(time).map(Literal::Time)
    } else if text.contains('T') {
        DateTime::parse(text).map(Literal::DateTime)
    } else {
        Date::parse(text).map(Literal::Date)
    };
    literal.ok_or_else(|| {
        Fault::new(
            "fhirpath-syntax",
            at,
            format!("@{text} không phải ngày giờ có thật"),
            format!("@{text} is no real date or time"),
        )
    })
}

fn too_large(at: u32, text: &str) -> Fault {
    Fault::new(
        "fhirpath-syntax",
        at,
        format!("số {text} vượt quá phạm vi"),
        format!("the number {text} is out of range"),
    )
}

fn too_deep(at: u32) -> Fault {
    Fault::new(
        "fhirpath-size",
        at,
        format!("biểu thức lồng nhau quá {MAX_HEIGHT} mức"),
        format!("the expression nests deeper than {MAX_HEIGHT} levels"),
    )
}

fn describe(kind: &Kind) -> (String, String) {
    match kind {
        Kind::Word(word) | Kind::Dollar(word) | Kind::Number(word) | Kind::Moment(word) => {
            (format!("“{word}”"), format!("\"{word}\""))
        }
        Kind::Delimited(name) | Kind::Variable(name) => (format!("“{name}”"), format!("\"{name}\"")),
        Kind::String(_) => ("một chuỗi".into(), "a string".into()),
        Kind::Symbol(symbol) => (format!("“{symbol}”"), format!("\"{symbol}\"")),
        Kind::End => ("cuối biểu thức".into(), "the end of the expression".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree with a bracket around every operator.
    fn shape(expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Binary(operator, left, right) => {
                format!("({} {} {})", shape(left), operator.symbol(), shape(right))
            }
            ExprKind::Negate(inner) => format!("-{}", shape(inner)),
            ExprKind::Type { input, test, name } => {
                format!("({} {} {})", shape(input), if *test { "is" } else { "as" }, name.name)
            }
            ExprKind::Literal(Literal::Integer(value)) => value.to_string(),
            ExprKind::Literal(Literal::Quantity(value)) => value.to_string(),
            ExprKind::Invoke { input: None, what: Invocation::Member(name) } => name.clone(),
            ExprKind::Invoke { input: Some(input), what: Invocation::Member(name) } => {
                format!("{}.{name}", shape(input))
            }
            ExprKind::Invoke { input: Some(input), what: Invocation::Function(name, arguments) } => {
                let arguments: Vec<String> = arguments.iter().map(shape).collect();
                format!("{}.{name}({})", shape(input), arguments.join(","))
            }
            ExprKind::Index(input, index) => format!("{}[{}]", shape(input), shape(index)),
            other => format!("{other:?}"),
        }
    }

    fn check(source: &str, expected: &str) {
        assert_eq!(shape(&parse(source).unwrap()), expected, "{source}");
    }

    #[test]
    fn operators_bind_as_the_precedence_table_says() {
        check("a implies b or c and d", "(a implies (b or (c and d)))");
        check("a or b xor c", "((a or b) xor c)");
        check("a and b in c", "(a and (b in c))");
        check("a in b = c", "(a in (b = c))");
        check("a = b < c", "(a = (b < c))");
        check("a < b | c", "(a < (b | c))");
        check("a | b is C", "(a | (b is C))");
        check("a is C | b", "((a is C) | b)");
        check("a + b as C", "((a + b) as C)");
        check("a + b * c - d", "((a + (b * c)) - d)");
        check("-a * b", "(-a * b)");
        check("-7.combine(3)", "-7.combine(3)");
        check("a.b[0].c(d, e)", "a.b[0].c(d,e)");
        check("(a or b) and c", "((a or b) and c)");
        check("a & b mod 4 days", "(a & (b mod 4 day))");
    }

    #[test]
    fn four_keywords_may_be_names_and_the_others_only_in_backticks() {
        check("a.contains.is.as.in", "a.contains.is.as.in");
        check("contains contains in", "(contains contains in)");
        check("a.`div`", "a.div");
        assert!(parse("a.div").is_err());
        assert!(parse("and").is_err());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let error = |source: &str| {
            let error = parse(source).unwrap_err().located(source);
            (error.line, error.column, error.diagnostics)
        };
        assert_eq!(error("a +\n  )").0, 2);
        assert_eq!(error("a +\n  )").1, 3);
        assert_eq!(error("a b").2, "unexpected \"b\"; expected an operator or the end");
        assert_eq!(error("a.where(b").2, "unexpected the end of the expression; expected \",\" or \")\"");
        assert!(error("@2015-02-30").2.contains("no real date"));
        assert!(error("2147483648").2.contains("out of range"));
        assert!(error("99999999999999999999999999999999.1").2.contains("out of range"));
    }

    #[test]
    fn nesting_and_length_are_bounded_in_every_direction() {
        let keys = |source: String| parse(&source).map_err(|fault| fault.located(&source).key).err();
        let n = MAX_HEIGHT as usize + 1;
        assert_eq!(keys(format!("{}1{}", "(".repeat(n), ")".repeat(n))), Some("fhirpath-size"));
        assert_eq!(keys("-".repeat(n) + "1"), Some("fhirpath-size"));
        assert_eq!(keys(format!("a{}", ".b".repeat(n))), Some("fhirpath-size"));
        assert_eq!(keys(format!("a{}", " + b".repeat(n))), Some("fhirpath-size"));
        assert_eq!(keys("a.f(".repeat(n)), Some("fhirpath-size"));
        assert_eq!(keys(" ".repeat(MAX_TEXT) + "1"), Some("fhirpath-size"));
        assert_eq!(keys("a | ".repeat(100) + "a"), None, "the long unions of HL7's search parameters fit");
    }
}
