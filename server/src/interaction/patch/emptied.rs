//! What a patch has emptied is gone: FHIR has neither empty objects nor empty lists
//! (<http://hl7.org/fhir/R4/json.html>). It is looked for once all operations are done, so that one may empty a list and the
//! next fill it again.

use crate::resource::Json;

/// Whether there is an empty object or list in `value`.
pub fn has_empty(value: &Json) -> bool {
    match value {
        Json::Object(object) => object.is_empty() || object.iter().any(|(_, value)| has_empty(value)),
        Json::Array(items) => items.is_empty() || items.iter().any(has_empty),
        _ => false,
    }
}

/// Takes all empty objects and lists out of `document`, and what is empty without them.
pub fn leave_out(document: &mut Json) {
    match document {
        Json::Object(object) => object.retain(|name, value| {
            if name.starts_with('_')
                && let Json::Array(items) = value
            {
                return leave_out_siblings(items);
            }
            leave_out(value);
            !is_empty(value)
        }),
        Json::Array(items) => items.retain_mut(|item| {
            leave_out(item);
            !is_empty(item)
        }),
        _ => {}
    }
}

/// The items of an underscored sibling keep their places beside the values; whether any of them says something.
fn leave_out_siblings(items: &mut [Json]) -> bool {
    for item in &mut *items {
        leave_out(item);
        if is_empty(item) {
            *item = Json::Null;
        }
    }
    items.iter().any(|item| *item != Json::Null)
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Object(object) => object.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_goes_from_the_inside_out() {
        let text = r#"{"a":[{"b":{"c":[]}}],"d":[{},{"e":1}],"given":["x","y"],"_given":[{"id":"i"},{"extension":[]}],"f":["z"],"_f":[{}]}"#;
        let mut json = Json::parse(text.as_bytes()).unwrap();
        assert!(has_empty(&json));
        leave_out(&mut json);
        assert!(!has_empty(&json));
        let expected = r#"{"d":[{"e":1}],"given":["x","y"],"_given":[{"id":"i"},null],"f":["z"]}"#;
        assert_eq!(json.to_text(), expected);
    }
}
