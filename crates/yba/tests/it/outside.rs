//! Coming in through an outside OpenID provider: a real one, started by its story in `tests/clients`, and a real browser.

use crate::browser::pictures;
use crate::house::{Home, House, prepared, tool};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// A port that nobody has just now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_real_provider_lets_in_whoever_is_tied_to_an_account_and_nobody_else() {
    let (modules, clients) = (prepared("YBA_TEST_NODE_MODULES"), prepared("YBA_TEST_NPM_CLIENTS"));
    let node = tool("node", "nodejs");
    tool("chromium", "chromium");
    let (home, port, issuer) = (Home::new(), free_port(), free_port());
    std::fs::create_dir_all(home.data()).unwrap();
    let settings = format!(
        "base-url = \"http://localhost:{port}\"\noidc-issuer = \"http://127.0.0.1:{issuer}\"\n\
         oidc-client-id = \"yba\"\noidc-client-secret = \"{SECRET}\"\noidc-name = \"Cổng tỉnh\"\n"
    );
    std::fs::write(home.data().join("yba.toml"), settings).unwrap();
    let port_text = port.to_string();
    let command = home.node_command(&["serve", "--demo", "--port", &port_text]);
    let mut house = House::start(command, home.beside("serve.log"));
    let mut password = |login: &str| {
        let line = house.told(&format!("{login}  "));
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    // In the order in which they are told.
    let (keeper, nurse) = (password("it-officer"), password("nurse"));
    std::fs::create_dir_all(pictures()).unwrap();
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/outside_story.mjs");
    let ran = Command::new(node)
        .arg(story)
        .args([format!("http://localhost:{port}"), issuer.to_string(), nurse, keeper])
        .arg(pictures())
        .env("YBA_TEST_NODE_MODULES", modules)
        .env("YBA_TEST_NPM_CLIENTS", clients)
        .output()
        .expect("node can be run");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    eprintln!("{out}");
    assert!(ran.status.success(), "{err}\nthe node said:\n{}", house.said());
    let said = house.said();
    assert!(!said.contains("mai-0912") && !said.contains(SECRET), "{said}");
    assert_eq!(house.end().0.code(), Some(0));
    let printed = home.run(&["config"]).expect(0).said();
    assert!(printed.contains("oidc-issuer") && !printed.contains(SECRET), "{printed}");
    home.run(&["audit", "verify"]).expect(0);
}

/// Of the test's client at the test's provider.
const SECRET: &str = "of-this-test-alone";
