//! Handing out a prescription: what the store proposes stands ready, another lot can be chosen with a reason.

use super::{HAND, Typed, WITHDRAW_HANDED};
use maud::{Markup, html};
use yba_care::dispense::{self, Given, Take};
use yba_care::prescribe::{Ordered, Prescription};
use yba_care::stock::{Lot, Share};
use yba_content::Day;
use yba_ui::card;
use yba_ui::form::{self, Field, Sort, hidden};
use yba_ui::format;

/// What surrounds the form.
pub(crate) struct Counter<'a> {
    pub given: &'a [Given],
    pub lots: &'a [Lot],
    pub today: Day,
    /// The facility, for who must say it.
    pub place: Option<&'a str>,
    /// `thuoc`, or `don` to come back to the person's page.
    pub back: &'a str,
    /// What was typed when this one was refused.
    pub typed: &'a Typed,
    /// A new form's id.
    pub form: String,
    /// Whether whoever looks may hand out.
    pub may: bool,
}

/// The lots that were chosen for a prescription: of each line the chosen one first, then those that expire first.
pub(super) fn chosen(
    it: &Prescription,
    given: &[Given],
    lots: &[Lot],
    today: Day,
    typed: &Typed,
) -> Vec<Take> {
    let of = |(at, line): (usize, &Ordered)| {
        let first = typed.of(&format!("lo-{}", at + 1));
        let own = |lot: &&Lot| lot.code == line.drug && lot.units > 0;
        let ahead = lots.iter().filter(own).filter(|lot| lot.id == first);
        let rest = lots.iter().filter(own).filter(|lot| lot.id != first && lot.is_good(today));
        let shares = yba_care::stock::shares(ahead.chain(rest), dispense::left(line, given));
        shares.into_iter().map(|share| Take { request: line.request.clone(), share }).collect::<Vec<_>>()
    };
    it.lines.iter().enumerate().flat_map(of).collect()
}

/// `lô A12, hạn 31/12/2027: 10 viên`
fn share_words(share: &Share, lots: &[Lot]) -> String {
    let lot = lots.iter().find(|lot| lot.id == share.lot);
    lot.map(|lot| format!("{}: {} {}", lot.words(), format::count(share.units as usize), lot.unit))
        .unwrap_or_default()
}

/// The lines of a prescription, each with what was handed out of it and what will be.
pub(crate) fn lines(it: &Prescription, counter: &Counter<'_>) -> Markup {
    let takes = dispense::proposed(it, counter.given, counter.lots, counter.today);
    let line = |line: &Ordered| {
        let given = counter.given.iter().filter(|one| one.stands && one.request == line.request);
        let ready: Vec<&Take> = takes.iter().filter(|take| take.request == line.request).collect();
        let units: u32 = ready.iter().map(|take| take.share.units).sum();
        let lacking = dispense::left(line, counter.given) - units;
        html! {
            div { b { (line.name) } " · " (format::count(line.units as usize)) " " (line.unit) }
            span .sub { (line.dose) }
            @for one in given { span .sub { "Đã phát " (format::count(one.units as usize)) " " (line.unit) " · " (lot_part(&one.words)) @if !one.reason.is_empty() { " · " (one.reason) } } }
            @if counter.may && it.is_good(counter.today) {
                @for take in &ready { span .sub { "Lấy " (share_words(&take.share, counter.lots)) } }
                @if lacking > 0 { span .sub { b { "Kho thiếu " (format::count(lacking as usize)) " " (line.unit) } } }
            }
        }
    };
    card::rows(it.lines.iter().map(line))
}

/// `lô A12, hạn 31/12/2027` of the words of a dispense.
fn lot_part(words: &str) -> &str {
    words.split_once(", lô ").map_or(words, |(name, _)| &words[name.len() + 2..])
}

/// The form that hands out, and the one that takes it back.
pub(crate) fn form(it: &Prescription, counter: &Counter<'_>) -> Markup {
    if !counter.may {
        return html! {};
    }
    let takes = dispense::proposed(it, counter.given, counter.lots, counter.today);
    let is_handed =
        counter.given.iter().any(|one| one.stands && it.lines.iter().any(|line| line.request == one.request));
    html! {
        @if it.is_good(counter.today) && !takes.is_empty() {
            form method="post" action=(HAND) {
                (named(it, counter)) (hidden("phieu", &counter.form))
                p { button .btn.main type="submit" { "Phát thuốc" } }
                (others(it, counter))
            }
        }
        @if is_handed {
            details .no-print {
                summary { "Phát nhầm?" }
                form method="post" action=(WITHDRAW_HANDED) {
                    (named(it, counter))
                    button .btn.danger type="submit" { "Rút lần phát, trả thuốc vào kho" }
                }
            }
        }
    }
}

fn named(it: &Prescription, counter: &Counter<'_>) -> Markup {
    html! {
        (hidden("nguoi", &it.patient)) (hidden("don", &it.code)) (hidden("ve", counter.back))
        @if let Some(place) = counter.place { (hidden("noi", place)) }
    }
}

/// A line (its number) with its lots to choose from, by id and words.
type Offered<'l> = (usize, &'l Ordered, Vec<(String, String)>);

/// Another lot than the one that expires first.
fn others(it: &Prescription, counter: &Counter<'_>) -> Markup {
    let is_this = counter.typed.of("don") == it.code;
    let typed = |name: &str| if is_this { counter.typed.of(name) } else { "" };
    let own = |line: &Ordered| -> Vec<(String, String)> {
        let lots = counter.lots.iter().filter(|lot| lot.code == line.drug && lot.is_good(counter.today));
        let word =
            |lot: &Lot| format!("{}, còn {} {}", lot.words(), format::count(lot.units as usize), lot.unit);
        lots.map(|lot| (lot.id.clone(), word(lot))).collect()
    };
    let some: Vec<Offered<'_>> = it
        .lines
        .iter()
        .enumerate()
        .map(|(at, line)| (at + 1, line, own(line)))
        .filter(|(_, _, lots)| lots.len() > 1)
        .collect();
    if some.is_empty() {
        return html! {};
    }
    html! {
        details .no-print open[is_this] {
            summary { "Lấy lô khác" }
            div .form {
                @for (at, line, lots) in &some {
                    @let words: Vec<(&str, &str)> = std::iter::once(("", "Lô hết hạn trước")).chain(lots.iter().map(|(id, word)| (id.as_str(), word.as_str()))).collect();
                    (choice(&format!("lo-{at}"), &it.code, &line.name, &words, typed(&format!("lo-{at}"))))
                }
                (form::named(&Field::new(&format!("ly-do-{}", it.code), "Vì sao lấy lô khác", Sort::Text).optional()
                    .value(typed("ly-do")).error(is_this.then_some("Lô khác hết hạn trước. Ghi lý do rồi bấm «Phát thuốc».")), "ly-do"))
            }
        }
    }
}

/// A choice whose id is once on the page, whatever its name.
fn choice(name: &str, of: &str, label: &str, words: &[(&str, &str)], chosen: &str) -> Markup {
    let id = format!("{name}-{of}");
    html! {
        div .field {
            label for=(id) { (label) }
            select id=(id) name=(name) {
                @for (value, word) in words { option value=(value) selected[*value == chosen] { (word) } }
            }
        }
    }
}
