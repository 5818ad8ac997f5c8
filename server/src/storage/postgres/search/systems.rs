//! The code systems that a query names; their numbers must be known before its SQL is written.

use compact_str::CompactString;

use crate::search::query::{
    ComponentMatch, Criterion, Matches, QuantityMatch, Query, ReferenceMatch, TokenMatch, UnitMatch,
};

/// All systems in the criteria.
pub fn of_query(query: &Query) -> Vec<&str> {
    let mut systems = Vec::new();
    query
        .criteria
        .iter()
        .for_each(|criterion| of_criterion(criterion, &mut systems));
    systems
}

fn of_criterion<'a>(criterion: &'a Criterion, systems: &mut Vec<&'a str>) {
    match criterion {
        Criterion::Id(_) | Criterion::Type(_) | Criterion::LastUpdated(_) | Criterion::Missing { .. } => {}
        Criterion::Parameter { matches, .. } => of_matches(matches, systems),
        Criterion::Chain { criterion, .. } | Criterion::Has { criterion, .. } | Criterion::Not(criterion) => {
            of_criterion(criterion, systems);
        }
        Criterion::Any(criteria) | Criterion::All(criteria) => {
            criteria
                .iter()
                .for_each(|criterion| of_criterion(criterion, systems));
        }
    }
}

fn of_matches<'a>(matches: &'a Matches, systems: &mut Vec<&'a str>) {
    match matches {
        Matches::Tokens(wanted) => {
            systems.extend(wanted.iter().filter_map(of_token));
            systems.extend(wanted.iter().flat_map(of_several));
        }
        Matches::References(wanted) => systems.extend(wanted.iter().filter_map(of_reference)),
        Matches::Quantities(wanted) => systems.extend(wanted.iter().filter_map(of_quantity)),
        Matches::Composites(wanted) => {
            systems.extend(wanted.iter().flatten().filter_map(|component| match component {
                ComponentMatch::Token(token) => of_token(token),
                ComponentMatch::Reference(reference) => of_reference(reference),
                ComponentMatch::Quantity(quantity) => of_quantity(quantity),
                ComponentMatch::String(_) | ComponentMatch::Date(_) | ComponentMatch::Uri(_) => None,
            }));
            let tokens = wanted.iter().flatten().filter_map(|component| match component {
                ComponentMatch::Token(token) => Some(token),
                _ => None,
            });
            systems.extend(tokens.flat_map(of_several));
        }
        Matches::Strings(_) | Matches::Dates(_) | Matches::Numbers(_) | Matches::Uris(_) => {}
    }
}

/// All systems where any of several may have the code.
fn of_several(token: &TokenMatch) -> impl Iterator<Item = &str> {
    let systems: &[CompactString] = match token {
        TokenMatch::CodeOfSystems(_, systems) => systems,
        _ => &[],
    };
    systems.iter().map(CompactString::as_str)
}

fn of_token(token: &TokenMatch) -> Option<&str> {
    match token {
        TokenMatch::SystemAndCode(system, _) | TokenMatch::System(system) => Some(system),
        // Of `CodeOfSystems` there are several.
        TokenMatch::Code(_)
        | TokenMatch::CodeWithoutSystem(_)
        | TokenMatch::CodeOfSystems(..)
        | TokenMatch::Below(..) => None,
    }
}

fn of_reference(reference: &ReferenceMatch) -> Option<&str> {
    match reference {
        ReferenceMatch::Identifier(token) => of_token(token),
        ReferenceMatch::Id(_)
        | ReferenceMatch::Target(_)
        | ReferenceMatch::Below(..)
        | ReferenceMatch::Above(_) => None,
    }
}

fn of_quantity(quantity: &QuantityMatch) -> Option<&str> {
    match &quantity.unit {
        UnitMatch::SystemAndCode(system, _) | UnitMatch::System(system) => Some(system),
        UnitMatch::Any | UnitMatch::Code(_) => None,
    }
}
