//! The tables. Columns are listed once; DDL and inserts of both engines come from the list.
//!
//! Every key starts with `shard` (smallint, 0 everywhere, no code reads it): it keeps the door open to engines that
//! spread tables by a column (DESIGN 9). No sequences, triggers, advisory locks or extensions.

/// The value of `t_to` of an index row that is still true.
pub const OPEN: i64 = i64::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Int,
    Real,
    Text,
    Blob,
}

/// A table whose rows are added in bulk. `shard` is not listed: it takes its default.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Type)],
}

use Type::{Blob, Int, Real, Text};

/// Every version of every record: the change log itself, in commit order by `t`.
pub static VERSION: Table = Table {
    name: "version",
    columns: &[
        ("t", Int),
        ("tx", Int),
        ("rid", Int),
        ("kind", Text),
        ("id", Text),
        ("version_id", Text),
        ("parents", Text),
        ("origin", Text),
        ("hlc", Int),
        ("hash", Blob),
        ("deleted", Int),
        ("body", Blob),
    ],
};

/// Which version a record shows now.
pub static HEAD: Table = Table {
    name: "head",
    columns: &[
        ("kind", Text),
        ("id", Text),
        ("rid", Int),
        ("t", Int),
        ("hlc", Int),
        ("version_id", Text),
        ("hash", Blob),
        ("deleted", Int),
    ],
};

/// The write side of the audit trail: a chain of hashes.
pub static AUDIT: Table = Table {
    name: "audit",
    columns: &[("seq", Int), ("at", Int), ("t_first", Int), ("t_last", Int), ("entry", Blob), ("hash", Blob)],
};

/// A search index table: rows of values that were true from `t_from` until before `t_to`.
#[derive(Debug)]
pub struct IndexTable {
    pub table: Table,
    /// The value columns, in the order in which they are searched.
    pub values: &'static str,
}

macro_rules! index_table {
    ($name:literal, $values:literal, $($column:literal $type:ident),+) => {
        IndexTable {
            table: Table {
                name: $name,
                columns: &[("p", Int), $(($column, $type),)+ ("rid", Int), ("t_from", Int), ("t_to", Int)],
            },
            values: $values,
        }
    };
}

pub static LIFE: IndexTable = index_table!("ix_life", "updated", "updated" Int);
pub static TOKEN: IndexTable = index_table!("ix_token", "code, system", "code" Text, "system" Text);
pub static STRING: IndexTable = index_table!("ix_string", "folded, exact", "folded" Text, "exact" Text);
pub static DATE: IndexTable = index_table!("ix_date", "start_ms, end_ms", "start_ms" Int, "end_ms" Int);
pub static QUANTITY: IndexTable = index_table!("ix_quantity", "low, high, unit, system", "low" Real, "high" Real, "unit" Text, "system" Text);
pub static REFERENCE: IndexTable = index_table!("ix_reference", "target", "target" Text);
pub static URI: IndexTable = index_table!("ix_uri", "uri", "uri" Text);
/// Patient compartment: `p` is the number of the resource type.
pub static PATIENT: IndexTable = index_table!("ix_patient", "patient", "patient" Text);

/// Composites: a token, and what stands beside it in the same element (see [`crate::index::pair`]).
pub static PAIR: IndexTable = index_table!("ix_pair", "code, low, high, text, system, extra", "code" Text, "system" Text, "low" Real, "high" Real, "text" Text, "extra" Text);

/// How many index tables there are.
pub const TABLES: usize = 9;
pub static INDEXES: [&IndexTable; TABLES] =
    [&LIFE, &TOKEN, &STRING, &DATE, &QUANTITY, &REFERENCE, &URI, &PATIENT, &PAIR];

/// The table in which the version of all the others stands.
pub const META: &str = "CREATE TABLE IF NOT EXISTS meta (shard SMALLINT NOT NULL DEFAULT 0, name TEXT NOT NULL, \
                        value TEXT NOT NULL, PRIMARY KEY (shard, name));";

/// The DDL of everything else, in our type names; the first and so far only migration.
pub fn ddl(postgres: bool) -> String {
    let mut sql = String::new();
    let log_key = if postgres { "PRIMARY KEY (shard, t)" } else { "PRIMARY KEY (t)" };
    sql += &create(&VERSION, log_key, false);
    sql += "CREATE INDEX IF NOT EXISTS version_rid ON version (shard, rid, t);";
    sql += "CREATE INDEX IF NOT EXISTS version_kind ON version (shard, kind, t);";
    sql += &create(&HEAD, "PRIMARY KEY (shard, kind, id)", !postgres);
    sql += &create(&AUDIT, if postgres { "PRIMARY KEY (shard, seq)" } else { "PRIMARY KEY (seq)" }, false);
    for index in INDEXES {
        let (name, values) = (index.table.name, index.values);
        let key = format!("PRIMARY KEY (shard, rid, p, {values}, t_from)");
        if postgres {
            sql += &create(&index.table, "", false);
            sql += &format!("CREATE INDEX IF NOT EXISTS {name}_rid ON {name} (shard, rid, p);");
        } else {
            // Clustered by record: a new record's rows are appended together, and a record's rows are found by probe.
            sql += &create(&index.table, &key, true);
        }
        let first = if name == "ix_life" { "rid, updated".to_owned() } else { format!("{values}, rid") };
        let patient_first =
            if name == "ix_patient" { "patient, p, rid".to_owned() } else { format!("p, {first}") };
        sql += &format!(
            "CREATE INDEX IF NOT EXISTS {name}_find ON {name} (shard, {patient_first}, t_from, t_to);"
        );
        sql += &format!("CREATE INDEX IF NOT EXISTS {name}_closed ON {name} (t_to) WHERE t_to < {OPEN};");
    }
    sql += crate::index::units::DDL;
    sql += "CREATE TABLE IF NOT EXISTS search_key (shard SMALLINT NOT NULL DEFAULT 0, name TEXT NOT NULL, \
            number BIGINT NOT NULL, PRIMARY KEY (shard, name));";
    sql += "CREATE TABLE IF NOT EXISTS follower (shard SMALLINT NOT NULL DEFAULT 0, name TEXT NOT NULL, \
            t BIGINT NOT NULL, PRIMARY KEY (shard, name));";
    sql += "CREATE TABLE IF NOT EXISTS lease (shard SMALLINT NOT NULL DEFAULT 0, holder TEXT NOT NULL, \
            epoch BIGINT NOT NULL, renewed BIGINT NOT NULL, tx BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (shard));";
    sql
}

fn create(table: &Table, key: &str, without_rowid: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (name, kind) in table.columns {
        let kind = match kind {
            // SQLite makes a table's own key of a lone INTEGER PRIMARY KEY, and of no other spelling.
            Int if key == format!("PRIMARY KEY ({name})") => "INTEGER",
            Int => "BIGINT",
            Real => "DOUBLE PRECISION",
            Text => "TEXT",
            Blob => "BLOB",
        };
        parts.push(format!("{name} {kind} NOT NULL"));
    }
    parts.push("shard SMALLINT NOT NULL DEFAULT 0".to_owned());
    if !key.is_empty() {
        parts.push(key.to_owned());
    }
    let tail = if without_rowid { " WITHOUT ROWID" } else { "" };
    format!("CREATE TABLE IF NOT EXISTS {} ({}){tail};", table.name, parts.join(", "))
}

/// Our type names as PostgreSQL spells them; text compares by bytes there, as it does in SQLite.
pub fn postgres_types(ddl: &str) -> String {
    ddl.replace(" BLOB", " BYTEA")
        .replace(" TEXT", " TEXT COLLATE \"C\"")
        .replace(" REAL", " DOUBLE PRECISION")
}

/// `INSERT` of one row.
pub fn insert_one(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let places: Vec<String> = (1..=names.len()).map(|position| format!("?{position}")).collect();
    format!("INSERT INTO {} ({}) VALUES ({})", table.name, names.join(", "), places.join(", "))
}

/// `INSERT` of many rows from arrays, one per column.
pub fn insert_arrays(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let arrays: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(position, (_, kind))| {
            let kind = match kind {
                Int => "bigint",
                Real => "double precision",
                Text => "text",
                Blob => "bytea",
            };
            format!("?{}::{kind}[]", position + 1)
        })
        .collect();
    let (name, columns, arrays) = (table.name, names.join(", "), arrays.join(", "));
    format!("INSERT INTO {name} ({columns}) SELECT * FROM unnest({arrays})")
}
