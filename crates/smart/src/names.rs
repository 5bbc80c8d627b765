//! By which name apps know this node. Audience and issuer are made of it, so it is never what a caller says it is: either
//! the setting, or this very machine.

use crate::Smart;
use axum::http::{HeaderMap, header};
use yba_auth::smart::client::is_loopback;
use yba_fhir::{Kind, Outcome};
use yba_records::gate::apps::Names;

impl Smart {
    /// The names of this node. Refuses when its own address is not set and it was not called as this very machine.
    pub(crate) fn names(&self, headers: &HeaderMap) -> Result<Names, Outcome> {
        if !self.base_url.is_empty() {
            return Ok(Names { base: self.base_url.clone() });
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let fits = host.len() <= 255
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        match fits && is_loopback(host) {
            true => Ok(Names { base: format!("http://{host}") }),
            false => {
                let text =
                    "Máy chủ này chưa khai địa chỉ của mình (mục base-url), nên ứng dụng chưa dùng được.";
                Err(Outcome::new(Kind::Unavailable, "base-url", text, "apps need the setting base-url"))
            }
        }
    }
}
