//! Functions on strings; places and lengths count code points. <http://hl7.org/fhirpath/N1/#string-manipulation>

use super::{Machine, Run, encoding, seen};
use crate::error::Fault;
use crate::functions::Function;
use crate::op::{Call, Op};
use crate::value::Item;
use regex::{Regex, RegexBuilder};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;

/// Most memory of a compiled regular expression; matching is linear in the text in any case.
const REGEX_BYTES: usize = 1 << 20;

/// Patterns that are made while an expression runs (`'^(' + %codes.join('|') + ')'`) are mostly the same ones again: a thread keeps so many of
/// them, those that are small when compiled.
const KEPT_MAX: usize = 64;
const KEPT_PATTERN_BYTES: usize = 1 << 10;
const KEPT_BYTES: usize = 128 << 10;

thread_local! {
    static KEPT: RefCell<HashMap<(bool, String), Rc<Regex>>> = RefCell::default();
}

/// A pattern that was compiled with the program, or while it runs.
enum Pattern<'a> {
    Literal(&'a Regex),
    Made(Rc<Regex>),
}

impl Deref for Pattern<'_> {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        match self {
            Pattern::Literal(regex) => regex,
            Pattern::Made(regex) => regex,
        }
    }
}

/// The pattern, if this thread has it.
fn kept(pattern: &str, whole: bool) -> Option<Rc<Regex>> {
    KEPT.with_borrow(|kept| kept.get(&(whole, pattern.to_owned())).cloned())
}

/// Compiles a pattern that is not kept, and keeps it if it is small.
fn made(pattern: &str, whole: bool) -> Result<Rc<Regex>, String> {
    if pattern.len() <= KEPT_PATTERN_BYTES
        && let Ok(small) = compiled(pattern, whole, KEPT_BYTES)
    {
        let small = Rc::new(small);
        KEPT.with_borrow_mut(|kept| {
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            kept.insert((whole, pattern.to_owned()), small.clone());
        });
        return Ok(small);
    }
    regex(pattern, whole).map(Rc::new)
}

/// Compiles a pattern: case-sensitive, `.` matches line ends too ("single line" mode). With `whole`, the pattern must
/// match all of the text.
pub(crate) fn regex(pattern: &str, whole: bool) -> Result<Regex, String> {
    compiled(pattern, whole, REGEX_BYTES)
}

fn compiled(pattern: &str, whole: bool, bytes: usize) -> Result<Regex, String> {
    let full;
    let pattern = if whole {
        full = format!("^(?:{pattern})$");
        &full
    } else {
        pattern
    };
    let mut builder = RegexBuilder::new(pattern);
    builder.dot_matches_new_line(true).size_limit(bytes).dfa_size_limit(bytes).nest_limit(64);
    builder.build().map_err(|error| error.to_string())
}

/// What to say of a pattern that cannot be used.
pub(crate) fn bad_regex(at: u32, reason: &str) -> Fault {
    let first = reason.lines().last().unwrap_or(reason).trim().trim_start_matches("error: ");
    Fault::new(
        "fhirpath-regex",
        at,
        format!("biểu thức chính quy không dùng được: {first}"),
        format!("the regular expression cannot be used: {first}"),
    )
}

impl<'a> Machine<'a, '_> {
    /// The text above `start`: `None` when there is none.
    fn text(&mut self, start: usize) -> Run<Option<Cow<'a, str>>> {
        let item = self.one(start)?;
        self.as_text(item)
    }

    fn as_text(&mut self, item: Option<Item<'a>>) -> Run<Option<Cow<'a, str>>> {
        let Some(item) = item else { return Ok(None) };
        match seen(&item).into_owned() {
            Item::String(text) => {
                self.spend(text.len() as u64 / 64)?;
                Ok(Some(text))
            }
            // A primitive that has only extensions has no text.
            Item::Node(node) if node.primitive().is_some() && node.value.is_none() => Ok(None),
            other => Err(self.wrong_type(("chuỗi", "a String"), &other)),
        }
    }

    fn text_argument(&mut self, op: &'a Op) -> Run<Option<Cow<'a, str>>> {
        let item = self.single(op)?;
        self.as_text(item)
    }

    pub(super) fn string(&mut self, start: usize, call: &'a Call) -> Run {
        use Function as F;
        let Some(text) = self.text(start)? else { return Ok(()) };
        match call.function {
            F::Upper => self.push_text(text.to_uppercase()),
            F::Lower => self.push_text(text.to_lowercase()),
            F::Length => self.push(Item::Integer(text.chars().count() as i32)),
            F::Trim => self.push_text(text.trim_matches([' ', '\t', '\r', '\n']).to_owned()),
            F::ToChars => text.chars().try_for_each(|c| self.push_text(c.to_string())),
            F::Substring => self.substring(&text, &call.arguments),
            F::Matches | F::MatchesFull => self.matches(&text, call),
            F::Replace | F::ReplaceMatches => self.replace(&text, call),
            _ => {
                let argument = self.text_argument(&call.arguments[0])?;
                self.at = call.at;
                let Some(argument) = argument else { return Ok(()) };
                self.with_text(&text, call.function, &argument)
            }
        }
    }

    /// Functions of one more text.
    fn with_text(&mut self, text: &str, function: Function, other: &str) -> Run {
        use Function as F;
        match function {
            F::StartsWith => self.push(Item::Boolean(text.starts_with(other))),
            F::EndsWith => self.push(Item::Boolean(text.ends_with(other))),
            F::Contains => self.push(Item::Boolean(text.contains(other))),
            F::IndexOf => self.push(Item::Integer(place(text, text.find(other)))),
            F::LastIndexOf => self.push(Item::Integer(place(text, text.rfind(other)))),
            F::Split if other.is_empty() => text.chars().try_for_each(|c| self.push_text(c.to_string())),
            F::Split => text.split(other).try_for_each(|part| self.push_text(part.to_owned())),
            _ => {
                let result = match function {
                    F::Encode => encoding::encode(text, other),
                    F::Decode => encoding::decode(text, other),
                    F::Escape => encoding::escape(text, other),
                    _ => encoding::unescape(text, other),
                };
                result.map_or(Ok(()), |text| self.push_text(text))
            }
        }
    }

    fn substring(&mut self, text: &str, arguments: &'a [Op]) -> Run {
        let Some(from) = self.integer(&arguments[0])? else { return Ok(()) };
        let length = match arguments.get(1) {
            Some(length) => self.integer(length)?,
            None => None,
        };
        let Ok(from) = usize::try_from(from) else { return Ok(()) };
        let Some((begin, _)) = text.char_indices().nth(from) else { return Ok(()) };
        let rest = &text[begin..];
        let length = length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(0));
        let end = rest.char_indices().nth(length).map_or(rest.len(), |(end, _)| end);
        self.push_text(rest[..end].to_owned())
    }

    /// The pattern of a call: compiled with the program when it is a literal, else now.
    fn pattern(&mut self, call: &'a Call) -> Run<Option<Pattern<'a>>> {
        if let Some(regex) = &call.regex {
            return Ok(Some(Pattern::Literal(regex)));
        }
        let pattern = self.text_argument(&call.arguments[0])?;
        self.at = call.at;
        let Some(pattern) = pattern else { return Ok(None) };
        let whole = call.function == Function::MatchesFull;
        if let Some(regex) = kept(&pattern, whole) {
            self.spend(1 + pattern.len() as u64 / 64)?;
            return Ok(Some(Pattern::Made(regex)));
        }
        self.spend(100 + pattern.len() as u64)?;
        match made(&pattern, whole) {
            Ok(regex) => Ok(Some(Pattern::Made(regex))),
            Err(reason) => Err(bad_regex(self.at, &reason)),
        }
    }

    fn matches(&mut self, text: &str, call: &'a Call) -> Run {
        let Some(regex) = self.pattern(call)? else { return Ok(()) };
        self.spend(text.len() as u64 / 16)?;
        self.push(Item::Boolean(regex.is_match(text)))
    }

    fn replace(&mut self, text: &str, call: &'a Call) -> Run {
        if call.function == Function::ReplaceMatches {
            let regex = self.pattern(call)?;
            let substitution = self.text_argument(&call.arguments[1])?;
            self.at = call.at;
            let (Some(regex), Some(substitution)) = (regex, substitution) else { return Ok(()) };
            self.spend(text.len() as u64 / 16)?;
            // A pattern that matches nothing in particular replaces nothing.
            if regex.as_str().is_empty() {
                return self.push_text(text.to_owned());
            }
            self.room_for(text.len(), regex.find_iter(text).count(), substitution.len() + text.len())?;
            return self.push_text(regex.replace_all(text, &*substitution).into_owned());
        }
        let pattern = self.text_argument(&call.arguments[0])?;
        let substitution = self.text_argument(&call.arguments[1])?;
        self.at = call.at;
        let (Some(pattern), Some(substitution)) = (pattern, substitution) else { return Ok(()) };
        let found = if pattern.is_empty() { text.len() + 1 } else { text.matches(&*pattern).count() };
        self.room_for(text.len(), found, substitution.len())?;
        self.push_text(text.replace(&*pattern, &substitution))
    }

    /// Refuses before a text is made that would be too long.
    fn room_for(&self, text: usize, times: usize, each: usize) -> Run {
        let most = text.saturating_add(times.saturating_mul(each));
        // A substitution may name groups, so this is only an upper bound; it is far above what rules need.
        if most > self.environment.limits.text.saturating_mul(16) {
            return Err(self.limit("độ dài chuỗi", "text"));
        }
        Ok(())
    }

    /// `join`: all items are strings.
    pub(super) fn join(&mut self, start: usize, call: &'a Call) -> Run {
        let separator = match call.arguments.first() {
            Some(op) => self.text_argument(op)?.unwrap_or_default(),
            None => Cow::Borrowed(""),
        };
        self.at = call.at;
        if self.stack.len() == start {
            return Ok(());
        }
        let mut text = String::new();
        for position in start..self.stack.len() {
            let item = self.stack[position].clone();
            let Some(part) = self.as_text(Some(item))? else { continue };
            if position > start {
                text.push_str(&separator);
            }
            text.push_str(&part);
            if text.len() > self.environment.limits.text {
                return Err(self.limit("độ dài chuỗi", "text"));
            }
        }
        self.stack.truncate(start);
        self.push_text(text)
    }
}

/// A place in bytes as a place in code points; -1 when there is none.
fn place(text: &str, found: Option<usize>) -> i32 {
    found.map_or(-1, |position| text[..position].chars().count() as i32)
}
