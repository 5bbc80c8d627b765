//! The third-party notices page: a fragment of HTML that the page shell takes in as it is.

use std::fmt::Write as _;

use super::listing::Notice;

/// One package on the page.
pub struct Entry<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its exact version.
    pub version: &'a str,
    /// SPDX expression.
    pub licence: &'a str,
    /// What we use it for, in Vietnamese.
    pub purpose: &'a str,
    /// Who holds the copyright, where there is no text.
    pub copyright: Option<&'a str>,
    /// The licence's text.
    pub text: Option<String>,
}

/// The fragment: one `h1`, a section for each package, the owners' notices.
pub fn compile(entries: &[Entry], notices: &[Notice]) -> String {
    let mut html = String::from(
        "<h1>Thành phần của bên thứ ba</h1>\n\
         <p>Y Bạ dùng các thành phần và dữ liệu sau đây. Mỗi thành phần giữ nguyên giấy phép của tác giả.</p>\n",
    );
    for entry in entries {
        let _ = writeln!(
            html,
            "<section>\n<h2>{} {}</h2>\n<p>{} · Giấy phép {}{}</p>",
            escape(entry.name),
            escape(entry.version),
            escape(&sentence(entry.purpose)),
            escape(entry.licence),
            entry.copyright.map(|holder| format!(" · © {}", escape(holder))).unwrap_or_default()
        );
        if let Some(text) = &entry.text {
            let text = escape(text.trim_end());
            let _ = writeln!(
                html,
                "<details><summary>Nguyên văn giấy phép của {}</summary><pre lang=\"en\">{text}</pre></details>",
                escape(entry.name)
            );
        }
        html.push_str("</section>\n");
    }
    html.push_str("<section>\n<h2>Tiêu chuẩn và danh mục</h2>\n");
    for notice in notices {
        let _ =
            writeln!(html, "<h3>{}</h3>\n<p lang=\"en\">{}</p>", escape(&notice.title), escape(&notice.text));
    }
    html.push_str("</section>\n");
    html
}

/// The text with a capital in front.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_version_licence_and_text_are_shown_and_escaped() {
        let entry = Entry {
            name: "a<b",
            version: "1.0",
            licence: "MIT",
            purpose: "đối chiếu",
            copyright: Some("A & B"),
            text: Some("as \"is\"\n".to_owned()),
        };
        let notice = Notice { title: "LOINC".to_owned(), text: "© Regenstrief".to_owned() };
        let html = compile(&[entry], &[notice]);
        assert!(html.contains("<h2>a&lt;b 1.0</h2>\n<p>Đối chiếu · Giấy phép MIT · © A &amp; B</p>"));
        assert!(html.contains("<pre lang=\"en\">as &quot;is&quot;</pre>"));
        assert!(html.contains("<h3>LOINC</h3>\n<p lang=\"en\">© Regenstrief</p>"));
    }
}
