//! From expression to program: finds the JSON members that each step of an expression means.

use super::element_type::ElementType;
use super::program::{Condition, Path, Program, Step};
use crate::definitions::structure::{Kind, Structures};
use crate::fhirpath::{
    self, BinaryOperator, ElementFunction, Existence, Expression, Filtering, Function, ParseError,
    TypeOperator, Value,
};
use crate::resource::ResourceType;

/// Why an expression cannot be used for indexing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It does not follow the grammar.
    #[error(transparent)]
    Grammar(#[from] ParseError),
    /// There is no structure of the type that it starts from.
    #[error("{0} has no structure")]
    UnknownType(ResourceType),
    /// It names an element that the type does not have.
    #[error("{path} has no element {name}")]
    UnknownElement {
        /// The type, or the path of an element.
        path: String,
        /// The name that the expression asks for.
        name: String,
    },
    /// It uses a function or an operator in a way that indexing does not know.
    #[error("{0} cannot be used here in a search parameter's expression")]
    Unsupported(String),
}

/// A place that the expression has come to.
#[derive(Debug, Clone)]
struct Place {
    from_resource: bool,
    steps: Vec<Step>,
    kind: Kind,
    element_type: ElementType,
}

/// Where an expression starts.
#[derive(Clone, Copy)]
struct Scope<'structures> {
    structures: &'structures Structures,
    resource_type: ResourceType,
    /// The structure of the resource type.
    resource: Kind,
}

/// Compiles the expression of a parameter for one of the types that it is defined on. Alternatives that
/// begin with another type select nothing.
///
/// # Errors
/// [`CompileError`] when indexing cannot follow the expression.
pub fn compile(
    structures: &Structures,
    resource_type: ResourceType,
    expression: &str,
) -> Result<Program, CompileError> {
    let scope = Scope::new(structures, resource_type)?;
    let expression = Expression::parse(expression)?;
    match operators(&expression) {
        Some(BinaryOperator::And | BinaryOperator::NotEqual) => {
            scope.condition(&expression).map(Program::Condition)
        }
        _ => Ok(Program::Elements(paths(
            &scope.places(&expression, &[scope.resource()])?,
        ))),
    }
}

/// Compiles the expression of a composite's component, which starts at the elements that the composite's own
/// expression, `base`, selects.
///
/// # Errors
/// [`CompileError`] when indexing cannot follow the expression.
pub fn compile_component(
    structures: &Structures,
    resource_type: ResourceType,
    base: &str,
    component: &str,
) -> Result<Vec<Path>, CompileError> {
    let scope = Scope::new(structures, resource_type)?;
    let mut bases = scope.places(&Expression::parse(base)?, &[scope.resource()])?;
    for place in &mut bases {
        place.steps.clear();
    }
    Ok(paths(&scope.places(&Expression::parse(component)?, &bases)?))
}

fn paths(places: &[Place]) -> Vec<Path> {
    let mut paths: Vec<Path> = Vec::new();
    for place in places {
        let path = Path {
            from_resource: place.from_resource,
            steps: place.steps.clone(),
            element_type: place.element_type.clone(),
        };
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    // They stay for as long as the service runs.
    paths.shrink_to_fit();
    paths
}

impl<'structures> Scope<'structures> {
    fn new(
        structures: &'structures Structures,
        resource_type: ResourceType,
    ) -> Result<Scope<'structures>, CompileError> {
        let structure = structures.resource_id(resource_type);
        Ok(Scope {
            structures,
            resource_type,
            resource: Kind::Structure(structure.ok_or(CompileError::UnknownType(resource_type))?),
        })
    }

    fn condition(self, expression: &Expression) -> Result<Condition, CompileError> {
        if let Expression::Binary(first, rest) = expression {
            return match (operators(expression), rest.as_slice()) {
                (Some(BinaryOperator::And), rest) => {
                    let mut left = self.condition(first)?;
                    for (_, right) in rest {
                        left = Condition::And(Box::new(left), Box::new(self.condition(right)?));
                    }
                    Ok(left)
                }
                (Some(BinaryOperator::NotEqual), [(_, Expression::Literal(Value::Boolean(literal)))]) => Ok(
                    Condition::NotEqual(paths(&self.places(first, &[self.resource()])?), *literal),
                ),
                _ => Err(unsupported("a comparison other than != with true or false")),
            };
        }
        match expression.last_call() {
            Some((of, Function::Existence(Existence::Exists), [])) => {
                Ok(Condition::Exists(paths(&self.places(&of, &[self.resource()])?)))
            }
            _ => Err(unsupported("a condition other than exists() and !=")),
        }
    }

    /// The places that `expression` comes to, from the places of `context`.
    fn places(self, expression: &Expression, context: &[Place]) -> Result<Vec<Place>, CompileError> {
        match expression {
            Expression::Path(head, steps) => {
                let (mut places, steps) = match (head, steps.as_slice()) {
                    (Some(head), steps) => (self.places(head, context)?, steps),
                    (None, [fhirpath::Step::Member(name), steps @ ..]) => (self.root(name, context)?, steps),
                    (None, steps) => (context.to_vec(), steps),
                };
                for step in steps {
                    places = self.step(places, step)?;
                }
                Ok(places)
            }
            Expression::Variable(name) if name == "resource" => Ok(vec![Place {
                from_resource: true,
                ..self.resource()
            }]),
            Expression::Type(of, TypeOperator::As, wanted) => {
                Ok(of_type(self.structures, self.places(of, context)?, &wanted.name))
            }
            Expression::Binary(first, rest) if operators(expression) == Some(BinaryOperator::Union) => {
                let mut places = self.places(first, context)?;
                for (_, right) in rest {
                    places.extend(self.places(right, context)?);
                }
                Ok(places)
            }
            other => Err(unsupported(&format!("{other:?}"))),
        }
    }

    fn step(self, places: Vec<Place>, step: &fhirpath::Step) -> Result<Vec<Place>, CompileError> {
        match step {
            fhirpath::Step::Member(name) => self.members(&places, name),
            fhirpath::Step::Item(index) => match **index {
                Expression::Literal(Value::Integer(index)) => indexed(places, index),
                _ => Err(unsupported("an index other than a number")),
            },
            fhirpath::Step::TypeCall(TypeOperator::As | TypeOperator::OfType, wanted) => {
                Ok(of_type(self.structures, places, &wanted.name))
            }
            fhirpath::Step::TypeCall(TypeOperator::Is, _) => Err(unsupported("is")),
            fhirpath::Step::Call(Function::Filtering(Filtering::Where), arguments) => {
                match arguments.as_slice() {
                    [condition] => filtered(places, condition),
                    _ => Err(unsupported("where")),
                }
            }
            fhirpath::Step::Call(function, _) => Err(unsupported(function.name())),
        }
    }

    /// The first name of an expression: a type, or an element of the context.
    fn root(self, name: &str, context: &[Place]) -> Result<Vec<Place>, CompileError> {
        if name == self.resource_type.name() || name == "Resource" || name == "DomainResource" {
            Ok(vec![self.resource()])
        } else if ResourceType::parse(name).is_some() {
            Ok(Vec::new())
        } else {
            self.members(context, name)
        }
    }

    fn resource(self) -> Place {
        Place {
            from_resource: false,
            steps: Vec::new(),
            kind: self.resource,
            element_type: ElementType::Other,
        }
    }

    fn members(self, places: &[Place], name: &str) -> Result<Vec<Place>, CompileError> {
        let mut members = Vec::new();
        for place in places {
            let structure = self.structures.of_kind(place.kind);
            let found = structure.into_iter().flat_map(|one| one.members_of(name));
            let before = members.len();
            members.extend(found.map(|member| Place {
                from_resource: place.from_resource,
                steps: [&place.steps[..], &[Step::Member(member.name.clone())]].concat(),
                kind: member.kind,
                element_type: ElementType::of_member(self.structures, member),
            }));
            if members.len() == before {
                return Err(CompileError::UnknownElement {
                    path: self.structures.type_name(place.kind).to_owned(),
                    name: name.to_owned(),
                });
            }
        }
        Ok(members)
    }
}

/// Type names are compared without case: the standard's own expressions write `DateTime` for `dateTime`.
fn of_type(structures: &Structures, mut places: Vec<Place>, type_name: &str) -> Vec<Place> {
    places.retain(|place| structures.type_name(place.kind).eq_ignore_ascii_case(type_name));
    places
}

fn indexed(mut places: Vec<Place>, index: i32) -> Result<Vec<Place>, CompileError> {
    let index = usize::try_from(index).map_err(|error| unsupported(&error.to_string()))?;
    for place in &mut places {
        match place.steps.last_mut() {
            Some(step @ Step::Member(_)) => {
                if let Step::Member(name) = step {
                    *step = Step::Item(name.clone(), index);
                }
            }
            _ => return Err(unsupported("an index after anything but an element")),
        }
    }
    Ok(places)
}

fn filtered(mut places: Vec<Place>, condition: &Expression) -> Result<Vec<Place>, CompileError> {
    let step = match condition {
        Expression::Binary(left, rest) => match (left.as_name(), rest.as_slice()) {
            (Some(name), [(BinaryOperator::Equal, Expression::Literal(Value::String(text)))]) => {
                Step::WhereText(name.into(), text.as_ref().into())
            }
            _ => return Err(unsupported("where() with this comparison")),
        },
        Expression::Type(of, TypeOperator::Is, wanted) => {
            let resolves = matches!(&**of, Expression::Path(None, steps) if matches!(
                steps.as_slice(),
                [fhirpath::Step::Call(Function::Element(ElementFunction::Resolve), _)]
            ));
            match ResourceType::parse(&wanted.name).filter(|_| resolves) {
                Some(resource_type) => Step::WhereResolvesTo(resource_type),
                None => return Err(unsupported("where() with this type test")),
            }
        }
        _ => return Err(unsupported("where() with this condition")),
    };
    for place in &mut places {
        place.steps.push(step.clone());
    }
    Ok(places)
}

/// The operator between the operands, if there is but one kind of it.
fn operators(expression: &Expression) -> Option<BinaryOperator> {
    let Expression::Binary(_, rest) = expression else {
        return None;
    };
    let (first, _) = rest.first()?;
    rest.iter()
        .all(|(operator, _)| operator == first)
        .then_some(*first)
}

fn unsupported(what: &str) -> CompileError {
    CompileError::Unsupported(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;
    use crate::resource::Json;

    fn selected(resource: &str, expression: &str) -> Vec<String> {
        let resource = Json::parse(resource.as_bytes()).unwrap();
        let resource = resource.as_object().unwrap();
        let resource_type =
            ResourceType::parse(resource.get("resourceType").unwrap().as_str().unwrap()).unwrap();
        let program = compile(fixture::r4().structures(), resource_type, expression).unwrap();
        let mut values = Vec::new();
        match program {
            Program::Elements(paths) => {
                for path in paths {
                    path.each(resource, resource, &mut |value| values.push(value.to_text()));
                }
            }
            Program::Condition(condition) => {
                values.extend(condition.holds(resource).map(|holds| holds.to_string()));
            }
        }
        values
    }

    #[test]
    fn follows_members_choices_filters_and_indexes() {
        let observation = r#"{"resourceType":"Observation","valueString":"a",
            "component":[{"valueQuantity":{"value":1}},{"valueString":"b"}],
            "subject":{"reference":"Patient/1"}}"#;
        for (expression, expected) in [
            ("Observation.value", vec!["\"a\""]),
            (
                "(Observation.value as string) | (Observation.component.value as string)",
                vec!["\"a\"", "\"b\""],
            ),
            ("Observation.component.value.as(Quantity)", vec!["{\"value\":1}"]),
            (
                "Observation.component.value.ofType(quantity)",
                vec!["{\"value\":1}"],
            ),
            ("Observation.component[1].value", vec!["\"b\""]),
            (
                "Observation.subject.where(resolve() is Patient).reference",
                vec!["\"Patient/1\""],
            ),
            ("Observation.subject.where(resolve() is Group)", vec![]),
        ] {
            assert_eq!(selected(observation, expression), expected, "{expression}");
        }
        let patient =
            r#"{"resourceType":"Patient","telecom":[{"system":"phone","value":"1"},{"value":"2"}]}"#;
        assert_eq!(
            selected(patient, "Patient.telecom.where(system='phone').value"),
            ["\"1\""]
        );
        assert_eq!(selected(patient, "Person.telecom"), Vec::<String>::new());
    }

    #[test]
    fn tells_who_has_died() {
        let expression = "Patient.deceased.exists() and Patient.deceased != false";
        for (member, expected) in [
            ("", "false"),
            (r#","deceasedBoolean":false"#, "false"),
            (r#","deceasedBoolean":true"#, "true"),
            (r#","deceasedDateTime":"2020""#, "true"),
        ] {
            let patient = format!(r#"{{"resourceType":"Patient"{member}}}"#);
            assert_eq!(selected(&patient, expression), [expected], "{member}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_follow() {
        let compiled = |expression: &str| {
            let patient = ResourceType::parse("Patient").unwrap();
            compile(fixture::r4().structures(), patient, expression)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(compiled("Patient.nome"), "Patient has no element nome");
        assert_eq!(compiled("Patient."), "at character 8: expected a name");
        assert!(compiled("Patient.name.first()").starts_with("first cannot be used"));
        assert!(compiled("Patient.name.where(use = true)").contains("where()"));
    }
}
