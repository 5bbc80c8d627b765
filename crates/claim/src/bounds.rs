//! Bounds on what a claim file may be. Each is far above what hospitals send and far below what hurts a node.

/// What is read at most. A file, part or row beyond it is refused by name.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of one file, also of one file inside an archive.
    pub file_bytes: u64,
    /// Bytes of one decoded part (`NOIDUNGFILE`).
    pub part_bytes: usize,
    /// Nesting of elements.
    pub depth: usize,
    /// Elements of one part.
    pub elements: usize,
    /// Characters of one cell.
    pub cell_chars: usize,
    /// Bytes of bare files of one folder that are held together until all of them are joined by `MA_LK`.
    pub joined_bytes: u64,
    /// Files of one import.
    pub files: usize,
    /// Unpacked bytes of one archive.
    pub archive_bytes: u64,
    /// Largest unpacked size of an archived file for each byte it takes in the archive.
    pub archive_ratio: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            file_bytes: 256 << 20,
            part_bytes: 32 << 20,
            depth: 16,
            elements: 2_000_000,
            cell_chars: 1 << 20,
            joined_bytes: 512 << 20,
            files: 1_000_000,
            archive_bytes: 16 << 30,
            archive_ratio: 500,
        }
    }
}
