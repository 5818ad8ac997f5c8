//! What the values of `:in`, `:not-in`, `:above` and `:below` of a token stand for: codes that a ValueSet or a CodeSystem
//! tells, see [`crate::terminology`]. <http://hl7.org/fhir/R4/search.html#token>

use std::collections::HashMap;

use compact_str::CompactString;

use super::escape;
use crate::definitions::search_parameter::{ParameterKind, Registry};
use crate::resource::ResourceType;
use crate::search::query::TokenMatch;
use crate::terminology::{self, CodeSet, Question, Sources, Unresolved};

/// How many codes one value may stand for.
const MAXIMUM_CODES: usize = 2000;

/// What the values of token parameters with such a modifier stand for, or why they stand for nothing.
#[derive(Debug, Default)]
pub struct CodesOfValues(HashMap<Asked, Result<Vec<TokenMatch>, String>>);

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

impl CodesOfValues {
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

/// Everything in a search that may need terminology: what type a parameter is of is only told later, but some type must have
/// one of that name whose values are codes.
pub fn asked(registry: &Registry, parameters: &[(String, String)]) -> Vec<Asked> {
    let has_codes = |name: &str| {
        let code = name.rsplit(['.', ':']).next().unwrap_or(name);
        let mut of_types = ResourceType::all().filter_map(|resource_type| registry.find(resource_type, code));
        of_types.any(|parameter| parameter.kind == ParameterKind::Token && !parameter.is_mime_type)
    };
    let of_parameter = |(name, value): &(String, String)| -> Vec<Asked> {
        let modifier = name.rsplit_once(':').and_then(|(name, modifier)| {
            let modifier = Modifier::parse(modifier)?;
            has_codes(name).then_some(modifier)
        });
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
    let codes = terminology::resolve(&asked.question()?, sources)?;
    let matches = matches(&codes);
    if matches.len() > MAXIMUM_CODES {
        let expected = format!("the codes themselves; this expands to more than {MAXIMUM_CODES} codes");
        return Err(Unresolved::Refused(expected));
    }
    Ok(matches)
}

impl Asked {
    fn question(&self) -> Result<Question, Unresolved> {
        if self.modifier == Modifier::In {
            return Ok(Question::InValueSet(escape::unescape(&self.value).into_string()));
        }
        let parts: Vec<String> = escape::split(&self.value, '|')
            .map(|part| escape::unescape(part).into_string())
            .collect();
        let Ok([system, code]) = <[String; 2]>::try_from(parts) else {
            let instead = "system|code, so that its code system can be looked up";
            return Err(Unresolved::Refused(instead.to_owned()));
        };
        Ok(match self.modifier {
            Modifier::Above => Question::Above { system, code },
            Modifier::In | Modifier::Below => Question::Below { system, code },
        })
    }
}

/// What a search looks for.
fn matches(codes: &CodeSet) -> Vec<TokenMatch> {
    let systems = codes
        .systems()
        .map(|system| TokenMatch::System(CompactString::from(system)));
    let codes = codes
        .codes()
        .map(|(system, code)| TokenMatch::SystemAndCode(system.into(), code.into()));
    systems.chain(codes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;
    use crate::resource::Json;
    use crate::terminology::Source;

    #[test]
    fn only_such_modifiers_ask() {
        let parameters = [
            ("code:in", "x,y"),
            ("code", "z"),
            ("subject.code:not-in", r"a\,b"),
            ("code:text", "t"),
            ("_profile:below", "http://p|1"),
            ("contenttype:below", "image"),
            ("derived-from:below", "http://q|1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let asked = asked(fixture::r4().search_parameters(), &parameters);
        let values: Vec<String> = asked.into_iter().map(|asked| asked.value).collect();
        assert_eq!(values, ["x", "y", r"a\,b"]);
    }

    #[test]
    fn a_value_stands_for_whole_systems_and_for_codes() {
        let json = |text: &str| Some(Json::parse(text.as_bytes()).unwrap());
        let value_set = r#"{"compose":{"include":[{"system":"t"},{"system":"s","concept":[{"code":"b"}]}]}}"#;
        let code_system = r#"{"concept":[{"code":"a","concept":[{"code":"b"}]}]}"#;
        let sources = Sources::from([
            (Source::ValueSet("v,w".into()), json(value_set)),
            (Source::CodeSystem("s|t".into()), json(code_system)),
        ]);
        let codes = |modifier, value: &str| {
            let value = value.to_owned();
            resolve(&Asked { modifier, value }, &sources)
        };
        let b_of = |system: &str| TokenMatch::SystemAndCode(system.into(), "b".into());
        assert_eq!(
            codes(Modifier::In, r"v\,w"),
            Ok(vec![TokenMatch::System("t".into()), b_of("s")])
        );
        assert_eq!(codes(Modifier::Below, r"s\|t|b"), Ok(vec![b_of("s|t")]));
        assert_eq!(
            codes(Modifier::Above, r"s\|t|a"),
            Ok(vec![TokenMatch::SystemAndCode("s|t".into(), "a".into())])
        );
        for without_system in ["c", "a|b|c"] {
            let refused = format!("{:?}", codes(Modifier::Above, without_system));
            assert!(refused.contains("system|code"), "{refused}");
        }
    }
}
