//! The words of the trail as people say them. What has none is shown as it stands.

/// What was done.
pub(super) const ACTIONS: [(&str, &str); 64] = [
    ("person", "Mở hồ sơ"),
    ("everything", "Xem cả hồ sơ"),
    ("read", "Xem một mục"),
    ("vread", "Xem bản cũ của một mục"),
    ("history", "Xem lịch sử sửa đổi"),
    ("search", "Xem danh sách"),
    ("lastn", "Xem kết quả gần nhất"),
    ("find", "Tìm người"),
    ("register", "Xem sổ"),
    ("register-export", "In hoặc tải sổ"),
    ("report", "Xem số liệu báo cáo"),
    ("own-work", "Xem việc mình đã làm"),
    ("break-glass", "Mở hồ sơ khẩn cấp"),
    ("transact", "Ghi hoặc sửa"),
    ("export", "Xuất dữ liệu"),
    ("notify", "Báo cho hệ thống khác"),
    ("redeliver", "Báo lại cho hệ thống khác"),
    ("meta", "Xem nhãn"),
    ("explain", "Xem cách tìm"),
    ("rest", "Gọi FHIR API"),
    ("audit-read", "Xem ai đã xem hồ sơ"),
    ("audit-search", "Tìm trong nhật ký"),
    ("audit-export", "Tải nhật ký"),
    ("audit-report", "Lập báo cáo lộ dữ liệu"),
    ("sign-in", "Đăng nhập"),
    ("second-factor", "Xác thực bước hai"),
    ("passkey", "Đăng nhập bằng khóa"),
    ("passkey-add", "Thêm khóa đăng nhập"),
    ("passkey-remove", "Bỏ khóa đăng nhập"),
    ("outside", "Đăng nhập qua nơi ngoài"),
    ("outside-add", "Gắn tài khoản ngoài"),
    ("outside-remove", "Bỏ gắn tài khoản ngoài"),
    ("sign-out", "Đăng xuất"),
    ("session", "Dùng phiên đăng nhập đã hết hạn"),
    ("password", "Đổi mật khẩu"),
    ("link", "Dùng liên kết một lần"),
    ("recovery-code", "Dùng mã dự phòng"),
    ("accounts", "Xem danh sách tài khoản"),
    ("health", "Xem sức khỏe máy chủ"),
    ("account-create", "Lập tài khoản"),
    ("account-roles", "Đổi vai trò"),
    ("account-person", "Sửa người giữ tài khoản"),
    ("account-review", "Rà soát tài khoản"),
    ("account-block", "Khóa tài khoản"),
    ("account-unblock", "Mở khóa tài khoản"),
    ("account-set-back", "Đặt lại tài khoản"),
    ("apps", "Xem danh sách ứng dụng"),
    ("app-register", "Đăng ký ứng dụng"),
    ("app-off", "Tắt ứng dụng"),
    ("app-on", "Bật lại ứng dụng"),
    ("app-secret", "Cấp mã bí mật mới cho ứng dụng"),
    ("app-ask", "Ứng dụng xin quyền"),
    ("app-let-in", "Cho ứng dụng vào"),
    ("app-take-back", "Rút quyền của ứng dụng"),
    ("app-turn-away", "Từ chối ứng dụng"),
    ("app-open", "Mở ứng dụng từ hồ sơ"),
    ("app-prove", "Ứng dụng tự chứng minh"),
    ("app-fetch", "Ứng dụng nhận quyền"),
    ("app-renew", "Ứng dụng gia hạn quyền"),
    ("app-itself", "Dịch vụ chạy nền nhận quyền"),
    ("app-use", "Dùng quyền đã hết hạn của ứng dụng"),
    ("app-ask-token", "Ứng dụng hỏi về quyền"),
    ("app-give-up", "Ứng dụng trả lại quyền"),
    ("app-key", "Lập khóa ký mới"),
];

pub(super) fn action(word: &str) -> &str {
    ACTIONS.iter().find(|(known, _)| *known == word).map_or(word, |(_, said)| said)
}

/// To what end, by the code of HL7's PurposeOfUse.
pub(super) fn purpose(code: &str) -> &str {
    match code {
        "TREAT" => "Khám, chữa bệnh",
        "HOPERAT" => "Vận hành hệ thống",
        other => other,
    }
}

/// By which way.
pub(super) fn source(word: &str) -> &str {
    match word {
        "page" => "trang web",
        "rest" => "FHIR API",
        "gate" => "cửa đăng nhập",
        other => other,
    }
}
