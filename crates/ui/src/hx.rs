//! The only file that knows htmx: every attribute is written by a function here, so that a change of its
//! major version is a change of one file.
//!
//! Each of these elements also works as a plain link or form when no script runs. Person searches never
//! push an address.

use crate::form::Field;
use crate::question::Question;
use maud::{Markup, html};

/// Configuration for the `htmx-config` meta tag: nothing evaluated, no styles injected, no history of
/// patient pages kept in the browser's storage, and answers 4xx drawn like any other.
pub const CONFIG: &str = concat!(
    r#"{"allowEval":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0,"#,
    r#""refreshOnHistoryMiss":true,"timeout":10000,"responseHandling":[{"code":"204","swap":false},{"code":"[2345]..","swap":true}]}"#
);

/// The search input: asks while typing, 150 ms after the last key, newest request wins.
pub fn search_input(action: &str, value: &str, placeholder: &str, first: bool) -> Markup {
    html! {
        input #q name="q" type="search" value=(value) placeholder=(placeholder) maxlength="1000"
            role="combobox" aria-expanded="false" aria-controls="ket-qua" aria-autocomplete="list" aria-keyshortcuts="Control+K /"
            autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="search" autofocus[first]
            hx-post=(action) hx-trigger="input changed delay:150ms" hx-target="#ket-qua" hx-sync="this:replace";
    }
}

/// A link that replaces the element `#target` when script runs and is a page of its own otherwise.
/// The address is pushed, so a filtered view can be shared.
pub fn filter_link(href: &str, target: &str, current: bool, content: &Markup) -> Markup {
    html! {
        a href=(href) hx-get=(href) hx-target={ "#" (target) } hx-swap="outerHTML" hx-push-url="true"
            aria-current=[current.then_some("true")] { (content) }
    }
}

/// «Xem thêm»: the element `#id` is replaced by the next page of the list it ends.
pub fn more_link(id: &str, href: &str, text: &str) -> Markup {
    html! {
        div .more-row id=(id) {
            a .btn href=(href) hx-get=(href) hx-target={ "#" (id) } hx-swap="outerHTML" { (text) }
        }
    }
}

/// A field whose list of offers is asked of `action` while someone types.
pub fn offering_input(f: &Field, action: &str, list: &str, described: Option<String>) -> Markup {
    html! {
        input id=(f.id) name=(f.id) type="text" value=(f.value) list=(list) maxlength="500" required[!f.optional] autocomplete="off"
            aria-invalid=[f.error.map(|_| "true")] aria-describedby=[described]
            hx-post=(action) hx-trigger="input changed delay:200ms" hx-target={ "#" (list) } hx-sync="this:replace";
    }
}

/// The same of a question, whose name is another than its id.
pub fn offering_question(
    q: &Question,
    value: &str,
    action: &str,
    list: &str,
    described: Option<String>,
) -> Markup {
    html! {
        input id=(q.id) name=(q.name) type="text" value=(value) list=(list) maxlength="500" autocomplete="off" autofocus[q.first]
            aria-required=[(!q.optional).then_some("true")] aria-invalid=[q.error.map(|_| "true")] aria-describedby=[described]
            hx-post=(action) hx-trigger="input changed delay:200ms" hx-target={ "#" (list) } hx-sync="this:replace";
    }
}

/// A place that shows what `action` answers to the form around it, 400 ms after something was typed into one of `fields`.
pub fn beside_form(id: &str, action: &str, fields: &[&str], content: Markup) -> Markup {
    let triggers: Vec<String> =
        fields.iter().map(|field| format!("input changed delay:400ms from:#{field}")).collect();
    html! {
        div id=(id) aria-live="polite" hx-post=(action) hx-trigger=(triggers.join(", ")) hx-include="closest form" hx-sync="this:replace" { (content) }
    }
}

/// Sends the form around it to `action` when somebody pauses; the answer's parts ([`replaced`]) take the place of those with their
/// ids, and where one types nothing moves.
pub fn while_typing(action: &str, content: Markup) -> Markup {
    html! {
        div hx-post=(action) hx-trigger="input delay:900ms from:closest form, change delay:150ms from:closest form"
            hx-include="closest form" hx-swap="none" hx-sync="this:replace" { (content) }
    }
}

/// A part of the page that is asked for once the page is there; empty until then, and where no script runs.
pub fn filled(id: &str, label: &str, href: &str) -> Markup {
    html! { aside .no-print id=(id) aria-label=(label) hx-get=(href) hx-trigger="load" {} }
}

/// A part that is under way: asks `href` for itself every second until the answer is another.
pub fn under_way(id: &str, href: &str, content: &Markup) -> Markup {
    html! {
        div id=(id) role="status" aria-live="polite" hx-get=(href) hx-trigger="every 1s" hx-target="this" hx-swap="outerHTML" { (content) }
    }
}

/// A part of an answer: what stands in the element of this id on the page.
pub fn replaced(id: &str, content: &Markup) -> Markup {
    html! { div id=(id) hx-swap-oob="innerHTML" { (content) } }
}
