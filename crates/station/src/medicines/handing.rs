//! Handing out a prescription: what the store proposes stands ready, fewer units or another lot (with a reason) can be chosen. The form
//! carries the lots that were seen: nothing else is written than what stood there.

use super::{HAND, Typed, WITHDRAW_HANDED};
use maud::{Markup, html};
use yba_care::dispense::{self, Given, Take};
use yba_care::prescribe::{Ordered, Prescription};
use yba_care::stock::{Lot, Share, units_or_none};
use yba_content::Day;
use yba_fhir::{Kind, Outcome};
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
    /// What was typed when this one was refused, and why it was.
    pub typed: &'a Typed,
    pub wrong: Option<&'a Outcome>,
    /// A new form's id.
    pub form: String,
    /// Whether whoever looks may hand out.
    pub may: bool,
}

/// What a form takes of each line: so many of the lots that stood there, or of the one that was chosen. Refuses with `unprocessable`, at the
/// line's field, what is no number and more than those lots gave.
pub(super) fn taken(it: &Prescription, lots: &[Lot], typed: &Typed) -> Result<Vec<Take>, Outcome> {
    let mut all = Vec::new();
    for (at, line) in it.lines.iter().enumerate() {
        let field = units_field(at);
        let refuse = |text: String| {
            Err(Outcome::new(Kind::Unprocessable, "units", text, "no such number is handed out")
                .at(field.clone()))
        };
        let units = match typed.of(&field) {
            "" => 0,
            text => match units_or_none(text) {
                Some(units) => units,
                None => {
                    return refuse(format!("{}: số lượng phát là số nguyên; ghi 0 để chưa phát.", line.name));
                }
            },
        };
        let shares = match typed.of(&lot_field(at)) {
            "" => seen(typed.of(&seen_field(at))),
            chosen => {
                let lot = lots.iter().find(|lot| lot.id == chosen);
                if let Some(lot) = lot.filter(|lot| lot.units < units) {
                    let there = format!("{} {}", format::count(lot.units as usize), lot.unit);
                    return refuse(format!(
                        "{}: {} chỉ còn {there}. Ghi ít hơn; phần còn lại phát tiếp bằng lô khác.",
                        line.name,
                        lot.words()
                    ));
                }
                vec![Share { lot: chosen.to_owned(), units }]
            }
        };
        let most: u32 = shares.iter().map(|share| share.units).sum();
        if units > most {
            let most = format!("{} {}", format::count(most as usize), line.unit);
            return refuse(format!("{}: các lô đang hiện chỉ phát được {most}.", line.name));
        }
        let mut left = units;
        for share in shares {
            let part = share.units.min(left);
            left -= part;
            if part > 0 {
                all.push(Take { request: line.request.clone(), share: Share { units: part, ..share } });
            }
        }
    }
    Ok(all)
}

/// The names of the fields of a line, by its place: units, another lot, the lots that were seen.
fn units_field(at: usize) -> String {
    format!("phat-{}", at + 1)
}

fn lot_field(at: usize) -> String {
    format!("lo-{}", at + 1)
}

fn seen_field(at: usize) -> String {
    format!("lay-{}", at + 1)
}

/// Most lots of a line that a form carries.
const SEEN_MAX: usize = 50;

/// The lots that a form showed, each with its units: `lo-1f:10 lo-2a:20`.
fn seen(text: &str) -> Vec<Share> {
    let share = |one: &str| {
        let (lot, units) = one.split_once(':')?;
        Some(Share { lot: lot.to_owned(), units: yba_care::stock::units(units)? })
    };
    text.split(' ').take(SEEN_MAX).filter_map(share).collect()
}

fn seen_words(takes: &[&Take]) -> String {
    let share = |take: &&Take| format!("{}:{}", take.share.lot, take.share.units);
    takes.iter().map(share).collect::<Vec<_>>().join(" ")
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
    let line = |(at, line): (usize, &Ordered)| {
        let ready: Vec<&Take> = takes.iter().filter(|take| take.request == line.request).collect();
        let units: u32 = ready.iter().map(|take| take.share.units).sum();
        let lacking = dispense::left(line, counter.given) - units;
        let is_open = counter.may && it.is_good(counter.today);
        html! {
            div { b { (line.name) } " · " (format::count(line.units as usize)) " " (line.unit) }
            @if is_open && !ready.is_empty() { (asked(it, counter, (at, line), &ready)) }
            span .sub { (line.dose) }
            @for one in of_line(counter, line) { span .sub { (given_words(one, &line.unit)) } }
            @if is_open {
                @for take in &ready { span .sub { "Lấy " (share_words(&take.share, counter.lots)) } }
                @if lacking > 0 { span .sub { b { "Kho thiếu " (format::count(lacking as usize)) " " (line.unit) } } }
            }
        }
    };
    card::rows(it.lines.iter().enumerate().map(line))
}

/// How many units of a line go out now; all that the lots beside it give stands ready. It belongs to the form of [`form`].
fn asked(it: &Prescription, counter: &Counter<'_>, (at, line): (usize, &Ordered), ready: &[&Take]) -> Markup {
    let (name, form) = (units_field(at), form_id(it));
    let (id, most) = (format!("{name}-{}", it.code), ready.iter().map(|take| take.share.units).sum::<u32>());
    let is_this = counter.typed.of("don") == it.code;
    let issue = counter.wrong.filter(|_| is_this).and_then(|outcome| outcome.issues.first());
    let error = issue.filter(|one| one.path.as_deref() == Some(&name)).map(|one| one.text.as_str());
    // What was typed stays; what stood ready becomes what stands ready now.
    let is_kept = is_this
        && (error.is_some() || units_or_none(counter.typed.of(&name)).is_none_or(|units| units < most));
    let value = if is_kept { counter.typed.of(&name).to_owned() } else { most.to_string() };
    let error_id = format!("{id}-loi");
    html! {
        div .field .wrong[error.is_some()] {
            label for=(id) { "Phát (" (line.unit) ")" span .sr { ", " (line.name) } }
            input id=(id) name=(name) form=(form) type="text" size="5" maxlength="12" inputmode="numeric" autocomplete="off" value=(value)
                aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| &error_id)];
            input type="hidden" name=(seen_field(at)) form=(form) value=(seen_words(ready));
        }
        @if let Some(error) = error { div .field.sub-ink { p .error id=(error_id) { (error) } } }
    }
}

fn form_id(it: &Prescription) -> String {
    format!("phat-{}", it.code)
}

fn of_line<'c>(counter: &Counter<'c>, line: &Ordered) -> impl Iterator<Item = &'c Given> {
    let request = line.request.clone();
    counter.given.iter().filter(move |one| one.stands && one.request == request)
}

/// `Đã phát 30 viên · lô A12, hạn 31/12/2027`
fn given_words(one: &Given, unit: &str) -> String {
    let reason = if one.reason.is_empty() { String::new() } else { format!(" · {}", one.reason) };
    format!("Đã phát {} {unit} · {}{reason}", format::count(one.units as usize), lot_part(&one.words))
}

/// What was handed out of a prescription that is over, in lines under its own.
pub(crate) fn handed(it: &Prescription, counter: &Counter<'_>) -> Markup {
    html! {
        @for line in &it.lines {
            @for one in of_line(counter, line) {
                span .sub { (line.name) ": " (given_words(one, &line.unit)) " · " (format::date_time(&one.at)) }
            }
        }
    }
}

/// `lô A12, hạn 31/12/2027` of the words of a dispense.
fn lot_part(words: &str) -> &str {
    words.split_once(", lô ").map_or(words, |(name, _)| &words[name.len() + 2..])
}

/// The form that hands out, and the ones that take a handing back.
pub(crate) fn form(it: &Prescription, counter: &Counter<'_>) -> Markup {
    if !counter.may {
        return html! {};
    }
    let takes = dispense::proposed(it, counter.given, counter.lots, counter.today);
    html! {
        @if it.is_good(counter.today) && !takes.is_empty() {
            form id=(form_id(it)) method="post" action=(HAND) {
                (named(it, counter)) (hidden("phieu", &counter.form))
                p { button .btn.main type="submit" { "Phát thuốc" } }
                (others(it, counter))
            }
        }
        (withdrawals(it, counter))
    }
}

/// Each handing of a prescription, to be taken back by itself.
fn withdrawals(it: &Prescription, counter: &Counter<'_>) -> Markup {
    let own = |one: &&Given| one.stands && it.lines.iter().any(|line| line.request == one.request);
    let mut handings: Vec<&Given> = Vec::new();
    for one in counter.given.iter().filter(own) {
        if !handings.iter().any(|other| other.form == one.form) {
            handings.push(one);
        }
    }
    html! {
        @if !handings.is_empty() {
            details .no-print {
                summary { "Phát nhầm?" }
                @for one in handings {
                    form method="post" action=(WITHDRAW_HANDED) {
                        (named(it, counter)) (hidden("lan", &one.form))
                        p { "Phát lúc " (format::date_time(&one.at)) @if !one.by.is_empty() { " · " (one.by) } " · " (parts_of(counter, &one.form)) }
                        button .btn.danger type="submit" { "Rút lần phát, trả thuốc vào kho" }
                    }
                }
            }
        }
    }
}

/// `Amlodipin 5 mg 30; Amoxicilin 500 mg 21`: what one handing gave.
fn parts_of(counter: &Counter<'_>, form: &str) -> String {
    let own = counter.given.iter().filter(|one| one.stands && one.form == form);
    let name =
        |one: &Given| one.words.split_once(", lô ").map_or(one.words.as_str(), |(name, _)| name).to_owned();
    own.map(|one| format!("{} {}", name(one), format::count(one.units as usize)))
        .collect::<Vec<_>>()
        .join("; ")
}

fn named(it: &Prescription, counter: &Counter<'_>) -> Markup {
    html! {
        (hidden("nguoi", &it.patient)) (hidden("don", &it.code)) (hidden("ve", counter.back))
        @if let Some(place) = counter.place { (hidden("noi", place)) }
    }
}

/// A line (its place) with its lots to choose from, by id and words.
type Offered<'l> = (usize, &'l Ordered, Vec<(String, String)>);

/// Another lot than the one that expires first.
fn others(it: &Prescription, counter: &Counter<'_>) -> Markup {
    let is_this = counter.typed.of("don") == it.code;
    let issue = counter.wrong.and_then(|outcome| outcome.issues.first());
    let asks = is_this && issue.is_some_and(|issue| issue.path.as_deref() == Some("reason"));
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
        .map(|(at, line)| (at, line, own(line)))
        .filter(|(_, _, lots)| lots.len() > 1)
        .collect();
    if some.is_empty() {
        return html! {};
    }
    html! {
        details .no-print open[asks || !typed("ly-do").is_empty()] {
            summary { "Lấy lô khác" }
            div .form {
                @for (at, line, lots) in &some {
                    @let words: Vec<(&str, &str)> = std::iter::once(("", "Lô hết hạn trước")).chain(lots.iter().map(|(id, word)| (id.as_str(), word.as_str()))).collect();
                    (choice(&lot_field(*at), &it.code, &line.name, &words, typed(&lot_field(*at))))
                }
                (form::named(&Field::new(&format!("ly-do-{}", it.code), "Vì sao lấy lô khác", Sort::Text).optional()
                    .value(typed("ly-do")).error(asks.then_some("Lô khác hết hạn trước. Ghi lý do rồi bấm «Phát thuốc».")), "ly-do"))
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
