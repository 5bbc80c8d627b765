//! The page on which somebody lets an app in, drawn.

use crate::words;
use maud::{Markup, html};
use yba_auth::smart::Scopes;
use yba_auth::smart::client::Client;
use yba_ui::form::{Field, Sort, field, hidden};
use yba_ui::{card, state};

/// Somebody whose record the app may be let see.
pub(super) struct Person {
    pub id: String,
    pub name: String,
    pub about: String,
}

/// What the page shows.
pub(super) struct Shown<'a> {
    pub client: &'a Client,
    /// Where the answer goes.
    pub redirect: &'a str,
    pub scopes: &'a Scopes,
    pub people: &'a [Person],
    /// The app was opened from this person's record: there is nothing to choose.
    pub is_chosen: bool,
    /// One person must be known.
    pub needs: bool,
    pub may_search: bool,
    pub looked_for: &'a str,
    /// The question, to come back with the answer.
    pub carried: &'a [(&'a str, &'a str)],
    pub action: &'static str,
}

/// Scheme, host and port of an address.
pub(crate) fn origin(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?']).next().filter(|host| !host.is_empty())?;
    Some(format!("{scheme}://{host}"))
}

pub(super) fn consent(shown: &Shown) -> Markup {
    let name = &shown.client.name;
    let goes_to = origin(shown.redirect).unwrap_or_default();
    let is_ready = !shown.needs || !shown.people.is_empty();
    html! {
        (card::page_title(&format!("Cho «{name}» vào?"), html! { "ứng dụng của bên khác, ở " (goes_to) }, html! {}))
        (card::column(html! {
            @if shown.needs && !shown.is_chosen && shown.may_search { (search(shown)) }
            (card::Card::new("xin-quyen", "Ứng dụng xin những quyền này").padded(html! {
                ul { @for line in words::lines(shown.scopes) { li { (line) } } }
                p .muted { "Ứng dụng không bao giờ thấy nhiều hơn chính bạn được thấy. Mọi lần xem đều vào nhật ký. Quyền hết khi bạn đăng xuất, trừ khi ở trên nói khác." }
                form .form method="post" action=(shown.action) {
                    (carried(shown))
                    @if shown.needs { (people(shown)) }
                    div .acts {
                        @if is_ready { button .btn .main type="submit" name="quyet-dinh" value="cho" { "Cho phép" } " " }
                        button .btn type="submit" name="quyet-dinh" value="khong" formnovalidate { "Từ chối" }
                    }
                }
            }))
        }))
    }
}

fn carried(shown: &Shown) -> Markup {
    html! { @for (name, value) in shown.carried { (hidden(name, value)) } }
}

fn search(shown: &Shown) -> Markup {
    let label = "Họ tên, ngày sinh hoặc số định danh";
    card::Card::new("tim-nguoi", "Hồ sơ của ai?").padded(html! {
        form .form.narrow method="post" action=(shown.action) {
            (carried(shown))
            (field(&Field::new("tim", label, Sort::Text).value(shown.looked_for).first()))
            (card::main_button("Tìm", Some("Enter")))
        }
    })
}

fn people(shown: &Shown) -> Markup {
    let only = shown.people.len() == 1;
    html! {
        @if shown.people.is_empty() {
            @if shown.looked_for.is_empty() && shown.may_search { (state::empty_line("Tìm người bệnh ở trên, rồi chọn.")) }
            @else { (state::empty_line("Không có hồ sơ nào để chọn.")) }
        } @else {
            fieldset {
                legend { "Hồ sơ của" }
                @for person in shown.people {
                    p { label .tick {
                        input type="radio" name="nguoi" value=(person.id) checked[only] required;
                        " " span { b { (person.name) } br; span .muted { (person.about) } }
                    } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (address, is) in [
            ("https://a.vn/x?y", Some("https://a.vn")),
            ("http://127.0.0.1:80?x", Some("http://127.0.0.1:80")),
            ("https://", None),
            ("a.vn", None),
        ] {
            assert_eq!(origin(address).as_deref(), is, "{address}");
        }
    }

    #[test]
    fn names_of_apps_and_people_are_no_markup() {
        let client = Client {
            name: "<script>x</script>".into(),
            redirects: vec!["https://a.vn/".into()],
            ..Client::default()
        };
        let scopes = Scopes::parse("launch/patient patient/*.rs").unwrap();
        let people = [Person { id: "\"><b>".into(), name: "<i>".into(), about: String::new() }];
        let shown = Shown {
            client: &client,
            redirect: "https://a.vn/",
            scopes: &scopes,
            people: &people,
            is_chosen: false,
            needs: true,
            may_search: true,
            looked_for: "\"x",
            carried: &[("state", "\"><script>")],
            action: "/oauth/authorize",
        };
        let text = consent(&shown).into_string();
        assert!(!text.contains("<script>") && !text.contains("<i>") && !text.contains("\"><b>"), "{text}");
        assert!(text.contains("Cho phép") && text.contains("Từ chối"));
        let nobody = consent(&Shown { people: &[], ..shown }).into_string();
        assert!(!nobody.contains("Cho phép") && nobody.contains("Từ chối"));
    }
}
