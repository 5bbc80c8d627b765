//! The rules: from facts to findings.

use super::facts::Facts;
use yba_records::gate::Review;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Most accounts that a finding names.
const NAMED_MAX: usize = 10;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable word for it.
    pub key: &'static str,
    pub what: String,
    /// What to do, in one sentence.
    pub to_do: String,
}

fn finding(key: &'static str, what: impl Into<String>, to_do: impl Into<String>) -> Finding {
    Finding { key, what: what.into(), to_do: to_do.into() }
}

/// Everything that is not as it should be, the gravest first.
pub fn judge(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    network(facts, &mut found);
    files(facts, &mut found);
    accounts(facts, &mut found);
    copies(facts, &mut found);
    found
}

fn network(facts: &Facts, found: &mut Vec<Finding>) {
    if facts.is_open {
        found.push(finding(
            "open",
            "Máy chủ đang ở chế độ thử, ai vào cũng được.",
            "Dừng máy chủ rồi chạy lại `yba serve` không có --open.",
        ));
    }
    if facts.is_demo {
        found.push(finding(
            "demo",
            "Thư mục này chứa dữ liệu giả định.",
            "Lập thư mục khác cho dữ liệu thật bằng --data; không nhập hồ sơ thật vào đây.",
        ));
    }
    if !facts.is_https {
        found.push(finding("tls", "Chưa có HTTPS, mật khẩu và hồ sơ đi qua mạng không được mã hóa.", "Xin chứng thư cho tên miền của đơn vị rồi đặt tls-cert và tls-key, hoặc đặt proxies và base-url nếu có máy chủ HTTPS đứng trước."));
    }
    if facts.base_url.is_empty() {
        found.push(finding("base-url", "Chưa đặt địa chỉ chính thức của máy chủ.", "Đặt base-url = \"https://…\" trong yba.toml, để liên kết gửi cho người dùng không lấy theo tên mà trình duyệt tự khai."));
    }
    if facts.all_origins {
        found.push(finding(
            "origins",
            "Mọi trang web đều gọi được FHIR API từ trình duyệt.",
            "Ghi rõ từng địa chỉ trong origins thay cho dấu *.",
        ));
    }
    if facts.clear_hosts {
        found.push(finding(
            "subscription-hosts",
            "Có nơi nhận thông báo qua HTTP không mã hóa.",
            "Yêu cầu nơi nhận dùng HTTPS rồi sửa lại subscription-hosts.",
        ));
    }
    if let Some(host) = &facts.far_database {
        found.push(finding("database", format!("Dữ liệu đi đến PostgreSQL ở {host} không được mã hóa trên đường."), "Đặt PostgreSQL trên cùng máy, hoặc nối qua đường hầm mã hóa (WireGuard, SSH) rồi trỏ database về 127.0.0.1."));
    }
}

fn files(facts: &Facts, found: &mut Vec<Finding>) {
    for one in &facts.loose {
        let mode = if one.is_folder { "700" } else { "600" };
        found.push(finding(
            "permissions",
            format!("Người dùng khác trên máy này mở được {} (quyền {:o}).", one.name, one.mode),
            format!("Chạy: chmod {mode} '{}'.", one.name),
        ));
    }
}

fn accounts(facts: &Facts, found: &mut Vec<Finding>) {
    let active = || facts.accounts.iter().filter(|one| !one.blocked && one.in_force);
    if facts.accounts.is_empty() {
        found.push(finding(
            "no-accounts",
            "Chưa có tài khoản nào; ai cầm liên kết thiết lập đầu tiên sẽ thành quản trị.",
            "Chạy `yba serve`, mở liên kết thiết lập được in ra và lập tài khoản quản trị.",
        ));
        return;
    }
    let keepers = active().filter(|one| one.roles.iter().any(|role| role == facts.keeper)).count();
    if keepers < 2 {
        found.push(finding(
            "keepers",
            format!(
                "Chỉ có {keepers} người quản trị; người này vắng thì không ai khóa được tài khoản bị lộ."
            ),
            "Lập thêm một tài khoản quản trị cho người thứ hai ở Quản trị → Tài khoản.",
        ));
    }
    let mut tell = |key, held: Vec<&Review>, what: &str, to_do: &str| {
        if !held.is_empty() {
            found.push(finding(key, format!("{} tài khoản {what}: {}.", held.len(), named(&held)), to_do));
        }
    };
    tell(
        "second-factor",
        active().filter(|one| one.has_password && !one.has_second_factor).collect(),
        "chưa có xác thực bước hai",
        "Yêu cầu từng người vào Tài khoản của tôi → Ứng dụng xác thực và cài.",
    );
    tell(
        "idle",
        active().filter(|one| one.is_idle).collect(),
        &format!("không dùng quá {} ngày nên đang bị chặn", facts.idle_days_max),
        "Thu hồi nếu người đó đã nghỉ, hoặc mở lại có ghi lý do, ở Quản trị → Rà soát tài khoản.",
    );
    tell(
        "review",
        facts.accounts.iter().filter(|one| one.is_due).collect(),
        &format!("chưa được rà soát quá {} ngày", facts.review_days_max),
        "Giữ hoặc thu hồi từng tài khoản ở Quản trị → Rà soát tài khoản.",
    );
    tell(
        "ended",
        facts.accounts.iter().filter(|one| !one.in_force && one.sessions > 0).collect(),
        "đã hết vai trò hoặc đã khóa mà còn phiên đăng nhập",
        "Khóa tài khoản ở Quản trị → Tài khoản để xóa mọi phiên.",
    );
    tell(
        "over",
        facts.accounts.iter().filter(|one| !one.in_force && !one.blocked).collect(),
        "không còn vai trò nào mà chưa khóa",
        "Khóa tài khoản, hoặc cấp vai trò mới nếu người đó còn làm việc.",
    );
}

fn named(held: &[&Review]) -> String {
    let mut names: Vec<&str> = held.iter().take(NAMED_MAX).map(|one| one.login.as_str()).collect();
    if held.len() > NAMED_MAX {
        names.push("…");
    }
    names.join(", ")
}

fn copies(facts: &Facts, found: &mut Vec<Finding>) {
    match facts.backup_ms {
        None => found.push(finding("backup", "Chưa sao lưu lần nào.", "Chạy `yba backup --to …` mỗi ngày, chép tệp sang máy khác, và cất backup.key ở nơi khác với tệp.")),
        Some(at) if facts.now_ms - at > facts.backup_hours_max * HOUR_MS => {
            let hours = (facts.now_ms - at) / HOUR_MS;
            found.push(finding("backup", format!("Bản sao lưu gần nhất đã {hours} giờ trước."), "Xem lịch sao lưu có còn chạy không, rồi chạy `yba backup --to …` ngay."));
        }
        Some(_) => {}
    }
    match facts.head_given_ms {
        None => found.push(finding(
            "audit-head",
            "Mốc nhật ký chưa bao giờ được cất ra ngoài, nên không phát hiện được nếu ai cắt đuôi nhật ký.",
            "Chạy `yba audit head`, in dòng đó ra giấy hoặc chép vào USB cất trong tủ khóa.",
        )),
        Some(at) if facts.now_ms - at > facts.head_days_max * DAY_MS => {
            let days = (facts.now_ms - at) / DAY_MS;
            found.push(finding(
                "audit-head",
                format!("Mốc nhật ký cất ra ngoài lần cuối đã {days} ngày trước."),
                "Chạy `yba audit head` và cất dòng mới; sau đó chạy `yba audit verify --head` với dòng cũ.",
            ));
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::facts::Loose;

    const NOW: i64 = 1_772_413_200_000;

    fn account(login: &str, role: &str) -> Review {
        Review {
            login: login.into(),
            roles: vec![role.into()],
            in_force: true,
            has_password: true,
            has_second_factor: true,
            last_ms: Some(NOW - DAY_MS),
            ..Review::default()
        }
    }

    fn sound() -> Facts {
        Facts {
            now_ms: NOW,
            is_https: true,
            base_url: "https://hoso.laichau.gov.vn".into(),
            accounts: vec![
                account("mai.lo", "it-officer"),
                account("pao.vang", "it-officer"),
                account("bac.si", "doctor"),
            ],
            keeper: "it-officer",
            backup_ms: Some(NOW - HOUR_MS),
            backup_hours_max: 26,
            head_given_ms: Some(NOW - DAY_MS),
            head_days_max: 31,
            idle_days_max: 45,
            review_days_max: 180,
            ..Facts::default()
        }
    }

    fn keys(facts: &Facts) -> Vec<&'static str> {
        judge(facts).iter().map(|one| one.key).collect()
    }

    #[test]
    fn a_sound_node_has_no_findings_and_each_slip_has_its_own() {
        assert_eq!(judge(&sound()), []);
        type Slip = fn(&mut Facts);
        let slips: [(&str, Slip); 18] = [
            ("open", |facts| facts.is_open = true),
            ("demo", |facts| facts.is_demo = true),
            ("tls", |facts| facts.is_https = false),
            ("base-url", |facts| facts.base_url.clear()),
            ("origins", |facts| facts.all_origins = true),
            ("subscription-hosts", |facts| facts.clear_hosts = true),
            ("database", |facts| facts.far_database = Some("db.tinh.vn".into())),
            ("permissions", |facts| {
                facts.loose = vec![Loose { name: "province.key".into(), mode: 0o644, is_folder: false }]
            }),
            ("no-accounts", |facts| facts.accounts.clear()),
            ("keepers", |facts| facts.accounts.truncate(1)),
            ("second-factor", |facts| facts.accounts[2].has_second_factor = false),
            ("idle", |facts| facts.accounts[2].is_idle = true),
            ("review", |facts| facts.accounts[2].is_due = true),
            ("over", |facts| facts.accounts[2].in_force = false),
            ("backup", |facts| facts.backup_ms = None),
            ("backup", |facts| facts.backup_ms = Some(NOW - 27 * HOUR_MS)),
            ("audit-head", |facts| facts.head_given_ms = None),
            ("audit-head", |facts| facts.head_given_ms = Some(NOW - 32 * DAY_MS)),
        ];
        for (key, slip) in slips {
            let mut facts = sound();
            slip(&mut facts);
            let found = judge(&facts);
            assert_eq!(found.iter().map(|one| one.key).collect::<Vec<_>>(), [key]);
            assert!(found[0].to_do.ends_with('.') && !found[0].what.is_empty());
        }
    }

    #[test]
    fn sessions_of_whoever_has_no_role_any_more_are_told_and_the_blocked_are_at_rest() {
        let mut facts = sound();
        facts.accounts[2] = Review {
            in_force: false,
            blocked: true,
            sessions: 1,
            last_ms: None,
            ..account("bac.si", "doctor")
        };
        assert_eq!(keys(&facts), ["ended"]);
        facts.accounts[2].sessions = 0;
        assert_eq!(keys(&facts), [""; 0], "a blocked account may be idle for as long as it likes");
    }
}
