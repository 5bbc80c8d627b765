//! The review as a file for a spreadsheet: all accounts.

use super::Shown;
use super::page::{age, moment, places, post, standing};
use crate::trail::download::Sheet;
use yba_fhir::Outcome;

pub(super) fn rows(shown: &Shown) -> Result<Vec<u8>, Outcome> {
    let mut sheet = Sheet::new(&[
        "Họ và tên",
        "Tên đăng nhập",
        "Vai trò và nơi",
        "Trạng thái",
        "Danh sách nhân sự",
        "Dùng lần cuối",
        "Lập được",
        "Rà soát lần cuối",
        "Người rà soát",
        "Kết luận",
        "Lý do",
    ])?;
    for ((account, review), ruling) in shown.accounts.iter().zip(shown.rulings) {
        let ruling = ruling.as_ref();
        let of = |text: fn(&super::Told) -> &str| ruling.map(text).unwrap_or_default().to_owned();
        sheet.row([
            account.name.clone(),
            account.login.clone(),
            places(account, shown).join("; "),
            standing(review).to_owned(),
            post(account, shown.today).to_owned(),
            moment(review.last_ms),
            age(review.made_ms, shown.today),
            of(|told| &told.when),
            of(|told| &told.by),
            of(|told| told.what),
            of(|told| &told.reason),
        ])?;
    }
    sheet.finish()
}
