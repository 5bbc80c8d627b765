//! How fast linking and the one search box are among many people: `cargo run --release -p yba-mpi --example
//! search_speed -- 100000 [sqlite]`. Builds an invented crowd in a temporary store, links it, and asks what people type.

use std::time::{Duration, Instant};
use yba_fhir::Resource;
use yba_mpi::{find::find, follower::catch_up};
use yba_records::{Change, Ctx};

const FAMILIES: [&str; 24] = [
    "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Trần", "Lê", "Phạm", "Hoàng", "Lò", "Lò", "Lò", "Giàng",
    "Giàng", "Vàng", "Sùng", "Thào", "Tẩn", "Phàn", "Lường", "Quàng", "Mùa", "Lý", "Hà",
];
const MIDDLES: [&str; 12] =
    ["Thị", "Thị", "Thị", "Thị", "Văn", "Văn", "Văn", "A", "A", "Minh", "Ngọc", "Xuân"];
const GIVENS: [&str; 40] = [
    "An", "Anh", "Bình", "Chi", "Cường", "Dung", "Dũng", "Dờ", "Đạt", "Giang", "Hà", "Hạnh", "Hải", "Hiền",
    "Hoa", "Hương", "Khánh", "Lan", "Lành", "Linh", "Loan", "Mai", "Mẩy", "Mỷ", "Nam", "Nga", "Nhung",
    "Oanh", "Pao", "Páo", "Phương", "Quân", "Sơn", "Sinh", "Súa", "Thảo", "Trang", "Tủa", "Vân", "Yến",
];

/// A small repeatable source of chance.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

struct Person {
    name: String,
    year: usize,
    number: String,
    text: String,
}

fn person(dice: &mut Dice, at: usize) -> Person {
    let middle = MIDDLES[dice.roll(MIDDLES.len())];
    let mut name =
        format!("{} {middle} {}", FAMILIES[dice.roll(FAMILIES.len())], GIVENS[dice.roll(GIVENS.len())]);
    if dice.roll(3) == 0 {
        name = format!("{name} {}", GIVENS[dice.roll(GIVENS.len())]);
    }
    let (year, month, day) = (1935 + dice.roll(90), 1 + dice.roll(12), 1 + dice.roll(28));
    let female = middle == "Thị";
    let century = if year < 2000 { 0 } else { 2 } + usize::from(female);
    let number = format!("012{century}{:02}{at:06}", year % 100);
    let gender = if female { "female" } else { "male" };
    let text = format!(
        r#""name":[{{"text":"{name}"}}],"gender":"{gender}","birthDate":"{year}-{month:02}-{day:02}","telecom":[{{"system":"phone","value":"09{:08}"}}],"address":[{{"text":"Xã Than Uyên, Lai Châu"}}]"#,
        dice.roll(100_000_000)
    );
    Person { name, year, number, text }
}

fn patient(person: &Person, at: usize, facility: usize) -> Resource {
    let body = format!(
        r#"{{"resourceType":"Patient","id":"f{facility}-{at:07}","identifier":[{{"system":"https://yba.vn/fhir/sid/cccd","value":"{}"}},{{"system":"https://yba.vn/fhir/sid/bhxh","value":"12{at:08}"}},{{"system":"https://yba.vn/fhir/sid/mrn/1200{facility}","value":"{at}"}}],{}}}"#,
        person.number, person.text
    );
    Resource::parse(body.as_bytes()).expect("a well-formed Patient")
}

#[tokio::main]
async fn main() {
    let count: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let mut dice = Dice(7);
    let people: Vec<Person> = (0..count).map(|at| person(&mut dice, at)).collect();
    let sqlite_only = std::env::args().nth(2).is_some_and(|engine| engine == "sqlite");
    let kits = if sqlite_only { vec![yba_testkit::records()] } else { yba_testkit::engines() };
    for kit in kits {
        println!("== {}", if kit.database().is_some() { "PostgreSQL" } else { "SQLite" });
        measure(&kit, &people).await;
    }
}

async fn measure(kit: &yba_testkit::Kit, people: &[Person]) {
    let ctx = Ctx::system("import-bhyt");
    let start = Instant::now();
    let mut patients = 0;
    for (chunk, group) in people.chunks(1000).enumerate() {
        let mut changes = Vec::new();
        for (place, person) in group.iter().enumerate() {
            let at = chunk * 1000 + place;
            // Every second person is also known at a second hospital.
            changes.extend((1..=1 + at % 2).map(|facility| Change::put(patient(person, at, facility))));
        }
        patients += changes.len();
        kit.records.transact(&ctx, changes).await.expect("stored");
    }
    println!("{} people, {patients} Patients stored in {:.1} s", people.len(), start.elapsed().as_secs_f64());
    let start = Instant::now();
    let report = catch_up(&kit.records).await.expect("caught up");
    println!("linked in {:.1} s: {report:?}", start.elapsed().as_secs_f64());
    ask(kit, people).await;
}

async fn ask(kit: &yba_testkit::Kit, people: &[Person]) {
    type Typed = fn(&Person) -> String;
    let kinds: [(&str, Typed); 7] = [
        ("name and year", |person| format!("{} {}", yba_fhir::text::fold(&person.name), person.year)),
        ("name with marks", |person| person.name.clone()),
        ("name without marks", |person| yba_fhir::text::fold(&person.name)),
        ("half a name", |person| person.name.chars().take(person.name.chars().count() * 2 / 3).collect()),
        ("number", |person| person.number.clone()),
        ("nguyen thi", |_| "nguyen thi".to_owned()),
        ("nguyen a", |_| "nguyen a ".to_owned()),
    ];
    for (title, typed) in kinds {
        let mut times: Vec<Duration> = Vec::new();
        for at in (0..people.len()).step_by((people.len() / 500).max(1)) {
            let text = typed(&people[at]);
            let start = Instant::now();
            find(&kit.records, &kit.ctx(), &text, 20).await.expect("found");
            times.push(start.elapsed());
        }
        times.sort();
        let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
        println!("{title:20} p50 {:6.2} ms  p99 {:6.2} ms  worst {:6.2} ms", at(50), at(99), at(100));
    }
}
