//! What is asked of the door, and what became of it.

use std::fmt;
use std::sync::Arc;
use yba_fhir::{Outcome, Resource};
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
    /// Replaces the one record that a search finds, or creates it.
    PutWhere {
        resource: Resource,
        query: String,
    },
    /// Makes something else of the record as it is.
    Edit {
        kind: String,
        which: Which,
        edit: Edit,
        if_match: Option<String>,
    },
    Delete {
        kind: String,
        id: String,
        if_match: Option<String>,
    },
    /// Deletes the one record that a search finds, if it finds one.
    DeleteWhere {
        kind: String,
        query: String,
    },
}

impl Action {
    /// What is to be written, where that is known already.
    pub(crate) fn resource(&self) -> Option<&Resource> {
        match self {
            Action::Create { resource, .. }
            | Action::Put { resource, .. }
            | Action::PutWhere { resource, .. } => Some(resource),
            Action::Edit { .. } | Action::Delete { .. } | Action::DeleteWhere { .. } => None,
        }
    }

    /// Type and id, where the id is known.
    pub(crate) fn key(&self) -> Option<(&str, &str)> {
        match self {
            Action::Create { resource, .. } | Action::Put { resource, .. } => {
                Some((resource.kind(), resource.id()?))
            }
            Action::Delete { kind, id, .. } => Some((kind, id)),
            Action::PutWhere { .. } | Action::Edit { .. } | Action::DeleteWhere { .. } => None,
        }
    }

    pub(crate) fn kind(&self) -> &str {
        match self {
            Action::Create { resource, .. }
            | Action::Put { resource, .. }
            | Action::PutWhere { resource, .. } => resource.kind(),
            Action::Edit { kind, .. } | Action::Delete { kind, .. } | Action::DeleteWhere { kind, .. } => {
                kind
            }
        }
    }
}

/// How a change names its record.
#[derive(Debug, Clone)]
pub(crate) enum Which {
    Id(String),
    /// The one that this search finds.
    Where(String),
}

/// What becomes of a record. It may be called several times, when others change the record meanwhile.
#[derive(Clone)]
pub(crate) struct Edit(pub Arc<Becoming>);

type Becoming = dyn Fn(&Version) -> Result<Resource, Outcome> + Send + Sync;

impl fmt::Debug for Edit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Edit")
    }
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

    /// Replaces the one record that this search finds; creates it when there is none, under the resource's own id if
    /// it has one. Several are refused, and another id than the record's.
    /// <https://hl7.org/fhir/R4/http.html#cond-update>
    pub fn put_where(resource: Resource, query: impl Into<String>) -> Change {
        Change { action: Action::PutWhere { resource, query: query.into() }, known_as: None }
    }

    /// Deletes the one record that this search finds; none is no error, several are refused.
    pub fn delete_where(kind: impl Into<String>, query: impl Into<String>) -> Change {
        Change { action: Action::DeleteWhere { kind: kind.into(), query: query.into() }, known_as: None }
    }

    /// Makes something else of the record as it is, whoever else changes it meanwhile.
    pub fn edit(
        kind: impl Into<String>,
        id: impl Into<String>,
        edit: impl Fn(&Version) -> Result<Resource, Outcome> + Send + Sync + 'static,
    ) -> Change {
        Change::edit_of(kind.into(), Which::Id(id.into()), Edit(Arc::new(edit)))
    }

    /// The same of the one record that this search finds; none and several are refused.
    pub fn edit_where(
        kind: impl Into<String>,
        query: impl Into<String>,
        edit: impl Fn(&Version) -> Result<Resource, Outcome> + Send + Sync + 'static,
    ) -> Change {
        Change::edit_of(kind.into(), Which::Where(query.into()), Edit(Arc::new(edit)))
    }

    fn edit_of(kind: String, which: Which, edit: Edit) -> Change {
        Change { action: Action::Edit { kind, which, edit, if_match: None }, known_as: None }
    }

    /// For a create: nothing is stored when this search has one match, and that is answered; several are refused.
    pub fn unless(mut self, query: impl Into<String>) -> Change {
        if let Action::Create { unless, .. } = &mut self.action {
            *unless = Some(query.into());
        }
        self
    }

    /// For a put, edit or delete of a known id: only if the record shows this version.
    pub fn if_match(mut self, version_id: impl Into<String>) -> Change {
        if let Action::Put { if_match, .. }
        | Action::Delete { if_match, .. }
        | Action::Edit { if_match, .. } = &mut self.action
        {
            *if_match = Some(version_id.into());
        }
        self
    }

    /// Type and id of the record that it deletes by its id.
    pub(crate) fn deletes(&self) -> Option<(String, String)> {
        match &self.action {
            Action::Delete { kind, id, .. } => Some((kind.clone(), id.clone())),
            _ => None,
        }
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
