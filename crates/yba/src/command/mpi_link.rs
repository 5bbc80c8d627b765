//! `yba mpi link`: links the rows of one or two files with the engine that the server uses.

use super::mpi_columns::{Columns, Rows};
use clap::Args;
use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use yba_mpi::linking::{Crowd, Figures, Gazetteer, Linked, LinkedPair, Options, figures, link_all};

#[derive(Debug, Clone, Args)]
pub struct LinkArgs {
    /// A file of rows about people, with a heading line; of two files only pairs between them are written
    #[arg(required = true, num_args = 1..=2, value_name = "CSV")]
    pub files: Vec<PathBuf>,
    /// What the columns mean
    #[arg(long, value_name = "MAP.toml")]
    pub columns: PathBuf,
    /// The file of pairs to write; - for standard output
    #[arg(long, value_name = "LINKS.csv")]
    pub out: PathBuf,
    /// Most doubts for each hundred rows; the likeliest are kept
    #[arg(long, default_value_t = 0.9, value_name = "N")]
    pub doubts: f64,
    /// Also print the estimated weights
    #[arg(long)]
    pub weights: bool,
}

pub const EXAMPLE: &str = "Example: yba mpi link nguoi-benh.csv --columns cot.toml --out cap.csv

cot.toml says which column means what; several columns are joined, all lines but one are optional:
  id = \"MA_BN\"                        # default: the number of the row
  name = [\"HO\", \"TEN\"]
  sex = \"GIOI_TINH\"                   # Nam, Nữ, M, F, 1, 2
  birth = \"NGAY_SINH\"                 # 2/3/1986, 1986-03-02, 198603020000, 1986
  identity = \"SO_CCCD\"                # 12 digits, 9 digits or passport
  insurance = \"MA_THE_BHYT\"           # 15 characters or 10 digits
  phone = \"DIEN_THOAI\"
  address = [\"THON\", \"XA\", \"TINH\"]   # from small to large
  commune = \"MAXA_CU_TRU\"
  mother = \"HO_TEN_ME\"
  truth = \"NGUOI\"                     # who it really is: precision and recall are printed
  [second]                            # what is called otherwise in the second file
  name = \"hoten\"";

/// Writes the pairs and prints figures; exit 1 when a file cannot be understood.
pub fn run(args: &LinkArgs) -> anyhow::Result<u8> {
    let begun = Instant::now();
    let mut crowd = Crowd::new(Gazetteer::built_in());
    let mut rows = Rows::default();
    let mut first_rows = usize::MAX;
    let read = read(args, &mut crowd, &mut rows, &mut first_rows);
    if let Err(error) = read {
        eprintln!("yba: {error:#}");
        let unreadable = error.chain().any(|cause| cause.is::<std::io::Error>());
        return Ok(if unreadable { 3 } else { 1 });
    }
    let options = Options { doubts_per_hundred: args.doubts.clamp(0.0, 100.0), ..Options::default() };
    let linked = link_all(&crowd, &options);
    let written = write(&args.out, &crowd, &linked, &rows.ids, first_rows)?;
    let to_terminal = args.out != Path::new("-");
    let say = |line: String| if to_terminal { println!("{line}") } else { eprintln!("{line}") };
    say(format!(
        "{} rows, {} links and {} doubts in {:.1} s",
        crowd.len(),
        written.links,
        written.doubts,
        begun.elapsed().as_secs_f64()
    ));
    if rows.truth.iter().any(|truth| !truth.is_empty()) {
        measured(&figures(&linked, &numbered(&rows.truth))).for_each(&say);
    }
    if args.weights {
        linked.model.lines().for_each(&say);
    }
    Ok(0)
}

fn read(args: &LinkArgs, crowd: &mut Crowd, rows: &mut Rows, first_rows: &mut usize) -> anyhow::Result<()> {
    let columns = Columns::load(&args.columns)?;
    columns.read(&args.files[0], crowd, rows)?;
    if let Some(second) = args.files.get(1) {
        *first_rows = rows.ids.len();
        columns.of_second().read(second, crowd, rows)?;
    }
    Ok(())
}

/// Equal texts, equal numbers; a row without a truth is somebody of its own.
fn numbered(truth: &[String]) -> Vec<u64> {
    let mut known: HashMap<&str, u64> = HashMap::new();
    let mut next = 0;
    truth
        .iter()
        .map(|text| {
            let number = if text.is_empty() { next } else { *known.entry(text).or_insert(next) };
            next += 1;
            number
        })
        .collect()
}

fn measured(figures: &Figures) -> impl Iterator<Item = String> {
    [
        format!(
            "true pairs {}, linked {}, of these true {}",
            figures.true_pairs, figures.linked, figures.linked_right
        ),
        format!("precision {:.5}", figures.precision()),
        format!("recall {:.4}", figures.recall()),
        format!("recall with doubts {:.4}", figures.recall_with_doubts()),
        format!(
            "doubts for each hundred rows {:.2}, of these true {:.0} %",
            figures.doubts_per_hundred(),
            figures.doubts_right as f64 * 100.0 / (figures.doubts as f64).max(1.0)
        ),
    ]
    .into_iter()
}

struct Written {
    links: usize,
    doubts: usize,
}

/// All pairs of rows that are one person's, also those that follow from others, then the doubts, likeliest first.
fn write(
    out: &Path,
    crowd: &Crowd,
    linked: &Linked,
    ids: &[String],
    first_rows: usize,
) -> anyhow::Result<Written> {
    let file: Box<dyn Write> = match out == Path::new("-") {
        true => Box::new(std::io::stdout().lock()),
        false => Box::new(std::fs::File::create(out)?),
    };
    let mut csv = csv::Writer::from_writer(BufWriter::with_capacity(1 << 20, file));
    csv.write_record(["a", "b", "band", "weight", "probability", "reasons"])?;
    let mut written = Written { links: 0, doubts: 0 };
    let is_asked = |pair: &LinkedPair| {
        first_rows == usize::MAX || ((pair.one as usize) < first_rows) != ((pair.other as usize) < first_rows)
    };
    for pair in linked.links(crowd).filter(is_asked) {
        csv.write_record(row(crowd, linked, &pair, ids))?;
        written.links += 1;
    }
    for pair in linked.doubts.iter().filter(|pair| is_asked(pair)) {
        csv.write_record(row(crowd, linked, pair, ids))?;
        written.doubts += 1;
    }
    csv.flush()?;
    Ok(written)
}

fn row(crowd: &Crowd, linked: &Linked, pair: &LinkedPair, ids: &[String]) -> [String; 6] {
    let judgement = &pair.judgement;
    let reasons = linked.model.reasons(crowd, pair.one, pair.other, &judgement.levels);
    let reasons: Vec<String> =
        reasons.iter().map(|(field, level, bits)| format!("{field}-{level} {bits:+.1}")).collect();
    [
        ids[pair.one as usize].clone(),
        ids[pair.other as usize].clone(),
        judgement.band.code().to_owned(),
        format!("{:.1}", judgement.weighed.bits),
        format!("{:.6}", judgement.weighed.probability),
        reasons.join("; "),
    ]
}
