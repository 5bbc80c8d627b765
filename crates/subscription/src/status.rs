//! What the server says in a Subscription: `active`, `error` with the reason, `off`. It says so through the door, as a new
//! version, and hears of it through the log like everybody else.

use yba_fhir::json::{JsonValueMutTrait, Value, str_at};
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Ctx, Records, Version};

/// Longest `Subscription.error`, in characters.
const ERROR_MAX: usize = 1000;

/// Sets the status of a subscription that is still in this version (any active one, when none is named). When it was changed
/// meanwhile, nothing is said: the newer version will be judged for itself.
pub(crate) async fn say(
    records: &Records,
    id: &str,
    version_id: Option<&str>,
    status: &'static str,
    error: Option<String>,
) -> Result<(), Outcome> {
    let only_active = version_id.is_none();
    let becoming = move |version: &Version| {
        if only_active && str_at(&version.tree(), &["status"]) != Some("active") {
            return Err(Outcome::new(
                Kind::Conflict,
                "subscription-changed",
                "",
                "it is not active any more",
            ));
        }
        with_status(version, status, error.as_deref())
    };
    let mut change = Change::edit("Subscription", id, becoming);
    if let Some(version_id) = version_id {
        change = change.if_match(version_id);
    }
    match records.transact(&Ctx::system("subscriptions"), vec![change]).await {
        Ok(_) => Ok(()),
        Err(refused) if matches!(refused.kind, Kind::Fault | Kind::Unavailable) => Err(refused),
        Err(refused) => {
            if !matches!(refused.kind, Kind::Precondition | Kind::Conflict | Kind::Gone | Kind::NotFound) {
                eprintln!("yba: Subscription/{id} cannot be set to {status}: {refused}");
            }
            Ok(())
        }
    }
}

fn with_status(version: &Version, status: &str, error: Option<&str>) -> Result<Resource, Outcome> {
    let mut tree = version.tree();
    if let Some(members) = tree.as_object_mut() {
        members.insert("status", Value::from(status));
        members.remove(&"error");
        members.remove(&"_error");
        if let Some(error) = error {
            let error: String = error.chars().take(ERROR_MAX).collect();
            members.insert("error", Value::from(error.as_str()));
        }
    }
    Resource::from_value(tree)
}

/// A refusal as `Subscription.error`: for people, then for engineers.
pub(crate) fn reason(refused: &Outcome) -> String {
    let one = |issue: &yba_fhir::outcome::Issue| format!("{} ({})", issue.text, issue.diagnostics);
    refused.issues.iter().map(one).collect::<Vec<_>>().join(" ")
}
