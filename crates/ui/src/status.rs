//! Status: a dot and its word; and the badge. Never colour alone.

use maud::{Markup, html};

/// How far a thing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Waiting,
    Running,
    Attention,
    Done,
    Danger,
}

impl Status {
    fn class(self) -> &'static str {
        match self {
            Status::Waiting => "dot",
            Status::Running => "dot running",
            Status::Attention => "dot attention",
            Status::Done => "dot done",
            Status::Danger => "dot danger",
        }
    }
}

/// `● word`.
pub fn status(kind: Status, word: &str) -> Markup {
    html! { span .status { span class=(kind.class()) {} (word) } }
}

/// The dot alone, where space is narrow; the word stays for those who listen.
pub fn dot(kind: Status, word: &str) -> Markup {
    html! { span .status title=(word) { span class=(kind.class()) {} span .sr { (word) } } }
}

/// How a badge looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Info,
    Warn,
    Bad,
}

pub fn badge(tone: Tone, word: &str) -> Markup {
    let class = match tone {
        Tone::Plain => "badge",
        Tone::Info => "badge info",
        Tone::Warn => "badge warn",
        Tone::Bad => "badge bad",
    };
    html! { span class=(class) { (word) } }
}

pub fn sample() -> Markup {
    html! {
        p {
            (status(Status::Waiting, "Chờ khám")) " " (status(Status::Running, "Đang chạy")) " "
            (status(Status::Attention, "Cần xem")) " " (status(Status::Done, "Đã trả")) " "
            (status(Status::Danger, "Nguy kịch")) " " (dot(Status::Done, "Đã trả"))
        }
        p {
            (badge(Tone::Plain, "2 cơ sở")) " " (badge(Tone::Info, "Bản 2")) " "
            (badge(Tone::Warn, "Cần xem lại")) " " (badge(Tone::Bad, "Hết hạn"))
        }
    }
}
