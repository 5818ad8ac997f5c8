//! What FHIR adds to FHIRPath's functions, <http://hl7.org/fhir/R4/fhirpath.html#functions>.

use smallvec::smallvec;

use super::{Call, Row};
use crate::fhirpath::error::EvaluationError;
use crate::fhirpath::evaluate::{Evaluated, Evaluation, single};
use crate::fhirpath::type_specifier::is_derived;
use crate::fhirpath::value::{Collection, Element, Value};
use crate::resource::Json;

/// The functions of this section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum ElementFunction {
    Extension,
    HasValue,
    GetValue,
    Resolve,
    MemberOf,
    ConformsTo,
    HtmlChecks,
}

pub const FUNCTIONS: &[Row<ElementFunction>] = &[
    ("extension", ElementFunction::Extension, 1, 1),
    ("hasValue", ElementFunction::HasValue, 0, 0),
    ("getValue", ElementFunction::GetValue, 0, 0),
    ("resolve", ElementFunction::Resolve, 0, 0),
    ("memberOf", ElementFunction::MemberOf, 1, 1),
    ("conformsTo", ElementFunction::ConformsTo, 1, 1),
    ("htmlChecks", ElementFunction::HtmlChecks, 0, 0),
];

/// Where the standard's own types and profiles are defined.
const DEFINITIONS: &str = "http://hl7.org/fhir/StructureDefinition/";

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn element(
        &self,
        function: ElementFunction,
        input: Collection<'resource>,
        call: &Call<'_, 'resource>,
    ) -> Evaluated<'resource> {
        match function {
            ElementFunction::Extension => {
                let Some(url) = self.text_argument(call, 0)? else {
                    return Ok(Collection::new());
                };
                let mut extensions = self.members(&input, "extension")?;
                extensions.retain(|extension| url_of(extension) == Some(&url));
                Ok(extensions)
            }
            ElementFunction::HasValue => {
                let has_value = match input.as_slice() {
                    [Value::Element(element)] => element.has_value(),
                    [_] => true,
                    _ => false,
                };
                Ok(smallvec![Value::Boolean(has_value)])
            }
            ElementFunction::GetValue => {
                let value = single(&input, call.name)?.map(Value::simple);
                let is_simple = |value: &Value<'resource>| value.system_type().is_some();
                Ok(value.filter(is_simple).into_iter().collect())
            }
            ElementFunction::Resolve => Ok(input.iter().filter_map(|value| self.resolved(value)).collect()),
            ElementFunction::MemberOf => {
                let value_set = self.text_argument(call, 0)?;
                // Neither an unknown value set nor several values are an error.
                let ([value], Some(value_set)) = (input.as_slice(), value_set) else {
                    return Ok(Collection::new());
                };
                let is_member = self.environment.host.member_of(value, &value_set);
                Ok(is_member.map(Value::Boolean).into_iter().collect())
            }
            ElementFunction::ConformsTo => self.conforms_to(&input, call),
            ElementFunction::HtmlChecks => {
                let Some(narrative) = single(&input, call.name)? else {
                    return Ok(Collection::new());
                };
                let Value::String(html) = narrative.simple() else {
                    return Err(self.operand(call, "a narrative", narrative));
                };
                let checked = self.environment.host.html_checks(&html);
                let unanswered = || EvaluationError::Unanswered(format!("{}()", call.name));
                Ok(smallvec![Value::Boolean(checked.ok_or_else(unanswered)?)])
            }
        }
    }

    /// The resource that a Reference, a canonical or a uri points at: a contained one, or one that the host knows.
    fn resolved(&self, value: &Value<'resource>) -> Option<Value<'resource>> {
        let Value::Element(element) = value else {
            return None;
        };
        let json = element.json()?;
        let reference = json.as_str().or_else(|| json.get("reference")?.as_str())?;
        let found = match reference.strip_prefix('#') {
            Some(id) => self.contained(id)?,
            None => self.environment.host.resolve(reference)?,
        };
        Element::resource(found, self.environment.model).map(Value::Element)
    }

    fn contained(&self, id: &str) -> Option<&'resource Json> {
        let roots = [self.environment.resource, self.environment.root_resource];
        roots.into_iter().flatten().find_map(|root| {
            let json = root.json()?;
            if id.is_empty() {
                return Some(json);
            }
            let mut contained = json.get("contained")?.as_array()?.iter();
            contained.find(|resource| resource.get("id").and_then(Json::as_str) == Some(id))
        })
    }

    /// The standard's own types are known here, profiles to the host.
    fn conforms_to(&self, input: &[Value<'resource>], call: &Call<'_, 'resource>) -> Evaluated<'resource> {
        let (Some(value), Some(profile)) = (single(input, call.name)?, self.text_argument(call, 0)?) else {
            return Ok(Collection::new());
        };
        let model = self.environment.model;
        let wanted = profile
            .strip_prefix(DEFINITIONS)
            .and_then(|name| model.type_named(name));
        let conforms = match (wanted, value) {
            (Some(wanted), Value::Element(element)) => Some(is_derived(element.element_type, wanted, model)),
            _ => self.environment.host.conforms_to(value, &profile),
        };
        let unanswered = || EvaluationError::Unanswered(format!("{}('{profile}')", call.name));
        Ok(smallvec![Value::Boolean(conforms.ok_or_else(unanswered)?)])
    }
}

fn url_of<'resource>(extension: &Value<'resource>) -> Option<&'resource str> {
    match extension {
        Value::Element(element) => element.json()?.get("url")?.as_str(),
        _ => None,
    }
}
