//! A list of people to call, page by page and village by village: what all such lists of the room share.

use crate::{Station, names};
use maud::{Markup, html};
use std::collections::BTreeMap;
use yba_content::Day;
use yba_fhir::Outcome;
use yba_fhir::json::Value;
use yba_recall::list::Called;
use yba_records::Ctx;
use yba_ui::form::{self, Tab};
use yba_ui::{card, format};

/// People of one page.
pub(crate) const PAGE: usize = 50;

/// A village and how many of its people are on the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Village {
    pub name: String,
    pub count: usize,
    pub late: usize,
}

/// The villages of a list, in their order; people without one stand under an empty name.
pub(crate) fn villages<'c>(called: impl Iterator<Item = &'c Called>, today: Day) -> Vec<Village> {
    let mut all: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for one in called {
        let (count, late) = all.entry(&one.village).or_default();
        *count += 1;
        *late += usize::from(one.is_late(today));
    }
    all.into_iter().map(|(name, (count, late))| Village { name: name.to_owned(), count, late }).collect()
}

/// The records of the people of one page.
pub(crate) async fn people<'p>(
    station: &Station,
    ctx: &Ctx,
    ids: impl Iterator<Item = &'p str>,
) -> Result<BTreeMap<String, Value>, Outcome> {
    let keys: Vec<(String, String)> = ids.map(|id| ("Patient".to_owned(), id.to_owned())).collect();
    let found = station.records.read_many(ctx, &keys).await?;
    Ok(found.into_iter().map(|version| (version.id.clone(), version.tree())).collect())
}

/// Facilities (`Organization/…`) with their counts, as id, name, count.
pub(crate) async fn stations(
    station: &Station,
    ctx: &Ctx,
    found: &[(String, usize)],
) -> Vec<(String, String, usize)> {
    let id = |place: &str| place.strip_prefix("Organization/").unwrap_or(place).to_owned();
    let ids: Vec<String> = found.iter().map(|(place, _)| id(place)).collect();
    let names = names(station, ctx, ids.iter().map(String::as_str)).await;
    let named = |id: &String| names.get(id).unwrap_or(id).clone();
    ids.iter().zip(found).map(|(id, (_, count))| (id.clone(), named(id), *count)).collect()
}

/// Which part of a list is shown.
pub(crate) struct Roll<'r> {
    /// The address of the list with what it asks beside village and page, ready for `&`.
    pub base: String,
    pub villages: &'r [Village],
    /// The village that is shown; all when none.
    pub village: Option<&'r str>,
    /// How many are on the list, of this village.
    pub count: usize,
    /// The place in the list of the first line, from 0.
    pub first: usize,
}

impl Roll<'_> {
    /// The address of a part of the list.
    pub fn address(&self, village: Option<&str>, first: usize) -> String {
        let mut address = self.base.clone();
        if let Some(village) = village {
            address += &format!("&thon={}", yba_web::encoded(village));
        }
        if first > 0 {
            address += &format!("&tu={first}");
        }
        address
    }

    /// One tab for each village, and one for all.
    pub fn tabs(&self) -> Markup {
        if self.villages.len() < 2 && self.village.is_none() {
            return html! {};
        }
        let all = self.address(None, 0);
        let hrefs: Vec<String> = self.villages.iter().map(|one| self.address(Some(&one.name), 0)).collect();
        let total = self.villages.iter().map(|one| one.count).sum();
        let mut tabs =
            vec![Tab { href: &all, word: "Tất cả", count: Some(total), current: self.village.is_none() }];
        tabs.extend(self.villages.iter().zip(&hrefs).map(|(one, href)| Tab {
            href,
            word: if one.name.is_empty() { "Chưa ghi thôn" } else { &one.name },
            count: Some(one.count),
            current: self.village == Some(&one.name),
        }));
        form::tabs("Theo thôn, bản", &tabs)
    }

    /// The pages before and after.
    pub fn paging(&self) -> Markup {
        let last = (self.first + PAGE).min(self.count);
        if self.count <= PAGE {
            return html! {};
        }
        html! {
            p .no-print {
                (self.first + 1) "–" (last) " trên " (format::count(self.count)) " "
                @if self.first > 0 {
                    (card::link_button(&self.address(self.village, self.first.saturating_sub(PAGE)), html! { "Trước" })) " "
                }
                @if last < self.count { (card::link_button(&self.address(self.village, last), html! { "Tiếp" })) }
            }
        }
    }
}
