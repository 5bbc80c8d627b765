//! A month of a commune station, played once through the handlers of its rooms: visits, a vaccination day, the clinic for high blood
//! pressure, a cluster of measles, three births, two deaths. Then everything that comes out is compared with the script, which nobody typed a second time.

use crate::house::{Answer, House, STATION, lines, main};
use crate::truth::{Birth, Death, Dose, Person, Truth, Visit};
use axum::http::StatusCode;
use std::collections::BTreeMap;
use yba_fhir::Day;
use yba_fhir::json::json;

const MONTH: &str = "2026-09";

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// `20/10/2026`.
fn typed(day: Day) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

/// People of the commune, invented.
fn person(kind: &str, number: usize, birth: Day) -> Person {
    const NAMES: [&str; 8] = ["Mai", "Páo", "Dua", "Sò", "Mỷ", "Pản", "Chư", "Lan"];
    let is_female = number.is_multiple_of(2);
    let name =
        format!("Lò {} {} {number}", if is_female { "Thị" } else { "Văn" }, NAMES[number % NAMES.len()]);
    Person { id: format!("{kind}-{number}"), name, is_female, birth }
}

/// Somebody whose file the station keeps.
async fn known(house: &House, one: &Person, village: &str) {
    let address = format!("{village}, xã Bản Bo, tỉnh Lai Châu");
    house
        .keep(json!({"resourceType": "Patient", "id": (&one.id), "name": [{"text": (&one.name)}],
            "gender": (if one.is_female { "female" } else { "male" }), "birthDate": (one.birth.to_string()),
            "address": [{"use": "home", "text": address, "line": [village]}],
            "managingOrganization": {"reference": (format!("Organization/{STATION}"))}}))
        .await;
}

/// A dose of before the month.
async fn had(house: &House, child: &Person, cvx: &str, number: usize, on: Day) {
    house
        .keep(json!({"resourceType": "Immunization", "id": (format!("{}-{cvx}-{number}", child.id)), "status": "completed",
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": cvx}]},
            "patient": {"reference": (format!("Patient/{}", child.id))}, "occurrenceDateTime": (on.to_string()),
            "performer": [{"actor": {"reference": (format!("Organization/{STATION}"))}}]}))
        .await;
}

/// A kind of child on the vaccination day: when born, what they had, and what is due by the schedule's text: vaccine and number of the dose.
struct Sort {
    born: &'static str,
    had: &'static [(&'static str, &'static str)],
    due: &'static [(&'static str, u32)],
}

/// What a child of nine months has had.
const FIRST_YEAR: [(&str, &str); 9] = [
    ("08", "2025-12-10"),
    ("19", "2025-12-20"),
    ("102", "2026-02-15"),
    ("178", "2026-02-15"),
    ("102", "2026-03-16"),
    ("178", "2026-03-16"),
    ("102", "2026-04-16"),
    ("178", "2026-04-16"),
    ("10", "2026-05-15"),
];

const SORTS: [Sort; 4] = [
    // Two months: the first of five in one and of the drops.
    Sort {
        born: "2026-07-10",
        had: &[("08", "2026-07-10"), ("19", "2026-07-20")],
        due: &[("102", 1), ("178", 1), ("119", 1), ("133", 1)],
    },
    // Three months: the second, a month after the first.
    Sort {
        born: "2026-06-05",
        had: &[
            ("08", "2026-06-05"),
            ("19", "2026-06-20"),
            ("102", "2026-08-10"),
            ("178", "2026-08-10"),
            ("119", "2026-08-10"),
            ("133", "2026-08-10"),
        ],
        due: &[("102", 2), ("178", 2), ("119", 2)],
    },
    // Nine months: measles and the second injection against polio.
    Sort { born: "2025-12-10", had: &FIRST_YEAR, due: &[("10", 2), ("05", 1), ("133", 1)] },
    // Newborns of yesterday.
    Sort { born: "2026-09-14", had: &[], due: &[("08", 1), ("19", 1)] },
];

/// The vaccination day: forty children, one of whom has a fever, and one dose that was written by mistake.
async fn vaccination_day(house: &mut House, truth: &mut Truth) {
    let today = day("2026-09-15");
    let mut children = Vec::new();
    for (at, sort) in SORTS.iter().enumerate() {
        for number in 0..10 {
            let child = person("be", at * 10 + number, day(sort.born));
            known(house, &child, if number < 5 { "Bản Hon" } else { "Nà Khương" }).await;
            for (place, (cvx, on)) in sort.had.iter().enumerate() {
                had(house, &child, cvx, place, day(on)).await;
            }
            children.push((child, sort.due));
        }
    }
    house.morning(today).await;
    for (place, (child, due)) in children.iter().enumerate() {
        let page = format!("/tiem-chung/{}", child.id);
        let mut form = house.form(&page, &page).await;
        let offered: Vec<String> =
            form.all("mui").iter().map(|series| form.all(&format!("vx-{series}"))[0].to_owned()).collect();
        let mut expected: Vec<&str> = due.iter().map(|(cvx, _)| *cvx).collect();
        let mut seen: Vec<&str> = offered.iter().map(String::as_str).collect();
        expected.sort_unstable();
        seen.sort_unstable();
        assert_eq!(seen, expected, "{} of {}", child.id, child.birth);
        if place == 7 {
            let mut later = house.form(&page, &format!("{page}/hoan")).await;
            later.set("hoan-ly-do", "Sốt 38,5 °C");
            house.send(&later).await;
            continue;
        }
        let series: Vec<String> = form.all("mui").into_iter().map(str::to_owned).collect();
        for one in &series {
            // The lot of the open vial stands there from the second child on.
            if form.all(&format!("lo-{one}"))[0].is_empty() {
                form.set(&format!("lo-{one}"), &format!("LO-{one}")).set(&format!("han-{one}"), "30/06/2028");
            }
        }
        form.set("sl-khong", "1");
        house.send(&form).await;
        // An impatient hand.
        house.send(&form).await;
        let doses = due.iter().map(|(cvx, number)| Dose {
            child: child.clone(),
            day: today,
            cvx: (*cvx).to_owned(),
            number: *number,
        });
        truth.doses.extend(doses);
    }
}

/// One visit as the nurse writes it down.
async fn visit(
    house: &House,
    truth: &mut Truth,
    person: &Person,
    today: Day,
    complaint: &str,
    icd: &[&'static str],
) {
    let page = format!("/kham/{}", person.id);
    let mut form = house.form(&page, &page).await;
    form.set("complaint", complaint).set("temperature", "37,2").set("main", icd[0]);
    // Since when, the notification takes from here.
    form.set("onset", &typed(today.plus_days(-2)));
    if let Some(other) = icd.get(1) {
        form.set("other:0", other);
    }
    house.send(&form).await;
    house.send(&form).await;
    truth.visits.push(Visit { person: person.clone(), day: today, icd: icd.to_vec() });
}

/// Those who come with this and that: forty-five people.
async fn villagers(house: &House) -> Vec<Person> {
    let births = ["2022-03-01", "2015-07-09", "1990-01-30", "1961-09-02", "1978-12-12"];
    let mut people = Vec::new();
    for number in 0..45 {
        let one = person("nguoi", number, day(births[number % births.len()]));
        known(house, &one, "Nà Khương").await;
        people.push(one);
    }
    people
}

/// A day of twenty ordinary visits.
async fn ordinary_day(house: &mut House, truth: &mut Truth, people: &[Person], turn: usize, on: &str) {
    const ILLS: [&[&str]; 8] =
        [&["J20.9"], &["A09"], &["K29.7"], &["M54.5", "I10"], &["J06.9"], &["E11.9"], &["L20.9"], &["Z34.9"]];
    house.morning(day(on)).await;
    for at in turn * 20..turn * 20 + 20 {
        let one = &people[at * 7 % people.len()];
        // Only women of the right age come because they are with child.
        let may_be_with_child = one.is_female && one.birth == day("1990-01-30");
        let icd = ILLS[at % ILLS.len()];
        let icd = if icd[0] == "Z34.9" && !may_be_with_child { ILLS[0] } else { icd };
        visit(house, truth, one, day(on), "Mệt, đau", icd).await;
    }
}

/// A visit that was written for the wrong person, and is taken back.
async fn mistaken(house: &mut House, truth: &mut Truth, one: &Person, on: &str) {
    house.morning(day(on)).await;
    visit(house, truth, one, day(on), "Ghi nhầm người", &["J20.9"]).await;
    truth.visits.pop();
    let page = format!("/kham/{}", one.id);
    let back = house.form(&page, &format!("{page}/rut")).await;
    house.send(&back).await;
}

/// Twenty-five people whom a hospital diagnosed with high blood pressure.
async fn patients(house: &House) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..25 {
        let one = person("ha", number, day(if number < 15 { "1955-04-05" } else { "1980-04-05" }));
        known(house, &one, "Bản Hon").await;
        let active = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]});
        house
            .keep(json!({"resourceType": "Condition", "id": (format!("cd-{}", one.id)), "clinicalStatus": active,
                "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}], "text": "Bệnh lý tăng huyết áp"},
                "subject": {"reference": (format!("Patient/{}", one.id))}, "recordedDate": "2026-05-05T08:00:00+07:00"}))
            .await;
        people.push(one);
    }
    people
}

/// A day of the clinic for these people, who are to come again after two weeks.
async fn clinic(house: &mut House, truth: &mut Truth, people: &[Person], on: &str) {
    house.morning(day(on)).await;
    for one in people {
        let page = format!("/man-tinh/hypertension/{}", one.id);
        let mut form = house.form(&page, &page).await;
        for (name, value) in [
            ("systolic-1", "132"),
            ("diastolic-1", "82"),
            ("pulse", "76"),
            ("weight", "56,5"),
            ("smoking", "never"),
            ("alcohol", "none"),
            ("adherence", "full"),
            ("side-effects", "none"),
        ] {
            form.set(name, value);
        }
        form.set("next-date", &typed(day(on).plus_days(14)));
        house.send(&form).await;
        house.send(&form).await;
        truth.visits.push(Visit { person: one.clone(), day: day(on), icd: vec!["I10"] });
        truth.expected.insert(one.id.clone(), day(on).plus_days(14));
    }
}

/// A child of the village has measles: seen and notified the same morning.
async fn measles(house: &mut House, truth: &mut Truth, number: usize, on: &str) -> Person {
    let child = person("soi", number, day("2023-05-09"));
    known(house, &child, "Bản Hon").await;
    house.morning(day(on)).await;
    visit(house, truth, &child, day(on), "Sốt, phát ban", &["B05.9"]).await;
    let list = house.get("/dich-benh").await.text;
    let links = list.split("href=\"/dich-benh/").skip(1).filter_map(|rest| rest.split('"').next());
    let case =
        links.into_iter().find(|id| id.starts_with("lk-")).unwrap_or_else(|| panic!("{}", main(&list)));
    let page = format!("/dich-benh/{case}");
    let form = house.form(&page, &page).await;
    house.send(&form).await;
    child
}

/// A birth as it is written down on the mother's record.
async fn birth(house: &mut House, truth: &mut Truth, born: Birth) {
    house.morning(born.day).await;
    let page = format!("/sinh-tu/sinh/{}", born.mother.id);
    let mut form = house.form(&page, &page).await;
    let yes = |is: bool| if is { "true" } else { "false" };
    for (name, value) in [
        ("born", format!("{} 5h30", typed(born.day))),
        ("place", born.place.to_owned()),
        ("attendant", born.attendant.to_owned()),
        ("mode", born.mode.to_owned()),
        ("weeks", born.weeks.to_string()),
        ("parity", born.parity.to_string()),
        ("sex", if born.is_girl { "female" } else { "male" }.to_owned()),
        ("weight", born.grams.to_string()),
        ("breastfed", yes(born.is_breastfed).to_owned()),
        ("vitamin-k", yes(born.had_vitamin_k).to_owned()),
    ] {
        form.set(name, &value);
    }
    house.send(&form).await;
    house.send(&form).await;
    truth.births.push(born);
}

/// A death with its chain of causes.
async fn death(house: &mut House, truth: &mut Truth, died: Death) {
    house.morning(died.day).await;
    let page = format!("/sinh-tu/tu/{}", died.person.id);
    let mut form = house.form(&page, &page).await;
    form.set("day", &typed(died.day)).set("place", "home").set("cared", "true").set("determined", "doctor");
    form.set("pregnancy", "false");
    for (line, code) in ["ia", "ib", "ic", "id"].into_iter().zip(died.chain) {
        form.set(line, code);
    }
    house.send(&form).await;
    house.send(&form).await;
    truth.deaths.push(died);
}

/// The lines of a report as its CSV gives them, without the two of its head.
async fn report(house: &House, slug: &str) -> Vec<(String, Vec<String>)> {
    let answer: Answer = house.get(&format!("/bao-cao/{slug}/csv?ky={MONTH}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    // A title with a comma stands in quotes.
    let cells = |line: &str| {
        let end = line
            .strip_prefix('"')
            .and_then(|rest| rest.find('"'))
            .map_or_else(|| line.find(','), |at| Some(at + 2));
        let (title, cells) = line.split_at(end.unwrap_or(line.len()));
        (title.to_owned(), cells.split(',').skip(1).map(str::to_owned).collect())
    };
    answer.text.lines().skip(2).map(cells).collect()
}

/// The lines of the register behind a number of a report, page after page.
async fn register(house: &House, slug: &str, cell: usize) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut address = format!("/bao-cao/{slug}/o/{cell}?ky={MONTH}");
    loop {
        let page = house.get(&address).await;
        assert_eq!(page.status, StatusCode::OK, "{}", main(&page.text));
        all.extend(lines(&page.text));
        let next = page
            .text
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .find(|href| href.contains("sau="));
        match next {
            Some(next) => address = next.replace("&amp;", "&"),
            None => return all,
        }
    }
}

/// Every line of the registers, no more and no less.
async fn registers(house: &House, truth: &Truth) {
    let sorted = |mut lines: Vec<Vec<String>>| {
        lines.sort();
        lines
    };
    let of =
        |row: Vec<String>, columns: &[usize]| columns.iter().map(|at| row[*at].clone()).collect::<Vec<_>>();
    let rows = register(house, "monthly-visits", 0).await;
    let rows = sorted(rows.into_iter().map(|row| of(row, &[0, 2, 4, 10])).collect());
    let visits = truth.visits.iter().map(|one| {
        vec![typed(one.day), one.person.name.clone(), typed(one.person.birth), one.icd.join("; ")]
    });
    assert_eq!(rows, sorted(visits.collect()), "the register of visits");
    // The line of all doses is the fifteenth of the report, of three columns.
    let rows = register(house, "monthly-immunisations", 14 * 3).await;
    let rows = sorted(rows.into_iter().map(|row| of(row, &[0, 1, 3, 7, 8])).collect());
    let doses = truth.doses.iter().map(|one| {
        let child = &one.child;
        vec![typed(one.day), child.name.clone(), typed(child.birth), one.cvx.clone(), one.number.to_string()]
    });
    assert_eq!(rows, sorted(doses.collect()), "the register of vaccinations");
    let rows = register(house, "monthly-births", 0).await;
    let rows = sorted(rows.into_iter().map(|row| of(row, &[0, 1, 10, 11, 16, 17])).collect());
    let births = truth.births.iter().map(|one| {
        let sex = if one.is_girl { "Nữ" } else { "Nam" };
        let numbers = [one.weeks.to_string(), one.parity.to_string(), sex.to_owned(), one.grams.to_string()];
        [typed(one.day), one.mother.name.clone()].into_iter().chain(numbers).collect()
    });
    assert_eq!(rows, sorted(births.collect()), "the register of births");
    let rows = register(house, "monthly-deaths", 0).await;
    let rows = sorted(rows.into_iter().map(|row| of(row, &[0, 1, 13])).collect());
    let deaths = truth
        .deaths
        .iter()
        .map(|one| vec![typed(one.day), one.person.name.clone(), (*one.chain.last().unwrap()).to_owned()]);
    assert_eq!(rows, sorted(deaths.collect()), "the register of deaths");
}

/// Whom the lists call on the first of the next month.
async fn who_should_come(house: &House, truth: &Truth, patients: &[Person], today: Day) {
    let page = house.get("/man-tinh/hypertension").await.text;
    let said = |row: Vec<String>| {
        format!("{}: {}", row[0].split(" Nam · ").next().unwrap().split(" Nữ · ").next().unwrap(), row[2])
    };
    let mut listed: Vec<String> = lines(&page).into_iter().map(said).collect();
    let diagnosed = truth.visits.iter().filter(|visit| visit.icd.contains(&"I10")).map(|visit| &visit.person);
    let mut members: BTreeMap<&str, &Person> =
        patients.iter().chain(diagnosed).map(|one| (one.id.as_str(), one)).collect();
    members.retain(|id, _| truth.deaths.iter().all(|died| died.person.id != *id));
    let mut expected: Vec<String> = members
        .values()
        .map(|one| {
            let due = match truth.expected.get(&one.id) {
                None => "Chưa hẹn lần nào".to_owned(),
                Some(due) if *due < today => {
                    let late = today.days_since_epoch() - due.days_since_epoch();
                    format!("Trễ {late} ngày hẹn {}", typed(*due))
                }
                Some(due) => typed(*due),
            };
            format!("{}: {due}", one.name)
        })
        .collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
    let page = house.get("/tiem-chung").await.text;
    let called: Vec<&str> =
        page.split("href=\"/tiem-chung/be-").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(called, ["7"], "of the forty only the child with the fever");
    for born in &truth.births {
        let child = format!("Con bà {}", born.mother.name);
        assert!(main(&page).contains(&child), "{child} is called: {}", main(&page));
    }
}

/// The cases of measles.
async fn cases(house: &House) {
    let said = main(&house.get("/dich-benh").await.text);
    for part in [
        "Phải thông báo 0 ",
        "Đã ghi, chưa báo lên 4 ",
        "4 ca Sởi ở địa bàn của trạm, 14/09/2026 – 19/09/2026",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn a_month_is_typed_once_and_every_register_and_report_is_what_happened() {
    let mut house = House::open(day("2026-09-01")).await;
    let mut truth = Truth::default();
    let (villagers, patients) = (villagers(&house).await, patients(&house).await);
    ordinary_day(&mut house, &mut truth, &villagers, 0, "2026-09-03").await;
    clinic(&mut house, &mut truth, &patients[..21], "2026-09-08").await;
    let mother = |number: usize| villagers[number].clone();
    let first = Birth {
        mother: mother(2),
        day: day("2026-09-09"),
        is_girl: true,
        grams: 3100,
        weeks: 39,
        parity: 1,
        place: "station",
        attendant: "midwife",
        mode: "vaginal",
        is_breastfed: true,
        had_vitamin_k: true,
    };
    birth(&mut house, &mut truth, first.clone()).await;
    ordinary_day(&mut house, &mut truth, &villagers, 1, "2026-09-10").await;
    let second = Birth {
        mother: mother(12),
        day: day("2026-09-11"),
        is_girl: false,
        grams: 2300,
        weeks: 36,
        parity: 3,
        ..first.clone()
    };
    let second =
        Birth { place: "hospital", attendant: "doctor", mode: "caesarean", is_breastfed: false, ..second };
    birth(&mut house, &mut truth, second).await;
    vaccination_day(&mut house, &mut truth).await;
    for (number, on) in ["2026-09-16", "2026-09-17", "2026-09-19", "2026-09-21"].into_iter().enumerate() {
        measles(&mut house, &mut truth, number, on).await;
    }
    let third =
        Birth { mother: mother(22), day: day("2026-09-21"), grams: 2900, weeks: 40, parity: 2, ..first };
    birth(
        &mut house,
        &mut truth,
        Birth { place: "home", attendant: "village", had_vitamin_k: false, ..third },
    )
    .await;
    clinic(&mut house, &mut truth, &patients[..5], "2026-09-22").await;
    let stroke =
        Death { person: patients[24].clone(), day: day("2026-09-23"), chain: &["G93.6", "I61.9", "I10"] };
    death(&mut house, &mut truth, stroke).await;
    ordinary_day(&mut house, &mut truth, &villagers, 2, "2026-09-24").await;
    mistaken(&mut house, &mut truth, &villagers[44], "2026-09-25").await;
    death(&mut house, &mut truth, Death { person: mother(43), day: day("2026-09-27"), chain: &["S06.9"] })
        .await;
    house.morning(day("2026-10-01")).await;
    for (slug, lines) in [
        ("monthly-visits", truth.visits()),
        ("monthly-immunisations", truth.doses()),
        ("monthly-births", truth.births()),
        ("monthly-deaths", truth.deaths()),
    ] {
        let said = report(&house, slug).await;
        let expected: Vec<(String, Vec<String>)> =
            lines.into_iter().map(|(title, cells)| (title.to_owned(), cells)).collect();
        assert_eq!(said, expected, "{slug}");
    }
    registers(&house, &truth).await;
    who_should_come(&house, &truth, &patients, day("2026-10-01")).await;
    cases(&house).await;
    let (visits, doses) = (truth.visits.len(), truth.doses.len());
    let (births, deaths) = (truth.births.len(), truth.deaths.len());
    println!(
        "{visits} visits, {doses} doses, {births} births, {deaths} deaths; keys typed for 4 registers, 4 reports and 3 lists: 0"
    );
}
