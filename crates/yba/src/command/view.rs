//! `yba view run`: rows of a view, over resources given on standard input or over a node's records.

use super::file_trouble;
use crate::config::NodeFlags;
use crate::node::Node;
use crate::output::Output;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use yba_fhir::json::{JsonContainerTrait, Value, from_slice, items};
use yba_fhir::resource::{Limits, parse_json};
use yba_fhir::{Day, Kind, Outcome};
use yba_parquet::ParquetWriter;
use yba_records::{Ctx, Export, Wanted};
use yba_view::{Format, Left, Row, View, Writer};

/// Most bytes read from standard input.
const INPUT_MAX: usize = 512 << 20;
/// Rows are held back until so many bytes of them are there: a fault among the first resources then leaves no half answer.
const HELD_MAX: usize = 64 << 20;
/// Bytes of rows that are handed on at once while a node is read.
const CHUNK: usize = 256 << 10;

#[derive(Debug, Clone, Args)]
pub struct ViewArgs {
    #[command(flatten)]
    pub node: NodeFlags,
    /// A ViewDefinition file, or the name of a view in content: reads the node's records instead of standard input
    #[arg(long, value_name = "FILE|NAME")]
    pub view: Option<String>,
    /// How rows are written; parquet needs --out
    #[arg(long, value_enum, default_value_t = Shape::Json)]
    pub format: Shape,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Shape {
    Json,
    Ndjson,
    Csv,
    Parquet,
}

/// The view meant: its text, or its name in the node's content.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Meant {
    Text(String),
    Name(String),
}

impl Shape {
    fn format(self) -> Option<Format> {
        match self {
            Shape::Json => Some(Format::Json),
            Shape::Ndjson => Some(Format::Ndjson),
            Shape::Csv => Some(Format::Csv),
            Shape::Parquet => None,
        }
    }
}

impl Meant {
    /// What stands after `--view`: a file when there is one of that name.
    pub fn of(argument: &str) -> anyhow::Result<Meant> {
        let path = Path::new(argument);
        match path.is_file() {
            true => Ok(Meant::Text(std::fs::read_to_string(path)?)),
            false => Ok(Meant::Name(argument.to_owned())),
        }
    }
}

/// Over `{"view", "resources"}`; exit 1 when the view is wrong or a resource does not fit it.
pub fn over_input(args: &ViewArgs) -> anyhow::Result<u8> {
    if args.format == Shape::Parquet && args.out.is_none() && std::io::stdout().is_terminal() {
        eprintln!("yba: --format parquet needs --out FILE: it is no text");
        return Ok(2);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(INPUT_MAX as u64 + 1).read_to_end(&mut bytes)?;
    let done = match &args.out {
        Some(path) => whole(path, create(path).and_then(|file| run_input(&bytes, args.format, file))),
        None => run_input(&bytes, args.format, std::io::stdout()),
    };
    match done {
        Ok(()) => Ok(0),
        Err(outcome) => {
            eprintln!("yba: {outcome}");
            Ok(crate::cli::exit_code(&outcome))
        }
    }
}

fn run_input(bytes: &[u8], shape: Shape, out: impl Write + Send) -> Result<(), Outcome> {
    // Resources and the view lie two levels down.
    let depth = Limits::default().depth + 2;
    let document = parse_json(bytes, &Limits { bytes: INPUT_MAX, depth })?;
    let Some(definition) = document.as_object().and_then(|object| object.get(&"view")) else {
        let text = "Đầu vào phải có dạng {\"view\": …, \"resources\": […]}.";
        return Err(Outcome::invalid("view-missing", text, "the input has no \"view\""));
    };
    let view = View::compile(definition)?;
    let mut rows = Rows::new(&view, shape, out, HELD_MAX)?;
    for resource in items(&document, "resources") {
        rows.add(&view, resource)?;
    }
    rows.finish().map(drop)
}

/// Over a node's records, page by page.
pub async fn over_node(
    node: &Node,
    meant: &Meant,
    shape: Shape,
    out: Option<&Path>,
    output: &Output,
) -> Result<u8, Outcome> {
    let view = match meant {
        Meant::Text(text) => {
            std::sync::Arc::new(View::compile(&parse_json(text.as_bytes(), &Limits::default())?)?)
        }
        Meant::Name(name) => node.views.named(name, today(node))?.clone(),
    };
    let ctx = Ctx::system("view");
    let mut export = node.records.export(&ctx, Wanted { kind: view.resource(), ..Wanted::default() }).await?;
    match (out, shape) {
        (Some(path), _) => {
            let rows = Rows::new(&view, shape, create(path)?, CHUNK)?;
            let count = whole(path, into_file(&view, &mut export, rows, output).await)?;
            output.note(format!("{count} rows written to {}", path.display()));
        }
        (None, Shape::Parquet) => {
            let text = "Parquet không phải văn bản: hãy thêm --out TỆP.";
            return Err(Outcome::invalid("view-out", text, "--format parquet needs --out FILE"));
        }
        (None, _) => {
            let format = shape.format().expect("every other shape is text");
            let (mut writer, mut text) = (Writer::new(format, view.columns()), Vec::new());
            writer.begin(&mut text);
            loop {
                let bodies = export.next().await?;
                if bodies.is_empty() {
                    break;
                }
                for body in &bodies {
                    writer.resource(&view, &tree(body)?, &mut Left::UNBOUNDED.clone(), &mut text)?;
                    if text.len() >= CHUNK {
                        output.chunk(taken(&mut text)).await;
                    }
                }
            }
            writer.end(&mut text);
            output.chunk(taken(&mut text)).await;
        }
    }
    Ok(0)
}

async fn into_file(
    view: &View,
    export: &mut Export,
    mut rows: Rows<BufWriter<File>>,
    output: &Output,
) -> Result<u64, Outcome> {
    loop {
        let bodies = export.next().await?;
        if bodies.is_empty() {
            return rows.finish();
        }
        bodies.iter().try_for_each(|body| rows.add(view, &tree(body)?))?;
        output.progress("Lập bảng", rows.written(), 0);
    }
}

/// Half a table is none: its file goes when something went wrong.
fn whole<T>(path: &Path, done: Result<T, Outcome>) -> Result<T, Outcome> {
    done.inspect_err(|_| {
        let _ = std::fs::remove_file(path);
    })
}

fn taken(bytes: &mut Vec<u8>) -> String {
    String::from_utf8(std::mem::take(bytes)).expect("rows are made of texts")
}

fn today(node: &Node) -> Day {
    Day::of_instant(node.records.store().clock().now_ms())
}

fn tree(body: &[u8]) -> Result<Value, Outcome> {
    from_slice(body).map_err(|error| Outcome::fault(format!("a stored body does not parse: {error}")))
}

fn create(path: &Path) -> Result<BufWriter<File>, Outcome> {
    File::create(path).map(BufWriter::new).map_err(|error| file_trouble(path, &error))
}

/// Rows on their way to a file or a buffer.
enum Rows<W: Write + Send> {
    Text { writer: Writer, waiting: Vec<u8>, most: usize, out: W },
    Parquet(Box<ParquetWriter<W>>, u64),
}

impl<W: Write + Send> Rows<W> {
    fn new(view: &View, shape: Shape, out: W, most: usize) -> Result<Rows<W>, Outcome> {
        let Some(format) = shape.format() else {
            let name = view.name().unwrap_or("view");
            return Ok(Rows::Parquet(Box::new(ParquetWriter::new(out, name, view.columns())?), 0));
        };
        let (writer, mut waiting) = (Writer::new(format, view.columns()), Vec::new());
        writer.begin(&mut waiting);
        Ok(Rows::Text { writer, waiting, most, out })
    }

    /// Adds the rows of one resource.
    fn add(&mut self, view: &View, resource: &Value) -> Result<(), Outcome> {
        match self {
            Rows::Text { writer, waiting, most, out } => {
                writer.resource(view, resource, &mut Left::UNBOUNDED.clone(), waiting)?;
                match waiting.len() >= *most {
                    true => flush(waiting, out),
                    false => Ok(()),
                }
            }
            Rows::Parquet(writer, count) => {
                let mut first = Ok(());
                *count += view.rows(resource, &mut |row: Row| {
                    if first.is_ok() {
                        first = writer.row(row);
                    }
                })? as u64;
                first
            }
        }
    }

    fn written(&self) -> u64 {
        match self {
            Rows::Text { writer, .. } => writer.rows(),
            Rows::Parquet(_, count) => *count,
        }
    }

    /// Writes what is left; answers how many rows there were.
    fn finish(self) -> Result<u64, Outcome> {
        match self {
            Rows::Text { writer, mut waiting, mut out, .. } => {
                writer.end(&mut waiting);
                flush(&mut waiting, &mut out)?;
                out.flush().map_err(|error| unwritable(&error))?;
                Ok(writer.rows())
            }
            Rows::Parquet(writer, _) => writer.finish(),
        }
    }
}

fn flush(waiting: &mut Vec<u8>, out: &mut impl Write) -> Result<(), Outcome> {
    out.write_all(waiting).map_err(|error| unwritable(&error))?;
    waiting.clear();
    Ok(())
}

fn unwritable(error: &std::io::Error) -> Outcome {
    Outcome::new(Kind::Unavailable, "file", format!("Không ghi được các dòng: {error}."), error.to_string())
}
