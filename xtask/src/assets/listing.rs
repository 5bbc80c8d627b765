//! `web/assets.toml`: which files of which packages we take, and what must be said about them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// The whole list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Packages, in the order of the notices page.
    pub package: Vec<Package>,
    /// What owners of vocabularies ask to be shown.
    pub notice: Vec<Notice>,
}

/// One package.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name in its registry.
    pub name: String,
    /// What we use it for, in Vietnamese.
    #[serde(rename = "use")]
    pub purpose: String,
    /// SPDX expression.
    pub licence: String,
    /// Where the licence's text lies in the package.
    pub text: Option<String>,
    /// Who holds the copyright, where the package carries no licence text.
    pub copyright: Option<String>,
    /// File in the package → served name.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// A notice in its owner's words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Whose.
    pub title: String,
    /// The words.
    pub text: String,
}

/// A locked package.
pub struct Locked {
    /// Its exact version.
    pub version: String,
    /// True when npm brings it, false for pip.
    pub npm: bool,
}

/// Reads the list and refuses one that does not speak of exactly the locked packages.
pub fn read(toml: &str, locked: &HashMap<String, Locked>) -> Result<Listing> {
    let listing: Listing = toml::from_str(toml).context("assets.toml")?;
    let mut listed = BTreeSet::new();
    for package in &listing.package {
        if !locked.contains_key(&package.name) {
            bail!("assets.toml: {} is not locked", package.name);
        }
        if !listed.insert(package.name.as_str()) {
            bail!("assets.toml: {} stands twice", package.name);
        }
        if package.text.is_none() && package.copyright.is_none() {
            bail!("assets.toml: {} needs `text` or `copyright`", package.name);
        }
    }
    if let Some(silent) = locked.keys().find(|name| !listed.contains(name.as_str())) {
        bail!("assets.toml: {silent} is locked but not listed");
    }
    Ok(listing)
}

#[derive(Deserialize)]
struct NpmLock {
    packages: HashMap<String, NpmPackage>,
}

#[derive(Deserialize)]
struct NpmPackage {
    #[serde(default)]
    version: String,
    #[serde(default)]
    dev: bool,
    integrity: Option<String>,
    resolved: Option<String>,
}

/// Every package of both locks but those for development only.
///
/// Refuses a lock entry without a hash, and one with a download address: addresses belong to the machine.
pub fn locked(npm: &[u8], pip: &str) -> Result<HashMap<String, Locked>> {
    let mut locked = HashMap::new();
    let npm: NpmLock = sonic_rs::from_slice(npm).context("package-lock.json")?;
    for (path, package) in npm.packages {
        let Some(name) = path.strip_prefix("node_modules/") else { continue };
        if package.integrity.is_none() {
            bail!("package-lock.json: {name} has no integrity hash");
        }
        if package.resolved.is_some() {
            bail!("package-lock.json: {name} carries a download address; remove its `resolved`");
        }
        if !package.dev {
            locked.insert(name.to_owned(), Locked { version: package.version, npm: true });
        }
    }
    for line in pip.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let pinned = line.split_whitespace().next().and_then(|pin| pin.split_once("=="));
        let Some((name, version)) = pinned.filter(|_| line.contains("--hash=sha256:")) else {
            bail!("requirements.txt: «{line}» is not «name==version --hash=sha256:…»");
        };
        locked.insert(name.to_owned(), Locked { version: version.to_owned(), npm: false });
    }
    Ok(locked)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NPM: &str = r#"{"packages": {"": {"name": "yba-web"},
        "node_modules/@a/b": {"version": "1.2.3", "integrity": "sha512-x"},
        "node_modules/axe": {"version": "4.0.0", "integrity": "sha512-y", "dev": true}}}"#;
    const PIP: &str = "# data\nunits==1.0.4 --hash=sha256:00\n";

    fn refusal(toml: &str) -> String {
        let locked = locked(NPM.as_bytes(), PIP).unwrap();
        format!("{:#}", read(toml, &locked).err().unwrap())
    }

    #[test]
    fn both_locks_are_read_without_what_is_for_development() {
        let locked = locked(NPM.as_bytes(), PIP).unwrap();
        assert_eq!(locked.len(), 2);
        assert!(locked["@a/b"].npm && locked["@a/b"].version == "1.2.3");
        assert!(!locked["units"].npm && locked["units"].version == "1.0.4");
    }

    #[test]
    fn a_lock_without_hash_or_with_an_address_is_refused() {
        assert!(locked(NPM.replace("\"integrity\": \"sha512-x\"", "\"x\": 1").as_bytes(), PIP).is_err());
        assert!(locked(NPM.replace("\"dev\": true", "\"resolved\": \"here\"").as_bytes(), PIP).is_err());
        assert!(locked(NPM.as_bytes(), "units==1.0.4\n").is_err());
        assert!(locked(NPM.as_bytes(), "units>=1 --hash=sha256:00\n").is_err());
    }

    #[test]
    fn the_list_speaks_of_exactly_the_locked_packages() {
        let ab = "[[package]]\nname = \"@a/b\"\nuse = \"x\"\nlicence = \"MIT\"\ntext = \"LICENSE\"\n";
        let units = "[[package]]\nname = \"units\"\nuse = \"x\"\nlicence = \"MIT\"\ncopyright = \"A\"\n";
        assert!(refusal(&format!("notice = []\n{ab}")).contains("units is locked but not listed"));
        assert!(
            refusal(&format!("notice = []\n{ab}{units}{}", units.replace("\"units\"", "\"c\"")))
                .contains("c is not")
        );
        assert!(refusal(&format!("notice = []\n{ab}{ab}{units}")).contains("twice"));
        assert!(
            refusal(&format!("notice = []\n{ab}{}", units.replace("copyright = \"A\"", "")))
                .contains("needs `text`")
        );
    }
}
