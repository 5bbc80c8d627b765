//! What is looked at: settings, files, accounts, backups, the head of the trail.

use crate::command::{backup, demo};
use crate::node::Node;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use yba_content::Content;
use yba_fhir::{Day, Outcome};
use yba_records::Gate;
use yba_records::audit::given_at;
use yba_records::gate::Review;

/// A file or folder that others on the machine may open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loose {
    pub name: String,
    /// Permission bits.
    pub mode: u32,
    pub is_folder: bool,
}

/// Everything that is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub now_ms: i64,
    pub today: Option<Day>,
    pub is_open: bool,
    pub is_demo: bool,
    pub is_https: bool,
    pub base_url: String,
    pub all_origins: bool,
    pub clear_hosts: bool,
    /// The host of a database that is not on this machine: what goes there is not encrypted.
    pub far_database: Option<String>,
    pub loose: Vec<Loose>,
    pub accounts: Vec<Review>,
    /// Slugs of roles by which accounts are kept.
    pub keeper: &'static str,
    pub backup_ms: Option<i64>,
    pub backup_hours_max: i64,
    pub head_given_ms: Option<i64>,
    pub head_days_max: i64,
    pub idle_days_max: i64,
    pub review_days_max: i64,
}

/// Files that hold secrets; those that are there.
const SECRETS: [&str; 4] = ["province.key", "backup.key", "audit/node.key", "yba.toml"];

/// Looks at a node.
pub async fn gather(node: &Node, gate: &Gate) -> Result<Facts, Outcome> {
    let config = &node.config;
    let now_ms = node.records.store().clock().now_ms();
    let today = Day::of_instant(now_ms);
    let hosts = config.subscription_hosts.to_string();
    let (idle_days_max, review_days_max) = gate.limits();
    Ok(Facts {
        now_ms,
        today: Some(today),
        is_open: config.open,
        is_demo: demo::is_demo(&config.data),
        is_https: config.is_https(),
        base_url: config.base_url.clone(),
        all_origins: config.origins.to_string().split(',').any(|origin| origin.trim() == "*"),
        clear_hosts: hosts.split_whitespace().any(|host| host.starts_with("http://")),
        far_database: config.database.as_deref().and_then(far_host),
        loose: loose(&config.data, config.tls_key.as_deref()),
        accounts: gate.review().await?,
        keeper: yba_records::gate::KEEPER,
        backup_ms: backup::last_ms(&config.data),
        backup_hours_max: number(&node.content, "backup-age-hours", today, 26),
        head_given_ms: given_at(node.records.trail().folder()),
        head_days_max: number(&node.content, "audit-head-days", today, 31),
        idle_days_max,
        review_days_max,
    })
}

/// A whole number that content sets for a day.
fn number(content: &Content, slug: &str, day: Day, otherwise: i64) -> i64 {
    content.parameter(slug, day).and_then(|value| value.value.parse().ok()).unwrap_or(otherwise)
}

/// The host of a database address, when it is not this machine.
fn far_host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?']).next()?.rsplit('@').next()?;
    let name = match host.strip_prefix('[') {
        Some(six) => six.split(']').next()?,
        None => host.split(':').next()?,
    };
    let near = name.is_empty()
        || name == "localhost"
        || name.starts_with('%')
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    (!near).then(|| name.to_owned())
}

fn loose(data: &Path, tls_key: Option<&Path>) -> Vec<Loose> {
    let mut found = Vec::new();
    let mut look = |path: &Path, name: String| {
        let Ok(about) = path.metadata() else { return };
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            found.push(Loose { name, mode, is_folder: about.is_dir() });
        }
    };
    look(data, data.display().to_string());
    SECRETS.iter().for_each(|name| look(&data.join(name), data.join(name).display().to_string()));
    tls_key.into_iter().for_each(|key| look(key, key.display().to_string()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_far_when_it_is_not_on_this_machine() {
        for (url, host) in [
            ("postgres://yba@127.0.0.1:5432/yba", None),
            ("postgres://yba:p%40ss@[::1]/yba", None),
            ("postgres://localhost/yba", None),
            ("postgres://yba@db.tinh.vn:5432/yba", Some("db.tinh.vn")),
            ("postgresql://10.1.2.3/yba?x=1", Some("10.1.2.3")),
            ("postgres:///yba", None),
        ] {
            assert_eq!(far_host(url).as_deref(), host, "{url}");
        }
    }
}
