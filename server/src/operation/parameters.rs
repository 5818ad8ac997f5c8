//! The input of an operation that is invoked by POST: a Parameters resource, read as the query of a GET would be.
//! <http://hl7.org/fhir/R4/operations.html#executing>

use crate::exchange::InteractionError;
use crate::request::resource_body;
use crate::resource::{Json, ResourceType};

/// Names and values of the simple parameters in `body`; none when it is empty.
///
/// # Errors
/// When it is no Parameters resource, or one of its values is not simple.
pub fn read(body: &[u8]) -> Result<Vec<(String, String)>, InteractionError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    let parameters = ResourceType::parse("Parameters").ok_or(InteractionError::Fault)?;
    let resource = resource_body::parse(body, parameters)?;
    let parts = resource.get("parameter").and_then(Json::as_array);
    let mut read = Vec::new();
    for (index, part) in parts.unwrap_or_default().iter().enumerate() {
        let malformed = |problem: &str| InteractionError::Element {
            expression: format!("Parameters.parameter[{index}]"),
            problem: problem.to_owned(),
        };
        let name = part.get("name").and_then(Json::as_str);
        let name = name.ok_or_else(|| malformed("write the name of a parameter"))?;
        let mut members = part.as_object().into_iter().flat_map(|part| part.iter());
        let value =
            members
                .find(|(member, _)| member.starts_with("value"))
                .and_then(|(_, value)| match value {
                    Json::String(text) => Some(text.to_string()),
                    Json::Number(digits) => Some(digits.to_string()),
                    Json::Bool(truth) => Some(truth.to_string()),
                    _ => None,
                });
        let value = value.ok_or_else(|| malformed("write the value as one of the simple types"))?;
        read.push((name.to_owned(), value));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_simple_values() {
        let body = br#"{"resourceType":"Parameters","parameter":[
            {"name":"_count","valueInteger":5},{"name":"_type","valueCode":"Observation"}]}"#;
        let pairs = [("_count", "5"), ("_type", "Observation")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read(body).unwrap(), pairs);
        assert_eq!(read(b" ").unwrap(), []);
    }

    #[test]
    fn refuses_what_is_no_input() {
        for body in [
            r#"{"resourceType":"Patient"}"#,
            r#"{"resourceType":"Parameters","parameter":[{"valueString":"x"}]}"#,
            r#"{"resourceType":"Parameters","parameter":[{"name":"x","valueCoding":{}}]}"#,
        ] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
