//! From the text of a device mapping file to its templates.

use super::expression::{Expression, Language};
use super::{DeviceMapping, DeviceTemplate, FieldExpression, ValueTemplate, View};
use crate::compatibility::Compatibility;
use crate::json::{Located, Node};
use crate::mapping::file::{Compilation, Container, InvalidMapping, Members, matches_template_type};

const COLLECTION: &str = "CollectionContent";

pub(super) fn compile(text: &str, compatibility: Compatibility) -> Result<DeviceMapping, InvalidMapping> {
    let templates = Compilation::run(text, compatibility, COLLECTION, |compilation, located| {
        let mut templates = Vec::new();
        contained(compilation, located, &mut templates);
        Some(templates)
    })?;
    Ok(DeviceMapping {
        templates: templates.into_iter().flatten().collect(),
        compatibility,
    })
}

/// The kinds of content templates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    JsonPath,
    Iot,
    IotCentral,
    Calculated,
}

impl Kind {
    /// microsoft/iomt-fhir accepts the suffix `Template` for two of them only.
    fn named(name: &str, compatibility: Compatibility) -> Option<Self> {
        let kinds = [
            ("JsonPathContent", Self::JsonPath, true),
            ("IotJsonPathContent", Self::Iot, true),
            ("IotCentralJsonPathContent", Self::IotCentral, false),
            ("CalculatedContent", Self::Calculated, false),
        ];
        let with_suffix = |allowed: bool| allowed || compatibility == Compatibility::Strict;
        kinds.into_iter().find_map(|(wanted, kind, suffix)| {
            let matches = name.eq_ignore_ascii_case(wanted)
                || with_suffix(suffix) && matches_template_type(name, wanted);
            matches.then_some(kind)
        })
    }
}

/// Compiles a template, or in the strict mode the templates of a collection in the collection.
fn contained(compilation: &mut Compilation<'_>, located: &Located, templates: &mut Vec<DeviceTemplate>) {
    let Some(container) = Container::of(compilation, located) else {
        return;
    };
    let name = container.type_name.unwrap_or_default();
    let strict = compilation.compatibility == Compatibility::Strict;
    if strict && matches_template_type(name, COLLECTION) {
        match container.template.map(|template| &template.node) {
            Some(Node::Array(nested)) => nested
                .iter()
                .for_each(|nested| contained(compilation, nested, templates)),
            _ => compilation.error(located.offset, "template", "expected an array of templates"),
        }
        return;
    }
    let Some(kind) = Kind::named(name, compilation.compatibility) else {
        let known = "JsonPathContent, IotJsonPathContent, IotCentralJsonPathContent or CalculatedContent";
        let message = format!("unknown templateType {name:?}; expected {known}");
        return compilation.error(container.type_offset, "templateType", message);
    };
    match container.template {
        Some(template) => templates.extend(template_of(compilation, kind, template)),
        None => compilation.error(located.offset, "template", "\"template\" is required"),
    }
}

fn template_of(compilation: &mut Compilation<'_>, kind: Kind, located: &Located) -> Option<DeviceTemplate> {
    let errors_before = compilation.error_count();
    let mut members = Members::of(compilation, located, "")?;
    let type_name = type_name(compilation, &mut members);
    let mut reader = ExpressionReader {
        compilation,
        calculated: kind == Kind::Calculated,
        language: Language::JsonPath,
    };
    if kind == Kind::Calculated {
        reader.default_language(&mut members);
    }
    let type_match = reader.required(&mut members, "typeMatchExpression");
    let (device_id, timestamps) = match kind {
        Kind::JsonPath | Kind::Calculated => (
            reader.required(&mut members, "deviceIdExpression"),
            Vec::from_iter(reader.required(&mut members, "timestampExpression")),
        ),
        Kind::Iot | Kind::IotCentral => {
            members.ignore("deviceIdExpression");
            members.ignore("timestampExpression");
            built_in(kind)
        }
    };
    let correlation_id = reader.optional(&mut members, "correlationIdExpression");
    let patient_id = reader.optional(&mut members, "patientIdExpression");
    let encounter_id = reader.optional(&mut members, "encounterIdExpression");
    let values = reader.values(&mut members);
    members.finish(compilation);
    if compilation.error_count() > errors_before {
        return None;
    }
    let view = if kind == Kind::Calculated {
        View::MessageWithMatch
    } else {
        View::Match
    };
    let (index, type_name) = (compilation.template_index(), type_name?);
    let (type_match, device_id) = (type_match?, device_id?);
    Some(DeviceTemplate {
        index,
        type_name,
        view,
        type_match,
        device_id,
        timestamps,
        correlation_id,
        patient_id,
        encounter_id,
        values,
    })
}

fn type_name(compilation: &mut Compilation<'_>, members: &mut Members<'_>) -> Option<String> {
    if compilation.compatibility == Compatibility::Strict {
        return members
            .required_text(compilation, "typeName")
            .map(|(text, _)| text);
    }
    let located = members.require(compilation, "typeName")?;
    match &located.node {
        Node::Text(text) | Node::Number(text) => Some(text.clone()),
        _ => {
            compilation.error(located.offset, "typeName", "expected a text");
            None
        }
    }
}

/// Device and time of messages that Azure IoT Hub or IoT Central wrapped.
fn built_in(kind: Kind) -> (Option<FieldExpression>, Vec<FieldExpression>) {
    let built_in = |field: &str, path: &str| {
        let expression = Expression::compile(path, Language::JsonPath, Compatibility::Strict).ok()?;
        Some(FieldExpression {
            field: field.to_owned(),
            line: 0,
            column: 0,
            expression,
        })
    };
    let (device_id, timestamps): (&str, &[&str]) = match kind {
        Kind::IotCentral => ("$.deviceId", &["$.enqueuedTime"]),
        _ => (
            "$.SystemProperties.iothub-connection-device-id",
            &[
                "$.Properties.iothub-creation-time-utc",
                "$.SystemProperties.iothub-enqueuedtime",
            ],
        ),
    };
    let timestamps = timestamps
        .iter()
        .filter_map(|path| built_in("timestampExpression", path))
        .collect();
    (built_in("deviceIdExpression", device_id), timestamps)
}

/// Reads the expressions of one template.
struct ExpressionReader<'c, 'a> {
    compilation: &'c mut Compilation<'a>,
    calculated: bool,
    language: Language,
}

impl ExpressionReader<'_, '_> {
    fn default_language(&mut self, members: &mut Members<'_>) {
        if let Some(located) = members.take(self.compilation, "defaultExpressionLanguage")
            && let Some(language) = self.language_of(located, "defaultExpressionLanguage")
        {
            self.language = language;
        }
    }

    fn language_of(&mut self, located: &Located, path: &str) -> Option<Language> {
        let language = match &located.node {
            Node::Text(name) => Language::named(name),
            _ => None,
        };
        if language.is_none() {
            self.compilation
                .error(located.offset, path, "expected \"JsonPath\" or \"JmesPath\"");
        }
        language
    }

    fn required(&mut self, members: &mut Members<'_>, name: &'static str) -> Option<FieldExpression> {
        let located = members.require(self.compilation, name)?;
        self.expression(located, members.path_of(name), true)
    }

    /// An expression that may be left out, or be blank.
    fn optional(&mut self, members: &mut Members<'_>, name: &'static str) -> Option<FieldExpression> {
        let located = members.take(self.compilation, name)?;
        self.expression(located, members.path_of(name), false)
    }

    /// A text, or in CalculatedContent also `{"value": …, "language": …}`.
    fn expression(&mut self, located: &Located, field: String, required: bool) -> Option<FieldExpression> {
        let (text, offset, language) = match &located.node {
            Node::Text(text) => (text.clone(), located.offset, self.language),
            Node::Object(_) if self.calculated => {
                let mut members = Members::of(self.compilation, located, field.clone())?;
                let value = members.require(self.compilation, "value")?;
                let written = members.take(self.compilation, "language");
                let language = match written {
                    Some(written) => self.language_of(written, &members.path_of("language"))?,
                    None => self.language,
                };
                match &value.node {
                    Node::Text(text) => (text.clone(), value.offset, language),
                    _ => {
                        self.compilation
                            .error(value.offset, &members.path_of("value"), "expected a text");
                        return None;
                    }
                }
            }
            _ => {
                let wanted = if self.calculated {
                    "a text or {value, language}"
                } else {
                    "a text"
                };
                self.compilation.error(
                    located.offset,
                    &field,
                    format!("expected an expression: {wanted}"),
                );
                return None;
            }
        };
        if text.trim().is_empty() {
            if required {
                self.compilation
                    .error(offset, &field, "an expression must not be blank");
            }
            return None;
        }
        match Expression::compile(&text, language, self.compilation.compatibility) {
            Ok(expression) => {
                let (line, column) = self.compilation.position(offset);
                Some(FieldExpression {
                    field,
                    line,
                    column,
                    expression,
                })
            }
            Err(error) => {
                self.compilation.error(offset, &field, error.to_string());
                None
            }
        }
    }

    fn values(&mut self, members: &mut Members<'_>) -> Vec<ValueTemplate> {
        let elements = members.array(self.compilation, "values").unwrap_or_default();
        elements
            .into_iter()
            .filter_map(|(located, path)| self.value(located, path))
            .collect()
    }

    fn value(&mut self, located: &Located, path: String) -> Option<ValueTemplate> {
        let mut members = Members::of(self.compilation, located, path)?;
        let name = members.required_text(self.compilation, "valueName");
        let required = members.boolean(self.compilation, "required");
        let original = self.compilation.compatibility == Compatibility::IomtFhir;
        let expression = members
            .require(self.compilation, "valueExpression")
            .and_then(|located| {
                // The original leaves a value out whose expression is blank.
                self.expression(located, members.path_of("valueExpression"), required || !original)
            });
        members.finish(self.compilation);
        Some(ValueTemplate {
            name: name?.0,
            required,
            expression: expression?,
        })
    }
}
