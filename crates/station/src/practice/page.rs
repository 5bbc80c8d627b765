//! The pages of practice: markup only.

use super::lesson::{Lesson, PERSON};
use super::{PRACTICE, Standing};
use maud::{Markup, html};
use yba_content::lessons::{LessonStep, StepSeen};
use yba_fhir::json::{Value, str_at};
use yba_fhir::view::Patient;
use yba_ui::card::{self, Card};
use yba_ui::form::hidden;
use yba_ui::status::{Status, status};
use yba_ui::{format, state};

/// `Vàng Thị Mỷ (sinh 1958)`.
pub(super) fn person(tree: &Value) -> String {
    let name = Patient(tree).name().unwrap_or_else(|| "chưa rõ tên".to_owned());
    match str_at(tree, &["birthDate"]).and_then(format::year) {
        Some(year) => format!("{name} (sinh {year})"),
        None => name,
    }
}

fn address(lesson: &Lesson) -> String {
    format!("{PRACTICE}/{}", lesson.about.slug)
}

/// `phút` of all lessons together.
fn minutes<'s>(all: impl Iterator<Item = &'s Standing<'s>>) -> u32 {
    all.map(|one| one.lesson.about.minutes).sum()
}

pub(super) fn list(all: &[Standing<'_>], current: &str) -> Markup {
    let done = all.iter().filter(|one| one.is_done()).count();
    let left = minutes(all.iter().filter(|one| !one.is_done()));
    let sub = html! {
        (done) "/" (all.len()) " bài xong"
        @if left > 0 { " · còn khoảng " (left) " phút" }
    };
    html! {
        (card::page_title("Tập làm", sub, html! {}))
        (card::column(html! {
            (card::prose(html! {
                p { "Đây là làng giả định: không ai trong làng có thật, ghi gì cũng không hại ai. "
                    "Mỗi bài làm trên đúng những trang của chương trình; làm xong bước nào, máy tự đánh dấu bước ấy. "
                    "Làm lần lượt từ trên xuống, hết khoảng " (minutes(all.iter())) " phút." }
            }))
            @if done == all.len() && done > 0 {
                p .note role="status" { b { "Bạn đã làm xong mọi bài." } " Từ nay làm việc ở chương trình thật, với tài khoản của bạn ở trạm." }
            }
            (Card::new("bai-tap", "Các bài").flush(match all.is_empty() {
                true => state::empty_line("Chưa có bài tập nào."),
                false => card::rows(all.iter().enumerate().map(|(at, one)| line(at, one, current))),
            }))
            (Card::new("lang-moi", "Bắt đầu lại cả làng").padded(card::prose(html! {
                p { "Muốn một làng mới tinh: tắt chương trình, rồi chạy lại với một thư mục mới, ví dụ "
                    code { "yba practice --data tap-2" } ". Làng cũ còn nguyên trong thư mục cũ." }
            })))
        }))
    }
}

fn line(at: usize, one: &Standing<'_>, current: &str) -> Markup {
    let about = &one.lesson.about;
    let (count, all) = (one.count(), one.done.len());
    html! {
        a href=(address(one.lesson)) { (at + 1) ". " (about.title) }
        @if one.is_done() { (status(Status::Done, "xong")) }
        @else if one.begun.is_some() {
            (status(if about.slug == current { Status::Running } else { Status::Attention }, &format!("{count}/{all} bước")))
        } @else { (status(Status::Waiting, "chưa làm")) }
        span .sub { "khoảng " (about.minutes) " phút · " (all) " bước" }
    }
}

/// One lesson; `name` is whom it is about, `after` the lesson after it.
pub(super) fn lesson(shown: &Standing<'_>, name: &str, after: Option<&Lesson>) -> Markup {
    let about = &shown.lesson.about;
    let sub = html! {
        "khoảng " (about.minutes) " phút"
        @if shown.begun.is_some() { " · " (shown.count()) "/" (shown.done.len()) " bước xong" }
    };
    let next = shown.begun.as_ref().and(shown.next());
    html! {
        (card::back(PRACTICE, "Tập làm"))
        (card::page_title(&about.title, sub, html! {
            @if shown.begun.is_some() {
                (begin(shown.lesson, "Làm lại từ đầu", false))
                form method="post" action={ (address(shown.lesson)) "/bo" } { button .btn type="submit" { "Bỏ bài này" } }
            }
        }))
        (card::column(html! {
            (card::prose(html! { p { (about.why) } }))
            @match &shown.begun {
                None => (begin(shown.lesson, "Bắt đầu bài này", true)),
                Some(_) if shown.is_done() => p .note role="status" {
                    b { "Xong bài." } " "
                    @match after {
                        Some(after) => { "Bài sau: " a href=(address(after)) { (after.about.title) } "." }
                        None => { "Đây là bài cuối. " a href=(PRACTICE) { "Xem lại các bài" } "." }
                    }
                },
                Some(_) => {}
            }
            (Card::new("cac-buoc", "Các bước").flush(card::rows(about.steps.iter().enumerate().map(|(at, step)| {
                step_line(shown, at, step, (name, next == Some(at)))
            }))))
            @if let Some(begun) = &shown.begun {
                (card::prose(html! { p .muted {
                    "Bắt đầu lúc " (format::date_time(&yba_fhir::date::instant(begun.ms))) ". Máy chỉ tính việc của chính bạn, từ lúc ấy trở đi. "
                    "Làm lại từ đầu chỉ quên các bước đã xong; những gì đã ghi trong làng vẫn còn."
                } }))
            }
        }))
    }
}

fn begin(lesson: &Lesson, words: &str, is_main: bool) -> Markup {
    html! {
        form method="post" action={ (address(lesson)) "/bat-dau" } {
            @if is_main { (card::main_button(words, None)) } @else { button .btn type="submit" { (words) } }
        }
    }
}

/// `is_next`: it is the step to do now.
fn step_line(shown: &Standing<'_>, at: usize, step: &LessonStep, (name, is_next): (&str, bool)) -> Markup {
    let text = step.text.text.replace(PERSON, name);
    let done = shown.done[at];
    html! {
        span { @if is_next { b { (at + 1) ". " (text) } } @else { (at + 1) ". " (text) } }
        @match done {
            Some(ms) => (status(Status::Done, &format!("xong {}", clock(ms)))),
            None if is_next => (status(Status::Running, "làm bước này")),
            None => (status(Status::Waiting, "chưa")),
        }
        @if let Some(begun) = &shown.begun {
            span .sub .acts {
                @if done.is_none() || is_next { a href=(step.page.text.replace(PERSON, &begun.who)) { "Đi tới trang làm bước này" } }
                @if matches!(step.seen, StepSeen::Ticked) {
                    form .inline method="post" action={ (address(shown.lesson)) "/danh-dau" } {
                        (hidden("buoc", &step.name))
                        button .btn type="submit" { @if done.is_some() { "Bỏ đánh dấu" } @else { "Tôi đã làm" } }
                    }
                }
            }
        }
    }
}

/// `09:41` of an instant.
fn clock(ms: i64) -> String {
    let at = format::date_time(&yba_fhir::date::instant(ms));
    at.split(' ').find(|word| word.contains(':')).unwrap_or_default().to_owned()
}

/// The bar at the foot of every page.
pub(super) fn bar(shown: &Standing<'_>, name: &str, after: Option<&Lesson>) -> Markup {
    let about = &shown.lesson.about;
    let Some(begun) = &shown.begun else { return Markup::default() };
    html! {
        p .lessonbar {
            a href=(address(shown.lesson)) { (about.title) }
            @match shown.next() {
                Some(at) => {
                    @let step = &about.steps[at];
                    span { b { "Bước " (at + 1) "/" (about.steps.len()) ": " } (step.text.text.replace(PERSON, name)) }
                    a .btn href=(step.page.text.replace(PERSON, &begun.who)) { "Đi tới" }
                }
                None => {
                    span { b { "Xong bài." } }
                    @match after {
                        Some(after) => a .btn href=(address(after)) { "Bài sau" },
                        None => a .btn href=(PRACTICE) { "Các bài" },
                    }
                }
            }
        }
    }
}
