//! The values of one search parameter as a condition: what each search type and each modifier makes of them.
//! <https://hl7.org/fhir/R4/search.html#modifiers>

use super::condition::{Condition, Prefix, escaped_split, plain};
use super::query::{Clause, World, bad_value, table_of};
use crate::db::schema;
use crate::index::{self, Parameter, date, quantity, reference, string, token, uri};
use yba_fhir::defs::{SearchType, r4};
use yba_fhir::{DateRange, Kind, Outcome};

/// Most codes that one value may stand for.
const CODES_MAX: usize = 5_000;

/// One parameter as it is asked.
pub struct Asked<'a> {
    pub parameter: &'static Parameter,
    /// As it was written, with its modifier.
    pub name: &'a str,
    pub modifier: Option<&'a str>,
    pub world: &'a dyn World,
}

impl Asked<'_> {
    /// The condition of a parameter; `value` is the whole, `values` are its alternatives.
    pub fn clause(&self, value: &str, values: &[String]) -> Result<Clause, Outcome> {
        let search_type = self.parameter.search_type;
        let (table, code) = (table_of(search_type), self.parameter.code.to_owned());
        let index =
            |table, condition, negated| Clause::Index { table, code: code.clone(), condition, negated };
        match (search_type, self.modifier) {
            (_, Some("missing")) => {
                let missing: bool =
                    value.parse().map_err(|_| bad_value(self.name, value, "true hoặc false"))?;
                Ok(index(table, self.meant(Condition::new("1 = 1", vec![])), missing))
            }
            (SearchType::Token, Some("not")) => {
                Ok(index(table, self.any(values, |one| Ok(self.token(one)))?, true))
            }
            (SearchType::Token, Some(modifier @ ("in" | "not-in"))) => {
                let members = |one: &str| self.codes(self.world.members(&plain(one))?);
                Ok(index(table, self.any(values, members)?, modifier == "not-in"))
            }
            (SearchType::Token, Some(modifier @ ("above" | "below"))) => {
                let related = |one: &str| self.related(one, modifier == "above");
                Ok(index(table, self.any(values, related)?, false))
            }
            (SearchType::Token, Some("of-type")) => {
                let of_type = |one: &str| {
                    let wanted = "dạng hệ-mã-loại|mã-loại|số, ví dụ http://terminology.hl7.org/CodeSystem/v2-0203|MR|123";
                    token::of_type(one).ok_or_else(|| bad_value(self.name, one, wanted))
                };
                Ok(index(index::position(&schema::PAIR), self.any(values, of_type)?, false))
            }
            (SearchType::Reference, Some("identifier")) => {
                let by_identifier = |one: &str| Ok(token::matches(one));
                Ok(index(index::position(&schema::TOKEN), self.any(values, by_identifier)?, false))
            }
            _ => {
                let condition = self.any(values, |one| self.condition(one))?;
                let says_it_all = search_type == SearchType::Reference
                    && self.parameter.only_type().is_some_and(|only| {
                        self.modifier.is_none_or(|kind| kind == only)
                            && values.iter().all(|one| reference::names_record_of(&plain(one), only))
                    });
                Ok(index(table, if says_it_all { condition } else { self.meant(condition) }, false))
            }
        }
    }

    fn any(
        &self,
        values: &[String],
        each: impl Fn(&str) -> Result<Condition, Outcome>,
    ) -> Result<Condition, Outcome> {
        let conditions = values.iter().map(|one| each(one)).collect::<Result<Vec<_>, Outcome>>()?;
        Ok(Condition::any(conditions))
    }

    /// Of references in shared rows, those that the parameter means.
    fn meant(&self, condition: Condition) -> Condition {
        match self.parameter.only_type() {
            Some(only) => condition.and(reference::of_type(only)),
            None => condition,
        }
    }

    /// The condition of one value, by the type of the parameter and its modifier.
    fn condition(&self, value: &str) -> Result<Condition, Outcome> {
        let (name, modifier) = (self.name, self.modifier);
        match (self.parameter.search_type, modifier) {
            (SearchType::Token, None) => Ok(self.token(value)),
            (SearchType::String, None) => Ok(string::starts_with(value)),
            (SearchType::String, Some("exact")) => Ok(string::exact(&plain(value))),
            (SearchType::String, Some("contains")) => Ok(string::contains(&plain(value))),
            (SearchType::Uri, None) => Ok(uri::matches(&plain(value))),
            (SearchType::Uri, Some("below")) => Ok(uri::below(&plain(value))),
            (SearchType::Uri, Some("above")) => Ok(uri::above(&plain(value))),
            (SearchType::Reference, None) => match self.parameter.only_type() {
                Some(only) => Ok(self.reference(value, &[only.to_owned()])),
                None => Ok(self.reference(value, &self.parameter.targets)),
            },
            (SearchType::Reference, Some(kind)) if r4().is_resource(kind) => {
                Ok(self.reference(value, &[kind.to_owned()]))
            }
            (SearchType::Date, None) => {
                let (prefix, rest) = Prefix::split(value);
                let asked = DateRange::parse(rest).ok_or_else(|| bad_date(name, value))?;
                Ok(date::matches(prefix, asked))
            }
            (SearchType::Number | SearchType::Quantity, None) => {
                let wanted = "một số, ví dụ gt5.4 hoặc 5.4||mg";
                quantity::matches(value, &|| self.world.units()).ok_or_else(|| bad_value(name, value, wanted))
            }
            (_, Some(modifier)) => Err(bad_modifier(name, modifier)),
            (SearchType::Composite | SearchType::Special, None) => {
                Err(bad_value(name, value, "một giá trị được hỗ trợ"))
            }
        }
    }

    /// A token; the system of an element that is a bare code is the one that its list has. Strings are found whatever
    /// their case. <https://hl7.org/fhir/R4/search.html#token>
    fn token(&self, value: &str) -> Condition {
        if self.parameter.any_case {
            return token::matches(&value.to_lowercase());
        }
        let parts = escaped_split(value, '|');
        match (parts.as_slice(), &self.parameter.code_system) {
            ([system, code], Some(implied)) if system == implied && !code.is_empty() => token::matches(code),
            ([system, _], Some(implied)) if system == implied => Condition::new("1 = 1", vec![]),
            _ => token::matches(value),
        }
    }

    /// A reference; one to a record of this server may be written with the server's address.
    fn reference(&self, value: &str, types: &[String]) -> Condition {
        reference::matches(&plain(value), types, self.world.base())
    }

    /// The codes above or below `system|code`.
    fn related(&self, value: &str, above: bool) -> Result<Condition, Outcome> {
        let parts: Vec<String> = escaped_split(value, '|').iter().map(|part| plain(part)).collect();
        let (system, code) = match (parts.as_slice(), &self.parameter.code_system) {
            ([system, code], _) if !system.is_empty() && !code.is_empty() => (system, code),
            ([code], Some(implied)) => (implied, code),
            _ => return Err(bad_value(self.name, value, "dạng hệ mã|mã")),
        };
        self.codes(self.world.related(system, code, above)?)
    }

    /// One of these codes.
    fn codes(&self, codes: Vec<(String, String)>) -> Result<Condition, Outcome> {
        if codes.len() > CODES_MAX {
            let name = self.name;
            let text =
                format!("Tham số “{name}” gồm {} mã, quá {CODES_MAX}. Hãy chọn nhóm hẹp hơn.", codes.len());
            let detail = format!("{name} stands for {} codes, at most {CODES_MAX} are searched", codes.len());
            return Err(Outcome::new(Kind::TooMany, "search-too-many-values", text, detail).at(name));
        }
        Ok(token::one_of(codes, self.parameter.code_system.as_deref()))
    }
}

pub fn bad_modifier(name: &str, modifier: &str) -> Outcome {
    let text = format!("Tham số “{name}”: máy chủ này không hỗ trợ bổ nghĩa “:{modifier}” ở đây.");
    let detail = format!("modifier :{modifier} is not supported for {name}");
    Outcome::invalid("search-modifier", text, detail).at(name.to_owned())
}

pub fn bad_date(name: &str, value: &str) -> Outcome {
    bad_value(name, value, "một ngày có thật như 2026-03-02, có thể thêm tiền tố ge, le, gt, lt")
}
