//! Arrays: the fewest items that do.

use std::rc::Rc;

use serde_json::Value;

use super::expand::{Facts, MOST_CONTAINED};
use super::read::{ArrayRules, Id};
use super::{Goal, Literal, Outcome, Solver, TOO_LONG};

/// What is certain of an array.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArrayFacts {
    /// Schemas whose rules on arrays are obeyed.
    pub(crate) groups: Vec<Id>,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    pub(crate) two_equal: bool,
    /// Something that an item at an index, or from there on, is.
    pub(crate) some: Vec<(u64, bool, Literal)>,
    /// Something that every item is.
    pub(crate) each: Vec<Literal>,
}

impl ArrayFacts {
    pub(crate) fn is_impossible(&self) -> bool {
        self.max.is_some_and(|max| max < self.min)
    }
}

/// The most items that are built.
const MAX_ITEMS: u64 = 600;

/// The most layouts that are tried.
const MAX_LAYOUTS: usize = 400;

impl<'a> Solver<'a> {
    /// An array that the facts allow.
    pub(crate) fn array(&mut self, facts: &Facts) -> Outcome {
        let array = &facts.array;
        let arena = self.arena;
        let rules: Vec<&'a ArrayRules> =
            array.groups.iter().filter_map(|id| arena.get(*id).array.as_ref()).collect();
        let unique = rules.iter().any(|rules| rules.unique);
        if unique && array.two_equal {
            return Outcome::None;
        }
        let mut some = array.some.clone();
        for (id, min, _) in rules.iter().filter_map(|rules| rules.contains) {
            if min > MOST_CONTAINED {
                return Outcome::Unknown("too many items that must be contained");
            }
            some.extend((0..min).map(|_| (0, false, Literal::Schema(id, true))));
        }
        // Where there are several, any that fits nowhere shows that there is nothing.
        if some.len() > 1 {
            for one in &some {
                let alone = self.laid_out(facts, &rules, std::slice::from_ref(one), false);
                if alone == Outcome::None {
                    return Outcome::None;
                }
            }
        }
        let outcome = self.laid_out(facts, &rules, &some, array.two_equal);
        // Layouts of several obligations are not all tried.
        match outcome {
            Outcome::None if some.len() > 1 || (array.two_equal && !some.is_empty()) => {
                Outcome::Unknown("several things that items must be")
            }
            outcome => outcome,
        }
    }

    /// An array in which some items are something.
    fn laid_out(
        &mut self,
        facts: &Facts,
        rules: &[&ArrayRules],
        some: &[(u64, bool, Literal)],
        two_equal: bool,
    ) -> Outcome {
        let array = &facts.array;
        let unique = rules.iter().any(|rules| rules.unique);
        // Items beyond these places are all alike, so a longer array is never needed.
        let places = rules.iter().map(|rules| rules.prefix.len() as u64);
        let exact = some.iter().map(|(from, _, _)| from.saturating_add(1));
        let alike = places.chain(exact).max().unwrap_or(0);
        let extra = some.len() as u64 + if two_equal { 2 } else { 0 };
        let longest = array.min.max(alike + extra);
        let longest = array.max.map_or(longest, |max| max.min(longest));
        if longest > MAX_ITEMS {
            return Outcome::Unknown("too many items");
        }
        let mut outcome = Outcome::None;
        for count in array.min..=longest {
            let (layouts, complete) = layouts(some, count, two_equal, alike);
            if !complete {
                outcome = outcome.or(Outcome::Unknown("too many places for an item"));
            }
            for layout in layouts {
                if !self.spend(1) {
                    return Outcome::Unknown(TOO_LONG);
                }
                outcome = outcome.or(self.items(facts, rules, count, &layout, unique));
                if matches!(outcome, Outcome::Found(_)) {
                    return outcome;
                }
            }
        }
        outcome
    }

    /// Items of a number and a layout.
    fn items(
        &mut self,
        facts: &Facts,
        rules: &[&ArrayRules],
        count: u64,
        layout: &Layout,
        unique: bool,
    ) -> Outcome {
        let mut items: Vec<Value> = Vec::new();
        let mut asked: Vec<Goal> = Vec::new();
        let mut unknown = None;
        for index in 0..count {
            let mut literals = facts.array.each.clone();
            literals.extend(self.of_index(rules, index));
            let here = layout.places.iter().filter(|(place, _)| *place == index);
            literals.extend(here.map(|(_, literal)| literal.clone()));
            if let Some((first, second)) = layout.equal {
                if index == second {
                    let value = usize::try_from(first).ok().and_then(|at| items.get(at)).cloned();
                    items.extend(value);
                    continue;
                }
                if index == first {
                    literals.extend(self.of_index(rules, second));
                    let there = layout.places.iter().filter(|(place, _)| *place == second);
                    literals.extend(there.map(|(_, literal)| literal.clone()));
                }
            }
            let plain = Goal::of(literals.clone());
            if unique {
                literals.extend(items.iter().map(|item| Literal::NotValue(Rc::new(item.clone()))));
            }
            match self.solve(Goal::of(literals)) {
                Outcome::Found(value) | Outcome::Maybe(value, _) => items.push(value),
                Outcome::None if unique && index > 0 => {
                    // A value that an earlier item took might have been needed here; not where
                    // all of them are alike, or where there is no value at all.
                    let are_alike = plain.key().is_some_and(|key| {
                        asked.iter().all(|other| other.key().as_ref() == Some(&key))
                    });
                    return if are_alike || self.solve(plain) == Outcome::None {
                        Outcome::None
                    } else {
                        Outcome::Unknown("items that must differ")
                    };
                }
                Outcome::None => return Outcome::None,
                Outcome::Unknown(why) if unique || layout.equal.is_some() => {
                    return Outcome::Unknown(why);
                }
                // A later item may show that there is nothing.
                Outcome::Unknown(why) => {
                    unknown = Some(why);
                    items.push(Value::Null);
                }
            }
            if unique {
                asked.push(plain);
            }
        }
        if let Some(why) = unknown {
            return Outcome::Unknown(why);
        }
        self.candidate(&facts.all, Value::Array(items))
    }

    /// What the rules ask of the item at an index.
    pub(crate) fn of_index(&self, rules: &[&ArrayRules], index: u64) -> Vec<Literal> {
        let at = |rules: &&ArrayRules| {
            let index = usize::try_from(index).ok()?;
            rules.prefix.get(index).copied().or(rules.rest)
        };
        rules.iter().filter_map(at).map(|id| Literal::Schema(id, true)).collect()
    }
}

/// Which item is what.
struct Layout {
    places: Vec<(u64, Literal)>,
    equal: Option<(u64, u64)>,
}

/// Ways to lay out obligations over so many items: each at a place of its own, all at one, a
/// single one at every place; and whether these are all ways that differ, where there is at most
/// one obligation. Items from `alike` on are all alike.
fn layouts(
    some: &[(u64, bool, Literal)],
    count: u64,
    two_equal: bool,
    alike: u64,
) -> (Vec<Layout>, bool) {
    let mut equals: Vec<Option<(u64, u64)>> = vec![None];
    if two_equal {
        let last = count.min(alike + 2).min(40);
        let pairs = (0..last).flat_map(|second| (0..second).map(move |first| (first, second)));
        equals = pairs.map(Some).collect();
    }
    let mut complete = !two_equal || count.min(alike + 2) <= 40;
    let mut placements: Vec<Vec<(u64, Literal)>> = Vec::new();
    if let [(from, exact, literal)] = some {
        let last = if *exact { *from } else { alike.max(*from) + 2 };
        let places = (*from..=last).filter(|place| *place < count);
        placements.extend(places.map(|place| vec![(place, literal.clone())]));
    } else {
        let mut free = 0;
        let mut apart = Vec::new();
        for (from, exact, literal) in some {
            let place = if *exact { *from } else { free.max(*from) };
            free = if *exact { free } else { place + 1 };
            apart.push((place, literal.clone()));
        }
        let together = some.iter().map(|(from, _, _)| *from).max().unwrap_or(0);
        let one = some
            .iter()
            .map(|(from, exact, literal)| (if *exact { *from } else { together }, literal.clone()));
        placements.push(apart);
        if some.len() > 1 {
            placements.push(one.collect());
        }
    }
    let fits = |places: &Vec<(u64, Literal)>| places.iter().all(|(place, _)| *place < count);
    let placements: Vec<_> = placements.into_iter().filter(fits).collect();
    let mut layouts: Vec<Layout> = placements
        .iter()
        .flat_map(|places| {
            equals.iter().map(|equal| Layout { places: places.clone(), equal: *equal })
        })
        .collect();
    if layouts.len() > MAX_LAYOUTS {
        layouts.truncate(MAX_LAYOUTS);
        complete = false;
    }
    (layouts, complete)
}
