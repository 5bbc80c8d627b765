//! A search as a tree: the reference judges the tree, the server is asked its text.

use crate::values::Prefix;

/// `GET [base]/[kind]?…`
#[derive(Clone, Debug)]
pub struct Search {
    pub kind: &'static str,
    pub clauses: Vec<Clause>,
    /// Parameters to sort by, `true` for descending.
    pub sort: Vec<(String, bool)>,
    pub count: Option<usize>,
    pub includes: Vec<Include>,
}

/// `_include` or `_revinclude`.
#[derive(Clone, Debug)]
pub struct Include {
    pub reverse: bool,
    /// `:iterate`: from what was brought along too.
    pub iterate: bool,
    pub kind: &'static str,
    pub param: String,
    pub target: Option<&'static str>,
}

/// One parameter with its values.
#[derive(Clone, Debug)]
pub struct Clause {
    pub path: Vec<Step>,
    pub param: String,
    pub test: Test,
}

/// A step of a chain, to records of `kind`.
#[derive(Clone, Debug)]
pub enum Step {
    Along { param: String, kind: &'static str, named: bool },
    Back { param: String, kind: &'static str },
}

#[derive(Clone, Debug)]
pub enum Test {
    Missing(bool),
    Any(Modifier, Vec<Wanted>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    None,
    Not,
    In,
    NotIn,
    Text,
    OfType,
    Exact,
    Contains,
    Below,
    Above,
    Identifier,
    Type(&'static str),
}

/// One value.
#[derive(Clone, Debug)]
pub enum Wanted {
    Token {
        system: Option<String>,
        code: String,
    },
    /// `system|code|value` of `:of-type`.
    OfType([String; 3]),
    Text(String),
    Date(Prefix, &'static str, String),
    Number(Prefix, &'static str, String),
    Quantity(Prefix, &'static str, String, Option<(String, String)>),
    Pair(Vec<Wanted>),
}

impl Search {
    /// The address of the first page, which tells how many there are.
    pub fn first_page(&self) -> String {
        let address = self.address();
        let join = if address.ends_with('?') { "" } else { "&" };
        format!("{address}{join}_count={}&_total=accurate", self.page_size())
    }

    pub fn page_size(&self) -> usize {
        self.count.unwrap_or(1000)
    }

    /// The path and query, without the paging control.
    pub fn address(&self) -> String {
        let mut pairs: Vec<(String, String)> =
            self.clauses.iter().map(|clause| (clause.name(), clause.value())).collect();
        if !self.sort.is_empty() {
            let keys = self.sort.iter().map(|(key, down)| format!("{}{key}", if *down { "-" } else { "" }));
            pairs.push(("_sort".into(), keys.collect::<Vec<_>>().join(",")));
        }
        for include in &self.includes {
            let name = if include.reverse { "_revinclude" } else { "_include" };
            let name = if include.iterate { format!("{name}:iterate") } else { name.to_owned() };
            let target = include.target.map(|kind| format!(":{kind}")).unwrap_or_default();
            pairs.push((name, format!("{}:{}{target}", include.kind, include.param)));
        }
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        format!("/fhir/{}?{}", self.kind, pairs.join("&"))
    }
}

impl Clause {
    fn name(&self) -> String {
        let mut name = String::new();
        for step in &self.path {
            match step {
                Step::Along { param, kind, named: true } => name += &format!("{param}:{kind}."),
                Step::Along { param, .. } => name += &format!("{param}."),
                Step::Back { param, kind } => name += &format!("_has:{kind}:{param}:"),
            }
        }
        name += &self.param;
        match &self.test {
            Test::Missing(_) => name += ":missing",
            Test::Any(modifier, _) => match modifier {
                Modifier::None => {}
                Modifier::Not => name += ":not",
                Modifier::In => name += ":in",
                Modifier::NotIn => name += ":not-in",
                Modifier::Text => name += ":text",
                Modifier::OfType => name += ":of-type",
                Modifier::Exact => name += ":exact",
                Modifier::Contains => name += ":contains",
                Modifier::Below => name += ":below",
                Modifier::Above => name += ":above",
                Modifier::Identifier => name += ":identifier",
                Modifier::Type(kind) => name += &format!(":{kind}"),
            },
        }
        name
    }

    fn value(&self) -> String {
        match &self.test {
            Test::Missing(is) => is.to_string(),
            Test::Any(_, wanted) => wanted.iter().map(Wanted::text).collect::<Vec<_>>().join(","),
        }
    }
}

impl Wanted {
    fn text(&self) -> String {
        match self {
            Wanted::Token { system: None, code } => escaped(code),
            Wanted::Token { system: Some(system), code } => format!("{}|{}", escaped(system), escaped(code)),
            Wanted::OfType(parts) => parts.iter().map(|part| escaped(part)).collect::<Vec<_>>().join("|"),
            Wanted::Text(text) => escaped(text),
            Wanted::Date(_, prefix, text) | Wanted::Number(_, prefix, text) => format!("{prefix}{text}"),
            Wanted::Quantity(_, prefix, text, None) => format!("{prefix}{text}"),
            Wanted::Quantity(_, prefix, text, Some((system, code))) => {
                format!("{prefix}{text}|{}|{}", escaped(system), escaped(code))
            }
            Wanted::Pair(parts) => parts.iter().map(Wanted::text).collect::<Vec<_>>().join("$"),
        }
    }
}

/// <https://hl7.org/fhir/R4/search.html#escaping>
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if matches!(letter, '\\' | ',' | '|' | '$') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/|,$".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect::<String>()
        .replace('|', "%7C")
}
