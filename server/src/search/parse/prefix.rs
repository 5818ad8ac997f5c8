//! Prefixes of numbers, dates and quantities, <http://hl7.org/fhir/R4/search.html#prefix>.

use crate::search::query::Prefix;

impl Prefix {
    /// The prefix that `value` starts with, `eq` when it has none, and the rest.
    pub fn split(value: &str) -> (Prefix, &str) {
        let prefix = match value.get(..2) {
            Some("eq") => Prefix::Equal,
            Some("ne") => Prefix::NotEqual,
            Some("gt") => Prefix::GreaterThan,
            Some("lt") => Prefix::LessThan,
            Some("ge") => Prefix::GreaterOrEqual,
            Some("le") => Prefix::LessOrEqual,
            Some("sa") => Prefix::StartsAfter,
            Some("eb") => Prefix::EndsBefore,
            Some("ap") => Prefix::Approximately,
            _ => return (Prefix::Equal, value),
        };
        (prefix, &value[2..])
    }
}
