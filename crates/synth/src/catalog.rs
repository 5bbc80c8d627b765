//! The tables in `data/`: drugs, services, laboratory tests, diseases, vaccines. Read once, never changed.
//!
//! All names of products, registrations and prices are invented; codes have the form of the national lists.

use crate::money::Milli;
use crate::table::{Row, rows};
use std::collections::HashMap;
use std::sync::OnceLock;

/// A drug on the shelf of every facility.
pub struct Drug {
    pub key: &'static str,
    /// MA_THUOC.
    pub code: &'static str,
    pub atc: &'static str,
    pub name: &'static str,
    pub ingredient: &'static str,
    pub strength: &'static str,
    pub unit: &'static str,
    /// DUONG_DUNG.
    pub route: &'static str,
    pub form: &'static str,
    pub registration: &'static str,
    pub price: Milli,
    /// TYLE_TT_BH.
    pub rate: i64,
    pub take: i64,
    pub times: i64,
    pub days: i64,
}

/// A service, examination, bed or procedure.
pub struct Service {
    pub key: &'static str,
    /// MA_DICH_VU.
    pub code: &'static str,
    pub name: &'static str,
    /// MA_NHOM.
    pub group: u8,
    pub price: Milli,
}

/// One laboratory indicator, with what each hospital system calls it.
pub struct Lab {
    pub loinc: &'static str,
    pub ucum: &'static str,
    pub numeric: bool,
    /// The service that produces it.
    pub service: &'static Service,
    /// Code, name and unit at vendor A, then at vendor B.
    pub local: [LocalLab; 2],
}

/// MA_CHI_SO, TEN_CHI_SO, DON_VI_DO of one hospital system.
pub struct LocalLab {
    pub code: &'static str,
    pub name: &'static str,
    pub unit: &'static str,
}

/// A disease that comes and goes.
pub struct Acute {
    pub icd: &'static str,
    pub name: &'static str,
    pub complaint: &'static str,
    pub weight: u32,
    /// Weight under 5, 5–14, 15–59, 60 and over.
    pub ages: [u32; 4],
    /// Weight in each month.
    pub months: [u32; 12],
    /// Of 1,000 cases, how many are admitted.
    pub admit: u32,
    pub drugs: Vec<&'static Drug>,
    pub tests: Vec<&'static Lab>,
    /// Imaging and functional examinations.
    pub images: Vec<&'static Service>,
}

/// A disease that stays.
pub struct Chronic {
    pub key: &'static str,
    pub icd: &'static str,
    pub name: &'static str,
    pub from_age: i32,
    /// Of 1,000 people aged 40–59, 60–74, 75 and over; below 40 a quarter of the first.
    pub prevalence: [u32; 3],
    pub drugs: Vec<&'static Drug>,
    pub tests: Vec<&'static Lab>,
}

/// A dose of the national schedule (TT 38/2017/TT-BYT, TT 10/2024/TT-BYT).
pub struct Vaccine {
    pub key: &'static str,
    pub cvx: &'static str,
    pub name: &'static str,
    pub age_days: i32,
    pub dose: u32,
    /// Of 1,000 children due, how many get it.
    pub coverage: u32,
    /// First year of birth that the schedule covered.
    pub from_birth: i32,
}

/// All tables.
pub struct Catalog {
    pub drugs: Vec<&'static Drug>,
    pub services: Vec<&'static Service>,
    pub labs: Vec<&'static Lab>,
    pub acute: Vec<Acute>,
    pub chronic: Vec<Chronic>,
    pub vaccines: Vec<Vaccine>,
    drug_by_key: HashMap<&'static str, &'static Drug>,
    service_by_key: HashMap<&'static str, &'static Service>,
    lab_by_loinc: HashMap<&'static str, &'static Lab>,
}

impl Catalog {
    /// The drug of a key in `drugs.tsv`.
    pub fn drug(&self, key: &str) -> &'static Drug {
        self.drug_by_key.get(key).expect("drug keys are checked by a test")
    }

    /// The service of a key in `services.tsv`.
    pub fn service(&self, key: &str) -> &'static Service {
        self.service_by_key.get(key).expect("service keys are checked by a test")
    }

    /// The indicator of a LOINC code in `lab-a.tsv`.
    pub fn lab(&self, loinc: &str) -> &'static Lab {
        self.lab_by_loinc.get(loinc).expect("LOINC codes are checked by a test")
    }
}

/// The tables, read on first use. They are part of the program and live as long as it does.
pub fn catalog() -> &'static Catalog {
    static ALL: OnceLock<Catalog> = OnceLock::new();
    ALL.get_or_init(read)
}

fn read() -> Catalog {
    let drugs: Vec<&'static Drug> =
        rows(include_str!("../data/drugs.tsv")).map(|row| &*Box::leak(Box::new(drug(&row)))).collect();
    let services: Vec<&'static Service> =
        rows(include_str!("../data/services.tsv")).map(|row| &*Box::leak(Box::new(service(&row)))).collect();
    let service_by_key: HashMap<_, _> = services.iter().map(|s| (s.key, *s)).collect();
    let labs: Vec<&'static Lab> = rows(include_str!("../data/lab-a.tsv"))
        .zip(rows(include_str!("../data/lab-b.tsv")))
        .map(|(a, b)| &*Box::leak(Box::new(lab(&a, &b, &service_by_key))))
        .collect();
    let mut all = Catalog {
        drug_by_key: drugs.iter().map(|d| (d.key, *d)).collect(),
        lab_by_loinc: labs.iter().map(|l| (l.loinc, *l)).collect(),
        service_by_key,
        drugs,
        services,
        labs,
        acute: Vec::new(),
        chronic: Vec::new(),
        vaccines: rows(include_str!("../data/vaccines.tsv")).map(|row| vaccine(&row)).collect(),
    };
    all.acute = rows(include_str!("../data/acute.tsv")).map(|row| acute(&row, &all)).collect();
    all.chronic = rows(include_str!("../data/chronic.tsv")).map(|row| chronic(&row, &all)).collect();
    all
}

fn drug(row: &Row) -> Drug {
    Drug {
        key: row.text(0),
        code: row.text(1),
        atc: row.text(2),
        name: row.text(3),
        ingredient: row.text(4),
        strength: row.text(5),
        unit: row.text(6),
        route: row.text(7),
        form: row.text(8),
        registration: row.text(9),
        price: price(row.text(10)),
        rate: row.number(11),
        take: row.number(12),
        times: row.number(13),
        days: row.number(14),
    }
}

fn service(row: &Row) -> Service {
    Service {
        key: row.text(0),
        code: row.text(1),
        name: row.text(2),
        group: row.number(3) as u8,
        price: price(row.text(4)),
    }
}

fn price(text: &str) -> Milli {
    Milli::parse(text).expect("prices in data/ are decimals")
}

fn lab(a: &Row, b: &Row, services: &HashMap<&'static str, &'static Service>) -> Lab {
    assert_eq!(a.text(2), b.text(2), "lab-a.tsv and lab-b.tsv list the same tests in the same order");
    let local = |row: &Row| LocalLab { code: row.text(0), name: row.text(1), unit: row.text(3) };
    Lab {
        loinc: a.text(2),
        ucum: a.text(4),
        numeric: a.text(5) == "number",
        service: services[a.text(6)],
        local: [local(a), local(b)],
    }
}

fn acute(row: &Row, all: &Catalog) -> Acute {
    Acute {
        icd: row.text(0),
        name: row.text(1),
        complaint: row.text(2),
        weight: row.number(3) as u32,
        ages: [4, 5, 6, 7].map(|i| row.number(i) as u32),
        months: row.numbers(8).try_into().expect("twelve months"),
        admit: row.number(9) as u32,
        drugs: row.words(10).map(|key| all.drug(key)).collect(),
        tests: row.words(11).map(|loinc| all.lab(loinc)).collect(),
        images: row.words(12).map(|key| all.service(key)).collect(),
    }
}

fn chronic(row: &Row, all: &Catalog) -> Chronic {
    Chronic {
        key: row.text(0),
        icd: row.text(1),
        name: row.text(2),
        from_age: row.number(3) as i32,
        prevalence: [4, 5, 6].map(|i| row.number(i) as u32),
        drugs: row.words(7).map(|key| all.drug(key)).collect(),
        tests: row.words(8).map(|loinc| all.lab(loinc)).collect(),
    }
}

fn vaccine(row: &Row) -> Vaccine {
    Vaccine {
        key: row.text(0),
        cvx: row.text(1),
        name: row.text(2),
        age_days: row.number(3) as i32,
        dose: row.number(4) as u32,
        coverage: row.number(5) as u32,
        from_birth: row.number(6) as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_the_tables_use_exists() {
        let all = catalog(); // reading panics on an unknown key
        assert!(all.drugs.len() >= 80 && all.labs.len() >= 40 && all.acute.len() >= 40);
        assert_eq!(all.drug("metformin").code, "40.807");
        assert_eq!(all.lab("4548-4").local[0].code, "SH.A1C");
        assert!(all.drugs.iter().all(|d| d.price > Milli(0) && d.days > 0));
    }

    #[test]
    fn keys_and_local_codes_are_unique() {
        let all = catalog();
        assert_eq!(all.drug_by_key.len(), all.drugs.len());
        assert_eq!(all.service_by_key.len(), all.services.len());
        for vendor in [0, 1] {
            let codes: std::collections::HashSet<_> = all.labs.iter().map(|l| l.local[vendor].code).collect();
            assert_eq!(codes.len(), all.labs.len());
        }
    }
}
