//! Expressions made from what a resource holds: its own paths, with functions and operators that fit their types.

use crate::random::Random;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at};
use yba_fhirpath::schema::{Kind, Primitive, TypeId, schema};

/// A path that finds something, and what it finds.
#[derive(Debug, Clone)]
pub struct Place {
    pub path: String,
    pub id: TypeId,
    /// The written value of a primitive.
    pub text: Option<String>,
}

/// All places of a resource, each path once.
pub fn places(resource: &Value) -> Vec<Place> {
    let mut found = Vec::new();
    if let Some(kind) = str_at(resource, &["resourceType"])
        && let Some(id) = schema().fhir(kind)
    {
        visit(resource, kind, id, &mut found, 0);
    }
    found
}

fn visit(value: &Value, path: &str, id: TypeId, found: &mut Vec<Place>, depth: usize) {
    if depth > 6 {
        return;
    }
    for element in &schema().get(id).elements {
        for variant in &element.variants {
            let Some(member) = value.get(variant.key.as_str()) else { continue };
            let path = format!("{path}.{}", written(&element.name));
            if found.iter().any(|place| place.path == path) {
                continue;
            }
            let first = member.as_array().map_or(Some(member), |array| array.first());
            let Some(first) = first else { continue };
            let kind =
                first.get("resourceType").and_then(|kind| kind.as_str()).and_then(|kind| schema().fhir(kind));
            let text = first.as_str().map(str::to_owned).or_else(|| yba_fhir::json::number_text(first));
            let id = kind.unwrap_or(variant.id);
            found.push(Place { path: path.clone(), id, text });
            visit(first, &path, id, found, depth + 1);
        }
    }
}

/// An element's name as it must be written: words of the language stand between backticks.
/// <http://hl7.org/fhirpath/N1/#keywords>
fn written(name: &str) -> String {
    const WORDS: [&str; 3] = ["div", "mod", "and"];
    if WORDS.contains(&name) { format!("`{name}`") } else { name.to_owned() }
}

const COLLECTIONS: &[&str] = &[
    "{p}",
    "{p}.count()",
    "{p}.exists()",
    "{p}.empty()",
    "{p}.first()",
    "{p}.last()",
    "{p}.tail()",
    "{p}.skip(1)",
    "{p}.take(2)",
    "{p}[0]",
    "{p}[1]",
    "{p}.distinct().count()",
    "{p}.isDistinct()",
    "{p}.combine({p}).count()",
    "({p} | {p}).count()",
    "({p} | {q}).count()",
    "{p}.intersect({p}).count()",
    "{p}.exclude({p}).count()",
    "{p}.union({q}).count()",
    "{p}.subsetOf({p})",
    "{p}.supersetOf({p})",
    "{p} = {p}",
    "{p} ~ {p}",
    "{p} != {q}",
    "{p} = {q}",
    "{p}.children().count()",
    "{p}.descendants().count()",
    "{p}.all($this.exists())",
    "{p}.where($index = 0)",
    "{p}.select($index)",
    "{p}.exists() and {q}.exists()",
    "{p}.exists() or {q}.empty()",
    "{p}.exists() implies {q}.exists()",
    "{p}.exists() xor {q}.exists()",
    "{p}.empty().not()",
    "iif({p}.exists(), 'a', 'b')",
    "{p}.hasValue()",
    "{p}.first().hasValue()",
    "{p}.first().type().name",
    "{p}.trace('x').count()",
    "{p}.first() in {p}",
    "{p} contains {p}.first()",
    "{p}.aggregate($total + 1, 0)",
    "{p}.repeat($this).count()",
    "{p}.ofType({t}).count()",
    "{p}.first() is {t}",
    "{p}.first() as {t}",
    "{p}.first().is({t})",
    "{p}.where($this is {t}).count()",
    "{p}.single()",
];

const TEXTS: &[&str] = &[
    "{f}.length()",
    "{f}.upper()",
    "{f}.lower()",
    "{f}.substring(1)",
    "{f}.substring(0, 3)",
    "{f}.substring(50)",
    "{f}.startsWith({l})",
    "{f}.endsWith('a')",
    "{f}.contains('a')",
    "{f}.indexOf('a')",
    "{f}.indexOf({l})",
    "{f}.replace('a', 'bb')",
    "{f}.replace('', '-')",
    "{f}.matches('^[A-Za-z]+$')",
    "{f}.matches('[0-9]')",
    "{f}.replaceMatches('[0-9]', '#')",
    "{f}.toChars().count()",
    "{f}.toInteger()",
    "{f}.toDecimal()",
    "{f}.toBoolean()",
    "{f}.toString()",
    "{f}.convertsToInteger()",
    "{f}.convertsToDecimal()",
    "{f}.convertsToDate()",
    "{f}.convertsToBoolean()",
    "{f} = {l}",
    "{f} ~ {l}.upper()",
    "{f} != {l}",
    "{f} > 'M'",
    "{f} <= {l}",
    "{f} & '-' & {f}",
    "{f} + 'x'",
    "{f} in ('a' | {l})",
    "{p}.where($this = {l}).count()",
    "{p}.select($this & '.')",
    "{p}.exists($this = {l})",
    "{p}.all(length() > 2)",
];

const NUMBERS: &[&str] = &[
    "{f} + 1",
    "{f} - 0.5",
    "{f} * 2",
    "{f} / 4",
    "{f} div 3",
    "{f} mod 3",
    "-{f}",
    "{f} > 10",
    "{f} <= {l}",
    "{f} = {l}",
    "{f} ~ {l}",
    "{f} != 5",
    "{f}.abs()",
    "{f}.round()",
    "{f}.round(1)",
    "{f}.floor()",
    "{f}.ceiling()",
    "{f}.truncate()",
    "{f}.toString()",
    "{f}.toInteger()",
    "{f}.toDecimal()",
    "{f}.convertsToInteger()",
    "{f}.convertsToQuantity()",
    "{f}.power(2)",
    "({f} + 1) * 2 > {f}",
];

const MOMENTS: &[&str] = &[
    "{f} = {f}",
    "{f} > @2020-01-01",
    "{f} < @2030",
    "{f} >= @2026-03-02",
    "{f} + 1 year",
    "{f} - 1 month",
    "{f} + 40 days",
    "{f} + 2 weeks",
    "{f}.toString()",
    "{f}.toString().length()",
    "{f}.convertsToDate()",
    "{f} ~ {f}",
    "{f} != @1900-01-01",
    "{f} is date",
    "{f} is dateTime",
    "{f} <= {q}",
];

const QUANTITIES: &[&str] = &[
    "{f}.value > 10",
    "{f}.value + 1",
    "{f} = {f}",
    "{f} ~ {f}",
    "{f}.unit",
    "{f}.code.length()",
    "{f}.value.round(0)",
];

const BOOLEANS: &[&str] = &[
    "{f}.not()",
    "{f} and true",
    "{f} or false",
    "{f} xor true",
    "{f} implies false",
    "{f} = true",
    "{p}.allTrue()",
];

const TYPES: &[&str] = &[
    "string",
    "code",
    "Quantity",
    "HumanName",
    "Coding",
    "CodeableConcept",
    "Reference",
    "dateTime",
    "date",
    "boolean",
    "integer",
    "decimal",
    "uri",
    "Patient",
    "Observation",
    "Period",
    "Identifier",
    "Element",
    "Resource",
];

/// So many expressions for a resource.
pub fn for_resource(places: &[Place], random: &mut Random, count: usize) -> Vec<String> {
    if places.is_empty() {
        return Vec::new();
    }
    (0..count).map(|_| one(places, random)).collect()
}

fn one(places: &[Place], random: &mut Random) -> String {
    let place = random.pick(places);
    let templates = if random.below(3) == 0 { COLLECTIONS } else { fitting(place) };
    let template = *random.pick(templates);
    let other = random.pick(places);
    template
        .replace("{f}", &format!("{}.first()", place.path))
        .replace("{p}", &place.path)
        .replace("{q}", &format!("{}.first()", other.path))
        .replace("{t}", random.pick::<&str>(TYPES))
        .replace("{l}", &literal(place))
}

fn fitting(place: &Place) -> &'static [&'static str] {
    match schema().get(place.id).kind {
        Kind::Primitive(Primitive::String) => TEXTS,
        Kind::Primitive(Primitive::Integer | Primitive::Decimal) => NUMBERS,
        Kind::Primitive(Primitive::Date | Primitive::DateTime | Primitive::Time) => MOMENTS,
        Kind::Primitive(Primitive::Boolean) => BOOLEANS,
        _ if schema().fhir("Quantity") == Some(place.id) => QUANTITIES,
        _ => COLLECTIONS,
    }
}

fn literal(place: &Place) -> String {
    let text = place.text.clone().unwrap_or_default();
    match schema().get(place.id).kind {
        Kind::Primitive(Primitive::Integer | Primitive::Decimal) => text,
        _ => format!(
            "'{}'",
            text.chars()
                .take(20)
                .collect::<String>()
                .replace('\\', "\\\\")
                .replace('\'', "\\'")
                .replace('\n', "\\n")
        ),
    }
}

const LITERALS: &[&str] = &[
    "{i} + {j}",
    "{i} - {j}",
    "{i} * {j}",
    "{i} / {j}",
    "{i} div {j}",
    "{i} mod {j}",
    "{d} + {e}",
    "{d} - {e}",
    "{d} * {e}",
    "{d} / {e}",
    "{d} div {e}",
    "{d} mod {e}",
    "{i} < {j}",
    "{d} >= {e}",
    "{d} = {e}",
    "{d} ~ {e}",
    "{d}.round({s})",
    "{d}.floor()",
    "{d}.ceiling()",
    "{d}.truncate()",
    "{d}.toString()",
    "{d}.abs()",
    "{i}.power({s})",
    "{d}.power({s})",
    "{d}.sqrt().round(6)",
    "{i}.ln().round(6)",
    "{i}.log(2).round(6)",
    "{d}.exp().round(6)",
    "({i} | {j} | {i}).count()",
    "({i} | {j}).subsetOf({i} | {j} | 3)",
    "({i} | {j}).aggregate($this + $total, 0)",
    "'{i}'.toInteger()",
    "'{d}'.toDecimal()",
    "'{d}'.toQuantity()",
    "{i}.toQuantity() = {i} '1'",
    "'{i} days'.toQuantity() = {i} days",
    "@{y} < @{z}",
    "@{y} = @{z}",
    "@{y} >= @{z}",
    "@{y} ~ @{z}",
    "@{y} + {s} years",
    "@{y} + {i} months",
    "@{y} - {i} days",
    "@{y} + {s} weeks",
    "@{y}T10:30:00Z + {i} minutes",
    "@{y}T10:30:00.000Z - {i} seconds",
    "@{y}T10:30:00Z < @{z}T10:30:00+07:00",
    "@T10:30:00 + {i} minutes",
    "@T10:{m}:00 < @T10:{n}:00",
    "{i} 'mg' = {j} 'mg'",
    "{d} 'g' > {i} 'mg'",
    "{i} 'cm' + {j} 'cm'",
    "{i} days = {j} days",
    "{i} days < {j} weeks",
    "{i} 'kg' ~ {i}000 'g'",
    "{d}.lowBoundary()",
    "{d}.highBoundary()",
    "{d}.lowBoundary({s})",
    "{d}.precision()",
    "@{y}.lowBoundary()",
    "@{y}.precision()",
    "iif({i} > {j}, {i}, {j})",
    "({i} > {j}) and ({d} > {e})",
    "({i} > {j}) implies {}",
    "{} or ({i} = {j})",
    "{} and ({i} = {j})",
    "'abc{i}'.substring({s})",
    "'abc{i}'.substring({s}, 2)",
    "'a{i}b{j}'.indexOf('b')",
    "'a{i}'.matches('a[0-9]+')",
    "('a{i}' & 'b').length()",
    "{i} in ({i} | {j})",
    "({i} | {j}) contains {s}",
    "-{i} + {j}",
    "{i}.convertsToString()",
    "'{d}'.convertsToInteger()",
    "(1 | 2 | 3 | {i}).where($this > {j}).count()",
    "(1 | 2 | {i}).select($this * {j})",
    "1.repeat(iif($this < {s}, $this + 1, {})).count()",
];

/// So many expressions without any resource.
pub fn of_literals(random: &mut Random, count: usize) -> Vec<String> {
    (0..count)
        .map(|_| {
            let template = *random.pick(LITERALS);
            let decimal = |random: &mut Random| {
                format!(
                    "{}.{:0width$}",
                    random.below(300),
                    random.below(100),
                    width = 1 + random.below(3).min(2)
                )
            };
            let day = |random: &mut Random| {
                let (year, month, day) =
                    (1990 + random.below(40), 1 + random.below(12), 1 + random.below(28));
                format!("{year:04}-{month:02}-{day:02}")
            };
            template
                .replace("{i}", &random.below(60).to_string())
                .replace("{j}", &random.below(20).to_string())
                .replace("{s}", &random.below(7).to_string())
                .replace("{d}", &decimal(random))
                .replace("{e}", &decimal(random))
                .replace("{y}", &day(random))
                .replace("{z}", &day(random))
                .replace("{m}", &format!("{:02}", random.below(60)))
                .replace("{n}", &format!("{:02}", random.below(60)))
        })
        .collect()
}
