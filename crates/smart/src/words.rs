//! Scopes as people say them.

use yba_auth::smart::Scopes;
use yba_auth::smart::scope::{Records, Whose};

/// Types that apps often ask for.
const KINDS: [(&str, &str); 27] = [
    ("*", "mọi loại dữ liệu"),
    ("AllergyIntolerance", "dị ứng"),
    ("Appointment", "lịch hẹn"),
    ("CarePlan", "kế hoạch chăm sóc"),
    ("Claim", "hồ sơ thanh toán"),
    ("Condition", "bệnh, chẩn đoán"),
    ("Coverage", "thẻ bảo hiểm"),
    ("DiagnosticReport", "phiếu kết quả"),
    ("DocumentReference", "tài liệu"),
    ("Encounter", "lượt khám"),
    ("FamilyMemberHistory", "tiền sử gia đình"),
    ("Immunization", "mũi tiêm"),
    ("Location", "nơi khám"),
    ("Medication", "thuốc"),
    ("MedicationDispense", "lần cấp thuốc"),
    ("MedicationRequest", "đơn thuốc"),
    ("Observation", "kết quả, dấu hiệu sinh tồn"),
    ("Organization", "cơ sở y tế"),
    ("Patient", "thông tin hành chính"),
    ("Practitioner", "nhân viên y tế"),
    ("PractitionerRole", "chức danh nhân viên"),
    ("Procedure", "thủ thuật, phẫu thuật"),
    ("Questionnaire", "biểu mẫu"),
    ("QuestionnaireResponse", "biểu mẫu đã điền"),
    ("RelatedPerson", "người thân"),
    ("ServiceRequest", "chỉ định"),
    ("Specimen", "mẫu bệnh phẩm"),
];
const VERBS: [(char, &str); 5] = [('r', "xem"), ('s', "tìm"), ('c', "thêm"), ('u', "sửa"), ('d', "xóa")];

/// What is asked, a line each.
pub(crate) fn lines(scopes: &Scopes) -> Vec<String> {
    let mut lines: Vec<String> = scopes.records().iter().map(line).collect();
    for (word, said) in [
        ("openid", "Biết bạn là tài khoản nào"),
        ("fhirUser", "Biết bạn là nhân viên y tế hay người dân nào trong hồ sơ"),
        ("offline_access", "Dùng quyền này cả khi bạn đã đăng xuất, tới 90 ngày"),
        ("online_access", "Dùng quyền này đến khi bạn đăng xuất"),
    ] {
        if scopes.has(word) {
            lines.push(said.to_owned());
        }
    }
    lines
}

fn line(one: &Records) -> String {
    let verbs: Vec<&str> =
        VERBS.iter().filter(|(letter, _)| one.letters.contains(*letter)).map(|(_, verb)| *verb).collect();
    let kind = KINDS
        .iter()
        .find(|(kind, _)| *kind == one.kind)
        .map_or_else(|| format!("dữ liệu loại {}", one.kind), |(_, said)| (*said).to_owned());
    let whose = match one.whose {
        Whose::Patient => "của người bệnh này",
        Whose::User => "của mọi người mà bạn được xem",
        Whose::System => "của mọi người mà vai trò của dịch vụ cho phép",
    };
    let only: Vec<String> = one
        .codes
        .iter()
        .map(|codes| format!("{} là {}", codes.parameter, codes.values.join(" hoặc ")))
        .collect();
    let only = if only.is_empty() { String::new() } else { format!(" (chỉ khi {})", only.join(", ")) };
    let text = format!("{} {kind} {whose}{only}", verbs.join(", "));
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_said_in_words() {
        let said = |text: &str| lines(&Scopes::parse(text).unwrap());
        assert_eq!(
            said("patient/Observation.rs?category=laboratory"),
            ["Xem, tìm kết quả, dấu hiệu sinh tồn của người bệnh này (chỉ khi category là laboratory)"]
        );
        assert_eq!(
            said("user/*.cud launch/patient"),
            ["Thêm, sửa, xóa mọi loại dữ liệu của mọi người mà bạn được xem"]
        );
        assert_eq!(said("openid offline_access").len(), 2);
        assert!(said("user/Flag.r")[0].contains("Flag"));
        let sorted = KINDS.windows(2).all(|pair| pair[0].0 < pair[1].0);
        assert!(sorted, "each once");
    }
}
