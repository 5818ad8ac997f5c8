//! FHIRPath Patch: a Parameters resource whose parameters are operations on the elements that FHIRPath expressions
//! select. <http://hl7.org/fhir/R4/fhirpatch.html>

mod content;
mod place;
#[cfg(test)]
mod tests;

use super::bounds::{Bounds, Excess};
use super::document::SyntaxError;
use super::emptied;
use crate::definitions::structure::{Element, Member, Structure, Structures};
use crate::fhirpath::Expression;
use crate::resource::{Json, Object, ResourceType, weight};
use content::Content;
use place::{Document, Place, PlaceError, Step};

/// How long an expression may be: it is followed for each operation, and leads to one place.
const MAXIMUM_EXPRESSION: usize = 1000;

/// Bytes of a resource's memory for which an operation counts as a step of work.
const PASSED_IN_A_STEP: usize = 64;

/// A list of operations.
#[derive(Debug, Clone, PartialEq)]
pub struct FhirPathPatch(Vec<Operation>);

#[derive(Debug, Clone, PartialEq)]
struct Operation {
    path: String,
    expression: Expression,
    change: Change,
}

#[derive(Debug, Clone, PartialEq)]
enum Change {
    Add(String, Content),
    Insert(usize, Content),
    Delete,
    Replace(Content),
    Move(usize, usize),
}

/// Why a patch does not fit a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("operation {operation} at \"{path}\": {problem}")]
pub struct ApplyError {
    /// Position of the operation, from 0.
    operation: usize,
    /// The operation's `path`, a FHIRPath expression.
    path: String,
    /// What does not fit.
    problem: Misfit,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Misfit {
    #[error("the path selects {0} elements, and must select one")]
    NotOne(usize),
    #[error("the path does not select a list")]
    NoList,
    #[error("the list has {0} items")]
    OutOfBounds(usize),
    #[error("there is a {0} already; replace it")]
    Present(String),
    #[error("there is no element {0} of this type here")]
    NoElement(String),
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    TooMuch(#[from] Excess),
}

impl FhirPathPatch {
    /// Reads the operations.
    ///
    /// # Errors
    /// [`SyntaxError`] for the first parameter that is none.
    pub fn parse(parameters: &Object) -> Result<FhirPathPatch, SyntaxError> {
        let items = match parameters.get("parameter") {
            None => &[],
            Some(Json::Array(items)) => items.as_slice(),
            Some(_) => return Err(SyntaxError::new("Parameters.parameter", "must be an array")),
        };
        items
            .iter()
            .enumerate()
            .map(|(index, item)| Operation::parse(index, item))
            .collect::<Result<_, _>>()
            .map(FhirPathPatch)
    }

    /// How many operations it has.
    pub fn operations(&self) -> usize {
        self.0.len()
    }

    /// `document`, a resource of type `resource_type` in which nothing is empty, after all operations. An element that lost
    /// its last child by them is gone; one that a value brings along empty is not the patch's to leave out.
    ///
    /// # Errors
    /// [`ApplyError`] for the first operation that does not fit.
    pub fn apply(
        &self,
        structures: &Structures,
        document: Json,
        resource_type: ResourceType,
    ) -> Result<Json, ApplyError> {
        let mut bounds = Bounds::default();
        // What each operation may have to pass on its way, and to move.
        let mut size = weight::of_tree(&document).bytes / PASSED_IN_A_STEP;
        let mut document = Document::new(structures, document, resource_type);
        for (index, operation) in self.0.iter().enumerate() {
            size += operation.content().map_or(0, Content::size);
            bounds.step(size);
            let applied = bounds
                .check()
                .map_err(Misfit::from)
                .and_then(|()| operation.apply(&mut document, &mut bounds));
            applied.map_err(|problem| ApplyError {
                operation: index,
                path: operation.path.clone(),
                problem,
            })?;
        }
        let mut document = document.into_json();
        if self.0.iter().any(Operation::removes) && !self.0.iter().any(Operation::brings_empty) {
            emptied::leave_out(&mut document);
        }
        Ok(document)
    }
}

impl Operation {
    fn parse(index: usize, item: &Json) -> Result<Operation, SyntaxError> {
        let place = |part: &str| format!("Parameters.parameter[{index}]{part}");
        if item.get("name").and_then(Json::as_str) != Some("operation") {
            return Err(SyntaxError::new(place(".name"), "write operation"));
        }
        let parts = item.get("part").and_then(Json::as_array).unwrap_or_default();
        let find = |name: &str| {
            parts
                .iter()
                .filter_map(Json::as_object)
                .find(|part| part.get("name").and_then(Json::as_str) == Some(name))
        };
        let missing = |name: &str, expected: &str| {
            SyntaxError::new(
                place(&format!(".part.where(name='{name}')")),
                format!("write {expected}"),
            )
        };
        let text = |name: &str, expected: &str| {
            let part = find(name).ok_or_else(|| missing(name, expected))?;
            ["valueString", "valueCode"]
                .iter()
                .find_map(|member| part.get(member).and_then(Json::as_str))
                .ok_or_else(|| missing(name, expected))
        };
        let number = |name: &str| {
            let expected = "valueInteger, from 0 up";
            match find(name).and_then(|part| part.get("valueInteger")) {
                Some(Json::Number(digits)) => digits.parse::<usize>().map_err(|_| missing(name, expected)),
                _ => Err(missing(name, expected)),
            }
        };
        let content = || {
            find("value")
                .and_then(Content::of)
                .ok_or_else(|| missing("value", "value[x], or part with what the element holds"))
        };
        let types = "valueCode: add, insert, delete, replace or move";
        let change = match text("type", types)? {
            "add" => Change::Add(
                text("name", "valueString: the name of the element")?.to_owned(),
                content()?,
            ),
            "insert" => Change::Insert(number("index")?, content()?),
            "delete" => Change::Delete,
            "replace" => Change::Replace(content()?),
            "move" => Change::Move(number("source")?, number("destination")?),
            _ => return Err(missing("type", types)),
        };
        let path = text("path", "valueString: a FHIRPath expression")?;
        if path.len() > MAXIMUM_EXPRESSION {
            return Err(missing("path", "a shorter FHIRPath expression"));
        }
        let expression = Expression::parse(path)
            .map_err(|error| missing("path", &format!("a FHIRPath expression; {error}")))?;
        Ok(Operation {
            path: path.to_owned(),
            expression,
            change,
        })
    }

    /// What it brings.
    fn content(&self) -> Option<&Content> {
        match &self.change {
            Change::Add(_, content) | Change::Insert(_, content) | Change::Replace(content) => Some(content),
            Change::Delete | Change::Move(..) => None,
        }
    }

    /// Whether something is not in its place any more afterwards.
    fn removes(&self) -> bool {
        self.change == Change::Delete
    }

    fn brings_empty(&self) -> bool {
        self.content().is_some_and(Content::has_empty)
    }

    fn apply(&self, document: &mut Document<'_>, bounds: &mut Bounds) -> Result<(), Misfit> {
        let structures = document.structures();
        let places = document.select(&self.expression)?;
        match &self.change {
            Change::Add(name, content) => add(document, bounds, &one(places)?, name, content),
            Change::Insert(index, content) => {
                let owner = places.first().and_then(|place| place.owner);
                let list = list(places)?;
                let value = owner
                    .and_then(|(_, member)| content.to_json(structures, Some(member)))
                    .ok_or(Misfit::NoList)?;
                bounds.put(&value, list.len() + 1)?;
                let items = document.items(&list).ok_or(Misfit::NoList)?;
                if *index > items.len() {
                    return Err(Misfit::OutOfBounds(items.len()));
                }
                items.insert(*index, value);
                if let Some(siblings) = document.sibling_items(&list)
                    && *index <= siblings.len()
                {
                    siblings.insert(*index, Json::Null);
                }
                Ok(())
            }
            Change::Delete if places.is_empty() => Ok(()),
            Change::Delete => {
                document.remove(&one(places)?.steps);
                Ok(())
            }
            Change::Replace(content) => replace(document, bounds, &one(places)?, content),
            Change::Move(source, destination) => {
                let list = list(places)?;
                let items = document.items(&list).ok_or(Misfit::NoList)?;
                if *source >= items.len() || *destination >= items.len() {
                    return Err(Misfit::OutOfBounds(items.len()));
                }
                reorder(items, *source, *destination);
                if let Some(siblings) = document.sibling_items(&list) {
                    reorder(siblings, *source, *destination);
                }
                Ok(())
            }
        }
    }
}

fn add(
    document: &mut Document<'_>,
    bounds: &mut Bounds,
    place: &Place<'_>,
    name: &str,
    content: &Content,
) -> Result<(), Misfit> {
    let missing = || Misfit::NoElement(name.to_owned());
    let structure = place.structure.ok_or_else(missing)?;
    let (element, member) = content::member_for(structure, name, content).ok_or_else(missing)?;
    let value = content
        .to_json(document.structures(), Some(member))
        .ok_or_else(missing)?;
    bounds.put(&value, place.steps.len() + if element.is_many { 2 } else { 1 })?;
    let Some(Json::Object(object)) = document.at_mut(&place.steps) else {
        return Err(missing());
    };
    if element.is_many {
        match object.get_mut(&member.name) {
            Some(Json::Array(items)) => items.push(value),
            _ => object.set(&member.name, Json::Array(vec![value])),
        }
    } else if object.iter().any(|(held, _)| is_of(structure, element, held)) {
        return Err(Misfit::Present(name.to_owned()));
    } else {
        object.set(&member.name, value);
    }
    Ok(())
}

fn replace(
    document: &mut Document<'_>,
    bounds: &mut Bounds,
    place: &Place<'_>,
    content: &Content,
) -> Result<(), Misfit> {
    let Some((structure, member)) = place.owner else {
        return Err(Misfit::NotOne(0));
    };
    let element_name = structure
        .element(member)
        .map_or("", |element| element.name.as_str());
    let missing = || Misfit::NoElement(element_name.to_owned());
    let (_, new_member) = content::member_for(structure, element_name, content).ok_or_else(missing)?;
    let value = content
        .to_json(document.structures(), Some(new_member))
        .ok_or_else(missing)?;
    bounds.put(&value, place.steps.len())?;
    if new_member.name == member.name {
        if let Some(held) = document.at_mut(&place.steps) {
            *held = value;
        }
        return Ok(());
    }
    // Another type of a choice stands under another name.
    document.remove(&place.steps);
    let parent = place.steps.split_last().map_or(&[][..], |(_, parent)| parent);
    if let Some(Json::Object(object)) = document.at_mut(parent) {
        object.set(&new_member.name, value);
    }
    Ok(())
}

/// Moves the item at `source` to `destination`, if both are there.
fn reorder(items: &mut Vec<Json>, source: usize, destination: usize) {
    if source < items.len() && destination < items.len() {
        let item = items.remove(source);
        items.insert(destination, item);
    }
}

fn is_of(structure: &Structure, element: &Element, name: &str) -> bool {
    structure
        .member(name)
        .and_then(|member: &Member| structure.element(member))
        .is_some_and(|other| other.name == element.name)
}

fn one(mut places: Vec<Place<'_>>) -> Result<Place<'_>, Misfit> {
    match (places.pop(), places.len()) {
        (Some(place), 0) => Ok(place),
        (None, _) => Err(Misfit::NotOne(0)),
        (Some(_), others) => Err(Misfit::NotOne(others + 1)),
    }
}

/// The list that all the places are items of.
fn list(places: Vec<Place<'_>>) -> Result<Vec<Step>, Misfit> {
    let parents: Option<Vec<&[Step]>> = places
        .iter()
        .map(|place| match place.steps.split_last() {
            Some((Step::Item(_), list)) => Some(list),
            _ => None,
        })
        .collect();
    match parents.as_deref() {
        Some([first, rest @ ..]) if rest.iter().all(|other| other == first) => Ok(first.to_vec()),
        _ => Err(Misfit::NoList),
    }
}
