//! Bundles, put together from bytes: the bodies of records are JSON already and are spliced in as they are stored.
//! <https://hl7.org/fhir/R4/bundle.html>

use crate::address;
use bytes::Bytes;
use yba_fhir::json;
use yba_store::Version;

/// A bundle under construction.
pub struct Writer {
    bytes: Vec<u8>,
    entries: usize,
}

impl Writer {
    /// Opens a bundle of this type; `capacity` is a guess at the bytes of its entries.
    pub fn new(
        kind: &str,
        total: Option<u64>,
        links: &[(&str, String)],
        moment: Option<&str>,
        capacity: usize,
    ) -> Writer {
        let mut bytes = Vec::with_capacity(capacity + 1024);
        push(&mut bytes, "{\"resourceType\":\"Bundle\"");
        if let Some(moment) = moment {
            push(&mut bytes, ",\"meta\":{\"lastUpdated\":");
            push_string(&mut bytes, moment);
            bytes.push(b'}');
        }
        push(&mut bytes, ",\"type\":");
        push_string(&mut bytes, kind);
        if let Some(total) = total {
            push(&mut bytes, &format!(",\"total\":{total}"));
        }
        for (position, (relation, url)) in links.iter().enumerate() {
            push(&mut bytes, if position == 0 { ",\"link\":[" } else { "," });
            push(&mut bytes, "{\"relation\":");
            push_string(&mut bytes, relation);
            push(&mut bytes, ",\"url\":");
            push_string(&mut bytes, url);
            bytes.push(b'}');
        }
        if !links.is_empty() {
            bytes.push(b']');
        }
        Writer { bytes, entries: 0 }
    }

    /// Opens an entry. An empty list would not be FHIR, so the list begins with its first entry.
    fn open(&mut self) {
        push(&mut self.bytes, if self.entries == 0 { ",\"entry\":[{" } else { ",{" });
        self.entries += 1;
    }

    /// An entry of a search result: a record, or the part of it that is wanted.
    pub fn found(&mut self, base: &str, version: &Version, body: &[u8], mode: &str) {
        self.open();
        push(&mut self.bytes, "\"fullUrl\":");
        push_string(&mut self.bytes, &address::of_record(base, version));
        push(&mut self.bytes, ",\"resource\":");
        self.bytes.extend_from_slice(body);
        push(&mut self.bytes, &format!(",\"search\":{{\"mode\":\"{mode}\"}}}}"));
    }

    /// An entry of a search result: a record, how likely it is the one asked for (0 to 1), and an extension with a code.
    pub fn matched(&mut self, base: &str, version: &Version, score: f64, (url, code): (&str, &str)) {
        self.open();
        push(&mut self.bytes, "\"fullUrl\":");
        push_string(&mut self.bytes, &address::of_record(base, version));
        push(&mut self.bytes, ",\"resource\":");
        self.bytes.extend_from_slice(&version.body);
        push(
            &mut self.bytes,
            &format!(",\"search\":{{\"extension\":[{{\"url\":\"{url}\",\"valueCode\":\"{code}\"}}],"),
        );
        push(&mut self.bytes, &format!("\"mode\":\"match\",\"score\":{:.4}}}}}", score.clamp(0.0, 1.0)));
    }

    /// An entry of a search result: what is to be said about the search.
    pub fn remark(&mut self, outcome: &[u8]) {
        self.open();
        push(&mut self.bytes, "\"resource\":");
        self.bytes.extend_from_slice(outcome);
        push(&mut self.bytes, ",\"search\":{\"mode\":\"outcome\"}}");
    }

    /// An entry of a history. `before` says whether the record was there before this version.
    pub fn past(&mut self, base: &str, version: &Version, before: bool) {
        self.open();
        push(&mut self.bytes, "\"fullUrl\":");
        push_string(&mut self.bytes, &address::of_record(base, version));
        let (method, status) = match (version.deleted, before) {
            (true, _) => ("DELETE", "204 No Content"),
            (false, true) => ("PUT", "200 OK"),
            (false, false) => ("PUT", "201 Created"),
        };
        if !version.deleted {
            push(&mut self.bytes, ",\"resource\":");
            self.bytes.extend_from_slice(&version.body);
        }
        push(&mut self.bytes, ",\"request\":{\"method\":");
        push_string(&mut self.bytes, method);
        push(&mut self.bytes, ",\"url\":");
        push_string(&mut self.bytes, &format!("{}/{}", version.kind, version.id));
        push(&mut self.bytes, "},\"response\":{\"status\":");
        push_string(&mut self.bytes, status);
        push_stamp(&mut self.bytes, version);
        push(&mut self.bytes, "}}");
    }

    /// An entry of an answer to a batch or transaction.
    pub fn answered(&mut self, entry: &Answered<'_>) {
        self.open();
        if let Some(body) = entry.resource {
            if let Some(url) = &entry.full_url {
                push(&mut self.bytes, "\"fullUrl\":");
                push_string(&mut self.bytes, url);
                self.bytes.push(b',');
            }
            push(&mut self.bytes, "\"resource\":");
            self.bytes.extend_from_slice(body);
            self.bytes.push(b',');
        }
        push(&mut self.bytes, "\"response\":{\"status\":");
        push_string(&mut self.bytes, &entry.status);
        if let Some(location) = entry.location {
            push(&mut self.bytes, ",\"location\":");
            push_string(&mut self.bytes, location);
        }
        if let Some(version) = entry.version {
            push_stamp(&mut self.bytes, version);
        }
        if let Some(outcome) = entry.outcome {
            push(&mut self.bytes, ",\"outcome\":");
            self.bytes.extend_from_slice(outcome);
        }
        push(&mut self.bytes, "}}");
    }

    /// The finished bundle.
    pub fn finish(mut self) -> Bytes {
        if self.entries > 0 {
            self.bytes.push(b']');
        }
        self.bytes.push(b'}');
        Bytes::from(self.bytes)
    }
}

/// One entry of an answer to a batch or transaction.
#[derive(Default)]
pub struct Answered<'a> {
    pub full_url: Option<String>,
    pub resource: Option<&'a [u8]>,
    pub status: String,
    pub location: Option<&'a str>,
    pub version: Option<&'a Version>,
    pub outcome: Option<&'a [u8]>,
}

fn push_stamp(bytes: &mut Vec<u8>, version: &Version) {
    push(bytes, ",\"etag\":");
    push_string(bytes, &address::etag(&version.version_id));
    push(bytes, ",\"lastModified\":");
    push_string(bytes, &version.last_updated());
}

fn push(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(text.as_bytes());
}

fn push_string(bytes: &mut Vec<u8>, text: &str) {
    push(bytes, &json::to_string(text).expect("a string always serialises"));
}
