//! Equal schemas become one, so that a value that must obey and disobey it is seen at once.

use std::collections::HashMap;

use super::read::{Arena, Id, Schema};

/// How many rounds of telling circular schemas apart there are at the least.
const ROUNDS: usize = 16;

/// How many schemas, and names of schemas, all further rounds may look at.
const WORK: usize = 4_000_000;

impl Arena {
    /// Points every id at the first of its equals, and passes by what is only a reference.
    pub(super) fn unify(&mut self, inner: Id, outer: Id) -> (Id, Id) {
        let targets: Vec<Id> = (0..self.schemas.len()).map(|at| self.target(Id::at(at))).collect();
        let target = |id: Id| targets.get(id.index()).copied().unwrap_or(id);
        for schema in &mut self.schemas {
            schema.each_id(&mut |id| *id = target(*id));
        }
        let roots = (target(inner), target(outer));
        let firsts = self.firsts();
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

    /// The first equal of each schema.
    #[expect(clippy::mutable_key_type, reason = "a pattern is told by its text, which stays")]
    fn firsts(&self) -> Vec<Id> {
        let mut alone: HashMap<Schema, usize> = HashMap::new();
        let mut fresh = 0;
        let mut kinds: Vec<usize> = Vec::with_capacity(self.schemas.len());
        let mut below: Vec<Vec<usize>> = Vec::with_capacity(self.schemas.len());
        for schema in &self.schemas {
            let mut children = Vec::new();
            let mut bare = schema.clone();
            bare.each_id(&mut |id| {
                children.push(id.index());
                *id = Id::at(0);
            });
            fresh += 1;
            // What no text tells from others is like no other.
            let is_unique = schema.opaque.as_ref().is_some_and(|atom| atom.text.is_none());
            kinds.push(if is_unique { fresh } else { *alone.entry(bare).or_insert(fresh) });
            below.push(children);
        }
        let mut classes = from_below(&kinds, &below);
        let circular: Vec<usize> =
            classes.iter().enumerate().filter_map(|(at, c)| c.is_none().then_some(at)).collect();
        around(&kinds, &below, &circular, &mut classes);
        let mut first = HashMap::new();
        let each = classes.iter().enumerate();
        let first = each.map(|(at, class)| match class {
            Some(class) => *first.entry(*class).or_insert(Id::at(at)),
            None => Id::at(at),
        });
        first.collect()
    }
}

/// What tells schemas apart: their own kind, and the classes of those that they name.
type Look = (usize, Vec<Option<usize>>);

/// The classes of schemas that lead to no circle, those that name none first; none for the others.
fn from_below(kinds: &[usize], below: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); below.len()];
    for (at, children) in below.iter().enumerate() {
        for child in children {
            above.get_mut(*child).into_iter().for_each(|above| above.push(at));
        }
    }
    let mut left: Vec<usize> = below.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> =
        left.iter().enumerate().filter_map(|(at, left)| (*left == 0).then_some(at)).collect();
    let mut looks: HashMap<Look, usize> = HashMap::new();
    let mut classes: Vec<Option<usize>> = vec![None; below.len()];
    while let Some(at) = ready.pop() {
        let fresh = looks.len();
        let class = look(at, kinds, below, &classes).map(|l| *looks.entry(l).or_insert(fresh));
        classes.get_mut(at).into_iter().for_each(|place| *place = class);
        for user in above.get(at).into_iter().flatten() {
            let Some(left) = left.get_mut(*user) else { continue };
            *left -= 1;
            if *left == 0 {
                ready.push(*user);
            }
        }
    }
    classes
}

/// The classes of the others: taken for equal until something tells them apart, each round one
/// level deeper; none where that would take too long.
fn around(
    kinds: &[usize],
    below: &[Vec<usize>],
    circular: &[usize],
    classes: &mut [Option<usize>],
) {
    let offset = classes.len();
    let set = |classes: &mut [Option<usize>], to: &dyn Fn(usize) -> Option<usize>| {
        for (place, at) in circular.iter().enumerate() {
            classes.get_mut(*at).into_iter().for_each(|class| *class = to(place));
        }
    };
    set(classes, &|_| Some(offset));
    let names: usize = circular.iter().filter_map(|at| below.get(*at)).map(|b| b.len() + 1).sum();
    let mut count = 1;
    for _ in 0..ROUNDS.max(WORK / names.max(1)) {
        let mut looks: HashMap<Look, usize> = HashMap::new();
        let mut next = Vec::with_capacity(circular.len());
        for at in circular {
            let fresh = offset + looks.len();
            let class = look(*at, kinds, below, classes);
            next.push(class.map(|look| *looks.entry(look).or_insert(fresh)));
        }
        set(classes, &|place| next.get(place).copied().flatten());
        if looks.len() == count {
            return;
        }
        count = looks.len();
    }
    set(classes, &|_| None);
}

fn look(
    at: usize,
    kinds: &[usize],
    below: &[Vec<usize>],
    classes: &[Option<usize>],
) -> Option<Look> {
    let children = below.get(at)?.iter().map(|child| classes.get(*child).copied().flatten());
    Some((*kinds.get(at)?, children.collect()))
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
