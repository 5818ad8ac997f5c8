//! A Parameters resource with values of simple types, read as the query of a GET would be.
//! <http://hl7.org/fhir/R4/operations.html#executing>

use crate::resource::{Json, Object};

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
        let mut members = part.as_object().into_iter().flat_map(Object::iter);
        let value = members.find(|(member, _)| member.starts_with("value"));
        let value = match value {
            Some((_, Json::String(text))) => text.to_string(),
            Some((_, Json::Number(digits))) => digits.to_string(),
            Some((_, Json::Bool(truth))) => truth.to_string(),
            _ => return Err(malformed("write the value as one of the simple types")),
        };
        Ok((name.to_owned(), value))
    };
    parts.unwrap_or_default().iter().enumerate().map(read).collect()
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
