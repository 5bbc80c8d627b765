//! `yba import bhyt`: insurance claim files into the record, then links, then a report for the person who ran it.

use crate::node::Node;
use crate::output::Output;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use yba_claim::problem::Severity;
use yba_claim::{Options, ProvinceKey, Report};
use yba_fhir::Outcome;
use yba_mpi::follower;

/// Progress is shown this often.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// Problems of a kind that are printed; all are counted.
const SHOWN_MAX: usize = 5;

/// Imports, links, and says what came in, what was linked, what was refused and why; exit 1 when something was
/// refused.
pub async fn run(node: &Node, paths: &[PathBuf], rejects: &Path, output: &Output) -> Result<u8, Outcome> {
    let options = Options { rejects: Some(rejects.to_owned()), ..Options::default() };
    let key = ProvinceKey::new(node.province_key);
    let mut told = Instant::now();
    let report = yba_claim::import(&node.records, &node.content, &key, paths, options, |progress| {
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            output.progress("Nhập hồ sơ BHYT (byte)", progress.bytes_done, progress.bytes_total);
        }
    })
    .await?;
    output.progress("Nhập hồ sơ BHYT (byte)", report.bytes, report.bytes);
    let linked = follower::catch_up(&node.records).await?;
    tell(&report, output);
    output.out(format!("Liên kết: {} quyết định mới giữa các hồ sơ cơ sở", linked.decisions));
    Ok(u8::from(report.visits.refused > 0 || report.files_with_errors > 0))
}

/// The report in words: visits, people, records, what was refused and why.
fn tell(report: &Report, output: &Output) {
    let visits = &report.visits;
    output.out(format!(
        "Tệp: {} đọc, {} có lỗi, {} bỏ qua",
        report.files, report.files_with_errors, report.files_skipped
    ));
    output.out(format!(
        "Lượt khám: {} mới, {} cập nhật, {} không đổi, {} cũ hơn bản đang có, {} bị từ chối",
        visits.new, visits.updated, visits.unchanged, visits.older, visits.refused
    ));
    output.out(format!("Người bệnh mới: {}", report.people_new));
    let counts = |counts: &std::collections::BTreeMap<String, u64>| {
        counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    };
    if !report.written.is_empty() {
        output.out(format!("Bản ghi đã ghi: {}", counts(&report.written)));
    }
    if report.withdrawn > 0 {
        output.out(format!("Bản ghi rút lại theo tệp sửa: {}", report.withdrawn));
    }
    if !report.kept_raw.is_empty() {
        output.out(format!("Giữ nguyên văn, chưa ánh xạ: {}", counts(&report.kept_raw)));
    }
    for (key, tally) in &report.problems {
        let word = match tally.severity {
            Severity::Error => "LỖI",
            Severity::Warning => "cảnh báo",
            Severity::Note => "ghi chú",
        };
        output.out(format!("[{word}] {key}: {} lần", tally.count));
        for problem in tally.samples.iter().take(SHOWN_MAX) {
            output.out(format!("    {problem}"));
        }
    }
    if let Some(folder) = &report.rejects {
        output.out(format!(
            "Lượt bị từ chối nằm ở {}: sửa theo ly-do.csv rồi nhập lại thư mục đó",
            folder.display()
        ));
    }
}
