//! A chain over several types, as what it is: one chain. A search names it once, and is read as a chain for each type that may be
//! pointed at. Those that ask the same of their targets are put together again, so that the targets of all types are found at
//! once: search parameters of several types are one list of numbers in the index.

use crate::definitions::search_parameter::ParameterId;
use crate::resource::ResourceType;
use crate::search::query::Criterion;

/// One of the conditions of which one must hold.
#[derive(Debug, PartialEq)]
pub enum Alternative<'q> {
    /// As it was asked for.
    One(&'q Criterion),
    /// Chains to resources of several types.
    Chains {
        /// The reference parameters.
        references: &'q [ParameterId],
        /// The types pointed at.
        targets: Vec<ResourceType>,
        /// What targets of any of the types must meet.
        criterion: Criterion,
    },
}

/// The conditions, with chains by the same references to several types put together.
pub fn alternatives(criteria: &[Criterion]) -> Vec<Alternative<'_>> {
    let mut alternatives: Vec<Alternative<'_>> = Vec::with_capacity(criteria.len());
    for criterion in criteria {
        if !alternatives.iter_mut().any(|known| known.takes(criterion)) {
            alternatives.push(Alternative::One(criterion));
        }
    }
    alternatives
}

impl Alternative<'_> {
    /// Puts `other` together with this, if it is the same of another type.
    fn takes(&mut self, other: &Criterion) -> bool {
        let Criterion::Chain {
            references: other_references,
            target: other_target,
            criterion: other_criterion,
        } = other
        else {
            return false;
        };
        match self {
            Alternative::One(Criterion::Chain {
                references,
                target,
                criterion,
            }) if references == other_references => match together(criterion, other_criterion) {
                None => false,
                Some(criterion) => {
                    *self = Alternative::Chains {
                        references,
                        targets: vec![*target, *other_target],
                        criterion,
                    };
                    true
                }
            },
            Alternative::One(_) => false,
            Alternative::Chains {
                references,
                targets,
                criterion,
            } => {
                *references == other_references.as_slice()
                    && together(criterion, other_criterion).is_some_and(|both| {
                        targets.push(*other_target);
                        *criterion = both;
                        true
                    })
            }
        }
    }
}

/// What resources of one type or of another must meet, which have parameters of their own for the same; `None` when it is not the
/// same.
fn together(one: &Criterion, other: &Criterion) -> Option<Criterion> {
    use Criterion as C;
    let all = |ones: &[C], others: &[C]| -> Option<Vec<C>> {
        let pairs = ones.iter().zip(others);
        (ones.len() == others.len())
            .then(|| pairs.map(|(one, other)| together(one, other)).collect())
            .flatten()
    };
    Some(match (one, other) {
        (
            C::Parameter { parameters, matches },
            C::Parameter {
                parameters: others,
                matches: same,
            },
        ) if matches == same => C::Parameter {
            parameters: union(parameters, others),
            matches: matches.clone(),
        },
        (
            C::Missing { parameters, missing },
            C::Missing {
                parameters: others,
                missing: same,
            },
        ) if missing == same => C::Missing {
            parameters: union(parameters, others),
            missing: *missing,
        },
        (
            C::Chain {
                references,
                target,
                criterion,
            },
            C::Chain {
                references: others,
                target: same,
                criterion: other,
            },
        ) if target == same => C::Chain {
            references: union(references, others),
            target: *target,
            criterion: Box::new(together(criterion, other)?),
        },
        (
            C::Has {
                source,
                reference,
                criterion,
            },
            C::Has {
                source: same_source,
                reference: same_reference,
                criterion: other,
            },
        ) if source == same_source && reference == same_reference => C::Has {
            source: *source,
            reference: *reference,
            criterion: Box::new(together(criterion, other)?),
        },
        (C::Not(one), C::Not(other)) => C::Not(Box::new(together(one, other)?)),
        (C::Any(ones), C::Any(others)) => C::Any(all(ones, others)?),
        (C::All(ones), C::All(others)) => C::All(all(ones, others)?),
        (C::Id(_) | C::LastUpdated(_), _) if one == other => one.clone(),
        _ => return None,
    })
}

/// All of both, each once.
fn union(ones: &[ParameterId], others: &[ParameterId]) -> Vec<ParameterId> {
    let fresh = others.iter().filter(|other| !ones.contains(other));
    ones.iter().chain(fresh).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::query::{Matches, StringMatch};

    fn named(parameters: &[u16], name: &str) -> Criterion {
        Criterion::Parameter {
            parameters: parameters.iter().map(|number| ParameterId(*number)).collect(),
            matches: Matches::Strings(vec![StringMatch::StartsWith(name.into())]),
        }
    }

    fn chain(references: &[u16], target: &str, criterion: Criterion) -> Criterion {
        Criterion::Chain {
            references: references.iter().map(|number| ParameterId(*number)).collect(),
            target: ResourceType::parse(target).unwrap(),
            criterion: Box::new(criterion),
        }
    }

    #[test]
    fn chains_that_ask_the_same_of_several_types_are_one() {
        let asked = [
            chain(&[1], "Patient", named(&[10], "x")),
            chain(&[1], "Group", chain(&[2], "Patient", named(&[10], "x"))),
            chain(&[1], "Location", named(&[11], "x")),
            chain(&[1], "Device", chain(&[3], "Patient", named(&[10], "x"))),
            chain(&[1, 4], "Organization", named(&[12], "x")),
            chain(&[1], "Practitioner", named(&[13], "y")),
            named(&[14], "x"),
        ];
        let types = |names: [&str; 2]| names.map(|name| ResourceType::parse(name).unwrap()).to_vec();
        assert_eq!(
            alternatives(&asked),
            [
                Alternative::Chains {
                    references: &[ParameterId(1)],
                    targets: types(["Patient", "Location"]),
                    criterion: named(&[10, 11], "x"),
                },
                Alternative::Chains {
                    references: &[ParameterId(1)],
                    targets: types(["Group", "Device"]),
                    criterion: chain(&[2, 3], "Patient", named(&[10], "x")),
                },
                Alternative::One(&asked[4]),
                Alternative::One(&asked[5]),
                Alternative::One(&asked[6]),
            ]
        );
    }
}
