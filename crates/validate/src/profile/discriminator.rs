//! What tells the items of one slice from those of another, found in the slice's own elements.
//! <https://hl7.org/fhir/R4/profiling.html#discriminator>

use super::Constraint;
use super::draft::{Draft, HL7, number, texts};
use super::slicing::Wanted;
use yba_fhir::json::{JsonValueTrait, Value, str_at};
use yba_fhir::text::unversioned;
use yba_fhirpath::schema::{TypeId, schema};

/// The steps of a discriminator's path; none for `$this`. Points inside parentheses do not part.
pub fn steps(path: &str) -> Vec<&str> {
    let (mut steps, mut depth, mut begin) = (Vec::new(), 0i32, 0);
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'.' if depth == 0 => {
                steps.push(&path[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    steps.push(&path[begin..]);
    steps.retain(|step| !step.is_empty() && *step != "$this");
    steps
}

/// The draft at the end of some steps, through slices where the step itself says nothing.
fn at<'d, 'v>(draft: &'d Draft<'v>, steps: &[&str]) -> Option<&'d Draft<'v>> {
    let Some((first, rest)) = steps.split_first() else { return Some(draft) };
    if first.contains('(') {
        return if first.starts_with("extension(") {
            extension_slice(draft, first).and_then(|slice| at(slice, rest))
        } else {
            at(draft, rest)
        };
    }
    let child = draft.children.iter().find(|(name, _)| name == first).map(|(_, child)| child);
    let through = |draft: &'d Draft<'v>| draft.slices.iter().map(|(_, slice)| slice);
    child
        .and_then(|child| std::iter::once(child).chain(through(child)).find_map(|one| at(one, rest)))
        .or_else(|| through(draft).find_map(|slice| at(slice, steps)))
}

fn extension_slice<'d, 'v>(draft: &'d Draft<'v>, step: &str) -> Option<&'d Draft<'v>> {
    let url = step.split(['\'', '"']).nth(1)?;
    let (_, extensions) = draft.children.iter().find(|(name, _)| name == "extension")?;
    let is_it = |slice: &&(String, Draft<'_>)| profiles_of(&slice.1).iter().any(|profile| profile == url);
    extensions.slices.iter().find(is_it).map(|(_, slice)| slice)
}

fn profiles_of(draft: &Draft<'_>) -> Vec<String> {
    draft.types().into_iter().flat_map(|one| texts(one, "profile")).collect()
}

/// The fixed value, pattern or value set at the steps, or at the nearest step before them that has one; and how many
/// steps lead there.
pub fn told_by_value(slice: &Draft<'_>, built: &Constraint, steps: &[&str]) -> Option<(usize, Wanted)> {
    for depth in (0..=steps.len()).rev() {
        let candidates = all_at(slice, &steps[..depth]);
        for draft in candidates {
            let fixed = draft.choice("fixed").map(|value| Wanted::Fixed(value.clone()));
            let told = fixed.or_else(|| draft.choice("pattern").map(|value| Wanted::Pattern(value.clone())));
            let told = told.or_else(|| {
                let required =
                    draft.fact("binding").filter(|fact| str_at(fact, &["strength"]) == Some("required"))?;
                Some(Wanted::InSet(str_at(required, &["valueSet"])?.to_owned()))
            });
            if let Some(wanted) = told {
                return Some((depth, wanted));
            }
        }
    }
    let url = extension_url(built).filter(|_| steps == ["url"])?;
    Some((1, Wanted::Fixed(Value::from(url))))
}

/// Every draft at the end of some steps: the element's own and those of its slices.
fn all_at<'d, 'v>(draft: &'d Draft<'v>, steps: &[&str]) -> Vec<&'d Draft<'v>> {
    let Some((first, rest)) = steps.split_first() else {
        return std::iter::once(draft).chain(draft.slices.iter().map(|(_, slice)| slice)).collect();
    };
    if first.contains('(') {
        return at(draft, &steps[..1]).map(|next| all_at(next, rest)).unwrap_or_default();
    }
    let here = std::iter::once(draft).chain(draft.slices.iter().map(|(_, slice)| slice));
    let children = here.flat_map(|one| &one.children).filter(|(name, _)| name == first);
    children.flat_map(|(_, child)| all_at(child, rest)).collect()
}

/// That something must be there, or must not.
pub fn told_by_existence(slice: &Draft<'_>, steps: &[&str]) -> Option<Wanted> {
    let draft = at(slice, steps)?;
    if draft.fact("max").and_then(|max| max.as_str()) == Some("0") {
        return Some(Wanted::Exists(false));
    }
    draft.fact("min").and_then(number).filter(|min| *min > 0).map(|_| Wanted::Exists(true))
}

pub fn told_by_type(slice: &Draft<'_>, steps: &[&str]) -> Option<Wanted> {
    let listed = at(slice, steps)?.types();
    let through_reference = steps.last() == Some(&"resolve()");
    let names = listed.into_iter().flat_map(|one| match through_reference {
        true => texts(one, "targetProfile")
            .iter()
            .filter_map(|url| url.strip_prefix(HL7).map(str::to_owned))
            .collect(),
        false => str_at(one, &["code"]).map(str::to_owned).into_iter().collect::<Vec<_>>(),
    });
    let types: Vec<TypeId> = names.filter_map(|name| schema().fhir(&name)).collect();
    (!types.is_empty()).then_some(Wanted::Types(types))
}

pub fn told_by_profile(slice: &Draft<'_>, steps: &[&str]) -> Option<Wanted> {
    let listed = at(slice, steps)?.types();
    let name = if steps.last() == Some(&"resolve()") { "targetProfile" } else { "profile" };
    let profiles: Vec<String> = listed.into_iter().flat_map(|one| texts(one, name)).collect();
    (!profiles.is_empty()).then_some(Wanted::Profiles(profiles))
}

/// The url of the one extension that an element of type Extension is.
fn extension_url(built: &Constraint) -> Option<&str> {
    let extension = schema().fhir("Extension")?;
    let one = built.types.iter().find(|one| one.id == extension)?;
    one.profiles.first().map(|url| unversioned(url))
}
