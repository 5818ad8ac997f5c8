//! The members of one object of a mapping file: taken by name without case, converted, and at the end checked for
//! members that nobody asked for.

use super::Compilation;
use crate::compatibility::Compatibility;
use crate::json::{Located, Member, Node};

/// The members of an object that are still to be taken.
pub struct Members<'l> {
    members: Vec<&'l Member>,
    known: Vec<&'static str>,
    path: String,
    offset: usize,
}

impl<'l> Members<'l> {
    /// The members of an object; records an error and gives nothing if it is none. `path` is the object's own path.
    pub fn of(
        compilation: &mut Compilation<'_>,
        located: &'l Located,
        path: impl Into<String>,
    ) -> Option<Self> {
        let path = path.into();
        let Node::Object(members) = &located.node else {
            compilation.error(located.offset, &path, "expected an object");
            return None;
        };
        Some(Self {
            members: members.iter().collect(),
            known: Vec::new(),
            path,
            offset: located.offset,
        })
    }

    /// Where the object begins.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The path of a member, for error messages.
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Takes a member. Of several with one name the last counts; the strict mode does not accept several.
    /// `null` counts as not given.
    pub fn take(&mut self, compilation: &mut Compilation<'_>, name: &'static str) -> Option<&'l Located> {
        self.known.push(name);
        let (found, others): (Vec<&Member>, Vec<&Member>) = self
            .members
            .iter()
            .partition(|member| member.name.eq_ignore_ascii_case(name));
        self.members = others;
        if let [_, .., last] = found.as_slice()
            && compilation.compatibility == Compatibility::Strict
        {
            compilation.error(
                last.offset,
                &self.path_of(name),
                "this member is given twice; keep one",
            );
        }
        found
            .last()
            .map(|member| &member.value)
            .filter(|value| !matches!(value.node, Node::Null))
    }

    /// Takes a member and drops it.
    pub fn ignore(&mut self, name: &'static str) {
        self.known.push(name);
        self.members
            .retain(|member| !member.name.eq_ignore_ascii_case(name));
    }

    /// Takes a member that must be there.
    pub fn require(&mut self, compilation: &mut Compilation<'_>, name: &'static str) -> Option<&'l Located> {
        let taken = self.take(compilation, name);
        if taken.is_none() {
            compilation.error(
                self.offset,
                &self.path_of(name),
                format!("\"{name}\" is required"),
            );
        }
        taken
    }

    /// Takes a text. Numbers are taken as texts in the compatibility mode.
    pub fn text(&mut self, compilation: &mut Compilation<'_>, name: &'static str) -> Option<(String, usize)> {
        let located = self.take(compilation, name)?;
        let text = text_of(compilation, located, &self.path_of(name))?;
        Some((text, located.offset))
    }

    /// Takes a text that must be there and not be blank.
    pub fn required_text(
        &mut self,
        compilation: &mut Compilation<'_>,
        name: &'static str,
    ) -> Option<(String, usize)> {
        let located = self.require(compilation, name)?;
        let path = self.path_of(name);
        let text = text_of(compilation, located, &path)?;
        if text.trim().is_empty() {
            compilation.error(located.offset, &path, format!("\"{name}\" must not be blank"));
            return None;
        }
        Some((text, located.offset))
    }

    /// Takes `true` or `false`, also as texts.
    pub fn boolean(&mut self, compilation: &mut Compilation<'_>, name: &'static str) -> bool {
        let Some(located) = self.take(compilation, name) else {
            return false;
        };
        let value = match &located.node {
            Node::Bool(value) => Some(*value),
            Node::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Node::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            Node::Number(digits) if compilation.compatibility == Compatibility::IomtFhir => {
                digits.parse::<i64>().ok().map(|number| number != 0)
            }
            _ => None,
        };
        if value.is_none() {
            compilation.error(located.offset, &self.path_of(name), "expected true or false");
        }
        value.unwrap_or(false)
    }

    /// Takes an array; gives each element with its path. Nothing if the member is not there.
    pub fn array(
        &mut self,
        compilation: &mut Compilation<'_>,
        name: &'static str,
    ) -> Option<Vec<(&'l Located, String)>> {
        let located = self.take(compilation, name)?;
        let path = self.path_of(name);
        let Node::Array(elements) = &located.node else {
            compilation.error(located.offset, &path, "expected an array");
            return None;
        };
        let with_path = |(index, element)| (element, format!("{path}[{index}]"));
        Some(elements.iter().enumerate().map(with_path).collect())
    }

    /// Records an error for every member that was not taken.
    pub fn finish(self, compilation: &mut Compilation<'_>) {
        for member in &self.members {
            let message = format!(
                "unknown member {:?}; known here: {}",
                member.name,
                self.known.join(", ")
            );
            compilation.error(member.offset, &self.path_of(&member.name), message);
        }
    }
}

fn text_of(compilation: &mut Compilation<'_>, located: &Located, path: &str) -> Option<String> {
    match &located.node {
        Node::Text(text) => Some(text.clone()),
        Node::Number(digits) if compilation.compatibility == Compatibility::IomtFhir => Some(digits.clone()),
        _ => {
            compilation.error(located.offset, path, "expected a text");
            None
        }
    }
}
