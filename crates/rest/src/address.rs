//! Addresses: percent-encoding of query pairs, links, version tags.

use yba_fhir::resource::is_id;
use yba_store::Version;

/// `name=value&…`, percent-encoded; what FHIR values often hold (`:`, `,`, `/`) stays readable.
pub fn query(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        encode(&mut text, name);
        text.push('=');
        encode(&mut text, value);
    }
    text
}

/// `[address]?[pairs]`, or the address alone.
pub fn with_query(address: &str, pairs: &[(String, String)]) -> String {
    match pairs.is_empty() {
        true => address.to_owned(),
        false => format!("{address}?{}", query(pairs)),
    }
}

fn encode(text: &mut String, part: &str) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:,/$".contains(&byte) {
            text.push(byte as char);
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// `[base]/Patient/1`.
pub fn of_record(base: &str, version: &Version) -> String {
    [base, "/", &version.kind, "/", &version.id].concat()
}

/// `[base]/Patient/1/_history/2`.
pub fn of_version(base: &str, version: &Version) -> String {
    [base, "/", &version.kind, "/", &version.id, "/_history/", &version.version_id].concat()
}

/// `W/"[version id]"`. <https://hl7.org/fhir/R4/http.html#versioning>
pub fn etag(version_id: &str) -> String {
    ["W/\"", version_id, "\""].concat()
}

/// The version id of one tag: `W/"2"`, `"2"`, and the bare `2` that some clients send.
pub fn version_of_tag(tag: &str) -> Option<&str> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(tag);
    is_id(inner).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_store::search::query::decode_pairs;

    #[test]
    fn pairs_survive_the_way_into_an_address_and_back() {
        let pairs: Vec<(String, String)> = [
            ("name", "Lò Thị & Mẫu=+%"),
            ("identifier", "https://yba.vn/fhir/sid/cccd|0123"),
            ("x:exact", "a,b\\,c"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let text = query(&pairs);
        assert!(text.is_ascii() && !text.contains(' ') && !text.contains('|'), "{text}");
        assert_eq!(decode_pairs(&text), pairs);
    }

    #[test]
    fn tags_are_read_in_the_forms_that_clients_send() {
        for tag in ["W/\"k-2\"", "\"k-2\"", "k-2", " W/\"k-2\" "] {
            assert_eq!(version_of_tag(tag), Some("k-2"), "{tag}");
        }
        for wrong in ["", "*", "W/\"1\", W/\"2\"", "\"", "W/\"a b\"", "\"\""] {
            assert_eq!(version_of_tag(wrong), None, "{wrong}");
        }
    }
}
