//! Who stands behind the words of the trail: names of accounts, titles of roles, names of facilities.

use crate::Admin;
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::Outcome;
use yba_fhir::json::str_at;
use yba_records::audit::Entry;
use yba_records::{Action, Ctx};

/// The names that a page needs.
#[derive(Default)]
pub(super) struct Names {
    accounts: BTreeMap<String, String>,
    roles: BTreeMap<String, String>,
    facilities: BTreeMap<String, String>,
}

impl Names {
    pub async fn of_entries(admin: &Admin, ctx: &Ctx, entries: &[Entry]) -> Result<Names, Outcome> {
        let mut names = Names::of_agents(admin, ctx, entries.iter().map(|entry| &entry.agent)).await?;
        let posts = entries.iter().flat_map(|entry| entry.posts.split(' '));
        let facilities: BTreeSet<&str> = posts.filter_map(|post| Some(post.split_once('@')?.1)).collect();
        if !facilities.is_empty() && ctx.may(Action::Read, "Organization") {
            let keys: Vec<_> =
                facilities.into_iter().map(|id| ("Organization".to_owned(), id.to_owned())).collect();
            for version in admin.records.read_many(ctx, &keys).await? {
                if let Some(name) = str_at(&version.tree(), &["name"]) {
                    names.facilities.insert(version.id.clone(), name.to_owned());
                }
            }
        }
        Ok(names)
    }

    pub async fn of_agents(
        admin: &Admin,
        _ctx: &Ctx,
        agents: impl Iterator<Item = &String>,
    ) -> Result<Names, Outcome> {
        let ids: BTreeSet<&str> = agents.filter_map(|agent| account(agent)).collect();
        let mut names = Names::default();
        for id in ids {
            if let Some(name) = admin.gate.name_of(id).await? {
                names.accounts.insert(id.to_owned(), name);
            }
        }
        names.roles = admin.gate.roles().into_iter().map(|role| (role.slug, role.title)).collect();
        Ok(names)
    }

    /// Who an agent is.
    pub fn agent(&self, agent: &str) -> String {
        let named = account(agent).map(|id| self.accounts.get(id).map_or(id, String::as_str));
        match (agent.split_once('/'), named) {
            (Some(("unproven", _)), Some(name)) => format!("Người tự nhận là {name} (chưa xác thực)"),
            (_, Some(name)) => name.to_owned(),
            (Some(("system", part)), None) => format!("Phần mềm Y Bạ ({part})"),
            (Some(("app", client)), None) => format!("Ứng dụng {client}"),
            (None, _) if agent == "stranger" => "Người lạ, chưa đăng nhập".into(),
            (None, _) if agent == "test-administrator" => "Quản trị viên thử nghiệm".into(),
            _ => agent.to_owned(),
        }
    }

    /// As what, and for which facility.
    pub fn posts(&self, posts: &str) -> Vec<(String, String)> {
        let known = |of: &BTreeMap<String, String>, word: &str| {
            of.get(word).cloned().unwrap_or_else(|| word.to_owned())
        };
        let split = |post: &str| match post.split_once('@') {
            None if post.starts_with("app/") => (format!("qua ứng dụng {}", &post[4..]), String::new()),
            Some((role, facility)) => (known(&self.roles, role), known(&self.facilities, facility)),
            None => (known(&self.roles, post), String::new()),
        };
        posts.split(' ').filter(|post| !post.is_empty()).map(split).collect()
    }
}

/// The id of the account that an agent has, or claims to have.
fn account(agent: &str) -> Option<&str> {
    agent.strip_prefix("account/").or_else(|| agent.strip_prefix("unproven/"))
}
