//! R4's definitions as the asset step packed them: one text, unpacked piece by piece as it is asked for. The shape of
//! the text is documented in `yba-assets`.

use std::ops::Range;
use std::sync::Arc;

use crate::Terminology;
use crate::map::{KeptMap, MapBuilder, MapHead};
use crate::set::{Filter, Include, Kept, Listed, Op, SetHead, ValueSet};
use crate::system::{Content, Edition, Head};
use crate::table::{Flags, Table, TableBuilder};

/// Registers every heading; what lies below it stays packed.
pub(crate) fn fill(terminology: &mut Terminology, text: &Arc<str>) {
    let mut open: Option<(&str, usize)> = None;
    for (line, at) in lines(text) {
        if matches!(line.as_bytes(), [b'S' | b'V' | b'M', b'\t', ..]) {
            if let Some((heading, first)) = open {
                register(terminology, text, heading, first..at);
            }
            open = Some((line, at + line.len() + 1));
        }
    }
    if let Some((heading, first)) = open {
        register(terminology, text, heading, first..text.len());
    }
}

/// Lines with the place where they begin.
fn lines(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    text.split_terminator('\n').map(move |line| {
        let first = at;
        at += line.len() + 1;
        (line, first)
    })
}

fn register(terminology: &mut Terminology, text: &Arc<str>, heading: &str, lines: Range<usize>) {
    let mut cells = heading.split('\t');
    let kind = cells.next();
    let mut cell = || cells.next().unwrap_or_default();
    let (url, version, name, title) = (cell(), cell(), cell(), cell());
    let title = if title.is_empty() { name } else { title };
    match kind {
        Some("S") => {
            let mut head = Head::new(url, version, title);
            name.clone_into(&mut head.name);
            head.content = Content::of(cell()).unwrap_or(Content::NotPresent);
            head.case_sensitive = cell() != "0";
            let (text, case_sensitive) = (text.clone(), head.case_sensitive);
            terminology.lay_system(Edition::new(head, move || table(&text[lines], case_sensitive)));
        }
        Some("V") => {
            let head = SetHead {
                url: url.to_owned(),
                version: version.to_owned(),
                name: name.to_owned(),
                title: title.to_owned(),
                ..SetHead::default()
            };
            terminology.lay_set(Kept::Packed { head, text: text.clone(), lines });
        }
        _ => {
            let mut head = MapHead::new(url, version, title);
            name.clone_into(&mut head.name);
            cell().clone_into(&mut head.source);
            cell().clone_into(&mut head.target);
            let (text, kept) = (text.clone(), head.clone());
            terminology.lay_map(KeptMap::lazy(head, move || concept_map(kept, &text[lines])));
        }
    }
}

/// The concepts below a heading; depth gives the parent.
fn table(text: &str, case_sensitive: bool) -> Table {
    let mut builder = TableBuilder::default();
    let mut above: Vec<u32> = Vec::new();
    for line in text.split_terminator('\n') {
        let (mark, rest) = line.split_at(1);
        let last = above.last().copied().unwrap_or_default();
        match mark {
            "^" => builder.under_code(last, rest),
            "~" => {
                let (name, value) = rest.split_once('\t').unwrap_or((rest, ""));
                builder.property(last, name, "string", value);
            }
            depth => {
                let depth = depth.chars().next().and_then(|digit| digit.to_digit(36)).unwrap_or(0) as usize;
                let mut cells = rest.split('\t');
                let mut cell = || cells.next().unwrap_or_default();
                let (code, display) = (cell(), cell());
                let at = builder.add(code, display, flags(cell()));
                above.truncate(depth);
                if let Some(parent) = above.last() {
                    builder.under(at, *parent);
                }
                above.push(at);
            }
        }
    }
    builder.finish(case_sensitive)
}

fn flags(letters: &str) -> Flags {
    Flags {
        not_selectable: letters.contains('a'),
        inactive: letters.contains('i'),
        deprecated: letters.contains('d'),
    }
}

/// The composition below a heading.
pub(crate) fn value_set(head: &SetHead, text: &str) -> ValueSet {
    let mut set = ValueSet { head: head.clone(), ..ValueSet::default() };
    let mut excluding = false;
    for line in text.split_terminator('\n') {
        let (mark, rest) = line.split_at(1);
        let mut cells = rest.split('\t');
        let first = cells.next().unwrap_or_default();
        if let "+" | "-" = mark {
            excluding = mark == "-";
            let list = if excluding { &mut set.excludes } else { &mut set.includes };
            let mut cell = || cells.next().unwrap_or_default().to_owned();
            list.push(Include { system: cell(), version: cell(), ..Include::default() });
            continue;
        }
        let list = if excluding { &mut set.excludes } else { &mut set.includes };
        let Some(include) = list.last_mut() else { continue };
        let mut cell = || cells.next().unwrap_or_default().to_owned();
        match mark {
            "=" => include.listed.push(Listed {
                code: first.to_owned(),
                display: cell(),
                designations: Vec::new(),
            }),
            "?" => {
                let op = Op::of(&cell()).unwrap_or(Op::Equals);
                include.filters.push(Filter { property: first.to_owned(), op, value: cell() });
            }
            "@" => include.imports.push(first.to_owned()),
            _ => include.withheld = true,
        }
    }
    set
}

fn concept_map(head: MapHead, text: &str) -> crate::ConceptMap {
    let mut map = MapBuilder::new(head);
    for line in text.split_terminator('\n') {
        let (mark, rest) = line.split_at(1);
        let mut cells = rest.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        match mark {
            "G" => {
                cell();
                map.group(cell(), cell());
            }
            ":" => {
                let (source, equivalence, target) = (cell(), cell(), cell());
                map.row(source, target, equivalence, "", "");
            }
            _ => {
                cell();
                map.unmapped(cell(), cell());
            }
        }
    }
    map.finish()
}

/// The named codes of a packed value set, for systems whose common codes stand only there.
pub(crate) fn listed(terminology: &Terminology, url: &str) -> Vec<Listed> {
    let set = terminology.versions(url).and_then(|(_, versions)| versions.last().cloned());
    set.map(|set| set.includes.iter().flat_map(|include| include.listed.clone()).collect())
        .unwrap_or_default()
}
