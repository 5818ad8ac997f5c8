//! `Prefer`: what the client wants back, and how strictly its search is to be read.
//! <http://hl7.org/fhir/R4/http.html#ops>, <http://hl7.org/fhir/R4/search.html#errors>

use http::HeaderMap;

/// What a write answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Return {
    /// Nothing was said: the resource, and in a Bundle nothing but the headers.
    #[default]
    Unspecified,
    /// `return=minimal`
    Minimal,
    /// `return=representation`
    Representation,
    /// `return=OperationOutcome`
    OperationOutcome,
}

/// What is done with search parameters that the server does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// `handling=strict`: refuse.
    Strict,
    /// `handling=lenient`: ignore, and say so in the answer.
    Lenient,
}

/// The preferences of a request. As RFC 7240 has it, what is not understood is as if it were not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Preference {
    /// `return=…`
    pub answer: Return,
    /// `handling=…`
    pub handling: Option<Handling>,
}

impl Preference {
    /// Reads all `Prefer` headers; the first word on a matter counts.
    pub fn of(headers: &HeaderMap) -> Preference {
        let mut preference = Preference::default();
        let words = headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split([',', ';']));
        for word in words {
            let Some((name, value)) = word.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim().trim_matches('"'));
            if name.eq_ignore_ascii_case("return") && preference.answer == Return::Unspecified {
                preference.answer = answer(value);
            } else if name.eq_ignore_ascii_case("handling") && preference.handling.is_none() {
                preference.handling = handling(value);
            }
        }
        preference
    }
}

fn answer(value: &str) -> Return {
    match value {
        _ if value.eq_ignore_ascii_case("minimal") => Return::Minimal,
        _ if value.eq_ignore_ascii_case("representation") => Return::Representation,
        _ if value.eq_ignore_ascii_case("OperationOutcome") => Return::OperationOutcome,
        _ => Return::Unspecified,
    }
}

fn handling(value: &str) -> Option<Handling> {
    match value {
        _ if value.eq_ignore_ascii_case("strict") => Some(Handling::Strict),
        _ if value.eq_ignore_ascii_case("lenient") => Some(Handling::Lenient),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preference(values: &[&'static str]) -> Preference {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("prefer", http::HeaderValue::from_static(value));
        }
        Preference::of(&headers)
    }

    #[test]
    fn what_is_not_understood_is_ignored() {
        assert_eq!(
            preference(&["return=everything, handling=none, x, ;="]),
            Preference::default()
        );
    }

    #[test]
    fn several_preferences_in_one_header_or_in_many() {
        let expected = Preference {
            answer: Return::Minimal,
            handling: Some(Handling::Strict),
        };
        assert_eq!(preference(&["return=minimal; handling=strict"]), expected);
        assert_eq!(
            preference(&["return=minimal", "respond-async, Handling=\"strict\""]),
            expected
        );
        assert_eq!(
            preference(&["return=minimal, return=representation", "handling=strict"]),
            expected
        );
        assert_eq!(
            preference(&["return=operationoutcome"]).answer,
            Return::OperationOutcome
        );
    }
}
