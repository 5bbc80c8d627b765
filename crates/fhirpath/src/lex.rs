//! Text to tokens. Specification: <http://hl7.org/fhirpath/N1/#lexical-elements> and its grammar.

use crate::error::Fault;
use crate::unescape::unescape;

#[derive(Debug, Clone, PartialEq)]
pub enum Kind<'a> {
    /// A word: identifier or keyword, the parser decides by place.
    Word(&'a str),
    /// An identifier in backticks.
    Delimited(String),
    String(String),
    Number(&'a str),
    /// What follows `@`, e.g. `2012-04`, `2012T`, `T10:30`.
    Moment(&'a str),
    /// `%name`, `` %`name` ``, `%'name'`
    Variable(String),
    /// `$this`, `$index`, `$total`
    Dollar(&'a str),
    Symbol(&'static str),
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Token<'a> {
    pub at: u32,
    pub kind: Kind<'a>,
}

/// Longest symbols first, so that `!=` is not read as `!`.
const SYMBOLS: [&str; 22] = [
    "<=", ">=", "!=", "!~", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "|", "&", "<", ">",
    "=", "~",
];

/// All tokens, the last one [`Kind::End`].
pub fn tokens(source: &str) -> Result<Vec<Token<'_>>, Fault> {
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::with_capacity(source.len() / 4 + 2);
    loop {
        lexer.skip_space_and_comments()?;
        let at = lexer.at as u32;
        let kind = lexer.next_kind()?;
        let end = kind == Kind::End;
        tokens.push(Token { at, kind });
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn skip_space_and_comments(&mut self) -> Result<(), Fault> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find(['\n', '\r']).unwrap_or(trimmed.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                let Some(end) = comment.find("*/") else {
                    return Err(self.fault("chú thích /* chưa đóng bằng */", "unterminated comment"));
                };
                self.at += end + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn fault(&self, text: &str, diagnostics: &str) -> Fault {
        Fault::new("fhirpath-syntax", self.at as u32, text, diagnostics)
    }

    fn next_kind(&mut self) -> Result<Kind<'a>, Fault> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Kind::End) };
        match first {
            'A'..='Z' | 'a'..='z' | '_' => Ok(Kind::Word(self.take_while(is_word))),
            '0'..='9' => Ok(Kind::Number(self.number())),
            '\'' => self.quoted('\'').map(Kind::String),
            '`' => self.quoted('`').map(Kind::Delimited),
            '"' => Err(self.fault(
                "chuỗi phải đặt trong dấu nháy đơn '…', không dùng nháy kép",
                "strings are written in single quotes, not in double quotes",
            )),
            '@' => self.moment(),
            '%' => self.variable(),
            '$' => self.dollar(),
            _ => self.symbol(first),
        }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn number(&mut self) -> &'a str {
        let start = self.at;
        self.take_while(|c| c.is_ascii_digit());
        let mut after = self.rest().chars();
        if after.next() == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        &self.source[start..self.at]
    }

    fn quoted(&mut self, quote: char) -> Result<String, Fault> {
        let rest = &self.rest()[1..];
        let mut escaped = false;
        for (position, c) in rest.char_indices() {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                self.at += position + 2;
                return Ok(unescape(&rest[..position]));
            }
        }
        Err(self.fault(
            &format!("thiếu dấu {quote} đóng"),
            &format!("unterminated text: the closing {quote} is missing"),
        ))
    }

    fn moment(&mut self) -> Result<Kind<'a>, Fault> {
        let rest = &self.rest()[1..];
        let end = moment_length(rest);
        if end == 0 {
            return Err(self.fault(
                "sau @ phải là ngày hoặc giờ, ví dụ @2026-03-02, @2026-03-02T08:00+07:00, @T08:00",
                "a date or time must follow @, e.g. @2026-03-02 or @T08:00",
            ));
        }
        self.at += 1 + end;
        Ok(Kind::Moment(&rest[..end]))
    }

    fn variable(&mut self) -> Result<Kind<'a>, Fault> {
        self.at += 1;
        let name = match self.rest().chars().next() {
            Some(quote @ ('`' | '\'')) => self.quoted(quote)?,
            // Names such as %vs-observation-status and %ext-patient-birthTime are used without quotes too.
            _ => {
                let word = self.take_while(is_word);
                let dashed = (word == "vs" || word == "ext") && self.rest().starts_with('-');
                let tail = if dashed { self.take_while(|c| is_word(c) || c == '-') } else { "" };
                format!("{word}{tail}")
            }
        };
        if name.is_empty() {
            return Err(self.fault(
                "sau % phải là tên biến, ví dụ %context",
                "a variable name must follow %, e.g. %context",
            ));
        }
        Ok(Kind::Variable(name))
    }

    fn dollar(&mut self) -> Result<Kind<'a>, Fault> {
        let start = self.at;
        self.at += 1;
        let word = self.take_while(is_word);
        if matches!(word, "this" | "index" | "total") {
            return Ok(Kind::Dollar(word));
        }
        self.at = start;
        Err(self.fault("chỉ có $this, $index và $total", "only $this, $index and $total exist"))
    }

    fn symbol(&mut self, first: char) -> Result<Kind<'a>, Fault> {
        let rest = self.rest();
        let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) else {
            return Err(self.fault(
                &format!("ký tự “{first}” không có nghĩa ở đây"),
                &format!("unexpected character {first:?}"),
            ));
        };
        self.at += symbol.len();
        Ok(Kind::Symbol(symbol))
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// How many bytes at the start of `rest` belong to a date, a date and time, or a time.
fn moment_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digit = |position: usize| bytes.get(position).is_some_and(u8::is_ascii_digit);
    let pair = |position: usize| digit(position) && digit(position + 1);
    let mut at = 0;
    if digit(0) {
        if !(pair(0) && pair(2)) {
            return 0;
        }
        at = 4;
        for _ in 0..2 {
            if bytes.get(at) == Some(&b'-') && pair(at + 1) {
                at += 3;
            }
        }
    }
    if bytes.get(at) != Some(&b'T') {
        return at;
    }
    let only_time = at == 0;
    at += 1;
    if !pair(at) {
        return if only_time { 0 } else { at };
    }
    at += 2;
    for _ in 0..2 {
        if bytes.get(at) == Some(&b':') && pair(at + 1) {
            at += 3;
        }
    }
    if bytes.get(at) == Some(&b'.') && digit(at + 1) {
        at += 1;
        while digit(at) {
            at += 1;
        }
    }
    if bytes.get(at) == Some(&b'Z') {
        return at + 1;
    }
    let signed = matches!(bytes.get(at), Some(b'+' | b'-'));
    if signed && pair(at + 1) && bytes.get(at + 3) == Some(&b':') && pair(at + 4) {
        return at + 6;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<Kind<'_>> {
        tokens(source).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn numbers_do_not_swallow_the_dot_of_a_call() {
        assert_eq!(kinds("1.abs"), [Kind::Number("1"), Kind::Symbol("."), Kind::Word("abs"), Kind::End]);
        assert_eq!(kinds("007.50"), [Kind::Number("007.50"), Kind::End]);
    }

    #[test]
    fn moments_take_exactly_their_own_characters() {
        let one = |source| kinds(source)[0].clone();
        assert_eq!(one("@2012-04-15T14:34:28.123+09:00.x"), Kind::Moment("2012-04-15T14:34:28.123+09:00"));
        assert_eq!(one("@2012T"), Kind::Moment("2012T"));
        assert_eq!(one("@T10:30-1"), Kind::Moment("T10:30"));
        assert_eq!(one("@2012-4"), Kind::Moment("2012"));
        assert!(tokens("@20").is_err() && tokens("@T").is_err());
    }

    #[test]
    fn comments_vanish_and_open_ones_are_refused_with_their_place() {
        assert_eq!(kinds("a // b\n + /* c */ d").len(), 4);
        let error = tokens("a\n  /* b").unwrap_err().located("a\n  /* b");
        assert_eq!((error.line, error.column), (2, 3));
    }

    #[test]
    fn variables_may_be_plain_dashed_or_quoted() {
        assert_eq!(kinds("%a-b")[..2], [Kind::Variable("a".into()), Kind::Symbol("-")]);
        assert_eq!(kinds("%vs-a-b")[0], Kind::Variable("vs-a-b".into()));
        assert_eq!(kinds("%`us-zip`")[0], kinds("%'us-zip'")[0]);
    }
}
