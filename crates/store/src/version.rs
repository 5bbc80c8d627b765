//! A version of a record: immutable, and the same on every node it travels to (DESIGN 8).

use crate::clock::Hybrid;
use crate::db::{Bound, Row};
use bytes::Bytes;
use yba_fhir::json::{self, Value};
use yba_fhir::resource::stored_hash;
use yba_fhir::{Outcome, Resource, date};

/// Types of our own that are no FHIR: they live in the log and travel with it, have no index rows and no compartment, and
/// no search, history or export of everything shows them.
pub const INTERNAL_KINDS: [&str; 2] = ["YbaAccount", "YbaClient"];

/// The first byte of a stored body says how the rest is kept; so far only plain.
pub const FORMAT_PLAIN: u8 = 0;

/// A version as it is read.
#[derive(Debug, Clone)]
pub struct Version {
    pub kind: String,
    pub id: String,
    pub version_id: String,
    /// Position in this node's change log.
    pub t: i64,
    /// This node's number for the record.
    pub(crate) rid: i64,
    /// The position of the first version of the same transaction.
    pub tx: i64,
    /// Hybrid logical clock of the origin.
    pub hlc: i64,
    /// The node where it was written.
    pub origin: String,
    /// The versions it followed; two for a merge.
    pub parents: Vec<String>,
    /// SHA-256 over the body without `meta.versionId` and `meta.lastUpdated`.
    pub hash: Bytes,
    pub deleted: bool,
    /// Compact JSON with the server's fields; empty when deleted.
    pub body: Bytes,
}

impl Version {
    /// `meta.lastUpdated`: the origin's clock, as FHIR writes it.
    pub fn last_updated(&self) -> String {
        date::instant(self.last_updated_ms())
    }

    pub fn last_updated_ms(&self) -> i64 {
        Hybrid(self.hlc).ms()
    }

    /// The body as a tree. A body we stored is well-formed; should a disk have changed it, the tree is null.
    pub fn tree(&self) -> Value {
        json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as a resource.
    pub fn resource(&self) -> Result<Resource, Outcome> {
        Resource::from_parsed(self.tree())
    }

    /// The content hash computed again from the body; `None` when the body does not begin as its version says.
    pub(crate) fn content_hash(&self) -> Option<[u8; 32]> {
        stored_hash(&self.body, &self.kind, &self.id, &self.version_id, &self.last_updated())
    }

    /// Reads a row of [`crate::db::fragments::VERSION_COLUMNS`].
    pub(crate) fn from_row(mut row: Row) -> Result<Version, Outcome> {
        let stored = row.blob(11);
        let deleted = row.int(10) != 0;
        let body = match stored.first() {
            Some(&FORMAT_PLAIN) => stored.slice(1..),
            None if deleted => Bytes::new(),
            other => {
                return Err(Outcome::fault(format!("unknown body format {other:?} at t {}", row.int(0))));
            }
        };
        Ok(Version {
            t: row.int(0),
            tx: row.int(1),
            rid: row.int(2),
            kind: row.take_text(3),
            id: row.take_text(4),
            version_id: row.take_text(5),
            parents: split_spaces(row.text(6)),
            origin: row.take_text(7),
            hlc: row.int(8),
            hash: row.blob(9),
            deleted,
            body,
        })
    }
}

impl Version {
    /// The version and the patients in whose compartments it is, from a row of
    /// [`crate::db::fragments::shown_columns`]; a Patient is in its own.
    pub(crate) fn shown(mut row: Row) -> Result<(Version, Vec<String>), Outcome> {
        let patients = row.0.pop();
        let version = Version::from_row(row)?;
        let patients = match patients {
            _ if version.kind == "Patient" => vec![version.id.clone()],
            Some(crate::db::Value::Text(text)) => split_spaces(&text),
            _ => Vec::new(),
        };
        Ok((version, patients))
    }
}

fn split_spaces(text: &str) -> Vec<String> {
    text.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The content hash of every deletion.
pub(crate) fn deleted_hash() -> Bytes {
    use sha2::{Digest, Sha256};
    Bytes::copy_from_slice(&Sha256::digest(b"deleted"))
}

/// A version as its row holds it, ready to be lent to the database.
#[derive(Debug)]
pub(crate) struct Stored {
    version: Version,
    parents: String,
    body: Bytes,
}

impl Stored {
    pub fn new(version: Version) -> Stored {
        let mut body = Vec::with_capacity(version.body.len() + 1);
        if !version.deleted {
            body.push(FORMAT_PLAIN);
            body.extend_from_slice(&version.body);
        }
        Stored { parents: version.parents.join(" "), version, body: Bytes::from(body) }
    }

    /// Adds the cells of the row, in the order of the table's columns.
    pub fn push_cells<'a>(&'a self, cells: &mut Vec<Bound<'a>>) {
        let version = &self.version;
        cells.extend([
            Bound::Int(version.t),
            Bound::Int(version.tx),
            Bound::Int(version.rid),
            Bound::Text(&version.kind),
            Bound::Text(&version.id),
            Bound::Text(&version.version_id),
            Bound::Text(&self.parents),
            Bound::Text(&version.origin),
            Bound::Int(version.hlc),
            Bound::Blob(&version.hash),
            Bound::Int(version.deleted.into()),
            Bound::Blob(&self.body),
        ]);
    }
}
