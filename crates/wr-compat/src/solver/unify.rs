//! Equal schemas become one, so that a value that must obey and disobey it is seen at once.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::read::{Arena, Id, Schema};

/// How many rounds of telling schemas apart there are; each looks one level deeper.
const ROUNDS: u32 = 64;

impl Arena {
    /// Points every id at the first of its equals, and passes by what is only a reference.
    pub(super) fn unify(&mut self, inner: Id, outer: Id) -> (Id, Id) {
        let targets: Vec<Id> = (0..self.schemas.len()).map(|at| self.target(Id::at(at))).collect();
        let target = |id: Id| targets.get(id.index()).copied().unwrap_or(id);
        for schema in &mut self.schemas {
            schema.each_id(&mut |id| *id = target(*id));
        }
        let roots = (target(inner), target(outer));
        let Some(firsts) = self.firsts() else { return roots };
        let first = |id: Id| firsts.get(id.index()).copied().unwrap_or(id);
        for schema in &mut self.schemas {
            schema.each_id(&mut |id| *id = first(*id));
        }
        (first(roots.0), first(roots.1))
    }

    /// Where a schema leads that is only a reference.
    fn target(&self, id: Id) -> Id {
        let mut at = id;
        for _ in 0..64 {
            match self.get(at).only_reference() {
                Some(next) if next != id => at = next,
                Some(_) => return id,
                None => return at,
            }
        }
        at
    }

    /// The first equal of each schema; none where telling them apart would take too long.
    fn firsts(&self) -> Option<Vec<Id>> {
        let mut names: HashMap<String, usize> = HashMap::new();
        let mut name = String::new();
        let mut classes: Vec<usize> = Vec::with_capacity(self.schemas.len());
        let mut below: Vec<Vec<usize>> = Vec::with_capacity(self.schemas.len());
        for (at, schema) in self.schemas.iter().enumerate() {
            let mut children = Vec::new();
            let mut alone = schema.clone();
            alone.each_id(&mut |id| {
                children.push(id.index());
                *id = Id::at(0);
            });
            let is_unique = schema.opaque.as_ref().is_some_and(|atom| atom.text.is_none());
            name.clear();
            // Nothing fails to be written to a string.
            let _ = if is_unique { write!(name, "#{at}") } else { write!(name, "{alone:?}") };
            let class = match names.get(&name) {
                Some(class) => *class,
                None => {
                    names.insert(name.clone(), names.len());
                    names.len() - 1
                }
            };
            classes.push(class);
            below.push(children);
        }
        let mut count = names.len();
        for _ in 0..ROUNDS {
            let mut finer: HashMap<Vec<usize>, usize> = HashMap::new();
            let mut next = Vec::with_capacity(classes.len());
            for (class, children) in classes.iter().zip(&below) {
                let mut key = vec![*class];
                key.extend(children.iter().filter_map(|at| classes.get(*at)));
                let fresh = finer.len();
                next.push(*finer.entry(key).or_insert(fresh));
            }
            classes = next;
            if finer.len() == count {
                let mut first = HashMap::new();
                let each = classes.iter().enumerate();
                return Some(each.map(|(at, c)| *first.entry(*c).or_insert(Id::at(at))).collect());
            }
            count = finer.len();
        }
        None
    }
}

impl Schema {
    /// The reference, where nothing else is said.
    fn only_reference(&self) -> Option<Id> {
        let says_more = self.verdict.is_some()
            || self.types.is_some()
            || self.values.is_some()
            || !self.all_of.is_empty()
            || self.any_of.is_some()
            || self.one_of.is_some()
            || self.not.is_some()
            || self.condition.is_some()
            || self.minimum.is_some()
            || self.maximum.is_some()
            || self.multiple_of.is_some()
            || self.min_length.is_some()
            || self.max_length.is_some()
            || self.pattern.is_some()
            || self.format.is_some()
            || self.array.is_some()
            || self.object.is_some()
            || !self.dependencies.is_empty()
            || self.opaque.is_some();
        self.reference.filter(|_| !says_more)
    }

    /// Shows every schema that this one names.
    fn each_id(&mut self, show: &mut dyn FnMut(&mut Id)) {
        let applied = [&mut self.any_of, &mut self.one_of];
        self.reference.iter_mut().for_each(&mut *show);
        self.all_of.iter_mut().for_each(&mut *show);
        applied.into_iter().flatten().flatten().for_each(&mut *show);
        self.not.iter_mut().for_each(&mut *show);
        if let Some((condition, then, otherwise)) = &mut self.condition {
            show(condition);
            then.iter_mut().chain(otherwise).for_each(&mut *show);
        }
        if let Some(rules) = &mut self.array {
            rules.prefix.iter_mut().chain(&mut rules.rest).for_each(&mut *show);
            rules.contains.iter_mut().for_each(|(id, _, _)| show(id));
        }
        if let Some(rules) = &mut self.object {
            rules.properties.values_mut().for_each(&mut *show);
            rules.patterns.iter_mut().for_each(|(_, id)| show(id));
            rules.additional.iter_mut().chain(&mut rules.names).for_each(&mut *show);
        }
        self.dependencies.iter_mut().filter_map(|(_, _, id)| id.as_mut()).for_each(show);
    }
}
