//! References of a document within itself.

use serde_json::Value;
use wr_schema::language::percent_decoded;

use super::read::{Arena, Id, Schema};

/// The schema that a pointer of a reference leads to within its own document.
pub(super) fn referred<'d>(document: &'d Value, text: &str) -> Option<&'d Value> {
    let target = document.pointer(&percent_decoded(text.strip_prefix('#')?))?;
    (target.is_object() || target.is_boolean()).then_some(target)
}

impl Arena {
    /// Whether a schema that these lead to leads to itself for the same value: what that means is
    /// not defined, and validators differ.
    pub(crate) fn is_circular(&self, roots: &[Id]) -> bool {
        // None: not seen; false: on the way; true: done.
        let mut state: Vec<Option<bool>> = vec![None; self.schemas.len()];
        let mut around: Vec<Id> = roots.to_vec();
        while let Some(start) = around.pop() {
            let mut path: Vec<(Id, Vec<Id>)> = Vec::new();
            let mut next = Some(start);
            loop {
                if let Some(id) = next.take() {
                    match state.get(id.index()) {
                        Some(Some(false)) => return true,
                        Some(None) => {
                            if let Some(place) = state.get_mut(id.index()) {
                                *place = Some(false);
                            }
                            let schema = self.get(id);
                            around.extend(schema.below());
                            path.push((id, schema.of_same_value()));
                        }
                        Some(Some(true)) | None => {}
                    }
                }
                let Some((id, rest)) = path.last_mut() else { break };
                next = rest.pop();
                if next.is_none() {
                    if let Some(place) = state.get_mut(id.index()) {
                        *place = Some(true);
                    }
                    path.pop();
                }
            }
        }
        false
    }
}

impl Schema {
    /// The schemas of the same value.
    fn of_same_value(&self) -> Vec<Id> {
        let (condition, then, otherwise) = match self.condition {
            Some((condition, then, otherwise)) => (Some(condition), then, otherwise),
            None => (None, None, None),
        };
        let mut ids: Vec<Id> = self.all_of.clone();
        ids.extend([&self.any_of, &self.one_of].into_iter().flatten().flatten());
        ids.extend([self.reference, self.not, condition, then, otherwise].into_iter().flatten());
        ids.extend(self.dependencies.iter().filter_map(|(_, _, id)| *id));
        ids
    }

    /// The schemas of parts of the value.
    fn below(&self) -> Vec<Id> {
        let mut ids = Vec::new();
        if let Some(rules) = &self.array {
            ids.extend(rules.prefix.iter().chain(&rules.rest));
            ids.extend(rules.contains.map(|(id, _, _)| id));
        }
        if let Some(rules) = &self.object {
            ids.extend(rules.properties.values().chain(&rules.additional).chain(&rules.names));
            ids.extend(rules.patterns.iter().map(|(_, id)| *id));
        }
        ids
    }
}
