//! Pairs of a query or a form, each name once. <https://www.rfc-editor.org/rfc/rfc6749#section-3.2>

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use yba_fhir::Outcome;
use yba_store::search::query::decode_pairs;

/// Most pairs.
const PAIRS_MAX: usize = 50;

/// What was sent.
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Refuses more than anybody needs, and a name that comes twice: one reader would take the first and another the last.
    pub fn of(text: &str) -> Result<Pairs, Outcome> {
        let pairs = decode_pairs(text);
        let is_twice =
            |(at, (name, _)): (usize, &(String, String))| pairs[..at].iter().any(|(one, _)| one == name);
        if pairs.len() > PAIRS_MAX || pairs.iter().enumerate().any(is_twice) {
            return Err(invalid("a parameter comes twice, or there are too many"));
        }
        Ok(Pairs(pairs))
    }

    /// Of a body of the sort `application/x-www-form-urlencoded`.
    pub fn of_body(headers: &HeaderMap, body: &Bytes) -> Result<Pairs, Outcome> {
        let sort =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_form = sort
            .split(';')
            .next()
            .is_some_and(|one| one.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        match (is_form, std::str::from_utf8(body)) {
            (true, Ok(text)) => Pairs::of(text),
            _ => Err(invalid("a form is expected")),
        }
    }

    /// The value of a name; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
    }

    /// The same without these names.
    pub fn without(mut self, names: &[&str]) -> Pairs {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// Names and values as they came.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

pub(crate) fn invalid(detail: &str) -> Outcome {
    Outcome::invalid("invalid_request", "Yêu cầu của ứng dụng không đúng.", detail)
}

/// For a value in a query.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_once() {
        let pairs = Pairs::of("a=1&b=x%20y&c=%2B+").unwrap();
        assert_eq!((pairs.get("a"), pairs.get("b"), pairs.get("c"), pairs.get("d")), ("1", "x y", "+ ", ""));
        assert!(Pairs::of("a=1&a=1").is_err());
        let rest = pairs.without(&["a", "x"]);
        assert_eq!(rest.all().collect::<Vec<_>>(), [("b", "x y"), ("c", "+ ")]);
        let many: Vec<String> = (0..=PAIRS_MAX).map(|at| format!("n{at}=")).collect();
        assert!(Pairs::of(&many.join("&")).is_err() && Pairs::of(&many[1..].join("&")).is_ok());
        assert_eq!(encoded("a b/ă"), "a%20b%2F%C4%83");
    }
}
