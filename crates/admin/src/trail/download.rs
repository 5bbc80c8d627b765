//! Entries and reports as files for a spreadsheet.

use super::names::Names;
use super::words;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use yba_fhir::{Outcome, date};
use yba_records::audit::{Found, Report};

/// The bytes that tell spreadsheets that what follows is UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A cell that no spreadsheet takes for a formula: somebody may have signed in as `=HYPERLINK(…)`.
fn cell(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// Rows for a spreadsheet, none of whose cells is a formula.
pub(crate) struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    pub fn new(heads: &[&str]) -> Result<Sheet, Outcome> {
        let mut sheet = Sheet(csv::Writer::from_writer(MARK.to_vec()));
        sheet.row(heads.iter().map(|head| (*head).to_owned()))?;
        Ok(sheet)
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) -> Result<(), Outcome> {
        let cells = cells.into_iter().map(|text| cell(&text));
        self.0.write_record(cells).map_err(|error| Outcome::fault(error.to_string()))
    }

    pub fn finish(self) -> Result<Vec<u8>, Outcome> {
        self.0.into_inner().map_err(|error| Outcome::fault(error.to_string()))
    }
}

pub(super) fn entries(found: &Found, names: &Names) -> Result<Vec<u8>, Outcome> {
    let mut sheet = Sheet::new(&[
        "Lúc",
        "Ai",
        "Mã người dùng",
        "Vai trò và cơ sở",
        "Việc",
        "Loại",
        "Mã hồ sơ người bệnh",
        "Kết quả",
        "Mục đích",
        "Qua",
        "Địa chỉ mạng",
        "Số thứ tự",
    ])?;
    for entry in &found.entries {
        let posts: Vec<String> = names
            .posts(&entry.posts)
            .into_iter()
            .map(|(role, facility)| if facility.is_empty() { role } else { format!("{role} – {facility}") })
            .collect();
        sheet.row([
            date::instant(entry.at),
            names.agent(&entry.agent),
            entry.agent.clone(),
            posts.join("; "),
            words::action(&entry.action).to_owned(),
            entry.kind.clone(),
            entry.patients.join(" "),
            if entry.refused { "Bị từ chối" } else { "Được" }.to_owned(),
            words::purpose(&entry.purpose).to_owned(),
            words::source(&entry.source).to_owned(),
            entry.address.clone(),
            format!("{:?} {}", entry.chain, entry.seq),
        ])?;
    }
    if found.next.is_some() {
        sheet.row(
            ["Còn nữa: tệp chỉ có các dòng mới nhất. Hãy chọn khoảng thời gian ngắn hơn.".to_owned()]
                .into_iter()
                .chain((0..11).map(|_| String::new())),
        )?;
    }
    sheet.finish()
}

pub(super) fn report(report: &Report, names: &Names) -> Result<Vec<u8>, Outcome> {
    let mut sheet = Sheet::new(&["Mã hồ sơ người bệnh", "Số lần", "Lần đầu", "Lần cuối", "Bởi"])?;
    for one in &report.patients {
        let agents: Vec<String> = one.agents.iter().map(|agent| names.agent(agent)).collect();
        sheet.row([
            one.patient.clone(),
            one.times.to_string(),
            date::instant(one.first_ms),
            date::instant(one.last_ms),
            agents.join("; "),
        ])?;
    }
    sheet.finish()
}

pub(crate) fn csv(name: &str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+84", "-1", "@x", "\t=1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert_eq!(cell("Lò Thị Mai"), "Lò Thị Mai");
    }
}
