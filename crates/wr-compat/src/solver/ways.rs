//! The ways to break the rules on arrays and on objects.

use std::collections::{BTreeMap, BTreeSet};

use super::Literal;
use super::expand::{MOST_CONTAINED, Step};
use super::object::Obligation;
use super::read::{ArrayRules, Id, ObjectRules};
use super::types::Types;

/// The ways to break rules on arrays.
pub(super) fn array_ways(rules: &ArrayRules, ways: &mut Vec<Vec<Step>>) {
    let array = |step| vec![Step::Types(Types::ARRAY), step];
    ways.extend(rules.min.map(|min| array(Step::MaxItems(min.saturating_sub(1)))));
    ways.extend(rules.max.map(|max| array(Step::MinItems(max.saturating_add(1)))));
    if rules.unique {
        ways.push(array(Step::TwoEqual));
    }
    for (index, id) in (0..).zip(&rules.prefix) {
        ways.push(array(Step::Item(index, true, *id, false)));
    }
    let from = rules.prefix.len() as u64;
    ways.extend(rules.rest.map(|id| array(Step::Item(from, false, id, false))));
    match rules.contains {
        Some((_, 0, None)) | None => {}
        Some((id, 1, None)) => ways.push(array(Step::EachItem(id, false))),
        Some((id, min, max)) => {
            // Too few: left out but for how many they are at the least. Too many: so many more.
            if min > 0 {
                ways.push(array(Step::Opaque));
            }
            if let Some(max) = max.filter(|max| *max < MOST_CONTAINED) {
                let item = |_| Step::Item(0, false, id, true);
                let mut steps = array(Step::MinItems(max + 1));
                steps.extend((0..=max).map(item));
                ways.push(steps);
            } else if max.is_some() {
                ways.push(array(Step::Opaque));
            }
        }
    }
}

/// The ways to break rules on objects.
pub(super) fn object_ways(id: Id, rules: &ObjectRules, ways: &mut Vec<Vec<Step>>) {
    let object = |step| vec![Step::Types(Types::OBJECT), step];
    let names: BTreeSet<&String> = rules.required.iter().collect();
    ways.extend(names.into_iter().map(|name| object(Step::Absent(name.clone()))));
    ways.extend(rules.min.map(|min| object(Step::MaxProperties(min.saturating_sub(1)))));
    ways.extend(rules.max.map(|max| object(Step::MinProperties(max.saturating_add(1)))));
    let properties: &BTreeMap<String, Id> = &rules.properties;
    for (name, value) in properties {
        ways.push(object(Step::Present(name.clone(), Some((*value, false)))));
    }
    for (matcher, value) in &rules.patterns {
        ways.push(object(Step::Someone(Obligation {
            matches: Some(matcher.clone()),
            value: Some(Literal::Schema(*value, false)),
            ..Obligation::default()
        })));
    }
    if let Some(value) = rules.additional {
        ways.push(object(Step::Someone(Obligation {
            outside: Some(id),
            value: Some(Literal::Schema(value, false)),
            ..Obligation::default()
        })));
    }
    if let Some(names) = rules.names {
        ways.push(object(Step::Someone(Obligation {
            name: Some(Literal::Schema(names, false)),
            ..Obligation::default()
        })));
    }
}
