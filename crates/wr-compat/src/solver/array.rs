//! Arrays: the fewest items that do.

use std::rc::Rc;

use serde_json::Value;

use super::expand::Facts;
use super::read::Id;
use super::{Goal, Literal, Outcome, Solver};

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

impl Solver<'_> {
    /// An array that the facts allow.
    pub(crate) fn array(&mut self, facts: &Facts) -> Outcome {
        let array = &facts.array;
        let rules: Vec<_> =
            array.groups.iter().filter_map(|id| self.arena.get(*id).array.clone()).collect();
        let unique = rules.iter().any(|rules| rules.unique);
        if unique && array.two_equal {
            return Outcome::None;
        }
        let mut some = array.some.clone();
        for (id, min, _) in rules.iter().filter_map(|rules| rules.contains) {
            if min > 20 {
                return Outcome::Unknown("too many items that must be contained");
            }
            some.extend((0..min).map(|_| (0, false, Literal::Schema(id, true))));
        }
        // Items beyond these places are all alike, so a longer array is never needed.
        let places = rules.iter().map(|rules| rules.prefix.len() as u64);
        let exact = some.iter().map(|(from, _, _)| *from + 1);
        let alike = places.chain(exact).max().unwrap_or(0);
        let extra = some.len() as u64 + if array.two_equal { 2 } else { 0 };
        let longest = array.min.max(alike + extra);
        let longest = array.max.map_or(longest, |max| max.min(longest));
        if longest > MAX_ITEMS {
            return Outcome::Unknown("too many items");
        }
        let mut unknown = (!facts.decided).then_some("a rule that is not understood");
        for count in array.min..=longest {
            for layout in layouts(&some, count, array.two_equal) {
                match self.items(facts, &rules, count, &layout, unique) {
                    Outcome::Found(value) => return Outcome::Found(value),
                    Outcome::None => {}
                    Outcome::Unknown(reason) => unknown = unknown.or(Some(reason)),
                }
            }
        }
        // Layouts of several obligations are not all tried.
        if some.len() > 1 || (array.two_equal && !some.is_empty()) {
            unknown = unknown.or(Some("several things that items must be"));
        }
        unknown.map_or(Outcome::None, Outcome::Unknown)
    }

    /// Items of a number and a layout.
    fn items(
        &mut self,
        facts: &Facts,
        rules: &[super::read::ArrayRules],
        count: u64,
        layout: &Layout,
        unique: bool,
    ) -> Outcome {
        let mut items: Vec<Value> = Vec::new();
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
                }
            }
            if unique {
                literals.extend(items.iter().map(|item| Literal::NotValue(Rc::new(item.clone()))));
            }
            match self.solve(Goal::of(literals)) {
                Outcome::Found(value) => items.push(value),
                // A value that an earlier item took might have been needed here.
                Outcome::None if unique && index > 0 && !layout.places.is_empty() => {
                    return Outcome::Unknown("items that must differ");
                }
                outcome => return outcome,
            }
        }
        let value = Value::Array(items);
        match self.holds_all(&facts.all, &value) {
            Some(true) => Outcome::Found(value),
            _ => Outcome::Unknown("an array was found that does not do"),
        }
    }

    fn of_index(&self, rules: &[super::read::ArrayRules], index: u64) -> Vec<Literal> {
        let at = |rules: &super::read::ArrayRules| {
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
/// single one at every place.
fn layouts(some: &[(u64, bool, Literal)], count: u64, two_equal: bool) -> Vec<Layout> {
    let equals: Vec<Option<(u64, u64)>> = match (two_equal, count) {
        (false, _) => vec![None],
        (true, 0 | 1) => return Vec::new(),
        (true, _) => vec![Some((0, 1)), Some((count - 2, count - 1)), Some((0, count - 1))],
    };
    let mut placements: Vec<Vec<(u64, Literal)>> = Vec::new();
    if let [(from, exact, literal)] = some {
        let places = if *exact { *from..*from + 1 } else { *from..count };
        let within = places.filter(|place| *place < count).take(32);
        placements.extend(within.map(|place| vec![(place, literal.clone())]));
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
    placements
        .iter()
        .flat_map(|places| {
            equals.iter().map(|equal| Layout { places: places.clone(), equal: *equal })
        })
        .collect()
}
