//! A closed house with the station's rooms, a nurse who is in, and the clock in the hands of the test: requests in process, through the
//! same handlers as from a browser.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use std::sync::Arc;
use tower::ServiceExt;
use yba_auth::{Cookies, Grant};
use yba_content::Content;
use yba_fhir::Day;
use yba_fhir::json::Value;
use yba_fhir::{Resource, json};
use yba_records::gate::{NewAccount, Origin};
use yba_records::{Change, Ctx, Gate};
use yba_report::Library;
use yba_station::Station;
use yba_station::print::Prints;
use yba_station::turn::Turns;
use yba_testkit::{Kit, MORNING_MS};
use yba_web::{Entrance, Site, SiteSettings, shell};

/// The station of the nurse.
pub const STATION: &str = "cskcb-12090";
/// Who the nurse is.
pub const NURSE: &str = "Lò Thị Mai";
const LOGIN: &str = "mai.lo";
const PASSWORD: &str = "bốn bức tường trắng";
const DAY_MS: i64 = 86_400_000;

pub struct House {
    pub kit: Kit,
    gate: Gate,
    content: Arc<Content>,
    router: Router,
    cookie: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Where it sends on to; empty when it does not.
    pub to: String,
    pub text: String,
}

impl House {
    /// Opens on this day, at eight in the morning.
    pub async fn open(day: Day) -> House {
        let kit = yba_testkit::records();
        kit.advance_ms(until(&kit, day));
        let content = Arc::new(Content::built_in());
        let registers = Arc::new(Library::load(&content).expect("the registers of content are sound"));
        let forms = Arc::new(yba_forms::Library::load(&content).expect("the forms of content are sound"));
        let records = kit.records.clone();
        yba_mpi::follower::prepare(&records).await.unwrap();
        yba_recall::follower::prepare(&records, &content).await.unwrap();
        yba_report::follower::prepare(&records, registers.clone()).await.unwrap();
        let gate = Gate::open(records.clone(), content.clone(), &[7; 32]).await.unwrap();
        let settings = SiteSettings {
            open: false,
            node: "Trạm thử".into(),
            source_url: "https://example.org/yba".into(),
            version: "0.1.0".into(),
            who: None,
            run: "r1".into(),
            gallery: false,
        };
        let entrance = Entrance { gate: gate.clone(), cookies: Cookies { secure: false } };
        let site = Site::with_entrance(settings, vec![yba_station::menu()], Some(entrance));
        let rules = Arc::new(yba_rules::Library::load(&content).unwrap());
        let prints = Prints::new(yba_print::Library::of(&content), yba_print::Printer::here());
        let station = Station {
            site: site.clone(),
            records,
            content: content.clone(),
            registers,
            forms,
            rules,
            prints,
            turns: Turns::default(),
        };
        let router = shell(site, yba_station::routes(station));
        let mut house = House { kit, gate, content, router, cookie: String::new() };
        house
            .keep(json::json!({"resourceType": "Organization", "id": STATION, "name": "Trạm Y tế xã Bản Bo"}))
            .await;
        house.hire(LOGIN, NURSE, "station-staff", STATION).await;
        house.come_in(LOGIN).await;
        house
    }

    /// Somebody of a facility gets an account.
    pub async fn hire(&self, login: &str, name: &str, role: &str, facility: &str) {
        let role = Grant { organization: Some(facility.into()), ..Grant::new(role, self.gate.today()) };
        let account =
            NewAccount { login: login.into(), name: name.into(), roles: vec![role], ..NewAccount::default() };
        let (_, link) = self.gate.create(&self.kit.ctx(), &account).await.unwrap();
        self.gate.set_password_by_link(&link.0, PASSWORD, None, &Origin::default()).await.unwrap();
    }

    /// Somebody signs in.
    pub async fn come_in(&mut self, login: &str) {
        let request = self.request("POST", "/dang-nhap");
        let form = format!(
            "login={login}&password={}",
            PASSWORD.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>()
        );
        let answer = self.router.clone().oneshot(request.body(Body::from(form)).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let given = answer.headers().get_all("set-cookie").iter().map(|one| one.to_str().unwrap());
        self.cookie = given.filter_map(|one| one.split(';').next()).collect::<Vec<_>>().join("; ");
    }

    /// Another day begins; the nurse signs in anew.
    pub async fn morning(&mut self, day: Day) {
        self.kit.advance_ms(until(&self.kit, day));
        self.come_in(LOGIN).await;
        self.follow().await;
    }

    /// Some minutes of the same day go by; the nurse signs in anew.
    pub async fn later(&mut self, minutes: i64) {
        self.kit.advance_ms(minutes * 60_000);
        self.come_in(LOGIN).await;
    }

    /// Everything that follows the log comes to its end.
    pub async fn follow(&self) {
        yba_mpi::follower::catch_up(&self.kit.records).await.unwrap();
        yba_recall::follower::catch_up(&self.kit.records, &self.content).await.unwrap();
        yba_report::follower::catch_up(&self.kit.records).await.unwrap();
    }

    /// A record that came from elsewhere.
    pub async fn keep(&self, tree: Value) {
        let resource = Resource::from_value(tree).unwrap();
        self.kit.records.transact(&Ctx::system("test"), vec![Change::put(resource)]).await.unwrap();
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(String, String)]) -> Answer {
        let hex = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", hex(name), hex(value))).collect();
        self.ask(self.request("POST", path).body(Body::from(pairs.join("&"))).unwrap()).await
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 8 << 20).await.unwrap();
        let to = parts.headers.get("location").map(|to| to.to_str().unwrap().to_owned());
        let to = to.unwrap_or_default();
        Answer { status: parts.status, to, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// The form of a page that is sent to `action`, as the page holds it.
    pub async fn form(&self, page: &str, action: &str) -> Form {
        let answer = self.get(page).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.text);
        Form::of(&answer.text, action)
            .unwrap_or_else(|| panic!("{page} has no form for {action}: {}", main(&answer.text)))
    }

    /// Sends a form, and fails with the page when it is not taken.
    pub async fn send(&self, form: &Form) -> Answer {
        let answer = self.post(&form.action, &form.fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}: {}", form.action, main(&answer.text));
        answer
    }
}

/// What a page says, without its frame and its tags.
pub fn main(page: &str) -> String {
    let body = page.split_once("<main").map_or(page, |(_, rest)| rest);
    let body = body.split_once("</main>").map_or(body, |(main, _)| main);
    let mut text = String::new();
    for part in body.split('<').skip(1) {
        let said = part.split_once('>').map_or("", |(_, said)| said);
        if !said.trim().is_empty() {
            text.push_str(said.trim());
            text.push(' ');
        }
    }
    plain(&text)
}

/// The cells of the lines of a page's table, head left out.
pub fn lines(page: &str) -> Vec<Vec<String>> {
    let body = page.split_once("<tbody").map_or("", |(_, rest)| rest);
    let body = body.split_once("</tbody>").map_or("", |(body, _)| body);
    let cells = |line: &str| -> Vec<String> {
        let parts =
            line.split("<td").skip(1).map(|cell| format!("<td{}", cell.split("</td>").next().unwrap_or("")));
        parts.map(|cell| main(&cell).trim().to_owned()).collect()
    };
    body.split("<tr").skip(1).map(cells).filter(|cells| !cells.is_empty()).collect()
}

/// The same of the table of a page that is called so; none when there is none.
pub fn table(page: &str, caption: &str) -> Vec<Vec<String>> {
    let rest = page.split_once(&format!(">{caption}</caption>")).map_or("", |(_, rest)| rest);
    lines(rest.split_once("</table>").map_or("", |(table, _)| table))
}

/// What the rows of a list of a page say, by the anchor of its card.
pub fn rows(page: &str, card: &str) -> Vec<String> {
    let rest =
        page.split_once(&format!("<section class=\"card\" id=\"{card}\"")).map_or("", |(_, rest)| rest);
    let own = rest.split_once("</section>").map_or("", |(own, _)| own);
    let list = own.split_once("<ul class=\"rows\">").map_or("", |(_, list)| list);
    let said = |row: &str| main(&format!("<li>{row}")).split_whitespace().collect::<Vec<_>>().join(" ");
    list.split("<li>").skip(1).map(said).collect()
}

/// Milliseconds to eight in the morning of a day.
fn until(kit: &Kit, day: Day) -> i64 {
    let first = Day::of_instant(MORNING_MS);
    MORNING_MS + (day.days_since_epoch() - first.days_since_epoch()) * DAY_MS - kit.now_ms()
}

/// A form of a page, and what stands in it.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The first form of a page that is sent to `action`.
    pub fn of(page: &str, action: &str) -> Option<Form> {
        Form::all_of(page, action).into_iter().next()
    }

    /// All forms of a page that are sent to `action`, with the fields beside them that name them.
    pub fn all_of(page: &str, action: &str) -> Vec<Form> {
        let one = |(at, _): (usize, &str)| {
            let (head, rest) = page[at..].split_once('>')?;
            let is_it = attribute(head, "action").as_deref() == Some(action);
            let (body, after) = rest.split_once("</form>").filter(|_| is_it && head.contains("\"post\""))?;
            let mut form = Form { action: action.to_owned(), fields: Vec::new() };
            form.take_in(body, |_| true);
            if let Some(id) = attribute(head, "id") {
                let is_own = |head: &str| attribute(head, "form").as_ref() == Some(&id);
                form.take_in(&page[..at], is_own);
                form.take_in(after, is_own);
            }
            Some(form)
        };
        page.match_indices("<form ").filter_map(one).collect()
    }

    /// The fields of a part of the page, as far as they are the form's.
    fn take_in(&mut self, part: &str, is_own: impl Fn(&str) -> bool) {
        let mut select = None;
        for tag in part.split('<').skip(1) {
            let (head, said) = tag.split_once('>').unwrap_or((tag, ""));
            let (value, kind) = (attribute(head, "value").unwrap_or_default(), attribute(head, "type"));
            let is_chosen = head.ends_with(" checked") || head.contains(" checked ");
            match (head.split(' ').next(), attribute(head, "name"), kind.as_deref()) {
                (Some("option"), _, _) if head.ends_with(" selected") => {
                    self.fields.extend(select.clone().map(|name| (name, value)));
                }
                (Some("select"), name, _) => select = name.filter(|_| is_own(head)),
                (Some("input" | "textarea"), _, _) if !is_own(head) => {}
                (Some("input"), Some(_), Some("checkbox" | "radio")) if !is_chosen => {}
                (Some("input"), Some(name), _) => self.fields.push((name, value)),
                (Some("textarea"), Some(name), _) => self.fields.push((name, plain(said))),
                _ => {}
            }
        }
    }

    /// The values of a name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let of = self.fields.iter().filter(|(known, _)| known == name);
        of.map(|(_, value)| value.as_str()).collect()
    }

    /// Types or chooses one value.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Form {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let (_, rest) = head.split_once(&format!(" {name}=\""))?;
    Some(plain(rest.split('"').next()?))
}

/// Text without the escapes of HTML.
fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
