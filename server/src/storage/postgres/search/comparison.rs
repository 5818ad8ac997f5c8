//! The match of one value, as a condition on one row of its index table. <http://hl7.org/fhir/R4/search.html#prefix>

use tokio_postgres::types::Type;

use super::condition::any;
use super::statement::Statement;
use crate::search::decimal::Decimal;
use crate::search::index::ReferenceTarget;
use crate::search::query::{
    ComponentMatch, DateComparison, NumberComparison, Prefix, QuantityMatch, ReferenceMatch, StringMatch,
    TokenMatch, UnitMatch, UriMatch, VERSION_ENDS,
};
use crate::search::value::string::fold;
use crate::storage::postgres::index_key::{key, reference_key, reference_text, string_prefix};
use crate::storage::postgres::names::{NO_SYSTEM, Names};

/// Microseconds of the longest span that the index of beginnings serves.
const DAY: i64 = 86_400_000_000;

/// Where the columns of a range are.
pub struct Range<'a> {
    /// The low end's column.
    pub low: &'a str,
    /// The high end's column.
    pub high: &'a str,
}

/// `row` is the alias of a row of `token`, whose columns a composite's component has under other names.
pub fn token(
    statement: &mut Statement,
    names: &Names,
    system: &str,
    code: &str,
    wanted: &TokenMatch,
) -> String {
    match wanted {
        TokenMatch::Code(text) => format!("{code} = {}", statement.text(key(text))),
        TokenMatch::SystemAndCode(uri, text) => {
            let number = statement.bind(names.system(Some(uri)), Type::INT4);
            format!("{code} = {} AND {system} = {number}", statement.text(key(text)))
        }
        TokenMatch::CodeWithoutSystem(text) => {
            format!(
                "{code} = {} AND {system} = {NO_SYSTEM}",
                statement.text(key(text))
            )
        }
        TokenMatch::System(uri) => format!(
            "{system} = {}",
            statement.bind(names.system(Some(uri)), Type::INT4)
        ),
        TokenMatch::CodeOfSystems(text, uris) => {
            let numbers: Vec<i32> = uris.iter().map(|uri| names.system(Some(uri))).collect();
            let numbers = statement.bind(numbers, Type::INT4_ARRAY);
            format!(
                "{code} = {} AND {system} = ANY ({numbers})",
                statement.text(key(text))
            )
        }
        TokenMatch::Below(text, separators) => continues(statement, code, text, separators),
    }
}

/// That `column` is `text`, or goes on after it with one of `separators`: ranges that an index finds.
fn continues(statement: &mut Statement, column: &str, text: &str, separators: &str) -> String {
    let mut ways = vec![format!("{column} = {}", statement.text(key(text)))];
    ways.extend(
        separators
            .chars()
            .map(|separator| starts_with(statement, column, &format!("{text}{separator}"))),
    );
    any(ways)
}

/// A row of `string`.
pub fn string(statement: &mut Statement, row: &str, wanted: &StringMatch) -> String {
    match wanted {
        StringMatch::StartsWith(folded) => {
            let prefix = string_prefix(folded);
            let within = starts_with(statement, &format!("{row}.value"), prefix);
            if prefix.len() == folded.len() {
                return within;
            }
            format!(
                "{within} AND starts_with({row}.whole, {})",
                statement.text(folded.as_str())
            )
        }
        StringMatch::Contains(folded) => {
            format!(
                "strpos(coalesce({row}.whole, {row}.value), {}) > 0",
                statement.text(folded.as_str())
            )
        }
        StringMatch::Exact(text) => {
            let folded = fold(text);
            let value = statement.text(string_prefix(&folded));
            let original = statement.text(text.as_str());
            format!(
                "{row}.value = {value} AND coalesce({row}.original, {row}.whole, {row}.value) = {original}"
            )
        }
    }
}

/// Texts between `prefix` and its successor: a range that an index finds.
fn starts_with(statement: &mut Statement, column: &str, prefix: &str) -> String {
    let low = statement.text(prefix);
    match successor(prefix) {
        Some(end) => format!("{column} >= {low} AND {column} < {}", statement.text(end)),
        None => format!("{column} >= {low}"),
    }
}

/// The first text, in the order of code points, that is after all texts that start with `prefix`.
fn successor(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            _ => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

/// A row of `reference`; `None` where the match is not one of `reference` but of the identifiers in `token`.
pub fn reference(statement: &mut Statement, row: &str, wanted: &ReferenceMatch) -> Option<String> {
    match wanted {
        // Also a canonical reference that is no more than a name.
        ReferenceMatch::Id(id) => Some(format!("{row}.target = {}", statement.text(key(id)))),
        ReferenceMatch::Target(target) => {
            let (target_type, text) = reference_key(target);
            let target_type = statement.bind(target_type, Type::INT2);
            let mut condition = format!(
                "{row}.target = {} AND {row}.target_type = {target_type}",
                statement.text(text)
            );
            if let ReferenceTarget::Url {
                version: Some(version),
                ..
            } = target
            {
                condition.push_str(&format!(
                    " AND {row}.version = {}",
                    statement.text(version.as_str())
                ));
            }
            Some(condition)
        }
        ReferenceMatch::Below(url, None) => {
            let below = starts_with(statement, &format!("{row}.target"), url);
            Some(format!("{below} AND {row}.target_type = 0"))
        }
        ReferenceMatch::Below(url, Some(version)) => {
            let below = continues(statement, &format!("{row}.version"), version, VERSION_ENDS);
            let url = statement.text(key(url));
            Some(format!(
                "{row}.target = {url} AND {row}.target_type = 0 AND {below}"
            ))
        }
        ReferenceMatch::Above(url) => {
            let above = at_or_above(statement, &format!("{row}.target"), url);
            Some(format!("{above} AND {row}.target_type = 0"))
        }
        ReferenceMatch::Identifier(_) => None,
    }
}

/// Which spans of time a condition on their end is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spans {
    /// All spans, long and short.
    All,
    /// Those that begin within a day before the moment or later: one range of the index of beginnings.
    Near,
    /// The other ones, which are long and few, and have an index of their own.
    Far,
}

/// A span of time `[low, high)` against the one asked for.
pub fn date(statement: &mut Statement, range: &Range<'_>, wanted: &DateComparison, spans: Spans) -> String {
    let from = statement.bind(inside(wanted.low), Type::INT8);
    let to = statement.bind(inside(wanted.high), Type::INT8);
    date_condition(range, wanted.prefix, &from, &to, spans)
}

/// Whether spans are to end after a moment, so that [`Spans`] tells them apart.
pub fn is_of_ends(wanted: &DateComparison) -> bool {
    matches!(
        wanted.prefix,
        Prefix::GreaterThan | Prefix::GreaterOrEqual | Prefix::Approximately
    )
}

/// A moment that a day can be taken from.
fn inside(moment: i64) -> i64 {
    moment.clamp(-(1 << 62), (1 << 62) - 1)
}

fn date_condition(
    Range { low, high }: &Range<'_>,
    prefix: Prefix,
    from: &str,
    to: &str,
    spans: Spans,
) -> String {
    // What ends after a moment also begins after the day before it, or is one of the few long spans.
    let ends_after = |moment: &str| match spans {
        Spans::All => {
            format!("{high} > {moment} AND ({low} > {moment} - {DAY} OR {high} - {low} > {DAY})")
        }
        Spans::Near => format!("{high} > {moment} AND {low} > {moment} - {DAY}"),
        Spans::Far => format!("{high} > {moment} AND {low} <= {moment} - {DAY} AND {high} - {low} > {DAY}"),
    };
    match prefix {
        Prefix::Equal => format!("({low} >= {from} AND {low} < {to} AND {high} <= {to})"),
        Prefix::NotEqual => format!("({low} < {from} OR {high} > {to})"),
        Prefix::GreaterThan => format!("({})", ends_after(to)),
        Prefix::LessThan => format!("{low} < {from}"),
        // With some part in what is asked for, or beyond it.
        Prefix::GreaterOrEqual => format!("({})", ends_after(from)),
        Prefix::LessOrEqual => format!("{low} < {to}"),
        Prefix::StartsAfter => format!("{low} >= {to}"),
        Prefix::EndsBefore => format!("({low} < {from} AND {high} <= {from})"),
        Prefix::Approximately => format!("({low} < {to} AND {})", ends_after(from)),
    }
}

/// A range of numbers, both ends included, against the one asked for.
pub fn number(
    statement: &mut Statement,
    Range { low, high }: &Range<'_>,
    wanted: &NumberComparison,
) -> String {
    let mut bind = |value: Decimal| statement.bind(value, Type::NUMERIC);
    match wanted.prefix {
        Prefix::Equal => {
            let (from, to) = (bind(wanted.low), bind(wanted.high));
            format!("({low} >= {from} AND {low} < {to} AND {high} < {to})")
        }
        Prefix::NotEqual => {
            let (from, to) = (bind(wanted.low), bind(wanted.high));
            format!("({low} < {from} OR {high} >= {to})")
        }
        Prefix::Approximately => {
            let (from, to) = (bind(wanted.low), bind(wanted.high));
            format!("({low} <= {to} AND {high} >= {from})")
        }
        Prefix::GreaterThan => format!("{high} > {}", bind(wanted.value)),
        Prefix::LessThan => format!("{low} < {}", bind(wanted.value)),
        Prefix::GreaterOrEqual => format!("{high} >= {}", bind(wanted.value)),
        Prefix::LessOrEqual => format!("{low} <= {}", bind(wanted.value)),
        Prefix::StartsAfter => format!("{low} > {}", bind(wanted.value)),
        Prefix::EndsBefore => format!("{high} < {}", bind(wanted.value)),
    }
}

/// A row of `quantity`.
pub fn quantity(statement: &mut Statement, names: &Names, row: &str, wanted: &QuantityMatch) -> String {
    let (low, high) = (format!("{row}.low"), format!("{row}.high"));
    let mut condition = number(
        statement,
        &Range {
            low: &low,
            high: &high,
        },
        &wanted.number,
    );
    match &wanted.unit {
        UnitMatch::Any => {}
        UnitMatch::Code(text) => {
            let text = statement.text(key(text));
            condition.push_str(&format!(" AND ({row}.code = {text} OR {row}.unit = {text})"));
        }
        UnitMatch::System(uri) => {
            let system = statement.bind(names.system(Some(uri)), Type::INT4);
            condition.push_str(&format!(" AND {row}.system = {system}"));
        }
        UnitMatch::SystemAndCode(uri, text) => {
            let system = statement.bind(names.system(Some(uri)), Type::INT4);
            condition.push_str(&format!(
                " AND {row}.code = {} AND {row}.system = {system}",
                statement.text(key(text))
            ));
        }
    }
    condition
}

/// A text column that holds a URI.
pub fn uri(statement: &mut Statement, column: &str, wanted: &UriMatch) -> String {
    match wanted {
        UriMatch::Exact(value) => format!("{column} = {}", statement.text(key(value))),
        UriMatch::Below(value) => {
            let below = starts_with(statement, column, value);
            format!("({below})")
        }
        UriMatch::BelowVersion(value) => continues(statement, column, value, VERSION_ENDS),
        UriMatch::Above(value) => at_or_above(statement, column, value),
    }
}

/// That `column` is `url`, or what is left of it up to one of its slashes.
fn at_or_above(statement: &mut Statement, column: &str, url: &str) -> String {
    let url = url.trim_end_matches('/');
    let ends = url.match_indices('/').map(|(end, _)| end).filter(|end| *end > 0);
    let above: Vec<String> = ends.chain([url.len()]).map(|end| key(&url[..end])).collect();
    format!("{column} = ANY ({})", statement.bind(above, Type::TEXT_ARRAY))
}

/// Component `position` (1, 2 or 3) of a row of `composite`.
pub fn component(
    statement: &mut Statement,
    names: &Names,
    row: &str,
    position: usize,
    wanted: &ComponentMatch,
) -> String {
    let column = |name: &str| format!("{row}.{name}{position}");
    let (text, system, low, high) = (column("text"), column("system"), column("low"), column("high"));
    // What `text` does not hold: of a long string the whole, of a quantity the unit as people write it.
    let more = column("more");
    let range = Range {
        low: &low,
        high: &high,
    };
    match wanted {
        ComponentMatch::Token(wanted) => token(statement, names, &system, &text, wanted),
        ComponentMatch::String(StringMatch::StartsWith(folded)) => {
            let prefix = string_prefix(folded);
            let within = starts_with(statement, &text, prefix);
            if prefix.len() == folded.len() {
                return within;
            }
            format!(
                "{within} AND starts_with({more}, {})",
                statement.text(folded.as_str())
            )
        }
        // A value of a composite takes no modifier.
        ComponentMatch::String(StringMatch::Contains(_) | StringMatch::Exact(_)) => "false".to_owned(),
        ComponentMatch::Reference(ReferenceMatch::Target(target)) => {
            format!("{text} = {}", statement.text(reference_text(target)))
        }
        ComponentMatch::Reference(ReferenceMatch::Id(id)) => {
            format!("split_part({text}, '/', 2) = {}", statement.text(key(id)))
        }
        // A value of a composite takes no modifier.
        ComponentMatch::Reference(
            ReferenceMatch::Identifier(_) | ReferenceMatch::Below(..) | ReferenceMatch::Above(_),
        ) => "false".to_owned(),
        ComponentMatch::Date(wanted) => {
            let from = statement.bind(Decimal::from(wanted.low), Type::NUMERIC);
            let to = statement.bind(Decimal::from(wanted.high), Type::NUMERIC);
            date_condition(&range, wanted.prefix, &from, &to, Spans::All)
        }
        ComponentMatch::Quantity(wanted) => {
            let condition = number(statement, &range, &wanted.number);
            match &wanted.unit {
                UnitMatch::Any => condition,
                UnitMatch::System(uri) => {
                    let number = statement.bind(names.system(Some(uri)), Type::INT4);
                    format!("{system} = {number} AND {condition}")
                }
                UnitMatch::Code(code) => {
                    let code = statement.text(key(code));
                    format!("({text} = {code} OR {more} = {code}) AND {condition}")
                }
                UnitMatch::SystemAndCode(uri, code) => {
                    let number = statement.bind(names.system(Some(uri)), Type::INT4);
                    let code = statement.text(key(code));
                    format!("{text} = {code} AND {system} = {number} AND {condition}")
                }
            }
        }
        ComponentMatch::Uri(wanted) => uri(statement, &text, wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_is_after_everything_with_the_prefix() {
        assert_eq!(successor("smi").as_deref(), Some("smj"));
        assert_eq!(successor("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(successor("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(successor("\u{10ffff}"), None);
        assert_eq!(successor(""), None);
    }
}
