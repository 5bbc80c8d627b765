//! Where the people of a demonstration work: the accounts of hospital and station are granted for the places of the invented
//! province in which most happened, so that a visitor sees the rules at work; those of the province stay provincial.

use crate::node::Node;
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::{Day, Outcome};
use yba_recall::list::{List, facilities};
use yba_records::gate::Seat;
use yba_records::{Ctx, Query};
use yba_terminology::communes::{NEW, UNIT_SYSTEMS};

/// How many of the latest visits, and of a station's people, are looked at.
const LOOKED_AT: usize = 1000;
/// How the names of stations begin.
const STATION: &str = "Trạm Y tế";
/// Roles of a hospital, each with its department.
const HOSPITAL: [(&str, &str); 6] = [
    ("doctor", "Khoa Khám bệnh"),
    ("nurse", "Khoa Khám bệnh"),
    ("reception", "Quầy tiếp đón"),
    ("lab-technician", "Khoa Xét nghiệm"),
    ("pharmacist", "Khoa Dược"),
    ("cashier", "Phòng Tài chính"),
];
/// Roles of a station.
const STATIONS: [&str; 1] = ["station-staff"];

/// The places of an invented province.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seats {
    /// Ids of Organizations.
    pub hospital: Option<String>,
    pub station: Option<String>,
    /// The commune of the station, as ties name it.
    pub commune: Option<String>,
    /// Patients that are one person, who has an account as a citizen.
    pub citizen: Vec<String>,
}

impl Seats {
    /// The hospital with the most of the latest visits, and the station with the most people to call, then with most visits: one
    /// whose lists and registers are full.
    pub async fn of(node: &Node) -> Result<Seats, Outcome> {
        let visits = found(node, "Encounter", &format!("_sort=-date&_count={LOOKED_AT}")).await?;
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for id in visits.iter().filter_map(|visit| referred(visit, "serviceProvider", "Organization/")) {
            *counts.entry(id.to_owned()).or_default() += 1;
        }
        let stations = named(node, counts.keys()).await?;
        let waiting = waiting(node).await?;
        let most = |is_station: bool| {
            let those = counts.iter().filter(|(id, _)| stations.contains(id.as_str()) == is_station);
            let life = |id: &str, count: usize| (waiting.get(id).copied().unwrap_or_default(), count);
            those.max_by_key(|(id, count)| life(id, **count)).map(|(id, _)| id.clone())
        };
        let (hospital, station) = (most(false), most(true));
        let commune = match &station {
            Some(station) => commune(node, station).await?,
            None => None,
        };
        let is_there =
            |visit: &&Value| referred(visit, "serviceProvider", "Organization/") == hospital.as_deref();
        let patient = visits.iter().find(is_there).and_then(|visit| referred(visit, "subject", "Patient/"));
        let citizen = match patient {
            Some(patient) => node.records.store().kin_of(patient).await?,
            None => Vec::new(),
        };
        Ok(Seats { hospital, station, commune, citizen })
    }

    /// Where somebody with this role works.
    pub fn at(&self, role: &str) -> Seat {
        if let Some((_, department)) = HOSPITAL.iter().find(|(slug, _)| *slug == role) {
            let (organization, department) = (self.hospital.clone(), Some((*department).to_owned()));
            return Seat { organization, department, ..Seat::default() };
        }
        if STATIONS.contains(&role) {
            let (organization, commune) = (self.station.clone(), self.commune.clone());
            return Seat { organization, commune, ..Seat::default() };
        }
        match role {
            "citizen" => Seat { patients: self.citizen.clone(), ..Seat::default() },
            _ => Seat::default(),
        }
    }
}

/// How many people each facility should call, for a dose or a visit.
async fn waiting(node: &Node) -> Result<BTreeMap<String, usize>, Outcome> {
    let today = Day::of_instant(node.records.store().clock().now_ms());
    let programmes = node.content.programmes_on(today);
    let lists = programmes.iter().map(|programme| List::Programme(&programme.slug));
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    for list in lists.chain([List::Vaccines]) {
        for (place, count) in facilities(&node.records, &Ctx::system("demo"), list, today).await? {
            let id = place.strip_prefix("Organization/").unwrap_or(&place).to_owned();
            *all.entry(id).or_default() += count;
        }
    }
    Ok(all)
}

async fn found(node: &Node, kind: &str, query: &str) -> Result<Vec<Value>, Outcome> {
    let query = Query::parse_string(kind, query)?;
    let found = node.records.search(&Ctx::system("demo"), &query, None).await?;
    Ok(found.matches.iter().map(yba_records::Version::tree).collect())
}

fn referred<'v>(tree: &'v Value, member: &str, kind: &str) -> Option<&'v str> {
    str_at(tree, &[member, "reference"])?.strip_prefix(kind)
}

/// Those of these facilities that are stations.
async fn named(node: &Node, ids: impl Iterator<Item = &String>) -> Result<BTreeSet<String>, Outcome> {
    let keys: Vec<(String, String)> = ids.map(|id| ("Organization".to_owned(), id.clone())).collect();
    let versions = node.records.read_many(&Ctx::system("demo"), &keys).await?;
    let is_station = |tree: &Value| str_at(tree, &["name"]).is_some_and(|name| name.starts_with(STATION));
    Ok(versions.into_iter().filter(|one| is_station(&one.tree())).map(|one| one.id).collect())
}

/// The commune in which most people of a station live.
async fn commune(node: &Node, station: &str) -> Result<Option<String>, Outcome> {
    let query = format!("organization=Organization/{station}&_count={LOOKED_AT}");
    let system = format!("{UNIT_SYSTEMS}{NEW}");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for person in found(node, "Patient", &query).await? {
        let codings = items(&person, "address").flat_map(|address| items(address, "extension"));
        let codings = codings.filter_map(|extension| extension.get("valueCoding"));
        for coding in codings.filter(|one| str_at(one, &["system"]) == Some(&system)) {
            let code = str_at(coding, &["code"]).unwrap_or_default();
            *counts.entry(format!("{system}|{code}")).or_default() += 1;
        }
    }
    Ok(counts.into_iter().max_by_key(|(_, count)| *count).map(|(place, _)| place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hospital_and_station_have_their_places_and_the_province_has_none() {
        let seats = Seats {
            hospital: Some("bv".into()),
            station: Some("tyt".into()),
            commune: Some("x|1".into()),
            citizen: vec!["p".into()],
        };
        for (slug, _) in HOSPITAL {
            assert_eq!(seats.at(slug).organization.as_deref(), Some("bv"), "{slug}");
        }
        let station = seats.at("station-staff");
        assert_eq!((station.organization.as_deref(), station.commune.as_deref()), (Some("tyt"), Some("x|1")));
        assert_eq!(seats.at("citizen").patients, ["p"]);
        for slug in ["director", "epidemiologist", "insurance-assessor", "it-officer"] {
            assert_eq!(seats.at(slug), Seat::default(), "{slug}");
        }
    }
}
