//! What the frame of every page needs to know about this node, and the page that is put into it.

use axum::response::{IntoResponse, Response};
use maud::Markup;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use yba_ui::account::{Account, Own};
use yba_ui::frame::{Frame, frame};

use crate::enter::SIGN_OUT;
use crate::headers;
use crate::look::LOOK;
use crate::menu::{self, Entry, Group};
use crate::own::OWN;
use crate::visit::{self, Entrance};
use yba_records::{Action, Ctx};

/// Settings of the face, made once at start.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// Test mode: no authentication, a red bar on every page.
    pub open: bool,
    /// The node's name as people know it, such as «Kho hồ sơ tỉnh Lai Châu».
    pub node: String,
    /// Where the source of exactly this program can be had (AGPL, section 13).
    pub source_url: String,
    /// Version of the program.
    pub version: String,
    /// Who is working, as shown at the top right.
    pub who: Option<String>,
    /// Distinguishes this run of the program in request ids; letters and digits.
    pub run: String,
    /// The gallery of components at `/_ui` (development and demonstration).
    pub gallery: bool,
}

/// The face of one running node; cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    settings: SiteSettings,
    menu: Vec<Group>,
    entrance: Option<Entrance>,
    requests: AtomicU64,
    /// Where every page asks for its bar of practice; only on a node for that.
    practice: OnceLock<&'static str>,
}

/// A page before its frame.
pub struct Page {
    pub title: String,
    /// The menu entry that is marked.
    pub here: &'static str,
    /// Facility and room, or nothing for the node's name.
    pub place: String,
    /// Draw the search box in the top bar; a page that holds the box itself says no.
    pub search_in_bar: bool,
    pub content: Markup,
}

impl Page {
    pub fn new(title: impl Into<String>, content: Markup) -> Page {
        Page { title: title.into(), here: "", place: String::new(), search_in_bar: true, content }
    }

    /// Marks an entry of the menu.
    pub fn here(mut self, href: &'static str) -> Page {
        self.here = href;
        self
    }

    /// The page holds the search box itself.
    pub fn own_search(mut self) -> Page {
        self.search_in_bar = false;
        self
    }
}

/// Where the search form of every page posts to.
pub const SEARCH: &str = "/tim";

impl Site {
    /// `rooms` are the menu groups that the rooms bring; the house adds its own group after them.
    pub fn new(settings: SiteSettings, rooms: Vec<Group>) -> Site {
        Site::with_entrance(settings, rooms, None)
    }

    /// The same with a gate through which people come in.
    pub fn with_entrance(settings: SiteSettings, rooms: Vec<Group>, entrance: Option<Entrance>) -> Site {
        let mut menu = rooms;
        menu.push(house_group(settings.gallery, entrance.is_some()));
        Site(Arc::new(Inner {
            settings,
            menu,
            entrance,
            requests: AtomicU64::new(1),
            practice: OnceLock::new(),
        }))
    }

    /// Gives every page of somebody at work a bar that asks this address what to do next. Once, before anything is served.
    pub fn practise_at(&self, address: &'static str) {
        let _ = self.0.practice.set(address);
    }

    pub fn settings(&self) -> &SiteSettings {
        &self.0.settings
    }

    pub fn entrance(&self) -> Option<&Entrance> {
        self.0.entrance.as_ref()
    }

    /// What somebody may go to: the title of the group and the entry, in the order of the rail.
    pub fn commands(&self, ctx: &Ctx) -> Vec<(&'static str, &Entry)> {
        menu::commands(&self.0.menu, ctx)
    }

    /// What the rooms offer to do with a person, of what this caller may do.
    pub fn person_acts(&self, ctx: &Ctx, person: &str) -> Vec<menu::PersonAct> {
        menu::acts(&self.0.menu, ctx, person)
    }

    /// The first place of the rail that is not the first page itself: where somebody goes who may not look for people.
    pub fn elsewhere(&self, ctx: &Ctx) -> Option<String> {
        let groups = menu::rail(&self.0.menu, ctx);
        groups.into_iter().flat_map(|group| group.entries).map(|entry| entry.href).find(|href| href != "/")
    }

    /// Cookies are for TLS alone.
    pub(crate) fn is_secure(&self) -> bool {
        self.entrance().is_some_and(|entrance| entrance.cookies.secure)
    }

    /// A page in its frame. Answers hold people's data, so nothing on the way may keep them.
    pub fn page(&self, page: &Page) -> Response {
        let document = self.document(page);
        let mut response = axum::response::Html(document.into_string()).into_response();
        headers::never_store(&mut response);
        response
    }

    /// The document of a page.
    pub fn document(&self, page: &Page) -> Markup {
        let settings = &self.0.settings;
        let place = if page.place.is_empty() { &settings.node } else { &page.place };
        let foot = format!("Y Bạ {} · {}", settings.version, settings.node);
        let who = visit::who();
        let rail = who.as_ref().map(|who| menu::rail(&self.0.menu, &who.ctx)).unwrap_or_default();
        let name = who.as_ref().and_then(|who| who.name.as_deref());
        let own =
            who.as_ref().and_then(|who| who.account.as_ref()).map(|_| Own { page: OWN, leave: SIGN_OUT });
        let address = who.as_ref().map_or("/", |who| who.address.as_str());
        let around = Frame {
            title: &page.title,
            menu: &rail,
            here: page.here,
            place,
            look: who.as_ref().map(|who| who.look).unwrap_or_default(),
            account: name.map(|name| Account { name, own, look: LOOK, address }),
            // Strangers and those who still have to prove something find nothing anyway.
            search: (page.search_in_bar && !rail.is_empty()).then_some(SEARCH),
            open: settings.open,
            practice: self.0.practice.get().copied().filter(|_| !rail.is_empty()),
            source_url: &settings.source_url,
            foot: &foot,
        };
        frame(&around, &page.content)
    }

    /// A part of a page, for an element that asked for it by htmx.
    pub fn fragment(&self, content: &Markup) -> Response {
        let mut response = axum::response::Html(content.0.clone()).into_response();
        headers::never_store(&mut response);
        response
    }

    /// The next request id: the run and a counter.
    pub(crate) fn next_request_id(&self) -> String {
        format!("{}-{:06}", self.0.settings.run, self.0.requests.fetch_add(1, Ordering::Relaxed))
    }
}

fn house_group(gallery: bool, accounts: bool) -> Group {
    let mut entries = vec![
        Entry::new("/fhir/metadata", "plug", "FHIR API").needs(Action::Read, "CapabilityStatement"),
        Entry::new("/gioi-thieu", "info", "Giới thiệu và giấy phép").command(),
    ];
    if gallery {
        entries.push(Entry::new("/_ui", "layout-grid", "Thành phần"));
    }
    if accounts {
        entries.push(Entry::new(OWN, "id-card", "Tài khoản của tôi").command());
    }
    Group { title: "Hệ thống", entries }
}
