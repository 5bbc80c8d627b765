//! What a page of a search brings along: `_include` and `_revinclude`, step after step when they iterate.
//! <https://hl7.org/fhir/R4/search.html#revinclude>

use super::query::{Query, bad_value};
use super::scope::{self, Scope, shown_at};
use crate::db::{Connection, fragments};
use crate::index::reference::local_target;
use crate::index::{Numbers, Parameter, kinds};
use crate::version::Version;
use std::collections::{BTreeSet, HashSet};
use yba_fhir::defs::{SearchType, r4};
use yba_fhir::{Kind, Outcome};

/// Most resources that one page may bring along.
pub const INCLUDED_MAX: usize = 2000;
/// The parameter that stands for every reference of a type.
const EVERY: &str = "*";

/// References to bring along from what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The type that holds the reference.
    pub from: String,
    pub code: String,
    /// Only targets of this type.
    pub target: Option<String>,
    /// Also from what was brought along.
    pub iterate: bool,
}

/// What points at what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevInclude {
    /// The type that holds the reference.
    pub from: String,
    pub code: String,
    /// The type that is pointed at.
    pub target: Option<String>,
    pub iterate: bool,
}

impl Include {
    /// `Observation:subject`, `Observation:subject:Patient`, `Observation:*`, `*`; of a search of these types.
    pub fn parse(kinds: &[&str], name: &str, value: &str) -> Result<Vec<Include>, Outcome> {
        let iterate = iterates(name)?;
        let wrong = || bad_value(name, value, "dạng Loại:tham-số-tham-chiếu[:Loại đích]");
        if value == EVERY {
            let every = |from: &&str| {
                let (from, code) = ((*from).to_owned(), EVERY.to_owned());
                Include { from, code, target: None, iterate }
            };
            return Ok(kinds.iter().map(every).collect());
        }
        let parts: Vec<&str> = value.split(':').collect();
        let ([from, code] | [from, code, _]) = parts[..] else { return Err(wrong()) };
        let target = parts.get(2).copied();
        if !r4().is_resource(from) || !(iterate || kinds.contains(&from)) {
            return Err(wrong());
        }
        if target.is_some_and(|target| !r4().is_resource(target)) {
            return Err(wrong());
        }
        let mut include = Include {
            from: from.to_owned(),
            code: code.to_owned(),
            target: target.map(str::to_owned),
            iterate,
        };
        if code != EVERY {
            let parameter = reference(name, from, code)?;
            include.target = match (parameter.only_type(), target) {
                (Some(only), Some(target)) if only != target => return Ok(Vec::new()),
                (only, target) => target.or(only).map(str::to_owned),
            };
        }
        Ok(vec![include])
    }

    fn numbers(&self, numbers: &Numbers) -> Vec<i64> {
        if self.code != EVERY {
            return numbers.parameter(&self.from, &self.code);
        }
        let index = kinds().get(&self.from);
        let references = index
            .into_iter()
            .flat_map(|index| &index.parameters)
            .filter(|one| one.search_type == SearchType::Reference);
        let all: BTreeSet<i64> = references.flat_map(|one| numbers.parameter(&self.from, one.code)).collect();
        all.into_iter().collect()
    }
}

impl RevInclude {
    /// `Observation:subject`, `Observation:subject:Patient`; of a search of these types.
    pub fn parse(kinds: &[&str], name: &str, value: &str) -> Result<RevInclude, Outcome> {
        let iterate = iterates(name)?;
        let wrong = || bad_value(name, value, "dạng Loại:tham-số-tham-chiếu[:Loại đích]");
        let parts: Vec<&str> = value.split(':').collect();
        let ([from, code] | [from, code, _]) = parts[..] else { return Err(wrong()) };
        if !r4().is_resource(from) {
            return Err(wrong());
        }
        let parameter = reference(name, from, code)?;
        let fits = match parts.get(2) {
            Some(target) => {
                let found = iterate || kinds.contains(target);
                found && r4().is_resource(target) && parameter.may_point_at(target)
            }
            None => iterate || kinds.iter().any(|kind| parameter.may_point_at(kind)),
        };
        if !fits {
            return Err(wrong());
        }
        let target = parts.get(2).copied().or(parameter.only_type()).map(str::to_owned);
        Ok(RevInclude { from: from.to_owned(), code: code.to_owned(), target, iterate })
    }
}

fn iterates(name: &str) -> Result<bool, Outcome> {
    match name.split_once(':') {
        None => Ok(false),
        Some((_, "iterate" | "recurse")) => Ok(true),
        Some((_, modifier)) => Err(super::value::bad_modifier(name, modifier)),
    }
}

fn reference(name: &str, kind: &str, code: &str) -> Result<&'static Parameter, Outcome> {
    let parameter = Query::all(kind).parameter(name, code)?;
    match parameter.search_type {
        SearchType::Reference => Ok(parameter),
        _ => Err(bad_value(name, code, "một tham số tham chiếu")),
    }
}

/// Everything that a page brings along, each once, nothing that it shows already, nothing beyond the scope; and in whose
/// compartments that is now.
pub fn included(
    connection: &mut Connection,
    query: &Query,
    scope: &Scope,
    numbers: &Numbers,
    (t, is_now): (i64, bool),
    matches: &[Version],
) -> Result<(Vec<Version>, Vec<String>), Outcome> {
    let (includes, revincludes) = (&query.include, &query.revinclude);
    if includes.is_empty() && revincludes.is_empty() {
        return Ok(Default::default());
    }
    let mut shown: HashSet<i64> = matches.iter().map(|one| one.rid).collect();
    let (mut all, mut patients, mut begun) = (Vec::new(), Vec::new(), 0);
    let mut first = true;
    loop {
        let sources = if first { matches } else { &all[begun..] };
        let mut rids = BTreeSet::new();
        for include in includes.iter().filter(|one| first || one.iterate) {
            rids.extend(targets(connection, include, numbers, t, sources)?);
        }
        for revinclude in revincludes.iter().filter(|one| first || one.iterate) {
            rids.extend(pointing(connection, revinclude, numbers, t, sources)?);
        }
        rids.retain(|rid| !shown.contains(rid));
        if all.len() + rids.len() > INCLUDED_MAX {
            return Err(too_many());
        }
        let rids: Vec<i64> = rids.into_iter().collect();
        let found = match is_now {
            true => shown_now(connection, &rids, scope, t, numbers)?,
            false => {
                let shown = shown_at(connection, &rids, scope, t, numbers)?;
                versions(connection, shown)?
            }
        };
        shown.extend(rids);
        begun = all.len();
        for (version, own) in found {
            all.push(version);
            patients.extend(own);
        }
        first = false;
        if all.len() == begun {
            return Ok((all, patients));
        }
    }
}

/// A version, and the patients in whose compartments it is.
type Shown = (Version, Vec<String>);

fn versions(connection: &mut Connection, shown: Vec<scope::Shown>) -> Result<Vec<Shown>, Outcome> {
    let positions: Vec<i64> = shown.iter().map(|shown| shown.t).collect();
    fragments::shown_versions_at(connection, &positions)?.into_iter().map(Version::shown).collect()
}

/// What these records show now, of those within the scope: only those are asked about of whom it is not known.
fn shown_now(
    connection: &mut Connection,
    rids: &[i64],
    scope: &Scope,
    t: i64,
    numbers: &Numbers,
) -> Result<Vec<Shown>, Outcome> {
    let everything = shown_at(connection, rids, &Scope::All, t, numbers)?;
    let everything = versions(connection, everything)?;
    let known = |(version, patients): &Shown| scope.shows_known(&version.kind, patients, &version.body);
    let known: Vec<Option<bool>> = everything.iter().map(known).collect();
    let asked = everything.iter().zip(&known).filter(|(_, known)| known.is_none());
    let asked: Vec<i64> = asked.map(|((version, _), _)| version.rid).collect();
    let seen: HashSet<i64> =
        shown_at(connection, &asked, scope, t, numbers)?.iter().map(|shown| shown.rid).collect();
    let of = everything.into_iter().zip(known);
    let seen = of.filter(|((version, _), known)| known.unwrap_or_else(|| seen.contains(&version.rid)));
    Ok(seen.map(|(one, _)| one).collect())
}

fn targets(
    connection: &mut Connection,
    include: &Include,
    numbers: &Numbers,
    t: i64,
    sources: &[Version],
) -> Result<Vec<i64>, Outcome> {
    let rids: Vec<i64> = sources.iter().filter(|one| one.kind == include.from).map(|one| one.rid).collect();
    if rids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = fragments::reference_targets(connection, &rids, &include.numbers(numbers), t)?;
    let wanted = |kind: &str| include.target.as_deref().is_none_or(|wanted| wanted == kind);
    let keys: BTreeSet<(&str, &str)> = rows
        .iter()
        .filter_map(|row| local_target(row.text(0)))
        .filter(|(kind, _)| wanted(kind) && r4().is_resource(kind))
        .collect();
    if keys.len() > INCLUDED_MAX {
        return Err(too_many());
    }
    let keys: Vec<(&str, &str)> = keys.into_iter().collect();
    Ok(fragments::heads(connection, &keys)?.iter().map(|head| head.int(2)).collect())
}

fn pointing(
    connection: &mut Connection,
    revinclude: &RevInclude,
    numbers: &Numbers,
    t: i64,
    sources: &[Version],
) -> Result<Vec<i64>, Outcome> {
    let wanted = |kind: &str| revinclude.target.as_deref().is_none_or(|wanted| wanted == kind);
    let addresses = sources.iter().filter(|one| wanted(&one.kind));
    let addresses: Vec<String> = addresses.map(|one| format!("{}/{}", one.kind, one.id)).collect();
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let numbers = numbers.parameter(&revinclude.from, &revinclude.code);
    let limit = INCLUDED_MAX + 1;
    let rows = fragments::references_to(connection, &addresses, &numbers, t, limit)?;
    if rows.len() > INCLUDED_MAX {
        return Err(too_many());
    }
    Ok(rows.iter().map(|row| row.int(0)).collect())
}

fn too_many() -> Outcome {
    let text = format!("_include và _revinclude kéo theo hơn {INCLUDED_MAX} tài nguyên. Hãy giảm _count.");
    let detail = format!("_include and _revinclude bring more than {INCLUDED_MAX} resources");
    Outcome::new(Kind::TooMany, "too-many-included", text, detail)
}
