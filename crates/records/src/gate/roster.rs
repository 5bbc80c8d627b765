//! Accounts as the log has them, in memory, with what the PractitionerRoles say on which their roles hang. The log is followed
//! before every look, so what was written (here, or on another node and arrived) holds with the next request.

use super::Gate;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use yba_auth::{Account, KIND, POST, Post};
use yba_fhir::Outcome;
use yba_store::Version;

/// All accounts up to a position of the log.
#[derive(Default)]
pub(super) struct Roster {
    t: i64,
    by_id: HashMap<String, Arc<Account>>,
    by_login: HashMap<String, String>,
    /// The accounts with a role that hangs on this PractitionerRole.
    by_post: HashMap<String, BTreeSet<String>>,
}

impl Roster {
    fn take(&mut self, id: &str, account: Option<Account>) {
        if let Some(before) = self.by_id.remove(id) {
            self.forget(id, &before);
        }
        if let Some(account) = account {
            for post in posts_of(&account) {
                self.by_post.entry(post.to_owned()).or_default().insert(id.to_owned());
            }
            // Two nodes may have given one name to two accounts; the lower id has it, whatever came first.
            let owner = self.by_login.entry(account.login.clone()).or_insert_with(|| id.to_owned());
            if id < owner.as_str() {
                *owner = id.to_owned();
            }
            self.by_id.insert(id.to_owned(), Arc::new(account));
        }
    }

    fn forget(&mut self, id: &str, before: &Account) {
        if self.by_login.get(&before.login).is_some_and(|owner| owner == id) {
            self.by_login.remove(&before.login);
        }
        for post in posts_of(before) {
            if let Some(holders) = self.by_post.get_mut(post) {
                holders.remove(id);
                if holders.is_empty() {
                    self.by_post.remove(post);
                }
            }
        }
    }

    /// What a PractitionerRole says now, told to the roles that hang on it.
    fn tell(&mut self, id: &str, post: Option<&Post>) {
        for holder in self.by_post.get(id).into_iter().flatten() {
            let Some(account) = self.by_id.get_mut(holder) else { continue };
            let told = with_post(account, id, post);
            if told != **account {
                *account = Arc::new(told);
            }
        }
    }
}

/// The PractitionerRoles on which an account's roles hang.
fn posts_of(account: &Account) -> impl Iterator<Item = &str> {
    account.roles.iter().filter_map(|grant| grant.practitioner_role.as_deref())
}

fn with_post(account: &Account, id: &str, post: Option<&Post>) -> Account {
    let mut account = account.clone();
    let owner = account.practitioner.clone();
    for grant in account.roles.iter_mut().filter(|grant| grant.practitioner_role.as_deref() == Some(id)) {
        grant.post = post.filter(|post| post.is_of(owner.as_deref(), grant)).cloned();
    }
    account
}

impl Gate {
    /// Reads what the log says of accounts, and of what their roles hang on, since the last look.
    pub(super) async fn follow(&self) -> Result<(), Outcome> {
        loop {
            let (known, head) = (self.roster(|roster| roster.t)?, self.0.records.store().head_t());
            if head <= known {
                return Ok(());
            }
            let (accounts, posts) = self.changed(known, head).await?;
            let mut roster = self.0.roster.write().map_err(|_| poisoned())?;
            // Whoever read before another and came to write after them must not put back what was.
            if roster.t != known {
                continue;
            }
            for version in accounts {
                roster.take(&version.id, Account::of_version(&version));
            }
            for version in posts {
                roster.tell(&version.id, Post::of_version(&version).as_ref());
            }
            roster.t = head;
            return Ok(());
        }
    }

    /// The accounts that changed, and the PractitionerRoles that changed or on which those accounts hang.
    async fn changed(&self, known: i64, head: i64) -> Result<(Vec<Version>, Vec<Version>), Outcome> {
        let store = self.0.records.store();
        let keys = store.changed(&[KIND, POST], known, head).await?;
        let (accounts, mut posts): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(kind, _)| kind == KIND);
        self.roster(|roster| posts.retain(|(_, id)| roster.by_post.contains_key(id)))?;
        let read = async |keys: Vec<(String, String)>| match keys.is_empty() {
            true => Ok(Vec::new()),
            false => store.read_many(keys).await,
        };
        let accounts = read(accounts).await?;
        let held: Vec<Account> = accounts.iter().filter_map(Account::of_version).collect();
        posts.extend(held.iter().flat_map(posts_of).map(|id| (POST.to_owned(), id.to_owned())));
        posts.sort_unstable();
        posts.dedup();
        Ok((accounts, read(posts).await?))
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

    #[test]
    fn whoever_hangs_on_a_post_is_known_as_long_as_they_do() {
        let grant = yba_auth::Grant {
            practitioner_role: Some("pr".into()),
            ..yba_auth::Grant::new("nurse", yba_fhir::Day::new(2026, 3, 2).expect("a day"))
        };
        let account =
            Account { id: "a".into(), login: "mai".into(), roles: vec![grant], ..Account::default() };
        let mut roster = Roster::default();
        roster.take("a", Some(account.clone()));
        assert!(roster.by_post["pr"].contains("a"));
        roster.take("a", Some(Account { roles: Vec::new(), ..account }));
        assert!(roster.by_post.is_empty());
    }
}
