//! `yba import codes`: a spreadsheet of a code list becomes an edition in the node's content folder.

use crate::config::{Config, NodeFlags};
use clap::Args;
use std::path::{Path, PathBuf};
use yba_content::{Content, Day};
use yba_fhir::Outcome;
use yba_sheets::difference::What;
use yba_sheets::{Difference, Edition, Imported};

/// Most troubles, and most changes of each kind, that are shown.
const SHOWN_MAX: usize = 20;

#[derive(Args)]
pub struct CodesArgs {
    /// The code list: icd-10-vn, dvkt-vn, thuoc-vn, vtyt-vn, nhan-vien
    list: String,
    /// An .xlsx or .csv file
    file: PathBuf,
    /// First day on which the list holds
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    from: Day,
    /// The sheet to read [default: the one whose header fits best]
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The law behind the list, a slug in law/
    #[arg(long, value_name = "LAW")]
    basis: Option<String>,
    /// Content folder to write into [default: the setting `content` of the node]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Data folder of the node [default: ./yba-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Write all changes into this CSV file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Leave out rows that cannot be used, instead of writing nothing
    #[arg(long)]
    skip: bool,
    /// Write over another edition of the same day
    #[arg(long)]
    replace: bool,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "a day such as 2026-07-01 is expected".into())
}

/// Exit 0 when all rows could be used, 1 when some could not or the file is no such list, 2 without a folder to write.
pub fn run(args: &CodesArgs) -> anyhow::Result<u8> {
    let Some(out) = folder(args)? else {
        eprintln!("yba: name the content folder with --out, or set `content` in yba.toml");
        return Ok(2);
    };
    match import(args, &out) {
        Ok(code) => Ok(code),
        Err(outcome) => {
            for issue in &outcome.issues {
                eprintln!("{}", issue.text);
            }
            Ok(crate::cli::exit_code(&outcome))
        }
    }
}

fn folder(args: &CodesArgs) -> anyhow::Result<Option<PathBuf>> {
    match &args.out {
        Some(out) => Ok(Some(out.clone())),
        None => Ok(Config::load(&NodeFlags { data: args.data.clone(), ..NodeFlags::default() })?.content),
    }
}

fn import(args: &CodesArgs, out: &Path) -> Result<u8, Outcome> {
    let content = content_of(out)?;
    let grids = yba_sheets::read(&args.file, args.sheet.as_deref())?;
    let found = yba_sheets::import(&grids, &content, &args.list, args.sheet.as_deref(), args.from)?;
    tell_rows(&found);
    let before = content.code_list(&args.list, args.from.plus_days(-1));
    let difference = Difference::of(before, &found.rows);
    tell_changes(&difference, before.map(|list| list.from));
    if let Some(path) = &args.report {
        // Excel takes a CSV for UTF-8 when it begins with a byte order mark.
        let text = format!("\u{feff}{}", difference.csv());
        std::fs::write(path, text).map_err(|error| Outcome::fault(format!("{}: {error}", path.display())))?;
    }
    let edition = Edition::of(&content, &args.list, args.from, &found.rows, args.basis.as_deref())?;
    let refused = found.refused > 0;
    if found.rows.is_empty() {
        eprintln!("Không có dòng nào dùng được: chưa ghi gì.");
        return Ok(1);
    }
    if refused && !args.skip {
        eprintln!("Chưa ghi gì. Sửa các ô trên rồi nhập lại, hoặc thêm --skip để bỏ qua những dòng đó.");
        return Ok(1);
    }
    if args.dry_run {
        println!("Chạy thử: chưa ghi gì.");
    } else {
        edition.write(out, args.replace)?;
        println!("Đã ghi {}. Khởi động lại yba để dùng.", out.join(&edition.files[0].0).display());
    }
    Ok(u8::from(refused))
}

/// The content that the folder gives now; a folder that is not there yet gives what is built in.
fn content_of(out: &Path) -> Result<Content, Outcome> {
    if !out.exists() {
        return Ok(Content::built_in());
    }
    Content::with_folder(out).map_err(|problems| {
        let list: Vec<String> = problems.iter().take(SHOWN_MAX).map(ToString::to_string).collect();
        let text =
            format!("Thư mục nội dung {} đang có lỗi; sửa trước đã:\n{}", out.display(), list.join("\n"));
        Outcome::invalid("content", text, format!("{} problems of content", problems.len()))
    })
}

fn tell_rows(found: &Imported) {
    for trouble in found.troubles.iter().take(SHOWN_MAX) {
        eprintln!("{trouble}");
    }
    if found.refused > 0 {
        eprintln!("{} dòng không dùng được.", found.refused);
    }
    let (rows, headings, outdated) = (found.rows.len(), found.headings, found.outdated);
    println!(
        "{rows} mã; bỏ qua {headings} dòng tiêu đề nhóm, {outdated} dòng đã hết hạn của mã còn dòng khác."
    );
}

fn tell_changes(difference: &Difference, before: Option<Day>) {
    match before {
        Some(day) => println!("So với bản {day}:"),
        None => println!("Chưa có bản nào trước đó:"),
    }
    for what in What::ALL {
        let count = difference.of_kind(what).count();
        println!("  {}: {count}", what.name());
        // Everything is new in a first edition: the number says enough.
        let shown = if before.is_none() { 0 } else { SHOWN_MAX };
        for change in difference.of_kind(what).take(shown) {
            match what {
                What::Added => println!("    {} {}", change.code, change.after),
                What::Removed => println!("    {} {}", change.code, change.before),
                _ => println!("    {}: {:?} → {:?}", change.code, change.before, change.after),
            }
        }
        if count > shown && shown > 0 {
            println!("    … và {} mã nữa (xem hết bằng --report)", count - shown);
        }
    }
}
