//! What an expression is evaluated in: the resource, the variables, the time, and a host that knows what the resource
//! alone does not tell.

use super::model::Model;
use super::value::{Element, Value};
use crate::resource::Json;

/// Answers what an expression asks of the world around the resource.
pub trait Host<'resource> {
    /// The resource that a reference points at; contained ones are found without the host.
    fn resolve(&self, reference: &str) -> Option<&'resource Json>;
    /// Whether a code, Coding or CodeableConcept is in a value set; `None` when the value set is not known.
    fn member_of(&self, coded: &Value<'resource>, value_set: &str) -> Option<bool>;
    /// Whether a value is as a profile says; `None` when the profile is not known.
    fn conforms_to(&self, value: &Value<'resource>, profile: &str) -> Option<bool>;
    /// Whether a narrative has only the HTML that it may have; `None` when the host does not look at it.
    fn html_checks(&self, narrative: &str) -> Option<bool>;
    /// Takes down what `trace()` was called with.
    fn trace(&self, name: &str, values: &[Value<'resource>]);
}

/// A host that knows nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoHost;

impl<'resource> Host<'resource> for NoHost {
    fn resolve(&self, _: &str) -> Option<&'resource Json> {
        None
    }

    fn member_of(&self, _: &Value<'resource>, _: &str) -> Option<bool> {
        None
    }

    fn conforms_to(&self, _: &Value<'resource>, _: &str) -> Option<bool> {
        None
    }

    fn html_checks(&self, _: &str) -> Option<bool> {
        None
    }

    fn trace(&self, _: &str, _: &[Value<'resource>]) {}
}

/// What an expression is evaluated in.
#[derive(Clone)]
pub struct Environment<'resource> {
    /// Where types are looked up.
    pub model: &'resource dyn Model,
    /// Who answers for the world around the resource.
    pub host: &'resource dyn Host<'resource>,
    /// `%resource`: the resource that the context is in.
    pub resource: Option<Element<'resource>>,
    /// `%rootResource`: the one that contains it.
    pub root_resource: Option<Element<'resource>>,
    /// Further variables by their names.
    pub variables: Vec<(String, Value<'resource>)>,
    /// What `now()` says.
    pub now: jiff::Timestamp,
    /// How many steps an evaluation may take. A step is about the visit of one element.
    pub maximum_steps: u64,
}

/// Enough for every expression of the standard on the largest of its examples many times over; some tens of
/// milliseconds.
const MAXIMUM_STEPS: u64 = 1_000_000;

impl<'resource> Environment<'resource> {
    /// For expressions on `resource`, of a type of `model`, without a host.
    pub fn new(model: &'resource dyn Model, resource: &'resource Json) -> Self {
        Environment::with(model, Element::resource(resource, model))
    }

    /// For expressions that need no resource.
    pub fn empty(model: &'resource dyn Model) -> Self {
        Environment::with(model, None)
    }

    fn with(model: &'resource dyn Model, resource: Option<Element<'resource>>) -> Self {
        Environment {
            model,
            host: &NoHost,
            resource,
            root_resource: resource,
            variables: Vec::new(),
            now: jiff::Timestamp::now(),
            maximum_steps: MAXIMUM_STEPS,
        }
    }
}
