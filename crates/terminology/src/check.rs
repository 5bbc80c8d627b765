//! Whether the value sets and maps of content are sound, and hold the codes that their examples say.

use std::sync::Arc;

use yba_content::{Problem, SetExample};

use crate::resource::{self, Laid};
use crate::set::{Filter, Op, ValueSet};
use crate::system::{Content, Edition};
use crate::{Membership, Terminology};

/// Everything wrong, for `yba content check`. `terminology` is built from this content.
pub fn check(content: &yba_content::Content, terminology: &Terminology) -> Vec<Problem> {
    let mut problems = Vec::new();
    for canonical in content.canonicals() {
        let mut add = |text: String| problems.push(Problem { file: canonical.path.clone(), line: 0, text });
        match resource::read(&canonical.resource) {
            Ok(Some(Laid::Set(set))) => {
                let found = terminology.value_set(&format!("{}|{}", set.head.url, set.head.version));
                let faults = found.map(|set| set.faults().to_vec()).unwrap_or_default();
                faults.iter().for_each(|fault| add(fault.text()));
                for (system, code) in unknown_codes(&set, terminology) {
                    add(format!("hệ mã {system} không có mã {code:?}"));
                }
            }
            Ok(_) => {}
            Err(issues) => {
                for issue in issues {
                    add(format!("{}: {}", issue.path.unwrap_or_default(), issue.text));
                }
            }
        }
    }
    content.set_examples().for_each(|example| run(example, terminology, &mut problems));
    problems
}

/// Codes that a set names, alone or in a filter, and that no edition of a completely known system has: slips of the
/// pen, for a filter on them picks nothing and a listed one can never be recorded.
fn unknown_codes<'a>(set: &'a ValueSet, terminology: &Terminology) -> Vec<(&'a str, &'a str)> {
    let mut unknown = Vec::new();
    for include in set.includes.iter().chain(&set.excludes) {
        let Some(system) = terminology.system_of(&include.system) else { continue };
        let complete = |edition: &Arc<Edition>| edition.head.content == Content::Complete;
        if !system.editions.iter().all(complete) {
            continue;
        }
        let listed = include.listed.iter().map(|listed| listed.code.as_str());
        let hierarchical = |filter: &&Filter| {
            matches!(filter.op, Op::IsA | Op::DescendentOf | Op::IsNotA | Op::ChildOf | Op::Generalizes)
        };
        let filtered = include.filters.iter().filter(hierarchical).map(|filter| filter.value.as_str());
        let is_unknown =
            |code: &&str| !system.editions.iter().any(|edition| edition.table().find(code).is_some());
        unknown.extend(listed.chain(filtered).filter(is_unknown).map(|code| (include.system.as_str(), code)));
    }
    unknown
}

fn run(example: &SetExample, terminology: &Terminology, problems: &mut Vec<Problem>) {
    let mut add = |line: u32, text: String| problems.push(Problem { file: example.path.clone(), line, text });
    let Some(set) = terminology.value_set(&example.set) else {
        return add(0, format!("không có bộ mã {}", example.set));
    };
    for case in &example.cases {
        let answer = set.contains(case.system.as_deref(), &case.code, example.on);
        match (case.is_in, answer) {
            (true, Membership::In) | (false, Membership::NotIn) => {}
            (true, Membership::NotIn) => {
                add(case.line, format!("mã {:?} phải thuộc bộ mã mà không thuộc", case.code))
            }
            (false, Membership::In) => {
                add(case.line, format!("mã {:?} không được thuộc bộ mã mà lại thuộc", case.code))
            }
            (_, Membership::Unknown { why }) => {
                add(case.line, format!("mã {:?}: không kiểm tra được: {why}", case.code))
            }
        }
    }
}
