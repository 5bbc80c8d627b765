//! The page of who may see a record, and the sheet that is signed: markup only.

use super::Book;
use super::check::{EVERY, OTHER, SIGNERS, Typed};
use super::model::{PARTS, PATIENT, Says, State, Statement};
use crate::record::page::{Part, head, parts};
use maud::{Markup, html};
use yba_fhir::Outcome;
use yba_ui::card::{self, Card};
use yba_ui::form::{Field, Sort, choice, field, offering, summary, tick};
use yba_ui::paper::{Paper, paper};
use yba_ui::status::{Tone, badge};
use yba_ui::{format, state};
use yba_web::enter::page::{about, at_large};

const FIELDS: [&str; 8] = ["say", "part", "place", "other", "from", "to", "signer", "signer_name"];

/// The whole content; `typed` and what is `wrong` with it stand in the form.
pub(super) fn page(book: &Book, typed: &Typed, wrong: Option<&Outcome>) -> Markup {
    let is = |wanted: fn(&State) -> bool| book.statements.iter().filter(move |one| wanted(&one.state));
    let now: Vec<&Statement> = is(|state| matches!(state, State::InForce)).collect();
    let coming: Vec<&Statement> = is(|state| matches!(state, State::Unsigned | State::Later)).collect();
    let past: Vec<&Statement> =
        is(|state| matches!(state, State::Over | State::Withdrawn(_) | State::Void)).collect();
    html! {
        (head(&book.record))
        (parts(&book.record, Part::Rights))
        @if book.is_cut { (state::warning("Có nhiều lời đã ghi.", "Chỉ hiện những lời mới nhất.")) }
        div .cols.two.even {
            div .col {
                (Card::new("dang-co", "Đang có hiệu lực").flush(html! {
                    @if now.is_empty() {
                        (state::empty_line("Người bệnh chưa dặn gì riêng: nơi đang khám chữa bệnh cho họ xem được hồ sơ; phần nhạy cảm chỉ hiện với người có phận sự."))
                    } @else { (list(book, &now)) }
                }))
                @if !coming.is_empty() { (Card::new("cho", "Chưa có hiệu lực").flush(list(book, &coming))) }
                @if !past.is_empty() { (Card::new("truoc-day", "Trước đây").flush(list(book, &past))) }
            }
            div .col { @if book.may_give { (form(book, typed, wrong)) } @else { (seen_only()) } }
        }
    }
}

fn seen_only() -> Markup {
    Card::new("ghi", "Ghi lời người bệnh").flush(state::empty_line(
        "Bác sĩ và nhân viên trạm y tế xã ghi lời người bệnh vào đây. Vai trò của bạn chỉ xem.",
    ))
}

fn list(book: &Book, statements: &[&Statement]) -> Markup {
    card::rows(statements.iter().map(|one| line(book, one)))
}

fn line(book: &Book, one: &Statement) -> Markup {
    let here = address(book, one);
    html! {
        div { @for says in &one.says { p { b { (sentence(book, says)) } (span(says)) } } @if one.says.is_empty() { p { (unread()) } } }
        span .nowrap { (standing(&one.state)) }
        span .sub {
            "Ghi " (format::date_time(&one.made))
            @if let Some(place) = &one.kept_by { " tại " (book.called(place)) }
            @if !one.signer.is_empty() { " · Người đồng ý: " (one.signer) }
            @if let Some(signed) = &one.signed { " · Giấy đã ký " (format::date(signed)) } @else { " · Giấy chưa ký" }
            @if let State::Withdrawn(at) = &one.state { " · Rút lại " (format::date_time(at)) }
        }
        div .sub-ink.acts-line.no-print {
            (card::link_button(&format!("{here}/phieu"), html! { "Phiếu để ký" }))
            @if book.may_change && one.can_be_signed() {
                form method="post" action={ (here) "/da-ky" } { button .btn { "Giấy đã ký" } }
            }
            @if book.may_change && one.can_be_withdrawn() { (withdraw(one, &here)) }
        }
    }
}

/// Asked once, and told what will happen.
fn withdraw(one: &Statement, here: &str) -> Markup {
    let hides = one.says.iter().any(|says| says.is_bar);
    html! {
        details .ask {
            summary .btn { "Rút lại" }
            form method="post" action={ (here) "/rut" } {
                p { @if hides { "Ngay sau đó cơ sở ấy lại xem được." } @else { "Ngay sau đó cơ sở ấy không xem được nữa." } }
                button .btn.danger { "Người bệnh rút lại lời này" }
            }
        }
    }
}

pub(super) fn address(book: &Book, one: &Statement) -> String {
    format!("/nguoi/{}/quyen-xem/{}", book.record.person, one.key)
}

fn standing(state: &State) -> Markup {
    match state {
        State::InForce => badge(Tone::Info, "đang có hiệu lực"),
        State::Unsigned => badge(Tone::Warn, "chờ người bệnh ký"),
        State::Later => badge(Tone::Plain, "chưa tới ngày"),
        State::Over => badge(Tone::Plain, "đã hết hạn"),
        State::Withdrawn(_) => badge(Tone::Plain, "đã rút lại"),
        State::Void => badge(Tone::Plain, "không có hiệu lực"),
    }
}

/// «Không cho Trạm y tế xã Bản Bo xem toàn bộ hồ sơ».
pub(super) fn sentence(book: &Book, says: &Says) -> String {
    let words = |label: &String| {
        let part = PARTS.iter().find(|(code, _)| code == label).map(|(_, words)| (*words).to_owned());
        part.unwrap_or_else(|| format!("phần có nhãn {label}"))
    };
    let parts: Vec<String> = says.labels.iter().map(words).collect();
    let parts = if parts.is_empty() { "toàn bộ hồ sơ".to_owned() } else { parts.join(", ") };
    let places: Vec<String> = says.places.iter().map(|place| book.called(place)).collect();
    match (says.is_bar, places.is_empty()) {
        (true, true) => format!("Không cho cơ sở nào xem {parts}"),
        (true, false) => format!("Không cho {} xem {parts}", places.join(", ")),
        (false, true) => format!("Cho mọi cơ sở xem {parts}"),
        (false, false) => format!("Cho {} xem {parts}", places.join(", ")),
    }
}

/// «, từ 01/12/2026 đến hết 31/12/2026».
fn span(says: &Says) -> String {
    let day = |day: &yba_fhir::Day| format::date(&day.to_string());
    match (&says.first, &says.last) {
        (None, None) => String::new(),
        (Some(first), None) => format!(", từ {}", day(first)),
        (None, Some(last)) => format!(", đến hết {}", day(last)),
        (Some(first), Some(last)) => format!(", từ {} đến hết {}", day(first), day(last)),
    }
}

/// A Consent of others that permits in words which nobody here can tell from others.
fn unread() -> &'static str {
    "Lời này viết theo cách phần mềm không hiểu hết nên không mở thêm gì."
}

fn form(book: &Book, t: &Typed, wrong: Option<&Outcome>) -> Markup {
    let says = [("", ""), ("deny", "Không cho xem"), ("permit", "Cho xem phần nhạy cảm")];
    let wanted: Vec<(&str, &str)> = [("", "Toàn bộ hồ sơ")].into_iter().chain(PARTS).collect();
    let mut places: Vec<(&str, &str)> = vec![("", "")];
    places.extend(book.known.iter().map(|(id, name)| (id.as_str(), name.as_str())));
    places.extend([(EVERY, "Mọi cơ sở (chỉ cho phần nhạy cảm)"), (OTHER, "Cơ sở khác, gõ bên dưới")]);
    let text = |id, label, value: &str, sort, hint| {
        field(&Field::new(id, label, sort).hint(hint).value(value).error(about(wrong, id)).optional())
    };
    let other = Field::new("other", "Cơ sở khác", Sort::Text).hint("Mã hoặc tên; gõ vài chữ để tìm");
    Card::new("ghi", "Ghi lời người bệnh").aside(html! { "có hiệu lực ngay khi lưu" }).flush(html! {
        form .form method="post" action={ "/nguoi/" (book.record.person) "/quyen-xem" } novalidate {
            div .pad { (at_large(wrong, &FIELDS)) (problems(wrong)) }
            fieldset {
                (choice("say", "Người bệnh nói", &says, &t.say, about(wrong, "say")))
                (choice("part", "Phần nào", &wanted, &t.part, about(wrong, "part")))
                (choice("place", "Cơ sở nào", &places, &t.place, about(wrong, "place")))
                (offering(&other.value(&t.other).error(about(wrong, "other")).optional(), super::FACILITIES))
                (text("from", "Từ ngày", &t.from, Sort::Day, "Để trống: từ bây giờ"))
                (text("to", "Đến hết ngày", &t.to, Sort::Day, "Để trống: đến khi rút lại"))
                (choice("signer", "Người đồng ý", &SIGNERS, &t.signer, about(wrong, "signer")))
                (text("signer_name", "Họ tên người ký thay", &t.signer_name, Sort::Text, "Khi người bệnh không tự ký"))
                div .wide { (tick("signed", "Giấy đã ký rồi", t.signed == "1")) }
            }
            div .pad {
                (own_place(book))
                p .muted { "Lời không cho xem có hiệu lực ngay. Lời cho xem có hiệu lực khi giấy đã ký. Cấp cứu vẫn mở được hồ sơ, có ghi lý do và báo cho người bệnh." }
                (card::main_button("Lưu lời người bệnh", Some("Enter")))
            }
        }
    })
}

/// What happens when one's own facility is barred.
fn own_place(book: &Book) -> Markup {
    let own: Vec<String> = book.own.iter().map(|id| book.called(id)).collect();
    html! {
        @if !own.is_empty() {
            p .muted { "Nếu người bệnh không cho " (own.join(", ")) " xem toàn bộ hồ sơ: lưu xong, bạn không mở lại được hồ sơ này; in phiếu ngay ở trang hiện ra. Người bệnh rút lại lời ấy tại một cơ sở khác." }
        }
    }
}

fn problems(wrong: Option<&Outcome>) -> Markup {
    let issues = wrong.into_iter().flat_map(|wrong| &wrong.issues);
    let beside: Vec<(&str, &str)> = issues
        .filter_map(|issue| {
            Some((issue.path.as_deref().filter(|path| FIELDS.contains(path))?, issue.text.as_str()))
        })
        .collect();
    summary(&beside)
}

/// The sheet for the signature. `is_last`: it is shown once, because the record is closed to this facility now.
pub(super) fn sheet(book: &Book, one: &Statement, is_last: bool) -> Markup {
    let who = &book.record.who;
    let back = format!("/nguoi/{}/quyen-xem", book.record.person);
    let agency = one.kept_by.as_ref().map(|place| book.called(place)).unwrap_or_default();
    let day = one.made.get(..10).unwrap_or_default();
    let body = html! {
        (card::facts(&[
            ("Họ và tên", html! { b { (format::name_capitals(&who.name)) } }),
            ("Sinh, giới tính", html! { (format::born(&who.birth, &book.record.today)) " · " (format::sex(&who.sex)) }),
            ("Số định danh", html! { @if let Some(number) = &who.identity { (format::masked(number)) } }),
            ("Nơi ở", html! { (who.address) }),
        ]))
        p { "Về việc ai được xem hồ sơ sức khỏe của tôi, tôi nói rõ như sau:" }
        ul .said { @for says in &one.says { li { b { (sentence(book, says)) "." } " " (lasting(says)) } } }
        p { "Tôi biết rằng: tôi rút lại lời này lúc nào cũng được, ở bất cứ cơ sở nào còn xem được hồ sơ của tôi; khi cấp cứu, người cứu chữa vẫn mở được hồ sơ, phải ghi lý do và tôi được báo; ai đã xem hồ sơ của tôi đều được ghi lại và tôi có quyền hỏi." }
    };
    let signer = if matches!(one.signer.as_str(), "" | PATIENT) { &who.name } else { &one.signer };
    html! {
        @if is_last {
            (state::warning("Đã ghi: cơ sở của bạn không còn xem được hồ sơ này.", "In phiếu cho người bệnh ký ngay bây giờ; đóng trang này thì không mở lại được."))
        } @else { (card::back(&back, "Quyền xem hồ sơ")) }
        (card::page_title("Phiếu ghi lời người bệnh", html! {}, html! { button .btn.main type="button" data-print { "In phiếu" } }))
        (paper(&Paper {
            agency: &agency,
            title: "Phiếu ghi lời người bệnh về việc ai được xem hồ sơ",
            date: day,
            body,
            signatures: &[("Người đồng ý", signer), ("Người ghi", "")],
            foot: &format!("Mã hồ sơ {} · lời số {}", book.record.person, one.key),
        }))
    }
}

/// For how long, as a sentence.
fn lasting(says: &Says) -> String {
    let day = |day: &yba_fhir::Day| format::date(&day.to_string());
    match (&says.first, &says.last) {
        (None, None) => "Có hiệu lực cho đến khi tôi rút lại.".into(),
        (Some(first), None) => format!("Có hiệu lực từ {} cho đến khi tôi rút lại.", day(first)),
        (None, Some(last)) => format!("Có hiệu lực đến hết ngày {}.", day(last)),
        (Some(first), Some(last)) => format!("Có hiệu lực từ {} đến hết {}.", day(first), day(last)),
    }
}
