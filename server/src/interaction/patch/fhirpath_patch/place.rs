//! The places in a resource that a FHIRPath expression selects: members, items, `where`, `first`, `last`, `extension`,
//! `ofType`. <http://hl7.org/fhir/R4/fhirpatch.html>

use compact_str::CompactString;

use crate::definitions::structure::{Kind, Member, Structure, Structures};
use crate::fhirpath::{
    self, BinaryOperator, ElementFunction, Existence, Expression, Filtering, Function, Subsetting,
    TypeOperator, Value,
};
use crate::resource::{Json, ResourceType};

/// A step into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Of an object.
    Member(CompactString),
    /// Of an array.
    Item(usize),
}

/// A place in a document.
#[derive(Debug, Clone)]
pub struct Place<'definitions> {
    /// The way to it.
    pub steps: Vec<Step>,
    /// What an object there is made of.
    pub structure: Option<&'definitions Structure>,
    /// The structure and the member whose value stands there; `None` for the resource itself.
    pub owner: Option<(&'definitions Structure, &'definitions Member)>,
}

/// Why an expression selects nothing in a type of resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It names an element that there is not.
    #[error("{0} has no element {1}")]
    NoElement(String, String),
    /// It uses FHIRPath that a patch's path cannot use here.
    #[error("{0} cannot be used in the path of a patch")]
    Unsupported(String),
}

/// A resource that is being patched.
pub struct Document<'definitions> {
    structures: &'definitions Structures,
    json: Json,
    resource_type: ResourceType,
}

impl<'definitions> Document<'definitions> {
    /// A resource of type `resource_type`.
    pub fn new(
        structures: &'definitions Structures,
        json: Json,
        resource_type: ResourceType,
    ) -> Document<'definitions> {
        Document {
            structures,
            json,
            resource_type,
        }
    }

    /// What it is made of.
    pub fn structures(&self) -> &'definitions Structures {
        self.structures
    }

    /// The resource with all changes made.
    pub fn into_json(self) -> Json {
        self.json
    }

    /// The places that `expression` selects, in the order of the document.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn select(&self, expression: &Expression) -> Result<Vec<Place<'definitions>>, PlaceError> {
        self.places(expression, &self.root())
    }

    /// What stands at the end of `steps`.
    pub fn at(&self, steps: &[Step]) -> Option<&Json> {
        steps
            .iter()
            .try_fold(&self.json, |value, step| match (value, step) {
                (Json::Object(object), Step::Member(name)) => object.get(name),
                (Json::Array(items), Step::Item(index)) => items.get(*index),
                _ => None,
            })
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, steps: &[Step]) -> Option<&mut Json> {
        steps
            .iter()
            .try_fold(&mut self.json, |value, step| match (value, step) {
                (Json::Object(object), Step::Member(name)) => object.get_mut(name),
                (Json::Array(items), Step::Item(index)) => items.get_mut(*index),
                _ => None,
            })
    }

    /// The items of the list at the end of `steps`.
    pub fn items(&mut self, steps: &[Step]) -> Option<&mut Vec<Json>> {
        match self.at_mut(steps)? {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The items of the list that says more of the primitives in the list at the end of `steps`.
    pub fn sibling_items(&mut self, steps: &[Step]) -> Option<&mut Vec<Json>> {
        self.items(&sibling(steps)?)
    }

    /// Takes out what stands at the end of `steps`, with what the underscored sibling of a primitive says of it, and
    /// with the list when it was the last item.
    pub fn remove(&mut self, steps: &[Step]) {
        match steps.split_last() {
            Some((Step::Member(name), parent)) => {
                if let Some(Json::Object(object)) = self.at_mut(parent) {
                    object.remove(name);
                    object.remove(&format!("_{name}"));
                }
            }
            Some((Step::Item(index), list)) => {
                for list in [Some(list.to_vec()), sibling(list)].into_iter().flatten() {
                    let Some(items) = self.items(&list).filter(|items| *index < items.len()) else {
                        continue;
                    };
                    items.remove(*index);
                    if items.iter().all(|item| *item == Json::Null)
                        && let Some((Step::Member(name), parent)) = list.split_last()
                        && let Some(Json::Object(object)) = self.at_mut(parent)
                    {
                        object.remove(name);
                    }
                }
            }
            None => {}
        }
    }

    fn root(&self) -> Place<'definitions> {
        Place {
            steps: Vec::new(),
            structure: self.structures.resource(self.resource_type),
            owner: None,
        }
    }

    fn places(
        &self,
        expression: &Expression,
        context: &Place<'definitions>,
    ) -> Result<Vec<Place<'definitions>>, PlaceError> {
        match expression {
            Expression::Path(head, steps) => {
                let (mut places, steps) = match (head, steps.as_slice()) {
                    (Some(head), steps) => (self.places(head, context)?, steps),
                    (None, [fhirpath::Step::Member(name), steps @ ..])
                        if self.is_type(name) && context.steps.is_empty() =>
                    {
                        (vec![self.root()], steps)
                    }
                    (None, steps) => (vec![context.clone()], steps),
                };
                for step in steps {
                    places = self.step(places, step)?;
                }
                Ok(places)
            }
            Expression::Variable(name) if name == "resource" => Ok(vec![self.root()]),
            Expression::Type(of, TypeOperator::As, wanted) => {
                Ok(of_type(self.places(of, context)?, &wanted.name))
            }
            _ => Err(PlaceError::Unsupported("this operator".to_owned())),
        }
    }

    fn step(
        &self,
        places: Vec<Place<'definitions>>,
        step: &fhirpath::Step,
    ) -> Result<Vec<Place<'definitions>>, PlaceError> {
        match step {
            fhirpath::Step::Member(name) => {
                let mut members = Vec::new();
                for place in places {
                    members.extend(self.members(&place, name)?);
                }
                Ok(members)
            }
            fhirpath::Step::Item(index) => match **index {
                Expression::Literal(Value::Integer(index)) => {
                    let index = usize::try_from(index).unwrap_or(usize::MAX);
                    Ok(places.into_iter().skip(index).take(1).collect())
                }
                _ => Err(PlaceError::Unsupported("an index other than a number".to_owned())),
            },
            fhirpath::Step::TypeCall(TypeOperator::As | TypeOperator::OfType, wanted) => {
                Ok(of_type(places, &wanted.name))
            }
            fhirpath::Step::TypeCall(TypeOperator::Is, _) => Err(PlaceError::Unsupported("is()".to_owned())),
            fhirpath::Step::Call(function, arguments) => self.called(places, *function, arguments),
        }
    }

    fn called(
        &self,
        places: Vec<Place<'definitions>>,
        function: Function,
        arguments: &[Expression],
    ) -> Result<Vec<Place<'definitions>>, PlaceError> {
        match (function, arguments) {
            (Function::Subsetting(Subsetting::First), _) => Ok(places.into_iter().take(1).collect()),
            (Function::Subsetting(Subsetting::Last), _) => {
                Ok(places.into_iter().next_back().into_iter().collect())
            }
            (Function::Filtering(Filtering::Where), [condition]) => {
                let mut kept = Vec::new();
                for place in places {
                    if self.holds(condition, &place)? {
                        kept.push(place);
                    }
                }
                Ok(kept)
            }
            (Function::Element(ElementFunction::Extension), [Expression::Literal(Value::String(url))]) => {
                let mut found = Vec::new();
                for place in places {
                    found.extend(self.members(&place, "extension")?);
                }
                let is_it =
                    |place: &Place<'_>| self.at(&place.steps).and_then(|held| held.get("url")?.as_str());
                found.retain(|place| is_it(place) == Some(url));
                Ok(found)
            }
            _ => Err(PlaceError::Unsupported(format!("{function}()"))),
        }
    }

    fn holds(&self, condition: &Expression, place: &Place<'definitions>) -> Result<bool, PlaceError> {
        if let Expression::Binary(first, rest) = condition {
            return self.compared(first, rest, place);
        }
        let Some((of, function, [])) = condition.last_call() else {
            return Ok(self.values(condition, place)? == [Json::Bool(true)]);
        };
        match function {
            Function::Existence(Existence::Exists) => Ok(!self.places(&of, place)?.is_empty()),
            Function::Existence(Existence::Empty) => Ok(self.places(&of, place)?.is_empty()),
            Function::Existence(Existence::Not) => Ok(!self.holds(&of, place)?),
            _ => Err(PlaceError::Unsupported(format!("{function}()"))),
        }
    }

    /// `and`, and one `=` or `!=`.
    fn compared(
        &self,
        first: &Expression,
        rest: &[(BinaryOperator, Expression)],
        place: &Place<'definitions>,
    ) -> Result<bool, PlaceError> {
        match rest {
            [(BinaryOperator::Equal, right)] => Ok(self.same(first, right, place)? == Some(true)),
            [(BinaryOperator::NotEqual, right)] => Ok(self.same(first, right, place)? == Some(false)),
            rest if rest.iter().all(|(operator, _)| *operator == BinaryOperator::And) => {
                let mut holds = self.holds(first, place)?;
                for (_, right) in rest {
                    holds = holds && self.holds(right, place)?;
                }
                Ok(holds)
            }
            _ => Err(PlaceError::Unsupported("this operator".to_owned())),
        }
    }

    /// Whether two values are the same; `None` when one of them is not there.
    fn same(
        &self,
        left: &Expression,
        right: &Expression,
        place: &Place<'definitions>,
    ) -> Result<Option<bool>, PlaceError> {
        let (left, right) = (self.values(left, place)?, self.values(right, place)?);
        Ok((!left.is_empty() && !right.is_empty()).then(|| left == right))
    }

    fn values(&self, expression: &Expression, place: &Place<'definitions>) -> Result<Vec<Json>, PlaceError> {
        match expression {
            Expression::Literal(Value::String(text)) => Ok(vec![Json::from(text.as_ref())]),
            Expression::Literal(Value::Boolean(value)) => Ok(vec![Json::Bool(*value)]),
            _ => {
                let places = self.places(expression, place)?;
                Ok(places
                    .iter()
                    .filter_map(|place| self.at(&place.steps).cloned())
                    .collect())
            }
        }
    }

    /// The values of the element `name` at `place`.
    fn members(
        &self,
        place: &Place<'definitions>,
        name: &str,
    ) -> Result<Vec<Place<'definitions>>, PlaceError> {
        let missing = |of: &str| PlaceError::NoElement(of.to_owned(), name.to_owned());
        let structure = place.structure.ok_or_else(|| missing("a primitive value"))?;
        let is_named = |member: &&Member| {
            structure
                .element(member)
                .is_some_and(|element| element.name == name)
        };
        let mut members = structure.members().iter().filter(is_named).peekable();
        if members.peek().is_none() {
            return Err(missing(&structure.name));
        }
        let mut places = Vec::new();
        for member in members {
            let steps = [&place.steps[..], &[Step::Member(member.name.clone())]].concat();
            let at = |steps: Vec<Step>, value: &Json| Place {
                steps,
                structure: self.structure_of(member, value),
                owner: Some((structure, member)),
            };
            match self.at(&steps) {
                Some(Json::Array(items)) => {
                    let item = |(index, item)| at([&steps[..], &[Step::Item(index)]].concat(), item);
                    places.extend(items.iter().enumerate().map(item));
                }
                Some(value) => places.push(at(steps.clone(), value)),
                None => {}
            }
        }
        Ok(places)
    }

    fn structure_of(&self, member: &Member, value: &Json) -> Option<&'definitions Structure> {
        match member.kind {
            Kind::Primitive(_) => None,
            Kind::Structure(id) => self.structures.structure(id),
            Kind::Resource => {
                let resource_type = ResourceType::parse(value.get("resourceType")?.as_str()?)?;
                self.structures.resource(resource_type)
            }
        }
    }

    fn is_type(&self, name: &str) -> bool {
        name == self.resource_type.name() || name == "Resource" || name == "DomainResource"
    }
}

/// The way to the underscored sibling of the list of primitives at the end of `steps`.
fn sibling(steps: &[Step]) -> Option<Vec<Step>> {
    let Some((Step::Member(name), parent)) = steps.split_last() else {
        return None;
    };
    let name = Step::Member(format!("_{name}").into());
    Some([parent, &[name]].concat())
}

/// Those of the places, values of choices, that are of one type.
fn of_type<'definitions>(places: Vec<Place<'definitions>>, type_name: &str) -> Vec<Place<'definitions>> {
    let is_it = |place: &Place<'_>| {
        place.owner.is_some_and(|(structure, member)| {
            let element = structure
                .element(member)
                .map_or("", |element| element.name.as_str());
            member
                .name
                .strip_prefix(element)
                .is_some_and(|kind| kind.eq_ignore_ascii_case(type_name))
        })
    };
    places.into_iter().filter(is_it).collect()
}
