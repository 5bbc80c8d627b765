//! A group of requests on its way into one transaction: the heads they concern as they will be, and the rows that wait
//! to be added. Everything is lent from the requests; nothing is copied twice.

use crate::db::schema::{self, AUDIT, HEAD, INDEXES, OPEN, VERSION};
use crate::db::{Batch, Bound, Connection, Result, fragments};
use crate::index::Rows;
use crate::index::units::Known;
use crate::version::{Stored, Version};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a record shows, as far as a writer needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub rid: i64,
    pub t: i64,
    pub hlc: i64,
    pub version_id: String,
    pub hash: Bytes,
    pub deleted: bool,
}

/// One record of the group.
struct Slot<'a> {
    kind: &'a str,
    id: &'a str,
    head: Option<Head>,
    changed: bool,
}

/// Index rows of a version that became a head.
struct Shown<'a> {
    kind_number: i64,
    updated_ms: i64,
    rid: i64,
    t: i64,
    rows: &'a Rows,
}

/// An entry of the audit chain.
pub(crate) struct Entry<'a> {
    pub seq: i64,
    pub at: i64,
    pub t_first: i64,
    pub t_last: i64,
    pub entry: Cow<'a, [u8]>,
    pub hash: [u8; 32],
}

/// Rows waiting to be added, and the state as it will be after them.
#[derive(Default)]
pub(crate) struct Group<'a> {
    slots: Vec<Slot<'a>>,
    by_key: HashMap<(&'a str, &'a str), usize>,
    versions: Vec<Stored>,
    shown: Vec<Shown<'a>>,
    /// Where the open index rows of a record end. The first end counts: rows of this group come after all of them.
    closings: BTreeMap<i64, i64>,
    /// Records with index rows still waiting: those must be added before they can be closed.
    pending: HashSet<i64>,
    audit: Vec<Entry<'a>>,
}

impl<'a> Group<'a> {
    /// The group of these records, with their heads as they are now.
    pub fn load(
        connection: &mut Connection,
        keys: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Group<'a>> {
        let mut group = Group::default();
        for (kind, id) in keys {
            let next = group.slots.len();
            group.by_key.entry((kind, id)).or_insert_with(|| {
                group.slots.push(Slot { kind, id, head: None, changed: false });
                next
            });
        }
        let wanted: Vec<(&str, &str)> = group.slots.iter().map(|slot| (slot.kind, slot.id)).collect();
        for row in fragments::heads(connection, &wanted)? {
            let head = Head {
                rid: row.int(2),
                t: row.int(3),
                hlc: row.int(4),
                version_id: row.text(5).to_owned(),
                hash: row.blob(6),
                deleted: row.int(7) != 0,
            };
            if let Some(slot) = group.by_key.get(&(row.text(0), row.text(1))) {
                group.slots[*slot].head = Some(head);
            }
        }
        Ok(group)
    }

    /// The place of a record in this group, which it was loaded with.
    pub fn slot(&self, kind: &str, id: &str) -> usize {
        *self.by_key.get(&(kind, id)).expect("the group was loaded with every record of its requests")
    }

    pub fn head(&self, slot: usize) -> Option<&Head> {
        self.slots[slot].head.as_ref()
    }

    /// Adds a version that is not shown.
    pub fn keep(&mut self, version: Version) {
        self.versions.push(Stored::new(version));
    }

    /// Adds a version and makes it the head of its record: closes the index rows before it and adds its own.
    pub fn show(
        &mut self,
        connection: &mut Connection,
        slot: usize,
        version: Version,
        kind_number: i64,
        rows: &'a Rows,
        units: &mut Known,
    ) -> Result<()> {
        let (rid, t) = (version.rid, version.t);
        if self.slots[slot].head.is_some() {
            if self.pending.contains(&rid) {
                self.flush(connection, units)?;
            }
            self.closings.entry(rid).or_insert(t);
        }
        if !version.deleted {
            let updated_ms = version.last_updated_ms();
            self.shown.push(Shown { kind_number, updated_ms, rid, t, rows });
            self.pending.insert(rid);
        }
        self.slots[slot].changed = true;
        self.slots[slot].head = Some(Head {
            rid,
            t,
            hlc: version.hlc,
            version_id: version.version_id.clone(),
            hash: version.hash.clone(),
            deleted: version.deleted,
        });
        self.keep(version);
        Ok(())
    }

    pub fn audit(&mut self, entry: Entry<'a>) {
        self.audit.push(entry);
    }

    /// Sends the waiting rows into the open transaction.
    pub fn flush(&mut self, connection: &mut Connection, units: &mut Known) -> Result<()> {
        let closings: Vec<(i64, i64)> = std::mem::take(&mut self.closings).into_iter().collect();
        fragments::close_index_rows(connection, &closings)?;
        let mut batches: Vec<Batch<'_>> = vec![(&VERSION, self.version_cells())];
        batches.push((&INDEXES[0].table, self.life_cells()));
        for (table, index) in INDEXES.iter().enumerate().skip(1) {
            let cells = self.index_cells(table);
            units.learn(connection, table, &cells)?;
            batches.push((&index.table, cells));
        }
        batches.push((&AUDIT, self.audit_cells()));
        batches.retain(|(_, cells)| !cells.is_empty());
        connection.insert(&batches)?;
        fragments::replace_heads(connection, &self.head_cells())?;
        drop(batches);
        self.slots.iter_mut().for_each(|slot| slot.changed = false);
        self.versions.clear();
        self.shown.clear();
        self.audit.clear();
        self.pending.clear();
        Ok(())
    }

    fn version_cells(&self) -> Vec<Bound<'_>> {
        let mut cells = Vec::with_capacity(self.versions.len() * VERSION.columns.len());
        self.versions.iter().for_each(|stored| stored.push_cells(&mut cells));
        cells
    }

    fn life_cells(&self) -> Vec<Bound<'_>> {
        let row = |one: &Shown<'_>| [one.kind_number, one.updated_ms, one.rid, one.t, OPEN].map(Bound::Int);
        self.shown.iter().flat_map(row).collect()
    }

    fn index_cells(&self, table: usize) -> Vec<Bound<'_>> {
        let mut cells = Vec::new();
        for one in &self.shown {
            for row in one.rows.rows(table) {
                cells.extend(row.iter().map(crate::db::Value::bound));
                cells.extend([one.rid, one.t, schema::OPEN].map(Bound::Int));
            }
        }
        cells
    }

    fn audit_cells(&self) -> Vec<Bound<'_>> {
        let row = |one: &'_ Entry<'a>| [one.seq, one.at, one.t_first, one.t_last].map(Bound::Int);
        let mut cells = Vec::with_capacity(self.audit.len() * AUDIT.columns.len());
        for one in &self.audit {
            cells.extend(row(one));
            cells.extend([Bound::Blob(&one.entry), Bound::Blob(&one.hash)]);
        }
        cells
    }

    fn head_cells(&self) -> Vec<Bound<'_>> {
        let mut cells = Vec::new();
        for slot in self.slots.iter().filter(|slot| slot.changed) {
            let Some(head) = &slot.head else { continue };
            cells.extend([Bound::Text(slot.kind), Bound::Text(slot.id)]);
            cells.extend([head.rid, head.t, head.hlc].map(Bound::Int));
            cells.extend([Bound::Text(&head.version_id), Bound::Blob(&head.hash)]);
            cells.push(Bound::Int(head.deleted.into()));
        }
        debug_assert_eq!(cells.len() % HEAD.columns.len(), 0);
        cells
    }
}
