//! From CodeSystem, ValueSet and ConceptMap resources to what is kept, with everything that is wrong and its place.

use yba_fhir::json::{self, JsonContainerTrait, JsonType, JsonValueTrait, Value, items, str_at};
use yba_fhir::text::nearest;
use yba_fhir::{DateRange, Day, Issue, Severity};

use crate::compile::Fault;
use crate::map::{MapBuilder, MapHead, equivalences, is_equivalence};
use crate::set::{Filter, Include, Listed, Op, SetHead, ValueSet};
use crate::system::{Content, Edition, Head};
use crate::table::{Flags, Period, TableBuilder};

/// Most concepts of one resource.
const CONCEPTS_MAX: usize = 200_000;

/// When a version is in force: R4 has no element for it. <https://hl7.org/fhir/R4/extension-resource-effectiveperiod.html>
const EFFECTIVE_PERIOD: &str = "http://hl7.org/fhir/StructureDefinition/resource-effectivePeriod";

/// Something that may be laid over a terminology.
pub(crate) enum Laid {
    System(Box<Edition>),
    Set(ValueSet),
    Map(crate::ConceptMap),
}

/// Reads a resource; `None` for one of another kind.
pub(crate) fn read(resource: &Value) -> Result<Option<Laid>, Vec<Issue>> {
    let kind = str_at(resource, &["resourceType"]).unwrap_or_default();
    let mut reading =
        Reading { kind: kind.to_owned(), url: text(resource, "url"), issues: Vec::new(), concepts: 0 };
    let laid = match kind {
        "CodeSystem" => reading.code_system(resource).map(|edition| Laid::System(Box::new(edition))),
        "ValueSet" => Some(Laid::Set(reading.value_set(resource))),
        "ConceptMap" => Some(Laid::Map(reading.concept_map(resource))),
        _ => return Ok(None),
    };
    if reading.issues.is_empty() { Ok(laid) } else { Err(reading.issues) }
}

/// An issue about a whole resource.
pub(crate) fn not_a(kind: &str) -> Issue {
    issue(kind, format!("cần một {kind}"), format!("not a {kind}"))
}

/// A fault of a compiled set as an issue; what is merely unknown is a warning.
pub(crate) fn fault_issue(url: &str, fault: &Fault) -> Issue {
    let mut found =
        issue("ValueSet.compose", format!("{url}: {}", fault.text()), format!("{url}: {fault:?}"));
    if matches!(fault, Fault::Set(_) | Fault::System(_)) {
        found.severity = Severity::Warning;
    }
    found
}

fn issue(path: &str, text: String, diagnostics: String) -> Issue {
    Issue {
        severity: Severity::Error,
        code: "invalid",
        key: "terminology-resource",
        text,
        diagnostics,
        path: Some(path.to_owned()),
        position: None,
    }
}

fn text(value: &Value, key: &str) -> String {
    str_at(value, &[key]).unwrap_or_default().to_owned()
}

struct Reading {
    kind: String,
    url: String,
    issues: Vec<Issue>,
    concepts: usize,
}

impl Reading {
    fn add(&mut self, path: &str, text: &str, diagnostics: &str) {
        let (kind, url) = (&self.kind, &self.url);
        let path = if path.is_empty() { kind.clone() } else { format!("{kind}.{path}") };
        self.issues.push(issue(&path, format!("{url}: {text}"), format!("{url}: {diagnostics}")));
    }

    /// Counts a concept; false, and said once, when there are too many.
    fn room(&mut self, path: &str) -> bool {
        self.concepts += 1;
        if self.concepts == CONCEPTS_MAX + 1 {
            self.add(path, &format!("có hơn {CONCEPTS_MAX} mã"), "too many concepts");
        }
        self.concepts <= CONCEPTS_MAX
    }

    fn needs(&mut self, value: &Value, key: &str, path: &str) -> String {
        let found = text(value, key);
        if found.is_empty() {
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            self.add(&path, &format!("thiếu {key}"), &format!("{key} is missing"));
        }
        found
    }

    fn period(&mut self, resource: &Value) -> Period {
        let mut extensions = items(resource, "extension");
        let found = extensions.find(|one| str_at(one, &["url"]) == Some(EFFECTIVE_PERIOD));
        let Some(period) = found.and_then(|one| one.get("valuePeriod")) else { return Period::default() };
        let day = |key: &str, last: bool| -> Option<Day> {
            let range = DateRange::parse(str_at(period, &[key])?)?;
            Some(Day::of_instant(if last { range.end - 1 } else { range.start }))
        };
        Period { first: day("start", false), last: day("end", true) }
    }

    fn code_system(&mut self, resource: &Value) -> Option<Edition> {
        let url = self.needs(resource, "url", "");
        let content = self.needs(resource, "content", "");
        let content = Content::of(&content).unwrap_or(Content::Complete);
        let title = str_at(resource, &["title"]).or_else(|| str_at(resource, &["name"])).unwrap_or_default();
        let mut head = Head::new(&url, &text(resource, "version"), title);
        head.name = text(resource, "name");
        head.content = content;
        head.case_sensitive = resource.get("caseSensitive").and_then(|flag| flag.as_bool()).unwrap_or(true);
        head.period = self.period(resource);
        head.language = if str_at(resource, &["language"]).is_some_and(|tag| tag.starts_with("en")) {
            "en"
        } else {
            "vi"
        };
        let mut builder = TableBuilder::default();
        self.concepts(resource, "concept", None, &mut builder);
        let table = builder.finish(head.case_sensitive);
        Some(Edition::new(head, move || table))
    }

    fn concepts(&mut self, value: &Value, path: &str, parent: Option<u32>, builder: &mut TableBuilder) {
        for (position, concept) in items(value, "concept").enumerate() {
            let path = format!("{path}[{position}]");
            let code = self.needs(concept, "code", &path);
            if !self.room(&path) {
                return;
            }
            let at = builder.add(&code, &text(concept, "display"), flags(concept));
            if let Some(parent) = parent {
                builder.under(at, parent);
            }
            for designation in items(concept, "designation") {
                builder.designation(at, &text(designation, "language"), &text(designation, "value"));
            }
            properties(concept, at, builder);
            if let Some(definition) = str_at(concept, &["definition"]) {
                builder.property(at, "definition", "string", definition);
            }
            self.concepts(concept, &format!("{path}.concept"), Some(at), builder);
        }
    }

    fn value_set(&mut self, resource: &Value) -> ValueSet {
        let head = SetHead {
            url: text(resource, "url"),
            version: text(resource, "version"),
            name: text(resource, "name"),
            title: text(resource, "title"),
            period: self.period(resource),
        };
        let mut set = ValueSet { head, ..ValueSet::default() };
        if let Some(compose) = resource.get("compose") {
            set.active_only = compose.get("inactive").and_then(|flag| flag.as_bool()) == Some(false);
            set.locked = str_at(compose, &["lockedDate"]).and_then(Day::parse);
            set.includes = self.includes(compose, "include");
            set.excludes = self.includes(compose, "exclude");
        } else if let Some(expansion) = resource.get("expansion") {
            // Only its codes are known: they are the set.
            self.expanded(expansion, "expansion.contains", &mut set.includes);
        }
        if set.includes.is_empty() && resource.get("expansion").is_none() {
            self.add("compose.include", "không gồm mã nào", "nothing is included");
        }
        set
    }

    fn includes(&mut self, compose: &Value, key: &str) -> Vec<Include> {
        let list: Vec<&Value> = items(compose, key).collect();
        list.into_iter()
            .enumerate()
            .map(|(position, include)| self.include(include, &format!("compose.{key}[{position}]")))
            .collect()
    }

    fn include(&mut self, include: &Value, path: &str) -> Include {
        let mut found = Include {
            system: text(include, "system"),
            version: text(include, "version"),
            ..Include::default()
        };
        found.imports =
            items(include, "valueSet").filter_map(|url| url.as_str().map(str::to_owned)).collect();
        for (position, concept) in items(include, "concept").enumerate() {
            let path = format!("{path}.concept[{position}]");
            if !self.room(&path) {
                break;
            }
            let code = self.needs(concept, "code", &path);
            let designations = items(concept, "designation")
                .map(|one| (text(one, "language"), text(one, "value")))
                .collect();
            found.listed.push(Listed { code, display: text(concept, "display"), designations });
        }
        for (position, filter) in items(include, "filter").enumerate() {
            let filter = self.filter(filter, &format!("{path}.filter[{position}]"));
            found.filters.extend(filter);
        }
        self.check_include(&found, path);
        found
    }

    fn check_include(&mut self, include: &Include, path: &str) {
        let needs_system = !include.listed.is_empty() || !include.filters.is_empty();
        if include.system.is_empty() && (needs_system || include.imports.is_empty()) {
            self.add(path, "phải nêu system hoặc valueSet", "neither system nor valueSet");
        }
        if !include.listed.is_empty() && !include.filters.is_empty() {
            self.add(
                path,
                "không thể vừa liệt kê mã vừa có bộ lọc",
                "concept and filter exclude each other (vsd-3)",
            );
        }
    }

    fn filter(&mut self, filter: &Value, path: &str) -> Option<Filter> {
        let (property, value) = (self.needs(filter, "property", path), self.needs(filter, "value", path));
        let code = self.needs(filter, "op", path);
        let op = Op::of(&code);
        if op.is_none() && !code.is_empty() {
            let advice =
                nearest(&code, Op::codes()).map(|near| format!("; ý bạn là {near}?")).unwrap_or_default();
            self.add(
                &format!("{path}.op"),
                &format!("không có phép lọc {code}{advice}"),
                "unknown filter operator",
            );
        }
        if op == Some(Op::Regex) && regex::RegexBuilder::new(&value).size_limit(1 << 20).build().is_err() {
            self.add(
                &format!("{path}.value"),
                "biểu thức chính quy không dùng được",
                "bad or too large expression",
            );
        }
        Some(Filter { property, op: op?, value })
    }

    fn expanded(&mut self, value: &Value, path: &str, includes: &mut Vec<Include>) {
        for (position, entry) in items(value, "contains").enumerate() {
            let path = format!("{path}[{position}]");
            if !self.room(&path) {
                return;
            }
            let (system, code) = (text(entry, "system"), text(entry, "code"));
            if !code.is_empty() {
                let listed = Listed { code, display: text(entry, "display"), designations: Vec::new() };
                match includes.iter_mut().find(|include| include.system == system) {
                    Some(include) => include.listed.push(listed),
                    None => includes.push(Include { system, listed: vec![listed], ..Include::default() }),
                }
            }
            self.expanded(entry, &format!("{path}.contains"), includes);
        }
    }

    fn concept_map(&mut self, resource: &Value) -> crate::ConceptMap {
        let either =
            |a: &str, b: &str| str_at(resource, &[a]).or_else(|| str_at(resource, &[b])).unwrap_or_default();
        let head = MapHead {
            url: text(resource, "url"),
            version: text(resource, "version"),
            name: text(resource, "name"),
            title: text(resource, "title"),
            source: either("sourceCanonical", "sourceUri").to_owned(),
            target: either("targetCanonical", "targetUri").to_owned(),
        };
        let mut map = MapBuilder::new(head);
        for (position, group) in items(resource, "group").enumerate() {
            map.group(&text(group, "source"), &text(group, "target"));
            self.elements(group, &format!("group[{position}]"), &mut map);
            if let Some(unmapped) = group.get("unmapped") {
                map.unmapped(&text(unmapped, "mode"), &text(unmapped, "code"));
            }
        }
        map.finish()
    }

    fn elements(&mut self, group: &Value, path: &str, map: &mut MapBuilder) {
        for (position, element) in items(group, "element").enumerate() {
            let path = format!("{path}.element[{position}]");
            let source = text(element, "code");
            for (position, target) in items(element, "target").enumerate() {
                let path = format!("{path}.target[{position}]");
                if !self.room(&path) {
                    return;
                }
                let equivalence = self.needs(target, "equivalence", &path);
                if !equivalence.is_empty() && !is_equivalence(&equivalence) {
                    let advice = nearest(&equivalence, equivalences());
                    let advice = advice.map(|near| format!("; ý bạn là {near}?")).unwrap_or_default();
                    let text = format!("không có mức tương đương {equivalence}{advice}");
                    self.add(&format!("{path}.equivalence"), &text, "unknown equivalence");
                }
                let (code, display) = (text(target, "code"), text(target, "display"));
                map.row(&source, &code, &equivalence, &display, &text(target, "comment"));
            }
        }
    }
}

/// Flags by the properties that R4 names. <https://hl7.org/fhir/R4/codesystem.html#defined-props>
fn flags(concept: &Value) -> Flags {
    let mut flags = Flags::default();
    for property in items(concept, "property") {
        let is_true = property.get("valueBoolean").and_then(|flag| flag.as_bool()) == Some(true);
        match (str_at(property, &["code"]), str_at(property, &["valueCode"])) {
            (Some("notSelectable" | "abstract"), _) => flags.not_selectable |= is_true,
            (Some("inactive"), _) => flags.inactive |= is_true,
            (Some("status"), Some("retired" | "inactive")) => flags.inactive = true,
            (Some("status"), Some("deprecated")) => flags.deprecated = true,
            _ => {}
        }
    }
    flags
}

fn properties(concept: &Value, at: u32, builder: &mut TableBuilder) {
    let mut period = Period::default();
    for property in items(concept, "property") {
        let (Some(name), Some((kind, value))) = (str_at(property, &["code"]), any_value(property)) else {
            continue;
        };
        let day = || DateRange::parse(&value).map(|range| Day::of_instant(range.start));
        match name {
            "parent" | "subsumedBy" => builder.under_code(at, &value),
            // https://hl7.org/fhir/R4/codesystem.html#defined-props: the day from which it may (no longer) be used.
            "effectiveDate" => period.first = day(),
            "retirementDate" => period.last = day().map(|day| day.plus_days(-1)),
            "notSelectable" | "abstract" | "inactive" => {}
            _ => builder.property(at, name, kind, &value),
        }
    }
    builder.period(at, period);
}

/// `value[x]` of a property: its type and its text.
fn any_value(property: &Value) -> Option<(&'static str, String)> {
    for (key, kind) in [("valueCode", "code"), ("valueString", "string"), ("valueDateTime", "dateTime")] {
        if let Some(value) = str_at(property, &[key]) {
            return Some((kind, value.to_owned()));
        }
    }
    for (key, kind) in [("valueBoolean", "boolean"), ("valueInteger", "integer"), ("valueDecimal", "decimal")]
    {
        if let Some(value) = property.get(key).filter(|value| value.get_type() != JsonType::Null) {
            return Some((kind, json::to_string(value).ok()?));
        }
    }
    let coding = property.get("valueCoding").filter(|value| value.is_object())?;
    coding.as_object()?;
    Some(("code", str_at(coding, &["code"])?.to_owned()))
}
