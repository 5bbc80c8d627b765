//! The page of one visit: markup only.

use super::model::Record;
use super::page::{general_note, head};
use super::visit::{CostLine, Costs, ResultLine, VisitPage};
use maud::{Markup, html};
use yba_ui::card::Card;
use yba_ui::status::{Tone, badge};
use yba_ui::table::Table;
use yba_ui::{card, format, result, state};

pub fn page(record: &Record, visit: &VisitPage) -> Markup {
    html! {
        (head(record))
        (card::back(&format!("/nguoi/{}", record.person), "Hồ sơ"))
        @if let Some(written) = &visit.old { (old_note(record, visit, written)) }
        (about(visit))
        div .cols.two {
            div .col {
                @if visit.old.is_none() {
                    (diagnoses(visit))
                    (drugs(visit))
                    (results(visit))
                    (services(visit))
                    @for note in &visit.reports { (note_card(note)) }
                }
            }
            div .col {
                @if let Some(costs) = &visit.costs { (cost_card(costs)) }
                (documents(visit))
                (sources(visit))
                (versions(record, visit))
            }
        }
    }
}

/// The address of the visit, or of one of its versions.
fn address(record: &Record, visit: &VisitPage, version: Option<&str>) -> String {
    let own = format!("/nguoi/{}/luot/{}", record.person, visit.encounter);
    version.map_or_else(|| own.clone(), |version| format!("{own}?ban={version}"))
}

fn old_note(record: &Record, visit: &VisitPage, written: &str) -> Markup {
    html! {
        (state::warning(
            &format!("Đang xem bản cũ, ghi lúc {}.", format::date_time(written)),
            "Bản cũ chỉ cho thấy phần chung của lượt; chẩn đoán, thuốc và kết quả xem ở bản hiện tại.",
        ))
        p { (card::link_button(&address(record, visit, None), html! { "Xem bản hiện tại" })) }
    }
}

fn about(visit: &VisitPage) -> Markup {
    let text = |value: &str| html! { (value) };
    let mut facts = vec![
        ("Cơ sở", text(&visit.facility)),
        ("Thời gian", html! { (format::time_span(&visit.start, &visit.end)) }),
        ("Loại", text(&visit.sort)),
        ("Ra viện", text(&visit.outcome)),
    ];
    facts.extend(visit.words.iter().map(|(word, value)| (*word, text(value))));
    facts.push(("Mã lượt tại cơ sở", text(&visit.number)));
    Card::new("luot", &visit.title).aside(html! { (visit.kind) }).padded(card::facts(&facts))
}

fn diagnoses(visit: &VisitPage) -> Markup {
    Card::new("chan-doan", "Chẩn đoán").flush(match visit.diagnoses.as_slice() {
        [] => state::empty_line("Không có chẩn đoán."),
        list => card::rows(list.iter().map(|one| {
            html! {
                span { @if one.main { b { (one.words) } } @else { (one.words) } @if !one.code.is_empty() { " " span .muted .small { (one.code) } } }
                span { @if one.main { (badge(Tone::Info, "bệnh chính")) } }
                @if !one.said.is_empty() && one.said != one.words { span .sub { "Cơ sở ghi: " (one.said) } }
            }
        })),
    })
}

fn drugs(visit: &VisitPage) -> Markup {
    let table = Table {
        caption: "Thuốc",
        heads: &[("Thuốc", false), ("Liều dùng", false), ("Số lượng", true)],
        stack: true,
    };
    Card::new("thuoc", "Thuốc").aside(count(visit.drugs.len())).flush(match visit.drugs.as_slice() {
        [] => state::empty_line("Lượt này không có thuốc."),
        list => table.draw(html! {
            @for one in list { tr { th scope="row" .full { (one.name) @if one.unprescribed { " " (badge(Tone::Plain, "phát không có đơn")) } } td { (one.dose) } td .num { (one.quantity) } } }
        }, html! {}),
    })
}

fn results(visit: &VisitPage) -> Markup {
    let heads = [("Xét nghiệm", false), ("Kết quả", false), ("Tham chiếu", true), ("Lúc", true)];
    let table = Table { caption: "Kết quả", heads: &heads, stack: true };
    let general = visit.results.iter().any(|one| one.value.general);
    Card::new("ket-qua", "Kết quả").aside(count(visit.results.len())).flush(match visit.results.as_slice() {
        [] => state::empty_line("Lượt này không có kết quả."),
        list => html! {
            (table.draw(html! { @for one in list { (result_line(one)) } }, html! {}))
            @if general { (general_note()) }
        },
    })
}

fn result_line(one: &ResultLine) -> Markup {
    let value = &one.value;
    html! {
        tr {
            th scope="row" { (one.name) }
            td { (result::result(&value.value, &value.unit, value.flag)) }
            td .num .muted { (value.range) @if value.general && !value.range.is_empty() { " (chung)" } }
            td .num .muted { (format::date_time(&value.date)) }
        }
    }
}

fn services(visit: &VisitPage) -> Markup {
    Card::new("dich-vu", "Dịch vụ, thủ thuật").aside(count(visit.services.len())).flush(
        match visit.services.as_slice() {
            [] => state::empty_line("Lượt này không có dịch vụ nào."),
            list => card::rows(list.iter().map(|one| {
                html! {
                    span { (one.name) } span .muted .nowrap { (format::date_time(&one.when)) }
                }
            })),
        },
    )
}

fn note_card(note: &super::visit::Note) -> Markup {
    let title = if note.title.is_empty() { "Ghi chú" } else { &note.title };
    html! {
        section .card {
            header { h2 { (title) } }
            div .body {
                @for (heading, text) in &note.parts {
                    div { @if !heading.is_empty() { h3 { (heading) } } p .pre { (text) } }
                }
            }
        }
    }
}

fn cost_card(costs: &Costs) -> Markup {
    let table = Table {
        caption: "Chi phí",
        heads: &[("Khoản", false), ("SL × đơn giá", true), ("Thành tiền", true)],
        stack: true,
    };
    Card::new("chi-phi", "Chi phí").aside(html! { "tổng " b { (format::money(&costs.total)) } }).flush(
        table.draw(
            html! { @for line in &costs.lines { (cost_line(line)) } },
            html! {
            tr { td colspan="2" { "Tổng" } td .num { (format::money(&costs.total)) } }
            @for (word, amount) in &costs.shares { tr .share { td colspan="2" { (word) } td .num { (format::money(amount)) } } }
        },
        ),
    )
}

fn cost_line(line: &CostLine) -> Markup {
    html! {
        tr {
            td .full { (line.name) }
            td .num .muted {
                @if !line.quantity.is_empty() && !line.price.is_empty() { (format::number(&line.quantity)) " × " (format::number(&line.price)) }
            }
            td .num { @if !line.net.is_empty() { (format::money(&line.net)) } }
        }
    }
}

fn sources(visit: &VisitPage) -> Markup {
    Card::new("nguon", "Nguồn dữ liệu").flush(match visit.sources.as_slice() {
        [] => state::empty_line("Không ghi nguồn tệp."),
        list => card::rows(list.iter().map(|source| html! { span { (source) } })),
    })
}

/// Papers kept as they came, with what each holds.
fn documents(visit: &VisitPage) -> Markup {
    if visit.documents.is_empty() {
        return html! {};
    }
    Card::new("tai-lieu", "Tài liệu gốc").flush(card::rows(visit.documents.iter().map(|one| {
        html! {
            span { (one.title) }
            span .muted .nowrap { (format::count(one.parts.len())) " phần" }
            @for (title, bytes) in &one.parts { span .sub { (title) " · " (format::bytes(*bytes)) } }
        }
    })))
}

fn versions(record: &Record, visit: &VisitPage) -> Markup {
    Card::new("phien-ban", "Các bản của lượt này").flush(match visit.versions.as_slice() {
        [] => state::empty_line("Chỉ có một bản."),
        list => card::rows(list.iter().map(|one| {
            let version = (!one.current).then_some(one.id.as_str());
            let when = format::date_time(&one.at);
            html! {
                @if one.shown { span { (when) } } @else { a href=(address(record, visit, version)) { (when) } }
                span {
                    @if one.current { (badge(Tone::Plain, "hiện tại")) }
                    @if one.shown { " " (badge(Tone::Info, "đang xem")) }
                }
                span .sub { (one.id) }
            }
        })),
    })
}

fn count(n: usize) -> Markup {
    html! { @if n > 0 { (format::count(n)) } }
}
