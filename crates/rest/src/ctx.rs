//! Who asks. Until accounts exist there are two: everyone in `--open` mode, and strangers.

use crate::api::Api;
use yba_fhir::Outcome;
use yba_records::Ctx;

/// The circumstances of a request.
pub fn of(api: &Api, request_id: &str) -> Ctx {
    let who = if api.settings().open { Ctx::test_administrator("rest") } else { Ctx::stranger("rest") };
    who.with_request_id(request_id)
}

/// Lets in whom the door lets look at all, before a byte of the body is read. The door decides, and keeps a trace of
/// a refusal; here it is only asked.
pub async fn admit(api: &Api, ctx: &Ctx) -> Result<(), Outcome> {
    // A known caller is judged (and traced) by the call of the door that follows.
    if api.settings().open { Ok(()) } else { api.records().audit_view(ctx, "rest", &[]).await }
}
