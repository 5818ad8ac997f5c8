//! JSON Patch on our JSON, whose numbers keep their digits. <https://www.rfc-editor.org/rfc/rfc6902>

use super::document::SyntaxError;
use super::number;
use crate::resource::{Json, Object};

/// A list of operations.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPatch(Vec<Operation>);

/// Why a patch does not fit a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// A path leads to nothing.
    #[error("operation {operation}: there is nothing at \"{path}\"")]
    NothingThere {
        /// Position of the operation.
        operation: usize,
        /// The JSON Pointer (RFC 6901) that leads to nothing.
        path: String,
    },
    /// A `test` found something else.
    #[error("operation {operation}: the test of \"{path}\" failed")]
    TestFailed {
        /// Position of the operation.
        operation: usize,
        /// The JSON Pointer (RFC 6901) of the value that was tested.
        path: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
struct Operation {
    path: Pointer,
    change: Change,
}

#[derive(Debug, Clone, PartialEq)]
enum Change {
    Add(Json),
    Remove,
    Replace(Json),
    Move(Pointer),
    Copy(Pointer),
    Test(Json),
}

/// A JSON Pointer, <https://www.rfc-editor.org/rfc/rfc6901>.
#[derive(Debug, Clone, PartialEq)]
struct Pointer {
    text: String,
    tokens: Vec<String>,
}

impl JsonPatch {
    /// Reads a patch document.
    ///
    /// # Errors
    /// [`SyntaxError`] for the first operation that is none.
    pub fn parse(document: &Json) -> Result<JsonPatch, SyntaxError> {
        let Json::Array(items) = document else {
            return Err(syntax("JSON Patch".to_owned(), "must be an array of operations"));
        };
        items
            .iter()
            .enumerate()
            .map(|(index, item)| Operation::parse(index, item))
            .collect::<Result<_, _>>()
            .map(JsonPatch)
    }

    /// `document` after all operations. A list or an object that lost its last item by them is gone: FHIR has no empty
    /// ones (<http://hl7.org/fhir/R4/json.html>).
    ///
    /// # Errors
    /// [`ApplyError`] for the first operation that does not fit.
    pub fn apply(&self, mut document: Json) -> Result<Json, ApplyError> {
        for (index, operation) in self.0.iter().enumerate() {
            operation.apply(index, &mut document)?;
        }
        for removed in self.0.iter().filter_map(Operation::removes) {
            leave_out_emptied(&mut document, &removed.tokens);
        }
        Ok(document)
    }
}

impl Operation {
    fn parse(index: usize, item: &Json) -> Result<Operation, SyntaxError> {
        let place = |member: &str| format!("[{index}].{member}");
        let pointer = |member: &str| -> Result<Pointer, SyntaxError> {
            let text = item.get(member).and_then(Json::as_str);
            text.and_then(Pointer::parse)
                .ok_or_else(|| syntax(place(member), "write a JSON Pointer, such as /name/0/family"))
        };
        let value = || {
            item.get("value")
                .cloned()
                .ok_or_else(|| syntax(place("value"), "is missing; this operation needs a value"))
        };
        let change = match item.get("op").and_then(Json::as_str) {
            Some("add") => Change::Add(value()?),
            Some("remove") => Change::Remove,
            Some("replace") => Change::Replace(value()?),
            Some("move") => Change::Move(pointer("from")?),
            Some("copy") => Change::Copy(pointer("from")?),
            Some("test") => Change::Test(value()?),
            _ => {
                return Err(syntax(
                    place("op"),
                    "write add, remove, replace, move, copy or test",
                ));
            }
        };
        Ok(Operation {
            path: pointer("path")?,
            change,
        })
    }

    /// What is not in its place any more afterwards.
    fn removes(&self) -> Option<&Pointer> {
        match &self.change {
            Change::Remove => Some(&self.path),
            Change::Move(from) => Some(from),
            _ => None,
        }
    }

    fn apply(&self, operation: usize, document: &mut Json) -> Result<(), ApplyError> {
        let nothing = |pointer: &Pointer| ApplyError::NothingThere {
            operation,
            path: pointer.text.clone(),
        };
        let here = || nothing(&self.path);
        match &self.change {
            Change::Add(value) => add(document, &self.path, value.clone()).ok_or_else(here),
            Change::Remove => remove(document, &self.path.tokens)
                .map(|_removed| ())
                .ok_or_else(here),
            Change::Replace(value) => {
                *get_mut(document, &self.path.tokens).ok_or_else(here)? = value.clone();
                Ok(())
            }
            Change::Move(from) => {
                let inside =
                    self.path.tokens.len() > from.tokens.len() && self.path.tokens.starts_with(&from.tokens);
                let value = if inside {
                    None
                } else {
                    remove(document, &from.tokens)
                };
                add(document, &self.path, value.ok_or_else(|| nothing(from))?).ok_or_else(here)
            }
            Change::Copy(from) => {
                let value = get_mut(document, &from.tokens)
                    .cloned()
                    .ok_or_else(|| nothing(from))?;
                add(document, &self.path, value).ok_or_else(here)
            }
            Change::Test(value) => match get_mut(document, &self.path.tokens) {
                Some(found) if is_same(found, value) => Ok(()),
                _ => Err(ApplyError::TestFailed {
                    operation,
                    path: self.path.text.clone(),
                }),
            },
        }
    }
}

impl Pointer {
    fn parse(text: &str) -> Option<Pointer> {
        let tokens = match text.strip_prefix('/') {
            Some(rest) => rest
                .split('/')
                .map(|token| token.replace("~1", "/").replace("~0", "~"))
                .collect(),
            None if text.is_empty() => Vec::new(),
            None => return None,
        };
        Some(Pointer {
            text: text.to_owned(),
            tokens,
        })
    }
}

fn syntax(place: String, problem: &str) -> SyntaxError {
    SyntaxError::new(place, problem)
}

fn get_mut<'a>(document: &'a mut Json, tokens: &[String]) -> Option<&'a mut Json> {
    tokens.iter().try_fold(document, |value, token| match value {
        Json::Object(object) => object.get_mut(token),
        Json::Array(items) => items.get_mut(position(token)?),
        _ => None,
    })
}

fn add(document: &mut Json, path: &Pointer, value: Json) -> Option<()> {
    let Some((last, parents)) = path.tokens.split_last() else {
        *document = value;
        return Some(());
    };
    match get_mut(document, parents)? {
        Json::Object(object) => object.set(last, value),
        Json::Array(items) if last == "-" => items.push(value),
        Json::Array(items) => {
            let index = position(last).filter(|index| *index <= items.len())?;
            items.insert(index, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(document: &mut Json, tokens: &[String]) -> Option<Json> {
    let (last, parents) = tokens.split_last()?;
    match get_mut(document, parents)? {
        Json::Object(object) => object.remove(last),
        Json::Array(items) => {
            let index = position(last).filter(|index| *index < items.len())?;
            Some(items.remove(index))
        }
        _ => None,
    }
}

/// Takes away what was around `removed`, from the inside out, as far as nothing is in it.
fn leave_out_emptied(document: &mut Json, removed: &[String]) {
    let mut inner = removed;
    while let [around @ .., _] = inner
        && get_mut(document, around).is_some_and(|value| is_empty(value))
        && remove(document, around).is_some()
    {
        inner = around;
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Object(object) => object.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn position(token: &str) -> Option<usize> {
    let is_plain = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| is_plain)
}

/// Equal as JSON has it: the order of members does not matter, and numbers are equal when they are worth the same.
fn is_same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Object(left), Json::Object(right)) => {
            let found = |(name, value): (&str, &Json)| {
                Object::get(right, name).is_some_and(|other| is_same(value, other))
            };
            left.len() == right.len() && left.iter().all(found)
        }
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (Json::Number(left), Json::Number(right)) => number::is_equal(left, right),
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    fn apply(document: &str, patch: &str) -> Result<String, ApplyError> {
        let patch = JsonPatch::parse(&json(patch)).unwrap();
        patch.apply(json(document)).map(|document| document.to_text())
    }

    #[test]
    fn what_is_no_patch_is_refused_with_its_place() {
        for (patch, place) in [
            ("{}", "JSON Patch"),
            ("[7]", "[0].op"),
            (r#"[{"op":"add","path":"/a","value":1},{"op":"Add"}]"#, "[1].op"),
            (r#"[{"op":"add","path":"a","value":1}]"#, "[0].path"),
            (r#"[{"op":"remove"}]"#, "[0].path"),
            (r#"[{"op":"replace","path":"/a"}]"#, "[0].value"),
            (r#"[{"op":"move","path":"/a"}]"#, "[0].from"),
        ] {
            assert_eq!(
                JsonPatch::parse(&json(patch)).unwrap_err().place,
                place,
                "{patch}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for patch in [
            r#"[{"op":"remove","path":"/x"}]"#,
            r#"[{"op":"replace","path":"/x","value":1}]"#,
            r#"[{"op":"add","path":"/a/9","value":1}]"#,
            r#"[{"op":"add","path":"/a/01","value":1}]"#,
            r#"[{"op":"add","path":"/x/y","value":1}]"#,
            r#"[{"op":"move","from":"/a","path":"/a/0"}]"#,
            r#"[{"op":"copy","from":"/x","path":"/a/0"}]"#,
            r#"[{"op":"remove","path":""}]"#,
        ] {
            assert!(
                matches!(apply(r#"{"a":[1]}"#, patch), Err(ApplyError::NothingThere { .. })),
                "{patch}"
            );
        }
        let failed = apply(r#"{"a":[1]}"#, r#"[{"op":"test","path":"/a","value":[2]}]"#);
        assert!(matches!(failed, Err(ApplyError::TestFailed { operation: 0, .. })));
    }

    #[test]
    fn what_lost_its_last_item_is_gone_and_nothing_else() {
        for (patch, expected) in [
            (
                r#"[{"op":"remove","path":"/telecom/0"}]"#,
                r#"{"name":[{"given":["A","B"]}],"e":[]}"#,
            ),
            (
                r#"[{"op":"remove","path":"/name/0/given/1"},{"op":"remove","path":"/name/0/given/0"}]"#,
                r#"{"telecom":[{"value":"1"}],"e":[]}"#,
            ),
            (
                r#"[{"op":"move","from":"/telecom/0/value","path":"/language"}]"#,
                r#"{"name":[{"given":["A","B"]}],"e":[],"language":"1"}"#,
            ),
            (
                r#"[{"op":"remove","path":"/telecom/0"},{"op":"add","path":"/telecom/-","value":{"value":"2"}}]"#,
                r#"{"name":[{"given":["A","B"]}],"telecom":[{"value":"2"}],"e":[]}"#,
            ),
        ] {
            let document = r#"{"name":[{"given":["A","B"]}],"telecom":[{"value":"1"}],"e":[]}"#;
            assert_eq!(apply(document, patch).unwrap(), expected, "{patch}");
        }
    }

    #[test]
    fn operations_are_applied_in_order() {
        let patch = r#"[{"op":"test","path":"/a","value":{"y":2.0,"x":11e-1}},{"op":"add","path":"/list/0","value":0},
            {"op":"add","path":"/list/-","value":9},{"op":"replace","path":"/a/x","value":2.0},
            {"op":"copy","from":"/a","path":"/b"},{"op":"move","from":"/a/y","path":"/m~1n"},{"op":"remove","path":"/list/1"}]"#;
        let expected = r#"{"a":{"x":2.0},"list":[0,9],"b":{"x":2.0,"y":2},"m/n":2}"#;
        assert_eq!(
            apply(r#"{"a":{"x":1.10,"y":2},"list":[5]}"#, patch).unwrap(),
            expected
        );
    }
}
