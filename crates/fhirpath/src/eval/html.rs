//! `htmlChecks`: whether a narrative is well-formed XHTML with only what R4 allows and something to see.
//! <https://hl7.org/fhir/R4/narrative.html#xhtml>

/// Elements of HTML 4 chapters 7 to 11 (without 9.4) and 15, and `a`, `img`.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

const ATTRIBUTES: &[&str] = &[
    "abbr",
    "accesskey",
    "align",
    "alt",
    "axis",
    "bgcolor",
    "border",
    "cellhalign",
    "cellpadding",
    "cellspacing",
    "cellvalign",
    "char",
    "charoff",
    "charset",
    "cite",
    "class",
    "colspan",
    "compact",
    "coords",
    "dir",
    "frame",
    "headers",
    "height",
    "href",
    "hreflang",
    "hspace",
    "id",
    "lang",
    "longdesc",
    "name",
    "nowrap",
    "rel",
    "rev",
    "rowspan",
    "rules",
    "scope",
    "shape",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "tabindex",
    "title",
    "type",
    "valign",
    "value",
    "vspace",
    "width",
    "xml:lang",
    "xmlns",
];

/// Deepest nesting of elements.
const MAX_DEPTH: usize = 256;

/// Whether the text is one `div` that keeps the rules.
pub fn is_safe(text: &str) -> bool {
    check(text.trim()).is_some_and(|has_content| has_content)
}

/// Walks through all tags; `None` at the first thing that is not allowed, else whether there is content.
fn check(text: &str) -> Option<bool> {
    let mut open: Vec<&str> = Vec::new();
    let mut content = false;
    let mut rest = text;
    if !rest.starts_with("<div") {
        return None;
    }
    while !rest.is_empty() {
        let (before, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        if !before.trim().is_empty() {
            // Text stands inside the one div, and every & begins an entity.
            (!open.is_empty() && entities_are_sound(before)).then_some(())?;
            content = true;
        }
        if after.is_empty() {
            break;
        }
        if let Some(comment) = after.strip_prefix("<!--") {
            rest = &comment[comment.find("-->")? + 3..];
            continue;
        }
        let end = end_of_tag(after)?;
        let tag = &after[1..end];
        rest = &after[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            (open.pop()? == name.trim_end()).then_some(())?;
            if open.is_empty() && !rest.is_empty() {
                return None;
            }
            continue;
        }
        let (body, closed) = tag.strip_suffix('/').map_or((tag, false), |body| (body, true));
        let name = body.split([' ', '\t', '\r', '\n']).next()?;
        (ELEMENTS.contains(&name) && attributes_are_allowed(name, &body[name.len()..])).then_some(())?;
        content |= name == "img";
        if !closed {
            open.push(name);
            (open.len() <= MAX_DEPTH).then_some(())?;
        }
    }
    open.is_empty().then_some(content)
}

/// The `>` that ends a tag, not one inside quotes.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (position, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(position),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn attributes_are_allowed(element: &str, text: &str) -> bool {
    let mut rest = text.trim();
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once('=') else { return false };
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return false };
        let Some(length) = after[1..].find(quote) else { return false };
        let value = &after[1..=length];
        if !is_allowed(element, name.trim(), value) {
            return false;
        }
        rest = after[length + 2..].trim_start();
    }
    true
}

fn is_allowed(element: &str, name: &str, value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    let known = ATTRIBUTES.contains(&name);
    let script = value.starts_with("javascript:") || value.starts_with("vbscript:");
    let placed = match name {
        "href" => element == "a",
        "src" => element == "img",
        "xmlns" => value == "http://www.w3.org/1999/xhtml",
        _ => true,
    };
    known && placed && !script && !value.contains('<')
}

fn entities_are_sound(text: &str) -> bool {
    text.split('&').skip(1).all(|after| {
        after.split_once(';').is_some_and(|(name, _)| {
            let number = name.strip_prefix('#').unwrap_or(name);
            !number.is_empty() && name.len() <= 32 && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_narratives_pass() {
        for text in [
            r#"<div xmlns="http://www.w3.org/1999/xhtml">Huyết áp 120/80</div>"#,
            r##"<div xmlns="http://www.w3.org/1999/xhtml"><p class='x' style="color: red">a &lt; b &#160;<br/><a href="#r">b</a></p><!-- c > --></div>"##,
            r##"<div xmlns="http://www.w3.org/1999/xhtml"><table><tr><td colspan="2"><img src="#i" alt="x > y"/></td></tr></table></div>"##,
        ] {
            assert!(is_safe(text), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let div = |inside: &str| format!(r#"<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>"#);
        for inside in [
            "",
            "  ",
            "<p/>",
            "<script>x</script>",
            "<p onclick=\"x()\">a</p>",
            "<p>a",
            "<p>a</b></p>",
            "a & b",
            "<a href=\"javascript:x\">a</a>",
            "<input type=\"text\"/>a",
            "<p class=x>a</p>",
            "<form>a</form>",
            "<p a>b</p>",
            "<object>a</object>",
            "<p href=\"x\">a</p>",
            "a<",
        ] {
            assert!(!is_safe(&div(inside)), "{inside}");
        }
        for text in
            ["", "text", "<p>a</p>", "<div>a</div><div>b</div>", "<div>a</div>b", "<div xmlns=\"x\">a</div>"]
        {
            assert!(!is_safe(text), "{text}");
        }
        assert!(!is_safe(&div(&("<b>".repeat(300) + "a" + &"</b>".repeat(300)))));
    }
}
