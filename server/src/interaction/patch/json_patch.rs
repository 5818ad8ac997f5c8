//! JSON Patch on our JSON, whose numbers keep their digits. <https://www.rfc-editor.org/rfc/rfc6902>

use super::bounds::{Bounds, Excess};
use super::document::SyntaxError;
use super::{emptied, number};
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
    /// It asks for too much.
    #[error("operation {operation}: {excess}")]
    TooMuch {
        /// Position of the operation.
        operation: usize,
        /// What there would be too much of.
        excess: Excess,
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

    /// How many operations it has.
    pub fn operations(&self) -> usize {
        self.0.len()
    }

    /// `document`, in which nothing is empty, after all operations. A list or an object that lost its last item by them is
    /// gone; one that a value brings along empty is not the patch's to leave out.
    ///
    /// # Errors
    /// [`ApplyError`] for the first operation that does not fit.
    pub fn apply(&self, mut document: Json) -> Result<Json, ApplyError> {
        let mut bounds = Bounds::default();
        let too_much = |operation| move |excess| ApplyError::TooMuch { operation, excess };
        for (index, operation) in self.0.iter().enumerate() {
            operation.apply(index, &mut document, &mut bounds)?;
            bounds.check().map_err(too_much(index))?;
        }
        if self.0.iter().any(Operation::removes) && !self.0.iter().any(Operation::brings_empty) {
            emptied::leave_out(&mut document);
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

    /// Whether something is not in its place any more afterwards.
    fn removes(&self) -> bool {
        matches!(self.change, Change::Remove | Change::Move(_))
    }

    fn brings_empty(&self) -> bool {
        match &self.change {
            Change::Add(value) | Change::Replace(value) => emptied::has_empty(value),
            _ => false,
        }
    }

    fn apply(&self, operation: usize, document: &mut Json, bounds: &mut Bounds) -> Result<(), ApplyError> {
        let nothing = |pointer: &Pointer| ApplyError::NothingThere {
            operation,
            path: pointer.text.clone(),
        };
        let too_much = |excess| ApplyError::TooMuch { operation, excess };
        let here = || nothing(&self.path);
        let tokens = &self.path.tokens;
        match &self.change {
            Change::Add(value) => {
                bounds.put(value, tokens.len()).map_err(too_much)?;
                add(document, &self.path, value.clone(), bounds).ok_or_else(here)
            }
            Change::Remove => remove(document, tokens, bounds)
                .map(|_removed| ())
                .ok_or_else(here),
            Change::Replace(value) => {
                bounds.put(value, tokens.len()).map_err(too_much)?;
                *get_mut(document, tokens, bounds).ok_or_else(here)? = value.clone();
                Ok(())
            }
            Change::Move(from) => {
                let inside = tokens.len() > from.tokens.len() && tokens.starts_with(&from.tokens);
                let value = if inside {
                    None
                } else {
                    remove(document, &from.tokens, bounds)
                };
                let value = value.ok_or_else(|| nothing(from))?;
                bounds.put(&value, tokens.len()).map_err(too_much)?;
                add(document, &self.path, value, bounds).ok_or_else(here)
            }
            Change::Copy(from) => {
                let value = get_mut(document, &from.tokens, bounds).ok_or_else(|| nothing(from))?;
                bounds.copy(value).map_err(too_much)?;
                bounds.put(value, tokens.len()).map_err(too_much)?;
                let value = value.clone();
                add(document, &self.path, value, bounds).ok_or_else(here)
            }
            Change::Test(value) => {
                bounds.compare(value).map_err(too_much)?;
                match get_mut(document, tokens, bounds) {
                    Some(found) if is_same(found, value) => Ok(()),
                    _ => Err(ApplyError::TestFailed {
                        operation,
                        path: self.path.text.clone(),
                    }),
                }
            }
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

fn get_mut<'a>(document: &'a mut Json, tokens: &[String], bounds: &mut Bounds) -> Option<&'a mut Json> {
    tokens.iter().try_fold(document, |value, token| match value {
        Json::Object(object) => {
            bounds.step(object.len());
            object.get_mut(token)
        }
        Json::Array(items) => items.get_mut(position(token)?),
        _ => None,
    })
}

fn add(document: &mut Json, path: &Pointer, value: Json, bounds: &mut Bounds) -> Option<()> {
    let Some((last, parents)) = path.tokens.split_last() else {
        *document = value;
        return Some(());
    };
    match get_mut(document, parents, bounds)? {
        Json::Object(object) => {
            bounds.step(object.len());
            object.set(last, value);
        }
        Json::Array(items) if last == "-" => items.push(value),
        Json::Array(items) => {
            let index = position(last).filter(|index| *index <= items.len())?;
            bounds.step(items.len() - index);
            items.insert(index, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(document: &mut Json, tokens: &[String], bounds: &mut Bounds) -> Option<Json> {
    let (last, parents) = tokens.split_last()?;
    match get_mut(document, parents, bounds)? {
        Json::Object(object) => {
            bounds.step(object.len());
            object.remove(last)
        }
        Json::Array(items) => {
            let index = position(last).filter(|index| *index < items.len())?;
            bounds.step(items.len() - index);
            Some(items.remove(index))
        }
        _ => None,
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
mod tests;
