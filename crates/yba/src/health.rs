//! What the page of a node's health shows: how far followers are, what is in force, how much room is left.

use crate::command::backup;
use crate::node::Node;
use crate::security::{gather, judge};
use std::sync::Arc;
use yba_admin::health::{Health, Look};
use yba_fhir::{Day, Outcome, date};
use yba_records::Gate;
use yba_records::audit::given_at;
use yba_ui::format;

/// A follower so many positions behind is told of.
const BEHIND_MAX: i64 = 10_000;
/// Less room than this part of the disk is told of.
const ROOM_MIN: f64 = 0.1;

/// The look at a running node.
pub fn look(node: &Node, gate: &Gate) -> Look {
    let (node, gate) = (node.clone(), gate.clone());
    Arc::new(move || {
        let (node, gate) = (node.clone(), gate.clone());
        Box::pin(async move { health(&node, &gate).await })
    })
}

async fn health(node: &Node, gate: &Gate) -> Result<Health, Outcome> {
    let store = node.records.store();
    let found = judge(&gather(node, gate).await?);
    let mut to_do: Vec<(String, String)> = found.into_iter().map(|one| (one.what, one.to_do)).collect();
    let indexing = *store.indexing().borrow();
    let followers = [
        ("Nối hồ sơ của một người", yba_mpi::follower::lag(&node.records).await?),
        ("Lập sổ", yba_report::follower::lag(&node.records).await?),
        ("Báo cho hệ thống khác", yba_subscription::lag(&node.records).await?),
        ("Chỉ mục tìm kiếm", indexing.total - indexing.done),
    ];
    for (name, lag) in followers {
        if lag > BEHIND_MAX {
            let wait = "Chờ vài phút; nếu số không giảm, khởi động lại máy chủ và gửi dòng báo lỗi cho bộ phận hỗ trợ.";
            to_do.push((format!("{name} còn chậm {} bản ghi.", format::count(lag as usize)), wait.into()));
        }
    }
    let lag = |lag: i64| {
        if lag == 0 {
            "đã kịp".to_owned()
        } else {
            format!("còn {} bản ghi", format::count(lag as usize))
        }
    };
    let mut disk = Vec::new();
    if let Ok(about) = rustix::fs::statvfs(&node.config.data) {
        let (free, all) = (about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize);
        disk.push((
            "Ổ đĩa còn trống".to_owned(),
            format!("{} / {}", format::bytes(free as usize), format::bytes(all as usize)),
        ));
        if (free as f64) < all as f64 * ROOM_MIN {
            let what = format!("Ổ đĩa chỉ còn trống {}.", format::bytes(free as usize));
            to_do.insert(0, (what, "Chuyển các tệp sao lưu cũ sang máy khác hoặc gắn thêm ổ đĩa, trước khi máy chủ phải ngừng ghi.".into()));
        }
    }
    if let Ok(about) = node.config.data.join("yba.db").metadata() {
        disk.push(("Cơ sở dữ liệu".to_owned(), format::bytes(about.len() as usize)));
    }
    let moment = |ms: Option<i64>| {
        ms.map_or("chưa lần nào".to_owned(), |ms| format::date_time(&date::instant(ms)))
    };
    let today = Day::of_instant(store.clock().now_ms());
    let (reads, _) = node.records.trail().end();
    let editions = [
        ("Bảng giám định bảo hiểm y tế", Some(node.content.claims().on(today).title.clone())),
        ("Vai trò", Some(format!("{} vai trò", gate.roles().len()))),
    ];
    let row = |word: &str, value: String| (word.to_owned(), value);
    Ok(Health {
        measures: vec![
            ("Việc chạy nền", followers.into_iter().map(|(name, behind)| row(name, lag(behind))).collect()),
            ("Chỗ chứa", disk),
            (
                "Sao lưu và nhật ký",
                vec![
                    row("Sao lưu gần nhất", moment(backup::last_ms(&node.config.data))),
                    row("Cất mốc nhật ký ra ngoài", moment(given_at(node.records.trail().folder()))),
                    row("Dòng nhật ký đọc", format::count(reads as usize)),
                    row("Vị trí ghi", format::count(store.head_t() as usize)),
                ],
            ),
            (
                "Nội dung đang áp dụng",
                editions.into_iter().filter_map(|(name, value)| Some(row(name, value?))).collect(),
            ),
        ],
        to_do,
    })
}
