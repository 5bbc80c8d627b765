//! Accounts as the log has them, in memory. The log is followed before every look, so what was written (here, or on another
//! node and arrived) holds with the next request.

use super::Gate;
use std::collections::HashMap;
use std::sync::Arc;
use yba_auth::{Account, KIND};
use yba_fhir::Outcome;

/// All accounts up to a position of the log.
#[derive(Default)]
pub(super) struct Roster {
    t: i64,
    by_id: HashMap<String, Arc<Account>>,
    by_login: HashMap<String, String>,
}

impl Roster {
    fn take(&mut self, id: &str, account: Option<Account>) {
        if let Some(before) = self.by_id.remove(id)
            && self.by_login.get(&before.login).is_some_and(|owner| owner == id)
        {
            self.by_login.remove(&before.login);
        }
        if let Some(account) = account {
            // Two nodes may have given one name to two accounts; the lower id has it, whatever came first.
            let owner = self.by_login.entry(account.login.clone()).or_insert_with(|| id.to_owned());
            if id < owner.as_str() {
                *owner = id.to_owned();
            }
            self.by_id.insert(id.to_owned(), Arc::new(account));
        }
    }
}

impl Gate {
    /// Reads what the log says of accounts since the last look.
    pub(super) async fn follow(&self) -> Result<(), Outcome> {
        let store = self.0.records.store();
        let (known, head) = (self.roster(|roster| roster.t)?, store.head_t());
        if head <= known {
            return Ok(());
        }
        let keys = store.changed(&[KIND], known, head).await?;
        let versions = if keys.is_empty() { Vec::new() } else { store.read_many(keys).await? };
        let mut roster = self.0.roster.write().map_err(|_| poisoned())?;
        for version in versions {
            roster.take(&version.id, Account::of_version(&version));
        }
        roster.t = roster.t.max(head);
        Ok(())
    }

    pub(super) async fn account(&self, id: &str) -> Result<Option<Arc<Account>>, Outcome> {
        self.follow().await?;
        self.roster(|roster| roster.by_id.get(id).cloned())
    }

    pub(super) async fn account_of_login(&self, login: &str) -> Result<Option<Arc<Account>>, Outcome> {
        self.follow().await?;
        self.roster(|roster| roster.by_login.get(login).and_then(|id| roster.by_id.get(id)).cloned())
    }

    /// What people call the owner of an account: for a page that says who did something, and is permitted as that.
    pub async fn name_of(&self, account: &str) -> Result<Option<String>, Outcome> {
        Ok(self.account(account).await?.map(|account| account.name.clone()))
    }

    /// All accounts, by the name to sign in with.
    pub(super) async fn all(&self) -> Result<Vec<Arc<Account>>, Outcome> {
        self.follow().await?;
        let mut all: Vec<Arc<Account>> = self.roster(|roster| roster.by_id.values().cloned().collect())?;
        all.sort_by(|one, other| (&one.login, &one.id).cmp(&(&other.login, &other.id)));
        Ok(all)
    }

    fn roster<T>(&self, look: impl FnOnce(&Roster) -> T) -> Result<T, Outcome> {
        Ok(look(&*self.0.roster.read().map_err(|_| poisoned())?))
    }
}

fn poisoned() -> Outcome {
    Outcome::fault("the roster's lock is poisoned")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_two_accounts_have_is_the_same_ones_in_any_order() {
        let account =
            |id: &str, login: &str| Account { id: id.into(), login: login.into(), ..Account::default() };
        for order in [["a", "b"], ["b", "a"]] {
            let mut roster = Roster::default();
            order.iter().for_each(|id| roster.take(id, Some(account(id, "mai"))));
            assert_eq!(roster.by_login["mai"], "a");
        }
        let mut roster = Roster::default();
        roster.take("a", Some(account("a", "mai")));
        roster.take("a", Some(account("a", "lan")));
        assert!(!roster.by_login.contains_key("mai") && roster.by_login["lan"] == "a");
        roster.take("a", None);
        assert!(roster.by_login.is_empty() && roster.by_id.is_empty());
    }
}
