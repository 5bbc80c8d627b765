//! How somebody wants pages to look: kept in a cookie of this browser under their account, so that the server writes it into
//! the page and nothing flickers. It holds nothing about anyone and is worth nothing to a thief.

use crate::enter::form;
use crate::site::Site;
use crate::visit::{self, local};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use yba_ui::frame::Look;

/// Where the forms of the account menu post.
pub const LOOK: &str = "/giao-dien";
/// A browser keeps it for a year.
/// The largest form.
pub(crate) const FORM_BYTES_MAX: usize = 8 << 10;
const AGE_S: u32 = 31_536_000;

/// One form sends what it changes.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Typed {
    nen: String,
    hang: String,
    phim: String,
    ve: String,
}

/// The cookie's name; people at one desk each have their own.
fn cookie_name(account: Option<&str>) -> String {
    let letters = account.unwrap_or_default().bytes().filter(u8::is_ascii_alphanumeric).map(char::from);
    format!("yba-nhin-{}", letters.take(64).collect::<String>())
}

/// What the browser sends of it; anything odd is the default.
pub(crate) fn of(headers: &HeaderMap, account: Option<&str>) -> Look {
    let name = cookie_name(account);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|one| one.to_str().ok());
    let value = cookies
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name.as_str())?.strip_prefix('='))
        .unwrap_or_default();
    let says = |word: &str| value.split('.').any(|one| one == word);
    Look { dark: says("toi"), roomy: says("thoang"), letters_off: says("khong-phim") }
}

fn text(look: Look) -> String {
    let words = [(look.dark, "toi"), (look.roomy, "thoang"), (look.letters_off, "khong-phim")];
    words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect::<Vec<_>>().join(".")
}

/// Changes what the form says and goes back.
pub(crate) async fn change(State(site): State<Site>, request: Request) -> Response {
    let (parts, typed) = match form::<Typed>(&site, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let account = visit::account();
    let mut look = of(&parts.headers, account.as_deref());
    for (said, yes, no, flag) in [
        (&typed.nen, "toi", "sang", &mut look.dark),
        (&typed.hang, "thoang", "gon", &mut look.roomy),
        (&typed.phim, "tat", "bat", &mut look.letters_off),
    ] {
        if said == yes || said == no {
            *flag = said == yes;
        }
    }
    let mut response = Redirect::to(local(&typed.ve)).into_response();
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let cookie = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={AGE_S}{secure}",
        cookie_name(account.as_deref()),
        text(look)
    );
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_survives_its_cookie_and_belongs_to_one_account() {
        for at in 0..8 {
            let look = Look { dark: at & 1 > 0, roomy: at & 2 > 0, letters_off: at & 4 > 0 };
            let mut headers = HeaderMap::new();
            let cookie = format!("yba=x; {}={}", cookie_name(Some("a-1; b")), text(look));
            headers.insert(header::COOKIE, HeaderValue::from_str(&cookie).unwrap());
            assert_eq!(of(&headers, Some("a-1; b")), look, "{cookie}");
            assert_eq!(of(&headers, Some("other")), Look::default());
            assert_eq!(of(&headers, None), Look::default());
        }
    }
}
