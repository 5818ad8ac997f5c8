//! From the text of a FHIR mapping file to its templates.

use std::collections::HashMap;

use super::{
    Coding, ComponentTemplate, Concept, FhirTemplate, PeriodInterval, ValueKind, ValueTemplate, lookup_key,
};
use crate::compatibility::Compatibility;
use crate::json::{Located, Member, Node, Number};
use crate::mapping::file::{Compilation, Container, InvalidMapping, Members, matches_template_type};

pub(super) fn compile(text: &str, compatibility: Compatibility) -> Result<Vec<FhirTemplate>, InvalidMapping> {
    let mut first_of_type: HashMap<String, usize> = HashMap::new();
    Compilation::run(text, compatibility, "CollectionFhir", |compilation, located| {
        let container = Container::of(compilation, located)?;
        let name = container.type_name.unwrap_or_default();
        if !matches_template_type(name, "CodeValueFhir") {
            let message = format!("unknown templateType {name:?}; expected CodeValueFhir");
            compilation.error(container.type_offset, "templateType", message);
            return None;
        }
        let Some(template) = container.template else {
            compilation.error(located.offset, "template", "\"template\" is required");
            return None;
        };
        template_of(compilation, template, &mut first_of_type)
    })
}

fn template_of(
    compilation: &mut Compilation<'_>,
    located: &Located,
    first_of_type: &mut HashMap<String, usize>,
) -> Option<FhirTemplate> {
    let mut members = Members::of(compilation, located, "")?;
    let index = compilation.template_index();
    let type_name = members.required_text(compilation, "typeName");
    if let Some((name, offset)) = &type_name {
        let first = *first_of_type.entry(lookup_key(name)).or_insert(index);
        if first != index {
            let message = format!("type {name:?} already has template {first}; types are case-insensitive");
            compilation.error(*offset, "typeName", message);
        }
    }
    let period_interval = period_interval(compilation, &mut members);
    let codes = required_codes(compilation, &mut members);
    let category = category(compilation, &mut members);
    let value = members
        .take(compilation, "value")
        .filter(|located| compilation.compatibility == Compatibility::Strict || has_name(located))
        .and_then(|located| value_of(compilation, located, "value".to_owned()));
    let components = members.array(compilation, "components").unwrap_or_default();
    let components = components
        .into_iter()
        .filter_map(|(located, path)| component(compilation, located, path))
        .collect();
    members.finish(compilation);
    let (type_name, _) = type_name?;
    Some(FhirTemplate {
        type_name,
        codes: codes?,
        category,
        period_interval: period_interval?,
        value,
        components,
    })
}

fn period_interval(compilation: &mut Compilation<'_>, members: &mut Members<'_>) -> Option<PeriodInterval> {
    let Some(located) = members.take(compilation, "periodInterval") else {
        return Some(PeriodInterval::Single);
    };
    let interval = match &located.node {
        Node::Number(digits) => digits.parse().ok().and_then(PeriodInterval::of),
        Node::Text(name) => PeriodInterval::named(name),
        _ => None,
    };
    if interval.is_none() {
        let wanted = "expected -1 (by correlation id), 0 (each by itself), 60 (an hour) or 1440 (a day)";
        compilation.error(located.offset, "periodInterval", wanted);
    }
    interval
}

fn required_codes(compilation: &mut Compilation<'_>, members: &mut Members<'_>) -> Option<Vec<Coding>> {
    let path = members.path_of("codes");
    let offset = members.offset();
    let errors_before = compilation.error_count();
    let codes = codes(compilation, members, CodesOf::Template);
    if codes.is_none() && compilation.error_count() == errors_before {
        compilation.error(offset, &path, "\"codes\" is required");
    }
    codes
}

/// Where codes stand. The original reads a FHIR `value` without asking for unknown members, also in its codes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CodesOf {
    Template,
    Value,
}

fn codes(compilation: &mut Compilation<'_>, members: &mut Members<'_>, of: CodesOf) -> Option<Vec<Coding>> {
    let elements = members.array(compilation, "codes")?;
    Some(
        elements
            .into_iter()
            .filter_map(|(located, path)| coding(compilation, located, path, of))
            .collect(),
    )
}

fn coding(compilation: &mut Compilation<'_>, located: &Located, path: String, of: CodesOf) -> Option<Coding> {
    let mut members = Members::of(compilation, located, path)?;
    let mut text = |name: &'static str| non_empty(members.text(compilation, name));
    let coding = Coding {
        system: text("system"),
        code: text("code"),
        display: text("display"),
    };
    if of == CodesOf::Template || compilation.compatibility == Compatibility::Strict {
        members.finish(compilation);
    }
    Some(coding)
}

fn category(compilation: &mut Compilation<'_>, members: &mut Members<'_>) -> Vec<Concept> {
    let elements = members.array(compilation, "category").unwrap_or_default();
    let mut concepts = Vec::with_capacity(elements.len());
    for (located, path) in elements {
        let Some(mut members) = Members::of(compilation, located, path) else {
            continue;
        };
        let text = non_empty(members.text(compilation, "text"));
        let codes = codes(compilation, &mut members, CodesOf::Template).unwrap_or_default();
        let (offset, path) = (members.offset(), members.path_of("codes"));
        members.finish(compilation);
        let concept = Concept { text, codes };
        if concept.is_empty() {
            empty_concept(compilation, offset, &path);
        } else {
            concepts.push(concept);
        }
    }
    concepts
}

fn component(
    compilation: &mut Compilation<'_>,
    located: &Located,
    path: String,
) -> Option<ComponentTemplate> {
    let mut members = Members::of(compilation, located, path)?;
    let codes = required_codes(compilation, &mut members);
    let value_path = members.path_of("value");
    let value = members
        .require(compilation, "value")
        .and_then(|value| value_of(compilation, value, value_path));
    members.finish(compilation);
    Some(ComponentTemplate {
        codes: codes?,
        value: value?,
    })
}

/// microsoft/iomt-fhir takes a value without a name for none.
fn has_name(located: &Located) -> bool {
    let Node::Object(members) = &located.node else {
        return true;
    };
    let named = |member: &Member| member.name.eq_ignore_ascii_case("valueName");
    members.iter().any(|member| {
        named(member) && !matches!(&member.value.node, Node::Text(text) if text.trim().is_empty())
    })
}

/// Members that are not known here mean nothing, as in microsoft/iomt-fhir.
fn value_of(compilation: &mut Compilation<'_>, located: &Located, path: String) -> Option<ValueTemplate> {
    let mut members = Members::of(compilation, located, path)?;
    let name = members.required_text(compilation, "valueName");
    let value_type = members.required_text(compilation, "valueType")?;
    let mut text = |name: &'static str| non_empty(members.text(compilation, name));
    let kind = match value_type.0.to_ascii_lowercase().as_str() {
        "quantity" => ValueKind::Quantity {
            unit: text("unit"),
            system: text("system"),
            code: text("code"),
        },
        "string" => ValueKind::String,
        "codeableconcept" => {
            let text = text("text");
            let codes = codes(compilation, &mut members, CodesOf::Value).unwrap_or_default();
            let concept = Concept { text, codes };
            if concept.is_empty() {
                empty_concept(compilation, members.offset(), &members.path_of("codes"));
            }
            ValueKind::CodeableConcept(concept)
        }
        "sampleddata" => {
            let unit = text("unit");
            let (default_period, step_ticks) = default_period(compilation, &mut members)?;
            ValueKind::SampledData {
                default_period,
                step_ticks,
                unit,
            }
        }
        _ => {
            let message = format!(
                "unknown valueType {:?}; expected SampledData, Quantity, String or CodeableConcept",
                value_type.0
            );
            compilation.error(value_type.1, &members.path_of("valueType"), message);
            return None;
        }
    };
    Some(ValueTemplate { name: name?.0, kind })
}

/// Milliseconds, more than 0; also the number of steps of 100 ns.
fn default_period(compilation: &mut Compilation<'_>, members: &mut Members<'_>) -> Option<(Number, i64)> {
    let located = members.require(compilation, "defaultPeriod")?;
    let digits = match &located.node {
        Node::Number(digits) | Node::Text(digits) => digits.trim(),
        _ => "",
    };
    let milliseconds: Option<f64> = digits.parse().ok().filter(|value: &f64| value.is_finite());
    let ticks = milliseconds.map_or(0.0, |milliseconds| (milliseconds * 10_000.0).trunc());
    if !(1.0..=1e16).contains(&ticks) {
        let wanted = "expected milliseconds between two samples, more than 0";
        compilation.error(located.offset, &members.path_of("defaultPeriod"), wanted);
        return None;
    }
    let written = match &located.node {
        Node::Text(_) if digits.parse::<i64>().is_err() => Number::Float(milliseconds?),
        _ => Number::keeping_digits(digits),
    };
    Some((written, ticks as i64))
}

/// FHIR has no empty elements: an error in the strict mode, else left out.
fn empty_concept(compilation: &mut Compilation<'_>, offset: usize, path: &str) {
    if compilation.compatibility == Compatibility::Strict {
        let wanted = "a concept needs a text or a code, such as \"codes\": [{\"system\": …, \"code\": …}]";
        compilation.error(offset, path, wanted);
    }
}

fn non_empty(text: Option<(String, usize)>) -> Option<String> {
    text.map(|(text, _)| text).filter(|text| !text.trim().is_empty())
}
