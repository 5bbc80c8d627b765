//! Rows of a view as a Parquet file, which analysts' programs read without being told its columns.
//! <https://parquet.apache.org/docs/file-format/>
//!
//! It deliberately does not know: resources, expressions, where the file lies. It uses the format's plain writer, so
//! Arrow is not built.
//!
//! Start reading at [`ParquetWriter`]; [`column`] says which FHIR type becomes what.

mod column;

use column::Chunk;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use std::io::Write;
use std::sync::Arc;
use yba_fhir::{Kind, Outcome};
use yba_view::{Column, Row};

/// Rows that are held before they are written together.
const GROUP_ROWS: usize = 65_536;
/// Bytes of text that are held before rows are written together.
const GROUP_BYTES: usize = 32 << 20;

/// Writes rows to a file. What it holds of them in memory is bounded.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    chunks: Vec<Chunk>,
    rows: usize,
    bytes: usize,
    written: u64,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file with these columns. Refuses when the file cannot be written.
    pub fn new(out: W, name: &str, columns: &[Column]) -> Result<ParquetWriter<W>, Outcome> {
        let fields: Vec<TypePtr> =
            columns.iter().map(column::field).collect::<Result<_, _>>().map_err(trouble)?;
        let schema = Type::group_type_builder(name).with_fields(fields).build().map_err(trouble)?;
        let properties = WriterProperties::builder()
            .set_compression(parquet::basic::Compression::SNAPPY)
            .set_created_by(format!("Y Bạ {}", env!("CARGO_PKG_VERSION")))
            .build();
        let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(trouble)?;
        let chunks = columns.iter().map(Chunk::of).collect();
        Ok(ParquetWriter { file, chunks, rows: 0, bytes: 0, written: 0 })
    }

    /// Adds a row. Refuses a value that its column cannot hold, and when the file cannot be written.
    pub fn row(&mut self, row: Row) -> Result<(), Outcome> {
        for (chunk, cell) in self.chunks.iter_mut().zip(row.cells) {
            self.bytes += chunk.push(cell)?;
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the file; answers how many rows it has.
    pub fn finish(mut self) -> Result<u64, Outcome> {
        if self.rows > 0 {
            self.flush()?;
        }
        self.file.close().map_err(trouble)?;
        Ok(self.written)
    }

    fn flush(&mut self) -> Result<(), Outcome> {
        let mut group = self.file.next_row_group().map_err(trouble)?;
        for chunk in &mut self.chunks {
            let writer = group.next_column().map_err(trouble)?;
            let mut writer =
                writer.ok_or_else(|| Outcome::fault("the schema has fewer columns than the view"))?;
            chunk.write(&mut writer).map_err(trouble)?;
            writer.close().map_err(trouble)?;
        }
        group.close().map_err(trouble)?;
        self.written += self.rows as u64;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

fn trouble(error: ParquetError) -> Outcome {
    let text = "Không ghi được tệp Parquet. Hãy kiểm tra ổ đĩa.";
    Outcome::new(Kind::Unavailable, "file", text, format!("Parquet: {error}"))
}

#[cfg(test)]
mod tests;
