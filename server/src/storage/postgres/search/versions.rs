//! References that name a version: chains over them go to what is current, which may say something else, and so do includes for
//! who may not read earlier versions.
//! <http://hl7.org/fhir/R4/references.html#Reference>

use std::collections::BTreeSet;

use super::Search;
use crate::definitions::search_parameter::ParameterId;
use crate::search::query::Criterion;

/// What a page that includes current versions where earlier ones were referred to says of it.
const CURRENT_INSTEAD: &str = "some references name an earlier version of what they refer to; included is the current one, if there is \
     one: an earlier version takes the data action read";

/// A warning for each reference parameter that the query follows and by which some resources refer to a version, and one where
/// current versions were included instead of earlier ones.
pub fn warnings(search: &Search<'_>, is_current_instead: bool) -> Vec<String> {
    let mut warnings = of_links(search);
    warnings.extend(is_current_instead.then(|| CURRENT_INSTEAD.to_owned()));
    warnings
}

fn of_links(search: &Search<'_>) -> Vec<String> {
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
