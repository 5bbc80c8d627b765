//! What is asked of the writer: a transaction as data, not as a closure (DESIGN 10).

use crate::index::{self, Numbers, Rows, tie};
use crate::search::Query;
use crate::version::{INTERNAL_KINDS, Version, deleted_hash};
use yba_fhir::defs::r4;
use yba_fhir::resource::{Content, Limits, is_id};
use yba_fhir::{Kind, Outcome, Resource};

/// What must be true of a record's head when a write is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    Anything,
    /// No such record, or a deleted one.
    Absent,
    /// The record is there and not deleted.
    Present,
    /// The head is this version (If-Match).
    Version(String),
}

/// One prepared change of one record.
#[derive(Debug)]
pub struct Write {
    pub kind: String,
    pub id: String,
    pub expect: Expect,
    /// The write is refused with [`Refusal::NowExists`] when this search has a match (If-None-Exist).
    pub unless: Option<Query>,
    /// Absent for a delete.
    pub(crate) payload: Option<Payload>,
}

#[derive(Debug)]
pub(crate) struct Payload {
    pub content: Content,
    pub hash: [u8; 32],
    pub rows: Rows,
}

impl Write {
    /// Prepares a resource (its id set) for the writer: kept bytes, hash, index rows. All the work that needs no lock.
    pub fn put(resource: &Resource, expect: Expect, numbers: &Numbers) -> Result<Write, Outcome> {
        let (kind, id) = (resource.kind(), resource.id().unwrap_or_default());
        let rows = index::extract(resource.tree(), kind, id, numbers);
        if rows.len() > index::ROWS_MAX {
            let text = "Tài nguyên có quá nhiều giá trị để lập chỉ mục. Hãy chia nhỏ.";
            return Err(Outcome::new(
                Kind::TooLarge,
                "too-many-index-rows",
                text,
                format!("{kind}/{id}: too many index rows"),
            ));
        }
        let content = resource.content();
        let payload = Payload { hash: content.hash(), content, rows };
        Ok(Write { kind: kind.to_owned(), id: id.to_owned(), expect, unless: None, payload: Some(payload) })
    }

    pub fn delete(kind: &str, id: &str, expect: Expect) -> Write {
        Write { kind: kind.to_owned(), id: id.to_owned(), expect, unless: None, payload: None }
    }

    /// The patients whose compartments this write touches.
    pub fn patients(&self) -> Vec<&str> {
        match &self.payload {
            Some(payload) => payload.rows.patients(),
            None if self.kind == "Patient" => vec![&self.id],
            None => Vec::new(),
        }
    }

    pub fn is_delete(&self) -> bool {
        self.payload.is_none()
    }

    /// The ties that this write makes: patient and place.
    pub fn ties<'a>(&'a self, numbers: &Numbers) -> Vec<(&'a str, &'a str)> {
        self.payload.as_ref().map_or(Vec::new(), |payload| tie::ties_of(&payload.rows, numbers))
    }

    pub fn unless(mut self, query: Query) -> Write {
        self.unless = Some(query);
        self
    }
}

/// A transaction: all of it or nothing.
#[derive(Debug, Default)]
pub struct Request {
    /// Each record at most once.
    pub writes: Vec<Write>,
    /// The audit entry that is written with it, opaque here.
    pub audit: Vec<u8>,
}

/// What became of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Created,
    Updated,
    /// Equal content: no version was made.
    Unchanged,
    Deleted,
    /// There was nothing to delete.
    NothingToDelete,
}

/// What became of one write, and the version the record shows after it (none when there was nothing to delete).
#[derive(Debug, Clone)]
pub struct Applied {
    pub effect: Effect,
    pub version: Option<Version>,
}

/// Why the writer refused a request; nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// [`Expect`] of the write at this position did not hold; the head is given, if there is one.
    Head { position: usize, current: Option<String>, deleted: bool },
    /// The search of the write at this position has a match now.
    NowExists { position: usize },
    /// The database could not, or the request names a record twice.
    Failed(String),
}

/// A version from another node, checked and prepared for the writer outside of it.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub version: Version,
    /// Its index rows, should it become the head; none for a deletion.
    pub rows: Rows,
}

/// Clock readings from 2500 on are taken for damage: a clock once raised can never be lowered again.
const HLC_MAX: i64 = 16_725_225_600_000 << 16;
/// Most parents of a version: two for a merge, with room.
const PARENTS_MAX: usize = 8;

/// How much the server's fields add to a body that came with the most bytes there may be.
const SERVER_FIELDS_MAX: usize = 4096;

impl Arrival {
    /// Checks all that can be checked of a version without the database: forms, bounds, and that the body has the
    /// hash it claims. A version that fails was damaged on its way or made by something that is no node of ours.
    pub fn new(version: Version, numbers: &Numbers) -> Result<Arrival, Outcome> {
        let refuse = |what: &str| {
            let text = "Một bản ghi nhận từ nút khác bị hỏng hoặc sai dạng nên không được nhận.";
            let detail = format!("{}/{} {}: {what}", version.kind, version.id, version.version_id);
            Err(Outcome::invalid("version-damaged", text, detail))
        };
        let is_known = r4().is_resource(&version.kind) || INTERNAL_KINDS.contains(&version.kind.as_str());
        if !is_known || !is_id(&version.id) || !is_id(&version.version_id) {
            return refuse("malformed type, id or version id");
        }
        if version.parents.len() > PARENTS_MAX || !version.parents.iter().all(|one| is_id(one)) {
            return refuse("malformed parents");
        }
        if !(0..HLC_MAX).contains(&version.hlc) || version.origin.len() > 64 {
            return refuse("clock or origin out of bounds");
        }
        if version.deleted {
            return match version.body.is_empty() && version.hash == deleted_hash() {
                true => Ok(Arrival { version, rows: Rows::default() }),
                false => refuse("a deletion with content"),
            };
        }
        if version.content_hash().is_none_or(|hash| version.hash != hash[..]) {
            return refuse("the body does not have its hash");
        }
        let limits = Limits { bytes: Limits::default().bytes + SERVER_FIELDS_MAX, ..Limits::default() };
        match Resource::parse_with(&version.body, &limits) {
            Ok(resource) => {
                let rows = index::extract(resource.tree(), &version.kind, &version.id, numbers);
                Ok(Arrival { version, rows })
            }
            Err(_) => refuse("the body is no resource"),
        }
    }
}
