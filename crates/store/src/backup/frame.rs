//! What a backup consists of, as frames: a letter, a length, that many bytes. Numbers are big-endian.

use crate::version::Version;
use bytes::Bytes;
use std::io::{Error, Read, Result, Write};

/// Longest frame: a version with the largest body there may be, with room.
const FRAME_MAX: u64 = 128 << 20;
/// How much of a file or blob one frame carries.
pub(super) const PART_BYTES: usize = 1 << 20;

/// One entry of the audit chain.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AuditRow {
    pub seq: i64,
    pub at: i64,
    pub t_first: i64,
    pub t_last: i64,
    pub entry: Bytes,
    pub hash: Bytes,
}

/// How much of each a backup holds, said at its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub versions: u64,
    pub audit_entries: u64,
    pub files: u64,
    pub blobs: u64,
}

#[derive(Debug)]
pub(super) enum Frame {
    /// The node that made it, its incarnation then, and the time in ms.
    Node {
        node: String,
        incarnation: String,
        at_ms: i64,
    },
    /// A file of the read trail, by its name; its parts follow.
    File(String),
    /// The moment of the backup: the last log position and the last audit entry, and the highest clock reading.
    Moment {
        t: i64,
        audit_seq: i64,
        hlc: i64,
    },
    Version(Version),
    Audit(AuditRow),
    /// A blob, by its hash; its parts follow.
    Blob(String),
    /// A part of the file or blob before it.
    Part(Vec<u8>),
    End(Totals),
}

impl Frame {
    pub fn write(&self, to: &mut impl Write) -> Result<()> {
        let mut out = Out(Vec::new());
        let letter = match self {
            Frame::Node { node, incarnation, at_ms } => {
                out.bytes(node.as_bytes()).bytes(incarnation.as_bytes()).int(*at_ms);
                b'N'
            }
            Frame::File(name) => {
                out.bytes(name.as_bytes());
                b'F'
            }
            Frame::Moment { t, audit_seq, hlc } => {
                out.int(*t).int(*audit_seq).int(*hlc);
                b'M'
            }
            Frame::Version(version) => {
                out.version(version);
                b'V'
            }
            Frame::Audit(row) => {
                out.int(row.seq)
                    .int(row.at)
                    .int(row.t_first)
                    .int(row.t_last)
                    .bytes(&row.entry)
                    .bytes(&row.hash);
                b'A'
            }
            Frame::Blob(hash) => {
                out.bytes(hash.as_bytes());
                b'B'
            }
            Frame::Part(bytes) => return write_frame(to, b'P', bytes),
            Frame::End(totals) => {
                for number in [totals.versions, totals.audit_entries, totals.files, totals.blobs] {
                    out.int(number as i64);
                }
                b'E'
            }
        };
        write_frame(to, letter, &out.0)
    }

    /// Reads the next frame. The stream has been authenticated; what does not parse was made by another program.
    pub fn read(from: &mut impl Read) -> Result<Frame> {
        let mut start = [0; 9];
        from.read_exact(&mut start)?;
        let length = u64::from_be_bytes(std::array::from_fn(|at| start[at + 1]));
        if length > FRAME_MAX {
            return Err(Error::other("a frame is too long"));
        }
        let mut bytes = Vec::new();
        if from.take(length).read_to_end(&mut bytes)? as u64 != length {
            return Err(Error::other("a frame is cut short"));
        }
        if start[0] == b'P' {
            return Ok(Frame::Part(bytes));
        }
        let mut fields = In(Bytes::from(bytes));
        let frame = match start[0] {
            b'N' => Frame::Node { node: fields.text()?, incarnation: fields.text()?, at_ms: fields.int()? },
            b'F' => Frame::File(fields.text()?),
            b'M' => Frame::Moment { t: fields.int()?, audit_seq: fields.int()?, hlc: fields.int()? },
            b'V' => Frame::Version(fields.version()?),
            b'A' => Frame::Audit(AuditRow {
                seq: fields.int()?,
                at: fields.int()?,
                t_first: fields.int()?,
                t_last: fields.int()?,
                entry: fields.bytes()?,
                hash: fields.bytes()?,
            }),
            b'B' => Frame::Blob(fields.text()?),
            b'E' => Frame::End(Totals {
                versions: fields.int()? as u64,
                audit_entries: fields.int()? as u64,
                files: fields.int()? as u64,
                blobs: fields.int()? as u64,
            }),
            _ => return Err(Error::other("a frame of an unknown kind")),
        };
        match fields.0.is_empty() {
            true => Ok(frame),
            false => Err(Error::other("a frame is longer than its fields")),
        }
    }
}

fn write_frame(to: &mut impl Write, letter: u8, bytes: &[u8]) -> Result<()> {
    to.write_all(&[letter])?;
    to.write_all(&(bytes.len() as u64).to_be_bytes())?;
    to.write_all(bytes)
}

struct Out(Vec<u8>);

impl Out {
    fn int(&mut self, number: i64) -> &mut Out {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Out {
        self.0.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    fn version(&mut self, version: &Version) {
        self.int(version.t).int(version.tx).int(version.rid).int(version.hlc).int(version.deleted.into());
        for text in [&version.kind, &version.id, &version.version_id, &version.origin] {
            self.bytes(text.as_bytes());
        }
        self.bytes(version.parents.join(" ").as_bytes()).bytes(&version.hash).bytes(&version.body);
    }
}

struct In(Bytes);

impl In {
    fn take(&mut self, length: usize) -> Result<Bytes> {
        match length <= self.0.len() {
            true => Ok(self.0.split_to(length)),
            false => Err(Error::other("a field is cut short")),
        }
    }

    fn int(&mut self) -> Result<i64> {
        let bytes = self.take(8)?;
        Ok(i64::from_be_bytes(std::array::from_fn(|at| bytes[at])))
    }

    fn bytes(&mut self) -> Result<Bytes> {
        let bytes = self.take(4)?;
        self.take(u32::from_be_bytes(std::array::from_fn(|at| bytes[at])) as usize)
    }

    fn text(&mut self) -> Result<String> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| Error::other("a text is not UTF-8"))
    }

    fn version(&mut self) -> Result<Version> {
        let (t, tx, rid, hlc, deleted) =
            (self.int()?, self.int()?, self.int()?, self.int()?, self.int()? != 0);
        let (kind, id, version_id, origin) = (self.text()?, self.text()?, self.text()?, self.text()?);
        let parents = self.text()?.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect();
        let (hash, body) = (self.bytes()?, self.bytes()?);
        Ok(Version { kind, id, version_id, t, rid, tx, hlc, origin, parents, hash, deleted, body })
    }
}
