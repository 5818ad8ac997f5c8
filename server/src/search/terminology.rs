//! The codes that `:in`, `:not-in`, `:above` and `:below` of a token stand for: those of a ValueSet, or those above or
//! below a code in its CodeSystem. Both are resources of this server; whoever reads them asks [`resolve`] what is
//! needed. <http://hl7.org/fhir/R4/search.html#token>, <http://hl7.org/fhir/R4/valueset.html#compositions>

mod code_set;
mod hierarchy;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use compact_str::CompactString;

use super::parse::escape;
use super::query::TokenMatch;
use crate::resource::Json;
use code_set::CodeSet;
use hierarchy::Hierarchy;

/// How many codes one value may stand for.
const MAXIMUM_CODES: usize = 2000;

/// How deep ValueSets may include each other.
const MAXIMUM_DEPTH: usize = 16;

/// What the values of token parameters with such a modifier stand for, or why they stand for nothing.
#[derive(Debug, Default)]
pub struct Terminology(HashMap<Asked, Result<Vec<TokenMatch>, String>>);

/// A modifier and one value, still escaped.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    modifier: Modifier,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Modifier {
    In,
    Above,
    Below,
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

impl Modifier {
    fn parse(name: &str) -> Option<Modifier> {
        Some(match name {
            "in" | "not-in" => Modifier::In,
            "above" => Modifier::Above,
            "below" => Modifier::Below,
            _ => return None,
        })
    }
}

impl Terminology {
    /// That `asked` stands for these codes, or for none for a reason.
    pub fn insert(&mut self, asked: Asked, codes: Result<Vec<TokenMatch>, String>) {
        self.0.insert(asked, codes);
    }

    /// The codes for one value of a token with `modifier`.
    ///
    /// # Errors
    /// What to write instead.
    pub fn codes(&self, modifier: &str, value: &str) -> Result<&[TokenMatch], &str> {
        let asked = Modifier::parse(modifier).map(|modifier| Asked {
            modifier,
            value: value.to_owned(),
        });
        match asked.and_then(|asked| self.0.get(&asked)) {
            Some(Ok(codes)) => Ok(codes),
            Some(Err(reason)) => Err(reason),
            None => Err("the codes themselves, with commas between them"),
        }
    }
}

/// Everything in a search that may need terminology: it is only told later whether a parameter is a token.
pub fn asked(parameters: &[(String, String)]) -> Vec<Asked> {
    let of_parameter = |(name, value): &(String, String)| -> Vec<Asked> {
        let modifier = name.rsplit_once(':').and_then(|(_, name)| Modifier::parse(name));
        let values = escape::split(value, ',').filter(|value| !value.is_empty());
        let ask = |modifier| {
            values.map(move |value| Asked {
                modifier,
                value: value.to_owned(),
            })
        };
        modifier
            .map(|modifier| ask(modifier).collect())
            .unwrap_or_default()
    };
    parameters.iter().flat_map(of_parameter).collect()
}

/// The codes that `asked` stands for.
///
/// # Errors
/// [`Unresolved`].
pub fn resolve(asked: &Asked, sources: &Sources) -> Result<Vec<TokenMatch>, Unresolved> {
    let codes = match asked.modifier {
        Modifier::In => CodeSet::of_value_set(&escape::unescape(&asked.value), sources, MAXIMUM_DEPTH)?,
        Modifier::Above | Modifier::Below => {
            let parts: Vec<CompactString> = escape::split(&asked.value, '|').map(escape::unescape).collect();
            let [system, code] = parts.as_slice() else {
                return Err(refused("system|code, so that its code system can be looked up"));
            };
            let hierarchy = Hierarchy::of(system, sources)?;
            if !hierarchy.contains(code) {
                return Err(refused(&format!("a code of {system}; {code} is none")));
            }
            let codes = match asked.modifier {
                Modifier::Above => hierarchy.above(code),
                _ => hierarchy.below(code),
            };
            CodeSet::of_codes(system, codes)
        }
    };
    let matches = codes.into_matches();
    if matches.len() > MAXIMUM_CODES {
        let expected = format!("the codes themselves; it stands for more than {MAXIMUM_CODES}");
        return Err(Unresolved::Refused(expected));
    }
    Ok(matches)
}

fn refused(instead: &str) -> Unresolved {
    Unresolved::Refused(instead.to_owned())
}
