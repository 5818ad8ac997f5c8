//! Normalization: device message × device mapping → measurements. Pure. An error concerns one match of one template;
//! everything else that the message contains is still found.

mod value;

use std::sync::Arc;

use crate::compatibility::Compatibility;
use crate::date_time::Instant;
use crate::device_message::DeviceMessage;
use crate::json::{Json, Object};
use crate::mapping::device::expression::{EvaluationError, Matches};
use crate::mapping::device::{DeviceMapping, DeviceTemplate, FieldExpression, View};
use crate::measurement::Measurement;
use value::{MAX_IDENTIFIER, ValueError};

/// What a message contains, in the order of the templates.
#[derive(Debug, Default)]
pub struct Normalized {
    /// The measurements with the index of their template.
    pub measurements: Vec<(usize, Measurement)>,
    /// What could not be extracted.
    pub errors: Vec<NormalizeError>,
}

/// A measurement that could not be extracted: which template, which field of it, and why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field}: {cause}")]
pub struct NormalizeError {
    /// Index of the template.
    pub template: usize,
    /// The field of the template.
    pub field: String,
    /// Line of the field in the mapping file; 0 for the built-in expressions of the IoT templates.
    pub line: usize,
    /// Column of the field.
    pub column: usize,
    /// What went wrong.
    pub cause: NormalizeCause,
}

/// Why a measurement could not be extracted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NormalizeCause {
    /// The expression failed on this message.
    #[error(transparent)]
    Expression(#[from] EvaluationError),
    /// A required part is not in the message.
    #[error("required, but the message does not have it")]
    Missing,
    /// A required part is not in what the expressions see, which is not the whole message.
    #[error(
        "required, but the match does not have it; this template's expressions see the match alone, not the message around it"
    )]
    NotInMatch,
    /// What was found cannot be used.
    #[error(transparent)]
    Value(#[from] ValueError),
}

/// Finds the measurements of a message.
pub fn normalize(message: &DeviceMessage, mapping: &DeviceMapping) -> Normalized {
    let mut normalized = Normalized::default();
    for template in &mapping.templates {
        let extraction = Extraction {
            template,
            compatibility: mapping.compatibility,
        };
        let (contexts, failure) = extraction.matches(&message.envelope);
        for context in contexts {
            match extraction.measurement(&context) {
                Ok(measurement) => normalized.measurements.push((template.index, measurement)),
                Err(error) => normalized.errors.push(error),
            }
        }
        normalized.errors.extend(failure);
    }
    normalized
}

struct Extraction<'m> {
    template: &'m DeviceTemplate,
    compatibility: Compatibility,
}

type Extracted<T> = Result<T, NormalizeError>;

impl Extraction<'_> {
    /// What the expressions see for each match, and why there may be fewer than there should be.
    fn matches(&self, envelope: &Json) -> (Vec<Json>, Option<NormalizeError>) {
        let field = &self.template.type_match;
        let Matches { values, failure } = field.expression.all(envelope, self.compatibility);
        let failure = failure.map(|source| self.failed(field, source));
        let members = match envelope {
            Json::Object(members) if self.template.view == View::MessageWithMatch => members,
            _ => return (values, failure),
        };
        let with_match = |matched: Json| {
            let mut members: Object = (**members).clone();
            members.shift_remove(MATCHED_TOKEN);
            members.insert(Arc::from(MATCHED_TOKEN), matched);
            Json::Object(Arc::new(members))
        };
        (values.into_iter().map(with_match).collect(), failure)
    }

    fn measurement(&self, context: &Json) -> Extracted<Measurement> {
        let template = self.template;
        let required = |field: &FieldExpression| {
            let id = self.required_text(field, context)?;
            self.short_enough(field, &id).map(|()| id)
        };
        let device_id = required(&template.device_id)?;
        let occurrence_time = self.timestamp(context)?;
        let correlation_id = template.correlation_id.as_ref().map(required).transpose()?;
        let optional = |field: &Option<FieldExpression>| {
            let Some(field) = field else { return Ok(None) };
            let id = self.optional_text(field, context)?;
            id.iter().try_for_each(|id| self.short_enough(field, id))?;
            Ok(id)
        };
        let patient_id = optional(&template.patient_id)?;
        let encounter_id = optional(&template.encounter_id)?;
        let mut properties = Vec::with_capacity(template.values.len());
        for value in &template.values {
            let text = if value.required {
                Some(self.required_text(&value.expression, context)?)
            } else {
                self.optional_text(&value.expression, context)?
            };
            properties.extend(text.map(|text| (value.name.clone(), text)));
        }
        let type_name = template.type_name.clone();
        Ok(Measurement {
            type_name,
            occurrence_time,
            device_id,
            patient_id,
            encounter_id,
            correlation_id,
            properties,
        })
    }

    /// The first of the template's expressions that gives a time. The error is that of the last one that found anything.
    fn timestamp(&self, context: &Json) -> Extracted<Instant> {
        let mut failure = None;
        for field in &self.template.timestamps {
            let error = match self.find(field, context)? {
                None => {
                    failure.get_or_insert_with(|| self.missing(field));
                    continue;
                }
                Some(found) => match value::timestamp(&found) {
                    Ok(instant) => return Ok(instant),
                    Err(source) => self.error(field, NormalizeCause::Value(source)),
                },
            };
            failure = Some(error);
        }
        Err(failure.unwrap_or_else(|| self.missing(&self.template.type_match)))
    }

    /// Present, not null, not blank.
    fn required_text(&self, field: &FieldExpression, context: &Json) -> Extracted<String> {
        let found = self.find(field, context)?.ok_or_else(|| self.missing(field))?;
        let text = value::text(&found, self.compatibility).and_then(|text| {
            if text.trim().is_empty() {
                Err(ValueError::Blank)
            } else {
                Ok(text)
            }
        });
        text.map_err(|source| self.error(field, NormalizeCause::Value(source)))
    }

    /// What is not there, null, or nothing that can be a text, is left out; an empty text is kept.
    fn optional_text(&self, field: &FieldExpression, context: &Json) -> Extracted<Option<String>> {
        let found = self.find(field, context)?;
        Ok(found.and_then(|found| value::text(&found, self.compatibility).ok()))
    }

    /// No FHIR service takes identifiers of any length, in a URL even less: one that is too long is the message's fault.
    fn short_enough(&self, field: &FieldExpression, id: &str) -> Extracted<()> {
        if id.len() <= MAX_IDENTIFIER {
            return Ok(());
        }
        let cause = ValueError::TooLong { bytes: id.len() };
        Err(self.error(field, NormalizeCause::Value(cause)))
    }

    fn find(&self, field: &FieldExpression, context: &Json) -> Extracted<Option<Json>> {
        field
            .expression
            .one(context, self.compatibility)
            .map_err(|source| self.failed(field, source))
    }

    fn missing(&self, field: &FieldExpression) -> NormalizeError {
        let cause = match self.template.view {
            View::Match => NormalizeCause::NotInMatch,
            View::MessageWithMatch => NormalizeCause::Missing,
        };
        self.error(field, cause)
    }

    fn failed(&self, field: &FieldExpression, source: EvaluationError) -> NormalizeError {
        self.error(field, NormalizeCause::Expression(source))
    }

    fn error(&self, field: &FieldExpression, cause: NormalizeCause) -> NormalizeError {
        let (template, line, column) = (self.template.index, field.line, field.column);
        NormalizeError {
            template,
            field: field.field.clone(),
            line,
            column,
            cause,
        }
    }
}

const MATCHED_TOKEN: &str = "matchedToken";

#[cfg(test)]
mod tests;
