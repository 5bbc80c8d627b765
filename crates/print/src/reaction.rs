//! The report of a reaction after vaccines: what a template reads.

use crate::paper::Place;
use crate::person;
use yba_fhir::json::{Value, json};
use yba_ui::format;

/// The report of one reaction.
pub struct Report<'r> {
    pub id: &'r str,
    pub title: &'r str,
    /// The Patient.
    pub patient: &'r Value,
    pub place: Place,
    /// The vaccines that are suspected.
    pub doses: Vec<Dose<'r>>,
    /// What it is called, and what was seen.
    pub kind: &'r str,
    pub words: &'r str,
    /// ISO instants: when it began, and when the station knew.
    pub began: &'r str,
    pub known: &'r str,
    /// Words, and which of them it is.
    pub gravity: Vec<(&'r str, bool)>,
    pub end: Vec<(&'r str, bool)>,
    pub handled: &'r str,
    pub is_serious: bool,
    /// ISO instants: until when it must be told, and when it was; empty when not. And by which way.
    pub due: String,
    pub sent: &'r str,
    pub way: &'r str,
    /// Numbers of laws.
    pub basis: Vec<String>,
    pub uncertain: &'r str,
}

/// A vaccine that is suspected.
pub struct Dose<'d> {
    pub name: &'d str,
    /// Which dose of its series it was; empty when unknown.
    pub number: String,
    pub maker: &'d str,
    pub lot: &'d str,
    /// ISO day, and when it was given (ISO).
    pub expiry: &'d str,
    pub given: &'d str,
    /// A code of v3-RouteOfAdministration.
    pub route: &'d str,
    /// How many people were given this lot on that day at the station, as far as the reader may see them.
    pub beside: usize,
    /// Since when (ISO) the station does not give this lot any more; empty when it does.
    pub stopped: &'d str,
}

/// What a template reads, as docs/vi/noi-dung.md describes it.
pub fn data(report: &Report) -> Value {
    let doses = report.doses.iter().map(|one| {
        json!({"name": one.name, "number": one.number.as_str(), "maker": one.maker, "lot": one.lot,
            "expiry": format::date(one.expiry), "given": format::date_time(one.given), "route": one.route,
            "beside": one.beside, "stopped": format::date_time(one.stopped)})
    });
    let doses: Vec<Value> = doses.collect();
    let ticks = |all: &[(&str, bool)]| -> Vec<Value> {
        all.iter().map(|(words, is_it)| json!({"words": *words, "on": *is_it})).collect()
    };
    json!({
        "id": report.id, "title": report.title, "patient": person::data(report.patient, report.began),
        "place": report.place.data(), "doses": doses, "kind": report.kind, "words": report.words,
        "began": format::date_time(report.began), "known": format::date_time(report.known),
        "gravity": ticks(&report.gravity), "end": ticks(&report.end), "handled": report.handled,
        "serious": report.is_serious, "due": format::date_time(&report.due), "sent": format::date_time(report.sent),
        "way": report.way, "basis": report.basis, "uncertain": report.uncertain,
    })
}

/// An invented report, for examples: of so many vaccines; without any it is of a mild fever, of which little is known.
pub(crate) fn example(place: Place, patient: &Value, doses: usize) -> Value {
    let is_serious = doses > 0;
    let names =
        ["DPT-VGB-Hib (5 trong 1)", "Bại liệt uống bOPV", "Phế cầu cộng hợp (PCV13) cho trẻ dưới hai tuổi"];
    let dose = |at: usize| Dose {
        name: names[at % names.len()],
        number: (at % 3 + 1).to_string(),
        maker: if at == 0 { "Viện huyết thanh mẫu" } else { "" },
        lot: ["LO-102-1", "LO-178-1", "LO-133-7"][at % 3],
        expiry: "2027-12-31",
        given: "2026-03-02T08:10:00+07:00",
        route: ["IM", "PO", "IM"][at % 3],
        beside: 30 - at,
        stopped: if at == 0 { "2026-03-02T08:25:00+07:00" } else { "" },
    };
    let pick = |all: [&'static str; 5], wanted: &str| all.iter().map(|one| (*one, *one == wanted)).collect();
    let ends = ["Đang theo dõi, xử trí", "Đã khỏi", "Đang đỡ", "Khỏi, để lại di chứng", "Tử vong"];
    data(&Report {
        id: "pu-mau",
        title: if is_serious {
            "Báo cáo trường hợp tai biến nặng sau tiêm chủng"
        } else {
            "Báo cáo phản ứng sau tiêm chủng"
        },
        patient,
        place,
        doses: (0..doses.max(1)).map(dose).collect(),
        kind: if is_serious { "Phản vệ" } else { "Sốt" },
        words: if is_serious {
            "Sau tiêm 12 phút trẻ tím tái, thở rít, mạch nhanh nhỏ 168 lần/phút, da lạnh ẩm, nổi mẩn đỏ toàn thân, lịm dần; không nôn, không co giật"
        } else {
            ""
        },
        began: "2026-03-02T08:22:00+07:00",
        known: "2026-03-02T08:25:00+07:00",
        gravity: vec![("Nhẹ", !is_serious), ("Vừa", false), ("Nặng", is_serious)],
        end: pick(ends, if is_serious { "Đang đỡ" } else { "Đã khỏi" }),
        handled: if is_serious {
            "Tiêm bắp Adrenalin 1 mg/ml 0,1 ml lúc 8 giờ 26, nhắc lại lúc 8 giờ 31; đặt nằm đầu thấp, thở oxy 5 lít/phút; gọi 115; chuyển Bệnh viện đa khoa tỉnh Mẫu lúc 8 giờ 50, mạch 130, tỉnh"
        } else {
            ""
        },
        is_serious,
        due: if is_serious { "2026-03-03T08:25:00+07:00".into() } else { String::new() },
        sent: if is_serious { "2026-03-02T09:05:00+07:00" } else { "" },
        way: if is_serious { "Điện thoại" } else { "" },
        basis: vec!["13/2026/TT-BYT".into(), "165/2026/NĐ-CP".into()],
        uncertain: "",
    })
}
