//! Facilities and practitioners by their names: offered while typing, and read back from what was typed or chosen. A label is
//! a name and, in brackets, what tells it from others of the name; so a form works without script.

use crate::Admin;
use std::collections::HashMap;
use yba_fhir::json::{items, str_at};
use yba_fhir::text::fold;
use yba_fhir::{Kind, Outcome, resource};
use yba_records::{Action, Ctx, Query, Version};
use yba_web::enter::page::encoded;

/// Most that are offered for what was typed, and most that an error names.
const OFFERED: usize = 12;
const NAMED: usize = 3;
/// How the ids of facilities begin that are made of their code.
const FACILITY: &str = "cskcb-";

/// What is picked, and what is said when there is none.
#[derive(Clone, Copy)]
pub(super) struct Sort {
    pub kind: &'static str,
    /// The field of the form.
    pub field: &'static str,
    none: &'static str,
}

pub(super) const FACILITIES: Sort = Sort {
    kind: "Organization",
    field: "organization",
    none: "Không có cơ sở nào tên như vậy. Gõ một phần tên rồi chọn trong danh sách hiện ra.",
};
pub(super) const PRACTITIONERS: Sort = Sort {
    kind: "Practitioner",
    field: "practitioner",
    none: "Không có nhân viên nào tên như vậy. Gõ một phần tên rồi chọn, hoặc để trống.",
};

/// One that can be picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub id: String,
    pub label: String,
}

impl Sort {
    fn offer(self, version: &Version) -> Option<Offer> {
        let tree = version.tree();
        let name = match self.kind {
            "Organization" => str_at(&tree, &["name"])?.to_owned(),
            _ => items(&tree, "name").find_map(|name| str_at(name, &["text"]))?.to_owned(),
        };
        Some(Offer { id: version.id.clone(), label: label(&name, &version.id) })
    }

    /// Those whose names hold what was typed, in the order of their names.
    pub async fn offered(self, admin: &Admin, ctx: &Ctx, typed: &str) -> Result<Vec<Offer>, Outcome> {
        let name = typed.split('(').next().unwrap_or_default().trim();
        let word = name.replace('\\', "").replace(',', "\\,").replace(['|', '$'], " ");
        if word.trim().is_empty() {
            return Ok(Vec::new());
        }
        let query = format!("name:contains={}&_sort=name&_count={OFFERED}", encoded(word.trim()));
        let found = admin.records.search(ctx, &Query::parse_string(self.kind, &query)?, None).await?;
        Ok(found.matches.iter().filter_map(|version| self.offer(version)).collect())
    }

    /// The id of the one that was meant; refuses beside the field when it is none, or may be several.
    pub async fn meant(self, admin: &Admin, ctx: &Ctx, typed: &str) -> Result<Option<String>, Outcome> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let in_brackets =
            typed.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(typed);
        if let Some(id) = self.there(admin, ctx, in_brackets.trim()).await? {
            return Ok(Some(id));
        }
        let offered = self.offered(admin, ctx, typed).await?;
        let name = |offer: &Offer| fold(offer.label.rsplit_once(" (").map_or("", |(name, _)| name));
        let exact: Vec<&Offer> = offered.iter().filter(|offer| name(offer) == fold(typed)).collect();
        match (exact.as_slice(), offered.as_slice()) {
            ([one], _) => Ok(Some(one.id.clone())),
            (_, [one]) => Ok(Some(one.id.clone())),
            (_, []) => Err(self.wrong(self.none.to_owned())),
            (_, several) => {
                let named: Vec<String> =
                    several.iter().take(NAMED).map(|offer| format!("«{}»", offer.label)).collect();
                let text = format!("Nhiều tên giống như vậy: {}. Chép lại một tên đầy đủ.", named.join("; "));
                Err(self.wrong(text))
            }
        }
    }

    fn wrong(self, text: String) -> Outcome {
        let detail = format!("what was typed names no single {}", self.kind);
        Outcome::new(Kind::Unprocessable, "pick", text, detail).at(self.field)
    }

    /// The record with this code or id.
    async fn there(self, admin: &Admin, ctx: &Ctx, code: &str) -> Result<Option<String>, Outcome> {
        let ids = [format!("{FACILITY}{code}"), code.to_owned()];
        let keys: Vec<(String, String)> =
            ids.into_iter().filter(|id| resource::is_id(id)).map(|id| (self.kind.to_owned(), id)).collect();
        if keys.is_empty() {
            return Ok(None);
        }
        let found = admin.records.read_many(ctx, &keys).await?;
        Ok(found.into_iter().find(|version| !version.deleted).map(|version| version.id))
    }

    /// Labels of these ids; who may not read them sees ids.
    pub async fn labels(
        self,
        admin: &Admin,
        ctx: &Ctx,
        ids: impl Iterator<Item = &String>,
    ) -> Result<HashMap<String, String>, Outcome> {
        let keys: Vec<(String, String)> = ids.map(|id| (self.kind.to_owned(), id.clone())).collect();
        if keys.is_empty() || !ctx.may(Action::Read, self.kind) {
            return Ok(HashMap::new());
        }
        let found = admin.records.read_many(ctx, &keys).await?;
        let offers = found.iter().filter_map(|version| self.offer(version));
        Ok(offers.map(|offer| (offer.id, offer.label)).collect())
    }
}

fn label(name: &str, id: &str) -> String {
    format!("{name} ({})", id.strip_prefix(FACILITY).unwrap_or(id))
}
