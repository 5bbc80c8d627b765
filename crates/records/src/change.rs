//! What is asked of the door, and what became of it.

use yba_fhir::Resource;
use yba_store::Version;

/// One change of one record.
#[derive(Debug, Clone)]
pub struct Change {
    pub(crate) action: Action,
    /// The name under which other changes of the same call refer to this one (`urn:uuid:…`).
    pub(crate) known_as: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// If-None-Exist as a query string.
    Create {
        resource: Resource,
        unless: Option<String>,
    },
    Put {
        resource: Resource,
        if_match: Option<String>,
    },
    Delete {
        kind: String,
        id: String,
        if_match: Option<String>,
    },
}

impl Change {
    /// A new record. The server gives the id, unless the resource carries one that the caller made (imports).
    pub fn create(resource: Resource) -> Change {
        Change { action: Action::Create { resource, unless: None }, known_as: None }
    }

    /// Creates or replaces the record with the resource's own id. Equal content makes no version.
    pub fn put(resource: Resource) -> Change {
        Change { action: Action::Put { resource, if_match: None }, known_as: None }
    }

    pub fn delete(kind: impl Into<String>, id: impl Into<String>) -> Change {
        Change { action: Action::Delete { kind: kind.into(), id: id.into(), if_match: None }, known_as: None }
    }

    /// For a create: nothing is stored when this search has one match, and that is answered; several are refused.
    pub fn unless(mut self, query: impl Into<String>) -> Change {
        if let Action::Create { unless, .. } = &mut self.action {
            *unless = Some(query.into());
        }
        self
    }

    /// For a put or delete: only if the record shows this version.
    pub fn if_match(mut self, version_id: impl Into<String>) -> Change {
        if let Action::Put { if_match, .. } | Action::Delete { if_match, .. } = &mut self.action {
            *if_match = Some(version_id.into());
        }
        self
    }

    /// The name by which references of other changes in the same call mean this record (`urn:uuid:…`).
    pub fn known_as(mut self, full_url: impl Into<String>) -> Change {
        self.known_as = Some(full_url.into());
        self
    }
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoneAs {
    Created,
    Updated,
    /// Equal content, so no version was made.
    Unchanged,
    /// If-None-Exist had one match.
    Existing,
    Deleted,
    /// A delete of what is not there.
    NothingToDelete,
}

/// One change, done: the version the record shows now (none when there was nothing to delete).
#[derive(Debug, Clone)]
pub struct Done {
    pub outcome: DoneAs,
    pub version: Option<Version>,
}
