//! Files of both dialects are well-formed, hold every visit, and their money is the truth's to the đồng.

use crate::read::{Claim, claims, rows, tree};
use crate::the_province;
use std::collections::HashMap;
use std::sync::OnceLock;
use yba_synth::{ClaimFile, Dialect, Edition, Money, TruthVisit};

/// All files of a dialect, made once for all tests.
fn files(dialect: Dialect) -> &'static [ClaimFile] {
    static ALL: [OnceLock<Vec<ClaimFile>>; 2] = [OnceLock::new(), OnceLock::new()];
    ALL[dialect as usize].get_or_init(|| the_province().claims(dialect, |_| true).collect())
}

/// Hundredths of a đồng from `1200.5`, `1200`, `1200.50`.
fn money(text: &str) -> Money {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    Money(
        whole.parse::<i64>().unwrap_or_else(|_| panic!("{text:?}")) * 100
            + format!("{part:0<2}").parse::<i64>().unwrap(),
    )
}

fn check(claim: &Claim, truth: &TruthVisit) {
    let summary = rows(claim, "XML1")[0];
    assert_eq!(summary.column("MA_LK"), truth.ma_lk);
    assert_eq!(summary.column("MA_BN"), truth.ma_bn);
    assert_eq!(summary.column("MA_CSKCB"), truth.facility);
    let old = truth.edition == Edition::Q4210;
    let t = &truth.totals;
    let total = if old { "T_TONGCHI" } else { "T_TONGCHI_BV" };
    for (column, expected) in [
        ("T_THUOC", t.drugs),
        (total, t.total),
        ("T_BNTT", t.patient),
        ("T_BNCCT", t.copay),
        ("T_BHTT", t.fund),
    ] {
        assert_eq!(money(summary.column(column)), expected, "{column} of {}", truth.ma_lk);
    }
    if !old {
        assert_eq!(money(summary.column("T_TONGCHI_BH")), t.in_scope);
        assert_eq!(summary.column("SO_CCCD"), truth.identity.as_deref().unwrap_or(""));
    }
    let card = summary.column(if old { "MA_THE" } else { "MA_THE_BHYT" });
    assert_eq!(card, truth.cards.join(";"));
    // Lines against the summary, as the portal checks them.
    let line_total = if old { "THANH_TIEN" } else { "THANH_TIEN_BV" };
    let sum = |kind, column| rows(claim, kind).iter().map(|r| money(r.column(column))).sum::<Money>();
    assert_eq!(sum("XML2", line_total), t.drugs);
    assert_eq!(sum("XML2", line_total) + sum("XML3", line_total), t.total);
    for column in ["T_BNTT", "T_BNCCT", "T_BHTT"] {
        assert_eq!(sum("XML2", column) + sum("XML3", column), money(summary.column(column)), "{column}");
    }
    for (kind, count) in ["XML2", "XML3", "XML4", "XML5"].into_iter().zip(truth.rows) {
        assert_eq!(rows(claim, kind).len(), count, "{kind} of {}", truth.ma_lk);
    }
    for (kind, _) in claim {
        assert!(rows(claim, kind).iter().all(|r| r.column("MA_LK") == truth.ma_lk), "{kind}");
    }
}

fn every_visit(dialect: Dialect) {
    let mut seen: HashMap<u32, (usize, usize)> = HashMap::new();
    let mut last = String::new();
    for file in files(dialect) {
        assert!(file.name > last, "{} after {last}", file.name);
        last = file.name.clone();
        if tree(&file.bytes).find("GIAMDINHHS").is_none() {
            // Bare: checked below.
            for truth in &file.truth {
                seen.entry(truth.visit).or_default().0 += 1;
            }
            continue;
        }
        let claims = claims(&file.bytes);
        assert_eq!(claims.len(), file.truth.len());
        for (claim, truth) in claims.iter().zip(&file.truth) {
            check(claim, truth);
            let count = seen.entry(truth.visit).or_default();
            match (truth.version, truth.duplicate) {
                (1, false) => count.0 += 1,
                _ => count.1 += 1,
            }
        }
    }
    let province = the_province();
    let expected =
        province.visits.iter().filter(|v| province.facilities[usize::from(v.facility)].system == dialect);
    for visit in expected.clone() {
        assert_eq!(seen.get(&visit.index).map(|c| c.0), Some(1), "visit {}", visit.index);
    }
    assert_eq!(seen.len(), expected.count());
    assert!(seen.values().all(|c| c.1 <= 1));
}

#[test]
fn dialect_a_holds_every_visit_once_and_its_money() {
    every_visit(Dialect::A);
}

#[test]
fn dialect_b_holds_every_visit_once_and_its_money() {
    every_visit(Dialect::B);
}

#[test]
fn every_edition_is_met_with_its_own_columns() {
    let mut met: HashMap<Edition, usize> = HashMap::new();
    for file in files(Dialect::A) {
        for (claim, truth) in claims(&file.bytes).iter().zip(&file.truth) {
            *met.entry(truth.edition).or_default() += 1;
            let summary = rows(claim, "XML1")[0];
            let columns = summary.children.len();
            match truth.edition {
                Edition::Q4210 => {
                    assert_eq!(columns, 40);
                    assert!(
                        claim
                            .iter()
                            .all(|(k, _)| ["XML1", "XML2", "XML3", "XML4", "XML5"].contains(&k.as_str()))
                    );
                }
                _ => assert_eq!(columns, 66),
            }
            for row in rows(claim, "XML2").iter().filter(|_| truth.edition > Edition::Q4210) {
                assert_eq!(row.children.len(), 39);
            }
            for row in rows(claim, "XML3").iter().filter(|_| truth.edition > Edition::Q4210) {
                assert_eq!(row.children.len(), 47);
            }
            for row in rows(claim, "XML13") {
                let old = truth.edition == Edition::Q4750;
                assert_eq!(row.children.iter().any(|c| c.name == "MA_NOI_DEN"), old);
                assert_eq!(row.children.iter().any(|c| c.name == "MA_CSKCB_DEN"), !old);
            }
        }
    }
    assert_eq!(met.len(), 4, "{met:?}");
}

#[test]
fn papers_have_the_columns_of_their_tables() {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for file in files(Dialect::A) {
        for (claim, truth) in claims(&file.bytes).iter().zip(&file.truth) {
            for (kind, count) in [("XML7", 26), ("XML8", 22), ("XML13", 37), ("XML14", 22), ("XML15", 20)] {
                for row in rows(claim, kind) {
                    let more = if kind == "XML13" && truth.edition == Edition::Q4750 { 2 } else { 0 };
                    assert_eq!(row.children.len(), count + more, "{kind}");
                    *seen.entry(kind).or_default() += 1;
                }
            }
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
}

#[test]
fn dialects_look_as_different_as_they_should() {
    let (a, b) = (files(Dialect::A), files(Dialect::B));
    let text = |f: &ClaimFile| String::from_utf8(f.bytes.clone()).unwrap();
    assert!(a.iter().any(|f| f.truth.len() > 10) && a.iter().any(|f| f.bytes.starts_with(b"\xef\xbb\xbf")));
    assert!(b.iter().all(|f| f.truth.len() <= 1));
    let b: Vec<String> = b.iter().map(text).collect();
    assert!(
        b.iter().any(|t| t.contains("<CHITIET_THUOC>")) && b.iter().any(|t| t.contains("&lt;TONG_HOP&gt;"))
    );
    assert!(b.iter().any(|t| t.contains("<CHITIEUTONGHOPKCBBHYT>")));
    assert!(b.iter().any(|t| t.contains("<SOLUONGHOSO>2</SOLUONGHOSO>")));
    assert!(b.iter().all(|t| !t.contains("<MA_THE_BHYT></MA_THE_BHYT>")));
    assert!(b.iter().any(|t| t.contains(".\r\nCSST")));
}

#[test]
fn bare_files_are_a_folder_for_a_visit_with_the_summary_first() {
    let bare: Vec<&ClaimFile> =
        files(Dialect::B).iter().filter(|f| f.name.rsplit('/').next().unwrap().starts_with("XML")).collect();
    assert!(!bare.is_empty());
    for file in &bare {
        let tree = tree(&file.bytes);
        assert!(tree.find("GIAMDINHHS").is_none());
        assert_eq!(file.truth.len(), usize::from(file.name.ends_with("/XML1.xml")), "{}", file.name);
        assert_eq!(tree.find("TONG_HOP").is_some(), file.name.ends_with("/XML1.xml"));
    }
}

#[test]
fn a_correction_comes_a_month_later_under_the_same_key_with_other_content() {
    let mut first: HashMap<&str, (&str, &TruthVisit)> = HashMap::new();
    let mut corrected = 0;
    for file in files(Dialect::A) {
        for truth in &file.truth {
            if truth.version == 1 && !truth.duplicate {
                first.insert(&truth.ma_lk, (&file.name, truth));
                continue;
            }
            let (name, before) = first[truth.ma_lk.as_str()];
            assert!(name[..7] < file.name[..7]);
            assert_eq!(before.person, truth.person);
            if truth.duplicate {
                assert_eq!(before.totals, truth.totals);
            } else {
                corrected += 1;
            }
        }
    }
    assert!(corrected > 20, "{corrected}");
}

#[test]
fn a_filter_keeps_the_files_of_its_facilities() {
    let only: Vec<_> = the_province().claims(Dialect::A, |f| f.code == "12001").collect();
    assert!(!only.is_empty());
    assert!(only.iter().flat_map(|f| &f.truth).all(|t| t.facility == "12001"));
    assert_eq!(the_province().claims(Dialect::B, |f| f.code == "12001").count(), 0);
}

#[test]
fn truths_alone_are_those_of_the_files() {
    let province = the_province();
    let of_files = files(Dialect::A).iter().flat_map(|f| &f.truth);
    let mut alone = province.truths(Dialect::A, |_| true);
    for truth in of_files {
        assert_eq!(format!("{truth:?}"), format!("{:?}", alone.next().unwrap()));
    }
    assert!(alone.next().is_none());
}
