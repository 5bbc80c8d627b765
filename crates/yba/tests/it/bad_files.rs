//! A folder with everything that goes wrong with claim files: what is sound goes in, what is not is refused with its
//! place and what to do, and what was refused can be mended and fed again.

use crate::claims::{file, hoso, key, visit};
use crate::house::{Home, Ran};
use std::path::{Path, PathBuf};

/// A spoiled file: its name, its bytes, and what must stand together in one line about it.
struct Bad {
    name: &'static str,
    bytes: Vec<u8>,
    told: &'static [&'static str],
}

fn one(number: u32) -> String {
    file("20260303", &[hoso(&visit(number))])
}

fn changed(number: u32, from: &str, to: &str) -> Vec<u8> {
    let text = one(number);
    assert!(text.contains(from), "{from} is in the sound file");
    text.replace(from, to).into_bytes()
}

fn bad_files() -> Vec<Bad> {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
                <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let bombed = one(101).replace("<?xml version=\"1.0\" encoding=\"utf-8\"?>", bomb).replace("Viên", "&c;");
    let outside = bombed.replace("<!ENTITY a \"aaaaaaaaaa\">", "<!ENTITY a SYSTEM \"file:///etc/passwd\">");
    let whole = one(105);
    let mut latin = one(104).into_bytes();
    // A letter of a one-byte encoding inside a file that says UTF-8.
    let place = latin.windows(4).position(|four| four == "Mẫu".as_bytes().split_at(4).0).unwrap();
    latin.splice(place + 1..place + 4, [0xE2]);
    vec![
        Bad {
            name: "01-hong.zip",
            bytes: b"PK\x03\x04 this is no archive".to_vec(),
            told: &["01-hong.zip", "giải nén"],
        },
        Bad { name: "02-bom.xml", bytes: bombed.into_bytes(), told: &["02-bom.xml"] },
        Bad { name: "03-ngoai.xml", bytes: outside.into_bytes(), told: &["03-ngoai.xml"] },
        Bad {
            name: "04-base64.xml",
            bytes: file("20260303", &[hoso(&[visit(103)[0].clone(), ("XML2", "TWFu!!!IGlz==".into())])])
                .into_bytes(),
            told: &["04-base64.xml", "XML2"],
        },
        Bad { name: "05-ma-hoa.xml", bytes: latin, told: &["05-ma-hoa.xml", "UTF-8"] },
        Bad {
            name: "06-cut.xml",
            bytes: whole.as_bytes()[..whole.len() * 2 / 3].to_vec(),
            told: &["06-cut.xml"],
        },
        Bad {
            name: "07-ngay.xml",
            bytes: changed(106, "<NGAY_YL>202602161000</NGAY_YL>", "<NGAY_YL>202602301000</NGAY_YL>"),
            told: &["07-ngay.xml", "XML2", "dòng 1", "NGAY_YL", "Hãy"],
        },
        Bad {
            name: "08-tong.xml",
            bytes: changed(107, "<T_TONGCHI_BV>15000.00", "<T_TONGCHI_BV>51000.00"),
            told: &["08-tong.xml", "XML1", "dòng 1", "T_TONGCHI_BV", "Hãy"],
        },
        Bad { name: "09-rong.xml", bytes: Vec::new(), told: &["09-rong.xml"] },
    ]
}

/// Ten visits in one file, the fourth without its summary.
fn ten_visits() -> String {
    let hosos: Vec<String> = (1..=10)
        .map(|number| {
            let parts = visit(number);
            if number == 4 { hoso(&parts[1..]) } else { hoso(&parts) }
        })
        .collect();
    file("20260303", &hosos)
}

fn import(home: &Home, folder: &Path, rejects: &Path) -> Ran {
    home.run(&["import", "bhyt", folder.to_str().unwrap(), "--rejects", rejects.to_str().unwrap()])
}

fn fresh(home: &Home, name: &str) -> PathBuf {
    let folder = home.beside(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn what_is_sound_goes_in_and_what_is_not_is_refused_with_its_place() {
    let home = Home::new();
    let (folder, rejects) = (fresh(&home, "files"), home.beside("rejects"));
    std::fs::write(folder.join("10-muoi-luot.xml"), ten_visits()).unwrap();
    for bad in bad_files() {
        std::fs::write(folder.join(bad.name), &bad.bytes).unwrap();
    }
    let ran = import(&home, &folder, &rejects).expect(1);
    let reasons = std::fs::read_to_string(rejects.join("ly-do.csv")).unwrap();
    for bad in bad_files() {
        let said = ran.said();
        let told = said.lines().find(|line| bad.told.iter().all(|word| line.contains(word)));
        assert!(told.is_some(), "{}: no line with {:?} in:\n{said}", bad.name, bad.told);
        assert!(reasons.contains(bad.name), "{} is in the table of reasons:\n{reasons}", bad.name);
    }
    let missing =
        reasons.lines().find(|line| line.contains(&key(4))).expect("the visit without XML1 is named");
    assert!(missing.contains("XML1") && missing.contains("Hãy"), "{missing}");
    assert!(!ran.err.contains("panicked") && !reasons.contains("root:"), "{}", ran.err);

    let house = home.serve_open();
    for number in (1..=10).filter(|number| *number != 4) {
        assert_eq!(visits_of(&house, &key(number)), 1, "visit {number}");
    }
    for number in std::iter::once(4).chain(101..=107) {
        assert_eq!(visits_of(&house, &key(number)), 0, "visit {number} goes in whole or not at all");
    }
    drop(house);
    home.run(&["check"]).expect(0);
}

fn visits_of(house: &crate::house::House, key: &str) -> usize {
    let answer = house.get(&format!("/fhir/Encounter?identifier=https://yba.vn/fhir/sid/visit/12001|{key}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    yba_fhir::json::items(&answer.json(), "entry").count()
}

#[test]
fn a_refused_visit_is_mended_in_the_reject_folder_and_goes_in() {
    let home = Home::new();
    let (folder, rejects) = (fresh(&home, "files"), home.beside("rejects"));
    let spoiled = one(1).replace("<T_TONGCHI_BV>15000.00", "<T_TONGCHI_BV>51000.00");
    std::fs::write(folder.join("sai-tong.xml"), spoiled).unwrap();
    import(&home, &folder, &rejects).expect(1);
    let refused: Vec<PathBuf> = std::fs::read_dir(&rejects)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "xml"))
        .collect();
    assert_eq!(refused.len(), 1, "{refused:?}");

    // Fed again as it is, it is refused again, for the same reason.
    let second = home.beside("rejects-2");
    import(&home, &rejects, &second).expect(1);
    assert!(std::fs::read_to_string(second.join("ly-do.csv")).unwrap().contains("T_TONGCHI_BV"));

    let text = std::fs::read_to_string(&refused[0]).unwrap();
    assert!(text.contains("51000.00"), "the refused visit can be read with any editor");
    std::fs::write(&refused[0], text.replace("51000.00", "15000.00")).unwrap();
    let ran = import(&home, &rejects, &second).expect(0);
    assert!(ran.out.contains("1 mới"), "{}", ran.out);
    let house = home.serve_open();
    assert_eq!(visits_of(&house, &key(1)), 1);
}

#[test]
fn an_archive_is_read_as_a_folder_and_a_missing_path_is_said() {
    let home = Home::new();
    let ran = home.run(&["import", "bhyt", "khong-co"]).expect(1);
    assert!(ran.said().contains("khong-co") && ran.said().contains("đường dẫn"), "{}", ran.said());
    let empty = fresh(&home, "empty");
    home.run(&["import", "bhyt", empty.to_str().unwrap()]).expect(0);
}
