//! A Parameters resource with values of simple types, read as the query of a GET would be.
//! <http://hl7.org/fhir/R4/operations.html#executing>

use std::borrow::Cow;

use super::query_string;
use crate::resource::{Json, Object};

/// Bytes that a query may come to have: many times what a record of the audit trail keeps.
const LONGEST_QUERY: usize = 1 << 20;

/// What in a Parameters resource is no name with a simple value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParametersError {
    /// The part of the resource, such as `parameter[2]`.
    pub place: String,
    /// What to write there.
    pub problem: &'static str,
}

/// Names and values of the parameters, in order.
///
/// # Errors
/// [`ParametersError`] for the first that has no name, or another value than a simple one.
pub fn pairs(parameters: &Object) -> Result<Vec<(String, String)>, ParametersError> {
    let parts = parameters.get("parameter").and_then(Json::as_array);
    let read = |(index, part): (usize, &Json)| {
        let malformed = |problem| ParametersError {
            place: format!("parameter[{index}]"),
            problem,
        };
        let name = part.get("name").and_then(Json::as_str);
        let name = name.ok_or_else(|| malformed("write the name of a parameter"))?;
        let value = simple_value(part);
        let value = value.ok_or_else(|| malformed("write the value as one of the simple types"))?;
        Ok((name.to_owned(), value.into_owned()))
    };
    parts.unwrap_or_default().iter().enumerate().map(read).collect()
}

/// `query` with the simple values of an operation's `input` after it, as a GET would have them, for the audit trail. What has no
/// place in a query is left out: resources and other values of several elements.
pub fn recorded(input: &Object, query: Option<String>) -> Option<String> {
    if input.get("resourceType").and_then(Json::as_str) != Some("Parameters") {
        return query;
    }
    let parts = input.get("parameter").and_then(Json::as_array);
    let mut query = query.unwrap_or_default();
    for part in parts.unwrap_or_default() {
        let name = part.get("name").and_then(Json::as_str);
        if let (Some(name), Some(value)) = (name, simple_value(part))
            && query.len() + value.len() < LONGEST_QUERY
        {
            query_string::add(&mut query, name, &value);
        }
    }
    (!query.is_empty()).then_some(query)
}

/// The value of a parameter, if it is of one of the simple types.
fn simple_value(part: &Json) -> Option<Cow<'_, str>> {
    let mut members = part.as_object().into_iter().flat_map(Object::iter);
    let (_, value) = members.find(|(member, _)| member.starts_with("value"))?;
    match value {
        Json::String(text) => Some(Cow::Borrowed(text.as_str())),
        Json::Number(digits) => Some(Cow::Borrowed(digits.as_str())),
        Json::Bool(truth) => Some(Cow::Owned(truth.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: &str) -> Result<Vec<(String, String)>, ParametersError> {
        let text = format!("{{\"resourceType\":\"Parameters\",\"parameter\":[{parameters}]}}");
        let Ok(Json::Object(resource)) = Json::parse(text.as_bytes()) else {
            panic!("{text}")
        };
        pairs(&resource)
    }

    #[test]
    fn reads_simple_values() {
        let text = r#"{"name":"_count","valueInteger":5},{"name":"_type","valueCode":"Observation"},{"name":"x","valueBoolean":true}"#;
        let expected = [("_count", "5"), ("_type", "Observation"), ("x", "true")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read(text).unwrap(), expected);
    }

    #[test]
    fn what_is_recorded_of_an_input_is_the_query_of_a_get() {
        let recorded = |text: &str, query: Option<&str>| {
            let Ok(Json::Object(resource)) = Json::parse(text.as_bytes()) else {
                panic!("{text}")
            };
            recorded(&resource, query.map(str::to_owned))
        };
        let input = r#"{"resourceType":"Parameters","parameter":[{"name":"_count","valueInteger":5},{"valueString":"x"},
            {"name":"resource","resource":{"resourceType":"Patient"}},{"name":"x","valueCoding":{}},
            {"name":"profile","valueUri":"http://a/b?c"}]}"#;
        let expected = "_count=5&profile=http://a/b%3Fc";
        assert_eq!(recorded(input, None).as_deref(), Some(expected));
        let after = recorded(input, Some("mode=create"));
        assert_eq!(after, Some(format!("mode=create&{expected}")));
        assert_eq!(
            recorded(r#"{"resourceType":"Patient"}"#, Some("a")).as_deref(),
            Some("a")
        );
        assert_eq!(recorded(r#"{"resourceType":"Parameters"}"#, None), None);
    }

    #[test]
    fn refuses_what_is_no_input() {
        for text in [
            r#"{"valueString":"x"}"#,
            r#"{"name":"x","valueCoding":{}}"#,
            r#"{"name":"x"}"#,
        ] {
            assert_eq!(read(text).unwrap_err().place, "parameter[0]", "{text}");
        }
    }
}
