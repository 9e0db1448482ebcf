//! A disagreement without what it does not need.

use serde_json::{Value, json};

use crate::pairs::children;

/// The smallest pair that is found in which `holds` is still true, by leaving out a part of both
/// schemas, or of one, or by putting a part in the place of the whole.
pub(crate) fn reduce(
    writer: &Value,
    reader: &Value,
    mut holds: impl FnMut(&Value, &Value) -> bool,
) -> (Value, Value) {
    let mut pair = (writer.clone(), reader.clone());
    loop {
        let mut places = Vec::new();
        collect(&pair.0, String::new(), &mut places);
        collect(&pair.1, String::new(), &mut places);
        places.sort_by_key(|place| (place.matches('/').count(), place.clone()));
        places.dedup();
        let smaller = places.iter().flat_map(|place| candidates(&pair, place));
        let size = |(old, new): &(Value, Value)| old.to_string().len() + new.to_string().len();
        let found = smaller
            .filter(|candidate| size(candidate) < size(&pair))
            .find(|candidate| holds(&candidate.0, &candidate.1));
        match found {
            Some(found) => pair = found,
            None => return pair,
        }
    }
}

/// Every place of a schema but what says how it is read.
fn collect(value: &Value, at: String, places: &mut Vec<String>) {
    for (key, child) in children(value) {
        let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        if place != "/$schema" {
            collect(child, place.clone(), places);
            places.push(place);
        }
    }
}

/// The pair with less at a place: in both, then in one.
fn candidates((old, new): &(Value, Value), place: &str) -> Vec<(Value, Value)> {
    let mut all = Vec::new();
    for edit in [remove, hoist, empty] {
        let (before, after) = (edit(old, place), edit(new, place));
        if let (Some(before), Some(after)) = (&before, &after) {
            all.push((before.clone(), after.clone()));
        }
        all.extend(before.map(|before| (before, new.clone())));
        all.extend(after.map(|after| (old.clone(), after)));
    }
    all
}

fn remove(schema: &Value, place: &str) -> Option<Value> {
    let mut schema = schema.clone();
    let (parent, key) = place.rsplit_once('/')?;
    match schema.pointer_mut(parent)? {
        Value::Object(members) => {
            members.remove(&key.replace("~1", "/").replace("~0", "~"))?;
        }
        Value::Array(items) => {
            let at = key.parse().ok().filter(|at| *at < items.len())?;
            items.remove(at);
        }
        _ => return None,
    }
    Some(schema)
}

/// The part at the place as the whole, with the definitions of the whole.
fn hoist(schema: &Value, place: &str) -> Option<Value> {
    let mut part = schema.pointer(place)?.clone();
    let members = part.as_object_mut()?;
    for key in ["$schema", "definitions"] {
        members.extend(schema.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    Some(part)
}

fn empty(schema: &Value, place: &str) -> Option<Value> {
    let mut schema = schema.clone();
    let part = schema.pointer_mut(place).filter(|part| part.is_object())?;
    *part = json!({});
    Some(schema)
}
