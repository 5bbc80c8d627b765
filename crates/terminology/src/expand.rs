//! `$expand`: the codes of a value set, found by words, page by page.
//! <https://hl7.org/fhir/R4/valueset-operation-expand.html>

use std::collections::HashSet;

use yba_fhir::json::{Array, JsonValueMutTrait, Value, json};
use yba_fhir::{Day, Kind, Outcome};

use crate::compile::Fault;
use crate::lookup::in_language;
use crate::member::{Compiled, Held, Part, SetRef, Source};
use crate::system::Content;
use crate::table::Table;
use crate::words::{Filter, Rank};

/// Most concepts that are held while one expansion is made.
pub const HELD_MAX: usize = 50_000;

/// Most concepts of one answer: the largest page, and the largest expansion without paging.
pub const PAGE_MAX: usize = 10_000;

/// The expansion does not list all codes that the set has. <https://hl7.org/fhir/R4/extension-valueset-unclosed.html>
const UNCLOSED: &str = "http://hl7.org/fhir/StructureDefinition/valueset-unclosed";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Expand<'a> {
    /// The day of the act.
    pub on: Day,
    /// Beginnings of words, marks and order apart, or the beginning of a code.
    pub filter: Option<&'a str>,
    pub offset: usize,
    /// `None` for everything at once.
    pub count: Option<usize>,
    pub include_designations: bool,
    /// BCP-47 of the displays.
    pub language: Option<&'a str>,
    /// Without codes that are no longer to be chosen.
    pub active_only: bool,
    /// `Some(false)` asks for the hierarchy; answered only when nothing is filtered and no page is asked for.
    pub exclude_nested: Option<bool>,
    /// `expansion.timestamp`, which R4 demands: the caller's clock.
    pub timestamp: &'a str,
}

impl Expand<'_> {
    /// Everything on a day.
    pub fn on(on: Day) -> Expand<'static> {
        Expand {
            on,
            filter: None,
            offset: 0,
            count: None,
            include_designations: false,
            language: None,
            active_only: false,
            exclude_nested: None,
            timestamp: "",
        }
    }
}

/// A page of an expansion.
#[derive(Debug)]
pub struct Expansion {
    /// How many concepts fit, on all pages.
    pub total: usize,
    pub entries: Vec<Entry>,
    /// The set has codes that are not listed: all units, all languages.
    pub unclosed: bool,
}

/// One concept of an expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub system: String,
    /// Of the edition; empty when not told.
    pub version: String,
    pub code: String,
    pub display: String,
    pub not_selectable: bool,
    pub inactive: bool,
    /// Language and text.
    pub designations: Vec<(String, String)>,
    /// How many levels below the top, where the hierarchy is shown.
    pub depth: usize,
}

/// A concept that fits: its rank, the list it stands in, its place there.
#[derive(Debug, Clone, Copy)]
struct Hit {
    rank: Rank,
    list: u32,
    at: u32,
}

struct List<'a> {
    source: &'a Source,
    held: &'a Held,
    table: &'a Table,
}

/// One expansion in the making.
struct Making<'a> {
    asked: &'a Expand<'a>,
    on: Day,
    filter: Option<Filter>,
    lists: Vec<List<'a>>,
    hits: Vec<Hit>,
    seen: Option<HashSet<(&'a str, &'a str)>>,
    unclosed: bool,
}

impl SetRef {
    /// The concepts of the set, best first when filtered, else in the order of the lists.
    ///
    /// # Errors
    ///
    /// `not-supported` when nobody can tell what is in (SNOMED, unknown systems), `too-costly` when there are too many
    /// concepts to hold or to answer without paging, `not-found` when no version is in force.
    pub fn expand(&self, asked: &Expand) -> Result<Expansion, Outcome> {
        if let Some(fault) = self.faults().iter().find(|fault| !matches!(fault, Fault::System(_))) {
            return Err(not_supported(self, &fault.text()));
        }
        let set = self.on(asked.on).ok_or_else(|| no_version(self, asked.on))?;
        let filter = asked.filter.and_then(Filter::of);
        let several = set.includes.len() > 1 || set.includes.iter().any(|part| !part.imports.is_empty());
        let mut making = Making {
            asked,
            on: set.locked.unwrap_or(asked.on),
            filter,
            lists: Vec::new(),
            hits: Vec::new(),
            seen: several.then(HashSet::new),
            unclosed: false,
        };
        making.gather(self, set, &|_, _| true)?;
        if making.filter.is_some() {
            // Stable: equals stay in the order of the lists.
            making.hits.sort_by_key(|hit| hit.rank);
        }
        making.page()
    }
}

impl<'a> Making<'a> {
    /// Everything of a set that also passes a test.
    fn gather(
        &mut self,
        named: &SetRef,
        set: &'a Compiled,
        also: &dyn Fn(&str, &str) -> bool,
    ) -> Result<(), Outcome> {
        let on = self.on;
        let not_excluded = |system: &str, code: &str| {
            also(system, code) && !set.excludes.iter().any(|part| part.contains(system, code, on).is_in())
        };
        for part in &set.includes {
            if let Some(why) = &part.unknown {
                return Err(not_supported(named, why));
            }
            self.gather_part(named, part, &not_excluded)?;
        }
        Ok(())
    }

    fn gather_part(
        &mut self,
        named: &SetRef,
        part: &'a Part,
        also: &dyn Fn(&str, &str) -> bool,
    ) -> Result<(), Outcome> {
        let on = self.on;
        let Some(source) = &part.source else {
            let Some((first, others)) = part.imports.split_first() else { return Ok(()) };
            let in_all = |system: &str, code: &str| {
                also(system, code) && others.iter().all(|set| set.contains(Some(system), code, on).is_in())
            };
            let Some(set) = first.on(on) else { return Err(no_version(first, on)) };
            return self.gather(first, set, &in_all);
        };
        let in_all = |system: &str, code: &str| {
            also(system, code) && part.imports.iter().all(|set| set.contains(Some(system), code, on).is_in())
        };
        self.gather_source(named, source, &in_all)
    }

    fn gather_source(
        &mut self,
        named: &SetRef,
        source: &'a Source,
        also: &dyn Fn(&str, &str) -> bool,
    ) -> Result<(), Outcome> {
        // No edition in force on that day: nothing may be chosen.
        let Some(held) = source.on(self.on) else { return Ok(()) };
        let Some((table, bits)) = held.listed(source) else {
            let why = match held.select(source) {
                crate::select::Selection::Unknown(why) => why.clone(),
                _ => "không liệt kê được mọi đơn vị".to_owned(),
            };
            return Err(not_supported(named, &why));
        };
        let whole = matches!(held.select(source), crate::select::Selection::Whole);
        let edition = held.edition.as_deref();
        self.unclosed |= whole && edition.is_some_and(|edition| edition.head.content != Content::Complete);
        let retired = edition.and_then(|edition| edition.head.retired).is_some_and(|day| day <= self.on);
        if retired && self.asked.active_only {
            return Ok(());
        }
        let list = self.lists.len() as u32;
        self.lists.push(List { source, held, table });
        let found: Vec<(Rank, u32)> = match &self.filter {
            Some(filter) => table.words().find(table, filter),
            None => table.all().map(|at| (0, at)).collect(),
        };
        for (rank, at) in found {
            let fits = bits.is_none_or(|bits| bits.has(at))
                && table.period(at).holds(self.on)
                && !(self.asked.active_only && table.flags(at).inactive)
                && also(&source.system, table.code(at))
                && self.seen.as_mut().is_none_or(|seen| seen.insert((&source.system, table.code(at))));
            if fits {
                self.hits.push(Hit { rank, list, at });
            }
        }
        if self.hits.len() > HELD_MAX { Err(too_costly(named, self.hits.len())) } else { Ok(()) }
    }

    fn page(self) -> Result<Expansion, Outcome> {
        let total = self.hits.len();
        let count = match self.asked.count {
            Some(count) => count.min(PAGE_MAX),
            None if total.saturating_sub(self.asked.offset) > PAGE_MAX => {
                let named = self.lists.first().map_or("", |list| list.source.system.as_str());
                return Err(too_many(named, total));
            }
            None => total,
        };
        let nested = self.asked.exclude_nested == Some(false)
            && self.filter.is_none()
            && self.asked.offset == 0
            && self.asked.count.is_none();
        let page = self.hits.iter().skip(self.asked.offset).take(count);
        let entries = page.map(|hit| self.entry(hit, nested)).collect();
        Ok(Expansion { total, entries, unclosed: self.unclosed })
    }

    fn entry(&self, hit: &Hit, nested: bool) -> Entry {
        let List { source, held, table } = &self.lists[hit.list as usize];
        let head = held.edition.as_ref().map(|edition| &edition.head);
        let flags = table.flags(hit.at);
        let own = head.map_or("en", |head| head.language);
        let designations = if self.asked.include_designations {
            table.designations(hit.at).map(|one| (one.language.to_owned(), one.text.to_owned())).collect()
        } else {
            Vec::new()
        };
        let retired = head.and_then(|head| head.retired).is_some_and(|day| day <= self.on);
        Entry {
            system: source.system.clone(),
            version: head.map_or("", |head| head.version.as_str()).to_owned(),
            code: table.code(hit.at).to_owned(),
            display: in_language(table, hit.at, self.asked.language, own).to_owned(),
            not_selectable: flags.not_selectable,
            inactive: flags.inactive || retired,
            designations,
            depth: if nested { depth(table, hit.at) } else { 0 },
        }
    }
}

/// Levels above a concept by its first parents; a circle of parents ends it.
fn depth(table: &Table, at: u32) -> usize {
    const LEVELS_MAX: usize = 64;
    std::iter::successors(table.parents(at).next(), |parent| table.parents(*parent).next())
        .take(LEVELS_MAX)
        .count()
}

impl Expansion {
    /// The ValueSet with its expansion.
    pub fn to_value(&self, set: &SetRef, asked: &Expand) -> Value {
        let head = set.on(asked.on).map(|set| &set.head);
        let mut expansion = json!({
            "identifier": identifier(set, asked).as_str(),
            "timestamp": asked.timestamp,
            "total": self.total,
            "offset": asked.offset,
            "parameter": parameters(asked),
            "contains": contains(&self.entries),
        });
        if self.unclosed {
            expansion["extension"] = json!([{"url": UNCLOSED, "valueBoolean": true}]);
        }
        if self.entries.is_empty() {
            expansion.as_object_mut().expect("it was made as an object").remove(&"contains");
        }
        let mut value = json!({"resourceType": "ValueSet", "status": "active", "expansion": expansion});
        if !set.url().is_empty() {
            value["url"] = Value::from(set.url());
        }
        for (key, text) in head
            .into_iter()
            .flat_map(|head| [("version", &head.version), ("name", &head.name), ("title", &head.title)])
        {
            if !text.is_empty() {
                value[key] = Value::from(text.as_str());
            }
        }
        yba_fhir::json::ordered(&value)
    }
}

/// Names what was expanded and how, so that equal questions have equal identifiers.
fn identifier(set: &SetRef, asked: &Expand) -> String {
    let url = if set.url().is_empty() { "urn:yba:value-set" } else { set.url() };
    format!("{url}#{}", asked.on)
}

fn parameters(asked: &Expand) -> Array {
    let mut list = Array::new();
    let on = asked.on.to_string();
    list.push(json!({"name": "date", "valueDateTime": on.as_str()}));
    if let Some(filter) = asked.filter {
        list.push(json!({"name": "filter", "valueString": filter}));
    }
    if let Some(count) = asked.count {
        list.push(json!({"name": "count", "valueInteger": count}));
    }
    if let Some(language) = asked.language {
        list.push(json!({"name": "displayLanguage", "valueCode": language}));
    }
    if asked.active_only {
        list.push(json!({"name": "activeOnly", "valueBoolean": true}));
    }
    list
}

/// Entries as a tree by their depths; a depth of 0 everywhere gives a flat list.
fn contains(entries: &[Entry]) -> Array {
    let mut rest = entries;
    let mut list = Array::new();
    while let Some((first, after)) = rest.split_first() {
        let below = after.iter().take_while(|entry| entry.depth > first.depth).count();
        let mut value = entry_value(first);
        if below > 0 {
            value["contains"] = Value::from(contains(&after[..below]));
        }
        list.push(value);
        rest = &after[below..];
    }
    list
}

fn entry_value(entry: &Entry) -> Value {
    let mut value = json!({"system": entry.system.as_str(), "code": entry.code.as_str()});
    for (key, text) in [("version", &entry.version), ("display", &entry.display)] {
        if !text.is_empty() {
            value[key] = Value::from(text.as_str());
        }
    }
    if entry.not_selectable {
        value["abstract"] = Value::from(true);
    }
    if entry.inactive {
        value["inactive"] = Value::from(true);
    }
    if !entry.designations.is_empty() {
        let mut list = Array::new();
        for (language, text) in &entry.designations {
            let mut one = json!({"value": text.as_str()});
            if !language.is_empty() {
                one["language"] = Value::from(language.as_str());
            }
            list.push(one);
        }
        value["designation"] = Value::from(list);
    }
    value
}

fn not_supported(set: &SetRef, why: &str) -> Outcome {
    let name = if set.url().is_empty() { "này" } else { set.url() };
    Outcome::new(
        Kind::Unprocessable,
        "terminology-not-expandable",
        format!("Không liệt kê được bộ mã {name}: {why}."),
        format!("cannot expand {}: {why}", set.url()),
    )
    .coded("not-supported")
}

fn too_costly(set: &SetRef, found: usize) -> Outcome {
    too_many(set.url(), found)
}

fn too_many(name: &str, found: usize) -> Outcome {
    Outcome::new(
        Kind::Unprocessable,
        "terminology-too-costly",
        format!("{name} có quá nhiều mã để trả lời một lần; hãy thêm filter, hoặc lấy từng trang bằng count và offset."),
        format!("{name}: at least {found} concepts; page with count and offset (at most {PAGE_MAX} at once) or filter"),
    )
    .coded("too-costly")
}

fn no_version(set: &SetRef, on: Day) -> Outcome {
    Outcome::new(
        Kind::NotFound,
        "terminology-set",
        format!("Bộ mã {} chưa có bản áp dụng cho ngày {on}.", set.url()),
        format!("no version of {} in force on {on}", set.url()),
    )
}
