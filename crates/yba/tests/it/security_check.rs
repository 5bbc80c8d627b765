//! `yba check --security`, and the head of the trail that is kept elsewhere: what the keeper of a node is told, and that doing
//! it is noticed.

use crate::house::Home;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_new_node_is_told_what_to_do_and_what_was_done_is_told_no_more() {
    let home = Home::new();
    home.serve(&[]).end();
    let mode = home.data().metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "the folder is its owner's alone");
    let keys = |said: &str| -> Vec<String> {
        said.lines().filter_map(|line| Some(line.strip_prefix('[')?.split_once(']')?.0.to_owned())).collect()
    };
    let said = home.run(&["check", "--security"]).expect(1).out;
    assert_eq!(keys(&said), ["tls", "base-url", "no-accounts", "backup", "audit-head"], "{said}");
    assert!(said.lines().filter(|line| line.starts_with('[')).all(|line| line.contains(" → ")), "{said}");
    home.run(&["backup", "--to", home.beside("mot.yba").to_str().unwrap()]).expect(0);
    home.run(&["audit", "head"]).expect(0);
    let key = home.data().join("province.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(home.data().join("yba.toml"), "base-url = \"https://hoso.example.vn\"\norigins = \"*\"\n")
        .unwrap();
    std::fs::set_permissions(home.data().join("yba.toml"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let said = home.run(&["check", "--security"]).expect(1).out;
    assert_eq!(keys(&said), ["origins", "permissions", "no-accounts"], "{said}");
    assert!(said.contains("chmod 600") && said.contains("province.key"), "{said}");
    // A running node looks at itself.
    let house = home.serve(&[]);
    assert_eq!(
        keys(&home.run(&["check", "--security"]).expect(1).out),
        ["origins", "permissions", "no-accounts"]
    );
    house.end();
}

#[test]
fn a_head_that_was_printed_finds_a_trail_whose_tail_is_gone() {
    let home = Home::new();
    let house = home.serve_open();
    for _ in 0..3 {
        house.get("/fhir/Patient?_count=1");
    }
    let head = home.run(&["audit", "head"]).expect(0).out.trim().to_owned();
    home.run(&["audit", "verify", "--head", &head]).expect(0);
    house.end();
    let kept = home.beside("heads.txt");
    std::fs::write(&kept, format!("{head}\n\n")).unwrap();
    home.run(&["audit", "verify", "--head", kept.to_str().unwrap()]).expect(0);
    home.run(&["audit", "verify", "--head", "khong-co.txt"]).expect(3);
    // The trail and all heads go; the node begins a new one that is sound in itself.
    for entry in std::fs::read_dir(home.data().join("audit")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("reads-") || name == "heads.log" {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    home.run(&["audit", "verify"]).expect(0);
    let said = home.run(&["audit", "verify", "--head", &head]).expect(1).said();
    assert!(said.contains("reads: the head kept at"), "{said}");
}
