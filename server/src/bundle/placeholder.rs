//! Full URLs of entries where criteria name them: `ifNoneExist`, conditional URLs and searches of a transaction. Only what
//! references and URIs are compared with can be one; a token is what it is.

use crate::definitions::search_parameter::{ParameterKind, Registry};
use crate::exchange::InteractionError;
use crate::resource::ResourceType;

/// How a full URL begins that stands for a resource without an address.
const UUID: &str = "urn:uuid:";

/// That `text` should be the full URL of an entry and is not; `place` is where it stands.
fn unnamed(place: String, text: &str) -> InteractionError {
    InteractionError::element(
        place,
        format!(
            "\"{text}\" is the fullUrl of no entry that stores a resource; write the fullUrl of one, or Type/id of a stored resource"
        ),
    )
}

/// Where criteria are in terms of: the search parameters, and the type that is searched.
#[derive(Debug, Clone, Copy)]
pub struct Searched<'a> {
    /// All search parameters.
    pub registry: &'a Registry,
    /// The type searched; `None` for several.
    pub resource_type: Option<ResourceType>,
}

impl Searched<'_> {
    /// The full URLs in `parameters` of which `is_name` knows that they stand for an entry.
    ///
    /// # Errors
    /// When a reference is compared with a placeholder that stands for none; `place` is where the criteria stand.
    pub fn names(
        self,
        parameters: &[(String, String)],
        is_name: impl Fn(&str) -> bool,
        place: impl Fn() -> String,
    ) -> Result<Vec<String>, InteractionError> {
        let mut names = Vec::new();
        for (name, value) in parameters {
            let Some(kind) = self.kind(name) else {
                continue;
            };
            for part in value.split(kind.separators()) {
                if is_name(part) {
                    names.push(part.to_owned());
                } else if kind == Kind::Reference && part.starts_with(UUID) {
                    return Err(unnamed(place(), part));
                }
            }
        }
        Ok(names)
    }

    /// `parameters` with what each full URL stands for, as far as `target` knows it.
    pub fn resolved<'t>(
        self,
        parameters: &[(String, String)],
        target: impl Fn(&str) -> Option<&'t str>,
    ) -> Vec<(String, String)> {
        let resolve = |(name, value): &(String, String)| {
            let value = match self.kind(name) {
                None => value.clone(),
                Some(kind) => value
                    .split_inclusive(kind.separators())
                    .map(|part| {
                        let url = part.trim_end_matches(kind.separators());
                        target(url).map_or_else(|| part.to_owned(), |found| part.replacen(url, found, 1))
                    })
                    .collect(),
            };
            (name.clone(), value)
        };
        parameters.iter().map(resolve).collect()
    }

    /// What kind of values the parameter `name` is compared with; `None` for those that are no links.
    fn kind(self, name: &str) -> Option<Kind> {
        if name.contains('.') || name.starts_with("_has:") {
            // What stands at the end of a chain is not followed here.
            return Some(Kind::Unknown);
        }
        let (code, modifier) = name.split_once(':').unwrap_or((name, ""));
        let Some(parameter) = self
            .resource_type
            .and_then(|resource_type| self.registry.find(resource_type, code))
        else {
            return (!code.starts_with('_')).then_some(Kind::Unknown);
        };
        match parameter.kind {
            ParameterKind::Reference if matches!(modifier, "identifier" | "text" | "missing") => None,
            ParameterKind::Reference => Some(Kind::Reference),
            ParameterKind::Composite => Some(Kind::Composite),
            ParameterKind::Uri => Some(Kind::Unknown),
            _ => None,
        }
    }
}

/// Values that may be links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// References, and nothing else.
    Reference,
    /// Several values in one, with dollars between them.
    Composite,
    /// Links among others.
    Unknown,
}

impl Kind {
    fn separators(self) -> &'static [char] {
        match self {
            Kind::Composite => &[',', '$'],
            Kind::Reference | Kind::Unknown => &[','],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;

    fn searched() -> Searched<'static> {
        Searched {
            registry: fixture::r4().search_parameters(),
            resource_type: ResourceType::parse("Observation"),
        }
    }

    fn pairs(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    fn resolved(name: &str, value: &str) -> String {
        let target = |url: &str| (url == "urn:uuid:1").then_some("Patient/a");
        searched().resolved(&pairs(name, value), target)[0].1.clone()
    }

    #[test]
    fn what_references_are_compared_with_is_resolved() {
        for name in [
            "subject",
            "subject:Patient",
            "subject.link",
            "_has:Provenance:target:agent",
        ] {
            assert_eq!(resolved(name, "urn:uuid:1"), "Patient/a", "{name}");
        }
        assert_eq!(
            resolved("subject", "Patient/b,urn:uuid:1,urn:uuid:12"),
            "Patient/b,Patient/a,urn:uuid:12"
        );
        for name in ["identifier", "code", "subject:identifier", "_id"] {
            assert_eq!(resolved(name, "urn:uuid:1"), "urn:uuid:1", "{name}");
        }
        assert_eq!(
            resolved("identifier", "urn:ietf:rfc:3986|urn:uuid:1"),
            "urn:ietf:rfc:3986|urn:uuid:1"
        );
    }

    #[test]
    fn a_placeholder_that_names_nothing_is_refused() {
        let names = |name: &str, value: &str| {
            let is_name = |url: &str| url == "urn:uuid:1";
            searched().names(&pairs(name, value), is_name, || "Bundle.entry[3]".to_owned())
        };
        assert_eq!(names("subject", "urn:uuid:1,Patient/2").unwrap(), ["urn:uuid:1"]);
        let refused = names("subject", "urn:uuid:2").unwrap_err().to_string();
        assert!(
            refused.starts_with("Bundle.entry[3]: \"urn:uuid:2\""),
            "{refused}"
        );
        for (name, value) in [
            ("identifier", "urn:uuid:2"),
            ("subject", "urn:oid:1.2"),
            ("code", "a"),
        ] {
            assert_eq!(names(name, value).unwrap(), Vec::<String>::new(), "{name}");
        }
    }
}
