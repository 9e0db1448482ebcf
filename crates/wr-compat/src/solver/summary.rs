//! What is known of the values of a schema at a glance: always too many, never too few.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Solver;
use super::read::{Id, Schema};
use super::types::Types;
use super::values::Values;

/// What all values of a schema are.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) types: Types,
    /// The values, where they are listed.
    pub(crate) values: Option<Rc<Values>>,
    /// Properties that every object of them has.
    pub(crate) required: BTreeSet<String>,
    /// Of these, those whose values are listed.
    pub(crate) tags: Tags,
    /// Listed values that none of them is.
    pub(crate) barred: Option<Rc<Values>>,
    /// Required properties with listed values that they never have.
    pub(crate) barred_tags: Tags,
}

/// Properties, each with some values.
type Tags = Vec<(String, Rc<Values>)>;

impl Default for Summary {
    fn default() -> Summary {
        Summary {
            types: Types::ALL,
            values: None,
            required: BTreeSet::new(),
            tags: Vec::new(),
            barred: None,
            barred_tags: Vec::new(),
        }
    }
}

impl Summary {
    /// Whether a property tells the objects of one from those of the other.
    pub(crate) fn is_tagged_apart(&self, other: &Summary) -> bool {
        let is_barred = |tags: &Tags, barred: &Tags| {
            let all = |(name, values): &(String, Rc<Values>)| {
                barred.iter().any(|(other, never)| other == name && never.includes(values))
            };
            tags.iter().any(all)
        };
        let differ = |(name, values): &(String, Rc<Values>)| {
            other.tags.iter().any(|(other, others)| other == name && values.is_disjoint(others))
        };
        self.tags.iter().any(differ)
            || is_barred(&self.tags, &other.barred_tags)
            || is_barred(&other.tags, &self.barred_tags)
    }
}

/// How far a summary is.
#[derive(Clone, Debug)]
pub(super) enum Progress {
    /// Not begun.
    None,
    /// On its way.
    Begun,
    Done(Rc<Summary>),
}

/// How deep schemas of the same value are followed.
const DEPTH: u32 = 24;

/// How many properties are looked at for tags.
const TAGS: usize = 24;

impl Solver<'_> {
    /// What is known of the values of a schema.
    pub(crate) fn summary(&mut self, id: Id) -> Rc<Summary> {
        self.summary_at(id, 0)
    }

    fn summary_at(&mut self, id: Id, depth: u32) -> Rc<Summary> {
        match self.summaries.get(id.index()) {
            Some(Progress::Done(summary)) => return summary.clone(),
            // A schema that leads to itself says nothing of itself.
            Some(Progress::Begun) | None => return Rc::default(),
            Some(Progress::None) => {}
        }
        if depth > DEPTH {
            return Rc::default();
        }
        self.progress(id, Progress::Begun);
        let arena = self.arena;
        let summary = Rc::new(self.summarize(arena.get(id), depth + 1));
        self.progress(id, Progress::Done(summary.clone()));
        summary
    }

    fn progress(&mut self, id: Id, progress: Progress) {
        if let Some(place) = self.summaries.get_mut(id.index()) {
            *place = progress;
        }
    }

    fn summarize(&mut self, schema: &Schema, depth: u32) -> Summary {
        let mut summary = Summary::default();
        if schema.verdict == Some(false) {
            summary.types = Types::NO;
            return summary;
        }
        if let Some(types) = schema.types {
            summary.types = types;
        }
        if let Some(values) = &schema.values {
            let whole = Types::INTEGER.or(Types::WHOLE);
            let types = values.as_slice().iter().map(Types::of).fold(Types::NO, Types::or);
            let types = if types.has(whole) { types.or(whole) } else { types };
            summary.types = summary.types.and(types);
            summary.values = Some(values.clone());
        }
        if let Some(never) = schema.not.map(|id| self.arena.get(id))
            && let Some(values) = &never.values
            && (Schema { values: None, ..never.clone() }) == Schema::default()
        {
            summary.barred = Some(values.clone());
        }
        for id in schema.reference.iter().chain(&schema.all_of) {
            let part = self.summary_at(*id, depth);
            summary.types = summary.types.and(part.types);
            summary.required.extend(part.required.iter().cloned());
            summary.tags.extend(part.tags.iter().cloned());
            summary.values = summary.values.take().or_else(|| part.values.clone());
            summary.barred = summary.barred.take().or_else(|| part.barred.clone());
            summary.barred_tags.extend(part.barred_tags.iter().cloned());
        }
        for ids in [&schema.any_of, &schema.one_of].into_iter().flatten() {
            let mut types = Types::NO;
            for id in ids {
                types = types.or(self.summary_at(*id, depth).types);
            }
            summary.types = summary.types.and(types);
        }
        if let Some(rules) = &schema.object {
            summary.required.extend(rules.required.iter().cloned());
            for name in rules.required.iter().take(TAGS) {
                let Some(id) = rules.properties.get(name) else { continue };
                let known = self.summary_at(*id, depth);
                let tag = |values: &Rc<Values>| (name.clone(), values.clone());
                summary.tags.extend(known.values.as_ref().map(tag));
                summary.barred_tags.extend(known.barred.as_ref().map(tag));
            }
        }
        summary
    }
}
