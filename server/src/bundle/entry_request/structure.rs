//! Whether a Bundle that is to be processed is itself, whatever its entries' resources are, what the standard has it be.
//! <http://hl7.org/fhir/R4/bundle.html#invs>

use std::collections::HashSet;

use super::kind;
use crate::definitions::Definitions;
use crate::exchange::InteractionError;
use crate::resource::{Json, Object, ResourceType};
use crate::validation::{Issue, IssueCode, MAXIMUM_ISSUES, Severity, validate};

/// Members of an entry that a batch or a transaction does not have.
const PROHIBITED: [(&str, &str); 2] = [
    (
        "search",
        "bdl-2: entry.search is for searchset only; leave it out",
    ),
    (
        "response",
        "bdl-4: entry.response is for answers and history only; leave it out",
    ),
];

/// Checks everything but the entries' resources, and their requests' values: what is wrong with those is told for each
/// entry by itself.
///
/// # Errors
/// All that is wrong at once, or that it is of a type which is not processed.
pub fn check_structure(definitions: &Definitions, bundle: &mut Object) -> Result<(), InteractionError> {
    let Some(resource_type) = ResourceType::parse("Bundle") else {
        return Err(InteractionError::Fault);
    };
    kind(bundle)?;
    leave_out_meaningless(bundle);
    let resources = exchange_resources(bundle, Vec::new());
    let mut issues = validate(definitions, resource_type, bundle);
    let without_request = without_request(bundle);
    issues.retain(|issue| {
        let is_told_there = issue.code != IssueCode::Structure && is_within_request(&issue.expression);
        !is_told_there && !without_request.contains(&issue.expression)
    });
    issues.extend(prohibited(bundle));
    exchange_resources(bundle, resources);
    if issues.is_empty() {
        Ok(())
    } else {
        Err(InteractionError::Invalid(issues))
    }
}

/// What is not FHIR, what clients send all the same, and what can mean one thing only: an empty `entry` is a Bundle of nothing
/// to do, and a `total` of nothing counts nothing.
fn leave_out_meaningless(bundle: &mut Object) {
    if bundle.get("entry") == Some(&Json::Array(Vec::new())) {
        bundle.remove("entry");
    }
    if bundle.get("total") == Some(&Json::Number("0".into())) {
        bundle.remove("total");
    }
}

/// Takes the resources out of the entries, and puts others in.
fn exchange_resources(bundle: &mut Object, others: Vec<Option<Json>>) -> Vec<Option<Json>> {
    let Some(Json::Array(entries)) = bundle.get_mut("entry") else {
        return Vec::new();
    };
    let mut others = others.into_iter();
    let exchange = |entry: &mut Json| {
        let other = others.next().flatten();
        let entry = entry.as_object_mut()?;
        let taken = entry.remove("resource");
        if let Some(other) = other {
            entry.set("resource", other);
        }
        taken
    };
    entries.iter_mut().map(exchange).collect()
}

fn entries(bundle: &Object) -> impl Iterator<Item = (usize, &Json)> {
    let entries = bundle.get("entry").and_then(Json::as_array);
    entries.unwrap_or_default().iter().enumerate()
}

/// The entries that have no request: without their resources, too, the standard's rules take them for empty.
fn without_request(bundle: &Object) -> HashSet<String> {
    entries(bundle)
        .filter(|(_, entry)| entry.as_object().is_some() && entry.get("request").is_none())
        .map(|(index, _)| place(index))
        .collect()
}

/// Whether an issue is about what an entry asks for.
fn is_within_request(expression: &str) -> bool {
    let member = expression
        .strip_prefix("Bundle.entry[")
        .and_then(|rest| rest.split_once("]."));
    member.is_some_and(|(_, member)| member == "request" || member.starts_with("request."))
}

fn prohibited(bundle: &Object) -> Vec<Issue> {
    let of_entry = |(index, entry): (usize, &Json)| {
        let found = PROHIBITED.map(|(name, message)| entry.get(name).map(|_| (name, message)));
        found.into_iter().flatten().map(move |(name, message)| Issue {
            severity: Severity::Error,
            code: IssueCode::Invariant,
            expression: format!("{}.{name}", place(index)),
            diagnostics: message.to_owned(),
            by_profile: false,
        })
    };
    entries(bundle).flat_map(of_entry).take(MAXIMUM_ISSUES).collect()
}

fn place(index: usize) -> String {
    format!("Bundle.entry[{index}]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;

    /// The first mistake in a batch with these members.
    fn refused(members: &str) -> String {
        let text = format!("{{\"resourceType\":\"Bundle\",\"type\":\"batch\",{members}}}");
        let Ok(Json::Object(mut bundle)) = Json::parse(text.as_bytes()) else {
            panic!("{text}")
        };
        let before = bundle.clone();
        let result = check_structure(fixture::r4(), &mut bundle);
        assert_eq!(bundle, before, "{text}");
        match result {
            Ok(()) => String::new(),
            Err(InteractionError::Invalid(issues)) => {
                format!("{} {}", issues[0].code.code(), issues[0].expression)
            }
            Err(error) => error.to_string(),
        }
    }

    fn entry(members: &str) -> String {
        let request = "\"request\":{\"method\":\"GET\",\"url\":\"Patient\"}";
        refused(&format!("\"entry\":[{{{request},{members}}}]"))
    }

    #[test]
    fn the_bundles_own_values_are_checked() {
        for (members, expected) in [
            ("\"timestamp\":\"x\"", "value Bundle.timestamp"),
            ("\"total\":3", "invariant Bundle"),
            (
                "\"link\":[{\"relation\":\"self\"}]",
                "required Bundle.link[0].url",
            ),
            ("\"nonsense\":1", "structure Bundle.nonsense"),
        ] {
            assert_eq!(refused(members), expected, "{members}");
        }
        for (members, expected) in [
            ("\"fullUrl\":\"\"", "value Bundle.entry[0].fullUrl"),
            ("\"fullUrl\":\"not a url\"", "value Bundle.entry[0].fullUrl"),
            (
                "\"fullUrl\":\"http://h/Patient/1/_history/2\"",
                "invariant Bundle.entry[0]",
            ),
            (
                "\"search\":{\"mode\":\"match\"}",
                "invariant Bundle.entry[0].search",
            ),
            (
                "\"response\":{\"status\":\"200\"}",
                "invariant Bundle.entry[0].response",
            ),
            (
                "\"link\":[{\"relation\":\"self\"}]",
                "required Bundle.entry[0].link[0].url",
            ),
        ] {
            assert_eq!(entry(members), expected, "{members}");
        }
    }

    #[test]
    fn what_clients_send_passes() {
        for full_url in [
            "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",
            "urn:uuid:1",
            "urn:oid:1.2.3",
            "http://h/fhir/Patient/1",
            "Patient/1",
        ] {
            let members = format!(
                "\"fullUrl\":\"{full_url}\",\"resource\":{{\"resourceType\":\"Nothing\",\"x\":\"\"}}"
            );
            assert_eq!(entry(&members), "");
        }
        assert_eq!(
            refused("\"entry\":[{\"request\":{\"method\":\"GET\",\"url\":\"Patient\"}}]"),
            ""
        );
        let Ok(Json::Object(mut bundle)) =
            Json::parse(br#"{"resourceType":"Bundle","type":"transaction","total":0,"entry":[]}"#)
        else {
            panic!()
        };
        check_structure(fixture::r4(), &mut bundle).unwrap();
        assert_eq!(bundle.len(), 2);
    }

    #[test]
    fn what_an_entry_asks_for_is_not_judged_here() {
        for entry in [
            "{\"resource\":{\"resourceType\":\"Patient\"}}",
            "{}",
            "{\"fullUrl\":\"urn:uuid:1\"}",
            "{\"request\":{\"method\":\"FETCH\"}}",
            "{\"request\":{\"method\":\"GET\",\"url\":\"\",\"ifModifiedSince\":\"x\"}}",
        ] {
            assert_eq!(refused(&format!("\"entry\":[{entry}]")), "", "{entry}");
        }
    }
}
