//! References that name a version: chains over them go to what is current, which may say something else.
//! <http://hl7.org/fhir/R4/references.html#Reference>

use std::collections::BTreeSet;

use super::Search;
use crate::definitions::search_parameter::ParameterId;
use crate::search::query::Criterion;

/// A warning for each reference parameter that the query follows and by which some resources refer to a version.
pub fn warnings(search: &Search<'_>) -> Vec<String> {
    let versioned = &search.peculiarities.versioned;
    if versioned.is_empty() {
        return Vec::new();
    }
    let mut followed = BTreeSet::new();
    for_each_link(&search.query.criteria, &mut |parameter| {
        if versioned.contains(&search.parameters.get(parameter)) {
            followed.insert(parameter);
        }
    });
    let warning = |parameter: ParameterId| {
        let parameter = search.registry.get(parameter);
        format!(
            "{}.{} names a version of what it refers to in some resources; the search went by the current version instead",
            parameter.resource_type, parameter.code
        )
    };
    followed.into_iter().map(warning).collect()
}

fn for_each_link(criteria: &[Criterion], visit: &mut impl FnMut(ParameterId)) {
    for criterion in criteria {
        match criterion {
            Criterion::Chain {
                references,
                criterion,
                ..
            } => {
                references.iter().for_each(|parameter| visit(*parameter));
                for_each_link(std::slice::from_ref(&**criterion), visit);
            }
            Criterion::Has {
                reference, criterion, ..
            } => {
                visit(*reference);
                for_each_link(std::slice::from_ref(&**criterion), visit);
            }
            Criterion::Not(criterion) => for_each_link(std::slice::from_ref(&**criterion), visit),
            Criterion::Any(criteria) | Criterion::All(criteria) => for_each_link(criteria, visit),
            Criterion::Id(_)
            | Criterion::Type(_)
            | Criterion::LastUpdated(_)
            | Criterion::Parameter { .. }
            | Criterion::Missing { .. } => {}
        }
    }
}
