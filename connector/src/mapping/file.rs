//! What the two mapping files have in common: templates in a collection, members whose names go without case, and errors that
//! say in which template, at which field, line and column something is wrong. Every error of a file is found at once.

mod members;

use std::fmt;

use crate::compatibility::Compatibility;
use crate::json::{self, JsonError, Located, Node};
pub use members::Members;

/// One thing that is wrong in a mapping file.
#[derive(Clone, Debug, PartialEq)]
pub struct MappingError {
    /// Index of the template in the collection, counted from 0; nothing when the file as a whole is meant.
    pub template: Option<usize>,
    /// The field, as a path such as `values[0].valueExpression`.
    pub field: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: ", self.line, self.column)?;
        if let Some(template) = self.template {
            write!(formatter, "template {template}: ")?;
        }
        if !self.field.is_empty() {
            write!(formatter, "{}: ", self.field)?;
        }
        formatter.write_str(&self.message)
    }
}

/// A mapping file that does not compile, with all its errors.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", .errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct InvalidMapping {
    /// At least one.
    pub errors: Vec<MappingError>,
}

/// Collects the errors of one file while it is compiled.
pub struct Compilation<'a> {
    text: &'a str,
    /// How the file is read.
    pub compatibility: Compatibility,
    template: Option<usize>,
    errors: Vec<MappingError>,
}

impl<'a> Compilation<'a> {
    /// Compiles a file: reads it, takes its collection of templates apart and calls `compile` for each of them.
    /// `collection` is the templateType of the file.
    pub fn run<T>(
        text: &'a str,
        compatibility: Compatibility,
        collection: &str,
        mut compile: impl FnMut(&mut Self, &Located) -> Option<T>,
    ) -> Result<Vec<T>, InvalidMapping> {
        let mut compilation = Self {
            text,
            compatibility,
            template: None,
            errors: Vec::new(),
        };
        let mut compiled = Vec::new();
        match json::read_mapping(text, compatibility) {
            Ok(root) => {
                for (index, template) in compilation.collection(&root, collection).into_iter().enumerate() {
                    compilation.template = Some(index);
                    compiled.extend(compile(&mut compilation, template));
                }
            }
            Err(JsonError {
                message,
                line,
                column,
            }) => {
                let message = format!("not valid JSON: {message}");
                compilation.errors.push(MappingError {
                    template: None,
                    field: String::new(),
                    line,
                    column,
                    message,
                });
            }
        }
        if compilation.errors.is_empty() {
            Ok(compiled)
        } else {
            Err(InvalidMapping {
                errors: compilation.errors,
            })
        }
    }

    /// The templates of the collection.
    fn collection<'l>(&mut self, root: &'l Located, wanted: &str) -> Vec<&'l Located> {
        let Some(container) = Container::of(self, root) else {
            return Vec::new();
        };
        let matches = container
            .type_name
            .is_some_and(|name| matches_template_type(name, wanted));
        if !matches {
            let found = container.type_name.unwrap_or("nothing");
            self.error(
                container.type_offset,
                "templateType",
                format!("expected \"{wanted}\", found {found:?}"),
            );
            return Vec::new();
        }
        match container.template.map(|template| &template.node) {
            Some(Node::Array(templates)) => templates.iter().collect(),
            _ => {
                let offset = container.template.map_or(root.offset, |template| template.offset);
                self.error(
                    offset,
                    "template",
                    format!("expected an array of templates in a {wanted}"),
                );
                Vec::new()
            }
        }
    }

    /// Records an error at a byte offset of the file.
    pub fn error(&mut self, offset: usize, field: &str, message: impl Into<String>) {
        let (line, column) = json::position(self.text, offset);
        let (template, field) = (self.template, field.to_owned());
        self.errors.push(MappingError {
            template,
            field,
            line,
            column,
            message: message.into(),
        });
    }

    /// Line and column of a byte offset.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        json::position(self.text, offset)
    }

    /// The template that is being compiled.
    pub fn template_index(&self) -> usize {
        self.template.unwrap_or_default()
    }

    /// How many errors there are so far.
    pub fn error_count(&self) -> usize {
        self.errors.len()
    }
}

/// `{"templateType": …, "template": …}`; further members mean nothing.
pub struct Container<'l> {
    /// The templateType as written.
    pub type_name: Option<&'l str>,
    /// Where it stands.
    pub type_offset: usize,
    /// Its `template` member, not compiled yet; nothing when it is missing.
    pub template: Option<&'l Located>,
}

impl<'l> Container<'l> {
    /// Takes the container apart; records an error if it is no object.
    pub fn of(compilation: &mut Compilation<'_>, located: &'l Located) -> Option<Self> {
        let Node::Object(members) = &located.node else {
            let message = "expected an object with templateType and template";
            compilation.error(located.offset, "", message);
            return None;
        };
        let find = |wanted: &str| {
            members
                .iter()
                .rev()
                .find(|member| member.name.eq_ignore_ascii_case(wanted))
        };
        let template_type = find("templateType");
        let type_name = template_type.and_then(|member| match &member.value.node {
            Node::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let type_offset = template_type.map_or(located.offset, |member| member.value.offset);
        Some(Self {
            type_name,
            type_offset,
            template: find("template").map(|member| &member.value),
        })
    }
}

/// Is `found` the template type, with or without the suffix `Template`, compared without case?
pub fn matches_template_type(found: &str, wanted: &str) -> bool {
    let found = found.to_ascii_lowercase();
    found.strip_suffix("template").unwrap_or(&found) == wanted.to_ascii_lowercase()
}
