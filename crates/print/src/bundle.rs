//! Files of a month in one. <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

use std::io::{Cursor, Write};
use yba_fhir::Outcome;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Most bytes of one such file.
pub const BYTES_MAX: usize = 32 << 20;

/// Files on their way into one.
pub struct Bundle {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    bytes: usize,
}

impl Default for Bundle {
    fn default() -> Self {
        Bundle { zip: ZipWriter::new(Cursor::new(Vec::new())), bytes: 0 }
    }
}

impl Bundle {
    /// Adds a file. Refuses what would make the whole too large.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), Outcome> {
        self.bytes += bytes.len();
        if self.bytes > BYTES_MAX {
            let text = format!("Bộ tệp lớn quá {} MB. Hãy tải từng tệp.", BYTES_MAX >> 20);
            return Err(Outcome::new(
                yba_fhir::Kind::Unprocessable,
                "bundle-large",
                text,
                "files beyond the bounds",
            ));
        }
        // What is in them is compressed already, but for XML, which is small.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        let added = self.zip.start_file(name, options).map_err(|error| error.to_string());
        let added = added.and_then(|()| self.zip.write_all(bytes).map_err(|error| error.to_string()));
        added.map_err(Outcome::fault)
    }

    /// The file of all.
    pub fn finish(self) -> Result<Vec<u8>, Outcome> {
        let done = self.zip.finish().map_err(|error| Outcome::fault(error.to_string()))?;
        Ok(done.into_inner())
    }
}
