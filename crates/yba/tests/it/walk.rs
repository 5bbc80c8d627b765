//! Every page of the house as somebody who is in comes to it: the routes as the sources name them, and the links of the pages.

use crate::house::House;
use crate::http::Answer;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use yba_fhir::json::{Value, items};
use yba_testkit::app_code;

/// The values that parameters of routes may have, by their names.
pub type Known = BTreeMap<&'static str, Vec<String>>;

/// Pages of one route that are walked.
const EACH: usize = 6;
/// … of the people with sealed records.
const EACH_OF_THEIRS: usize = 40;
const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");
pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
/// Routes that are not walked, and why.
const LEFT: [(&str, &str); 13] = [
    ("/dang-xuat", "ends the session"),
    ("/dang-nhap", "the door: nobody is in yet"),
    ("/thiet-lap/{token}", "the door: needs a link"),
    ("/mat-khau/{token}", "the door: needs a link"),
    ("/tai-khoan", "one's own account"),
    ("/nguoi/{person}/khan-cap", "in an emergency everything is shown, told and judged: stories of access"),
    ("/a/{hash}/{name}", "files of the house"),
    ("/oauth", "apps: their scopes are tried in the crate smart"),
    ("/metrics", "how long the log is, of nobody in particular"),
    ("/fhir/x", "a test's"),
    ("/fhir/panic", "a test's"),
    ("/fhir/fault", "a test's"),
    ("/quan-tri/tai-khoan/{account}/dat-lai", "gives a link: changes who comes in"),
];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub path: String,
    pub gets: bool,
    pub posts: bool,
}

/// Every route of the sources that a router is given by a literal or by a constant of its crate.
pub fn routes() -> Vec<Route> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut routes = BTreeSet::new();
    let shared: Vec<String> = files(&crates.join("web").join("src"));
    for name in ["admin", "hospital", "smart", "station", "web", "yba"] {
        let sources: Vec<String> = files(&crates.join(name).join("src"));
        // The crate's own go before the web's.
        let all = shared.iter().chain(&sources);
        let constants: BTreeMap<&str, &str> = all.flat_map(|text| constants(text)).collect();
        for text in &sources {
            for part in text.split(".route(").skip(1) {
                let (path, rest) = part.split_once(',').expect("a route has a handler");
                let path = path.trim();
                let literal = path.strip_prefix('"').and_then(|path| path.strip_suffix('"'));
                let named = path.rsplit("::").next().unwrap_or(path);
                let path = literal.or_else(|| constants.get(named).copied());
                let path = path.unwrap_or_else(|| panic!("{name}: what address is {part:.80}?"));
                let end =
                    rest.find(".route(").unwrap_or(rest.len()).min(rest.find(";\n").unwrap_or(rest.len()));
                let handlers = rest[..end].lines().next().unwrap_or_default();
                routes.insert(Route {
                    path: path.to_owned(),
                    gets: handlers.contains("get("),
                    posts: handlers.contains("post("),
                });
            }
        }
    }
    routes.into_iter().collect()
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
    found
}

/// `const NAME: &str = "…";` of a source.
fn constants(text: &str) -> Vec<(&str, &str)> {
    let one = |line: &'_ str| -> Option<(usize, usize, usize, usize)> {
        let (head, value) = line.split_once(": &str = \"")?;
        let name = head.rsplit("const ").next()?;
        let value = value.split('"').next()?;
        let at = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
        Some((at(name), name.len(), at(value), value.len()))
    };
    let cut = |(name, length, value, width): (usize, usize, usize, usize)| {
        (&text[name..name + length], &text[value..value + width])
    };
    text.lines().filter_map(one).map(cut).collect()
}

pub fn is_left(path: &str) -> bool {
    LEFT.iter().any(|(left, _)| path == *left || path.starts_with(&format!("{left}/")))
}

/// Somebody who is in.
pub struct Visitor<'h> {
    pub house: &'h House,
    pub cookie: String,
}

impl<'h> Visitor<'h> {
    /// Signs in; a role that needs an authenticator app sets it up.
    pub fn enter(house: &'h House, login: &str, password: &str) -> Visitor<'h> {
        let mut visitor = Visitor { house, cookie: String::new() };
        let form = format!("login={login}&password={password}");
        let answer = visitor.post("/dang-nhap", FORM, form.as_bytes());
        assert_eq!(answer.status, 303, "{login}: {}", answer.text());
        visitor.keep(&answer);
        let setup = visitor.get("/tai-khoan/ung-dung").text();
        let is_halfway =
            visitor.get("/").header("location").is_some_and(|place| place.ends_with("/ung-dung"));
        if is_halfway {
            let between = |start: &str, end: &str| {
                let (_, rest) = setup.split_once(start).expect("the page sets the app up");
                rest.split(end).next().unwrap_or_default().to_owned()
            };
            let sealed = between("name=\"sealed\" value=\"", "\"");
            let code = app_code(&between("id=\"khoa\">", "<"), now_ms());
            let form = format!("code={code}&sealed={}", sealed.replace('+', "%2B").replace('=', "%3D"));
            let answer = visitor.post("/tai-khoan/ung-dung", FORM, form.as_bytes());
            assert_eq!(answer.status, 200, "{login}: {}", answer.text());
            visitor.keep(&answer);
        }
        assert_eq!(visitor.get("/gioi-thieu").status, 200);
        visitor
    }

    /// Takes the cookies of an answer in the place of those of the same name.
    fn keep(&mut self, answer: &Answer) {
        let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        for cookie in set.filter_map(|(_, value)| value.split(';').next()) {
            let name = cookie.split('=').next().unwrap_or_default();
            let others =
                self.cookie.split("; ").filter(|one| !one.is_empty() && one.split('=').next() != Some(name));
            self.cookie = others.chain([cookie]).collect::<Vec<_>>().join("; ");
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.house.ask("GET", path, &[("cookie", &self.cookie), SAME_ORIGIN], b"")
    }

    pub fn post(&self, path: &str, kind: (&str, &str), body: &[u8]) -> Answer {
        self.house.ask("POST", path, &[("cookie", &self.cookie), SAME_ORIGIN, kind], body)
    }

    pub fn bundle(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/fhir/{query}"));
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        items(&answer.json(), "entry").map(|entry| entry["resource"].clone()).collect()
    }
}

/// Addresses of a route with these parameters; none when one of them is not known.
pub fn filled(route: &str, known: &Known) -> Vec<String> {
    let mut paths = vec![String::new()];
    for part in route.split('/').skip(1) {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        let values = match name {
            Some(name) => known.get(name).cloned().unwrap_or_default(),
            None => vec![part.to_owned()],
        };
        let each = paths.iter().flat_map(|path| values.iter().map(move |value| format!("{path}/{value}")));
        paths = each.collect();
    }
    paths
}

/// The route of an address; what is said word by word goes before what is a parameter.
pub fn route_of<'r>(routes: &'r [Route], address: &str) -> Option<&'r Route> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let fits = |route: &&Route| {
        let (mut parts, mut of) = (path.split('/'), route.path.split('/'));
        loop {
            match (parts.next(), of.next()) {
                (None, None) => return true,
                (Some(_), Some(rest)) if rest.starts_with("{*") => return true,
                (Some(part), Some(of)) if of == part || of.starts_with('{') && !part.is_empty() => {}
                _ => return false,
            }
        }
    };
    routes.iter().filter(fits).min_by_key(|route| route.path.matches('{').count())
}

/// Where the page of an address leads to within the house.
fn links(address: &str, page: &str) -> Vec<String> {
    let own = address.split(['?', '#']).next().unwrap_or_default();
    let of = |name: &str| -> Vec<String> {
        let begins = format!(" {name}=\"");
        let parts = page.split(&begins).skip(1);
        let targets = parts.filter_map(|part| part.split('"').next());
        let whole = targets.filter_map(|target| match target.chars().next()? {
            '/' => Some(target.to_owned()),
            '?' => Some(format!("{own}{target}")),
            _ => None,
        });
        whole.map(|target| target.replace("&amp;", "&")).collect()
    };
    let mut all = of("href");
    all.extend(of("hx-get"));
    all
}

/// Every page that a visitor comes to, from the routes themselves and from links: at most [`EACH`] of a route, and more of the people with
/// sealed records.
pub fn walk(visitor: &Visitor, routes: &[Route], known: &Known) -> BTreeMap<String, Answer> {
    let gets: Vec<Route> =
        routes.iter().filter(|route| route.gets && !is_left(&route.path)).cloned().collect();
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    let mut waiting: VecDeque<String> = VecDeque::new();
    for address in gets.iter().flat_map(|route| filled(&route.path, known)) {
        // What stands behind a click on a record's pages.
        waiting.extend(address.starts_with("/nguoi/").then(|| format!("{address}?hien=1")));
        waiting.push_back(address);
    }
    let mut seen = BTreeMap::new();
    while let Some(address) = waiting.pop_front() {
        let Some(route) = route_of(&gets, &address) else { continue };
        let is_theirs = known["patient"].iter().any(|patient| address.contains(patient.as_str()));
        let count = counts.entry((&route.path, is_theirs)).or_default();
        if seen.contains_key(&address) || *count >= if is_theirs { EACH_OF_THEIRS } else { EACH } {
            continue;
        }
        *count += 1;
        let answer = visitor.get(&address);
        assert!(answer.status < 500, "{address}: {} {}", answer.status, answer.text());
        if answer.status == 200 {
            waiting.extend(links(&address, &answer.text()));
        }
        waiting.extend(answer.header("location").map(str::to_owned));
        seen.insert(address, answer);
    }
    seen
}

/// What the clock says, in ms since 1970 UTC.
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
