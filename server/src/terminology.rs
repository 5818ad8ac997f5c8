//! Terminology: which codes a ValueSet holds, and which stand above and below a code in its CodeSystem. Both are
//! resources of this server. All of it is pure: whoever can read them asks [`resolve`] what is needed, and asks again
//! when it is read. <http://hl7.org/fhir/R4/terminology-module.html>
//!
//! Knows resources and nothing else; search depends on it, never the other way round.

mod code_set;
mod hierarchy;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::resource::Json;
pub use code_set::CodeSet;
use hierarchy::Hierarchy;

/// How deep ValueSets may include each other.
const MAXIMUM_DEPTH: usize = 16;

/// Which codes are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Those of the ValueSet with this canonical URL, perhaps with `|version`, or this `ValueSet/id`.
    InValueSet(String),
    /// A code and all that stand above it.
    Above {
        /// The canonical URL of its CodeSystem.
        system: String,
        /// The code to start from, which counts too.
        code: String,
    },
    /// A code and all that stand below it.
    Below {
        /// The canonical URL of its CodeSystem.
        system: String,
        /// The code to start from, which counts too.
        code: String,
    },
}

/// A resource that codes are taken from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// By its canonical URL, perhaps with `|version`, or as `ValueSet/id`.
    ValueSet(String),
    /// By its canonical URL.
    CodeSystem(String),
}

/// What has been read; `None` for what is not there.
pub type Sources = HashMap<Source, Option<Json>>;

/// Why there are no codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// This must be read first.
    Needs(Source),
    /// They cannot be told; what to write instead.
    Refused(String),
}

/// The codes that `question` asks for.
///
/// # Errors
/// [`Unresolved`].
pub fn resolve(question: &Question, sources: &Sources) -> Result<CodeSet, Unresolved> {
    match question {
        Question::InValueSet(url) => CodeSet::of_value_set(url, sources, MAXIMUM_DEPTH),
        Question::Above { system, code } => {
            let hierarchy = hierarchy_with(system, code, sources)?;
            Ok(CodeSet::of_codes(system, hierarchy.above(code)))
        }
        Question::Below { system, code } => {
            let hierarchy = hierarchy_with(system, code, sources)?;
            Ok(CodeSet::of_codes(system, hierarchy.below(code)))
        }
    }
}

/// The hierarchy of `system`, in which `code` must be.
fn hierarchy_with(system: &str, code: &str, sources: &Sources) -> Result<Hierarchy, Unresolved> {
    let hierarchy = Hierarchy::of(system, sources)?;
    if hierarchy.spelled(code).is_none() {
        return Err(refused(&format!("a code of {system}; {code} is not one")));
    }
    Ok(hierarchy)
}

fn refused(instead: &str) -> Unresolved {
    Unresolved::Refused(instead.to_owned())
}
