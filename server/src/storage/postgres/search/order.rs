//! The order of matches, and the condition for what lies after a place in it. Resources without a value of a sort key
//! come last, whether it ascends or descends; the key of the resource decides between equals.

use jiff::Timestamp;
use tokio_postgres::types::Type;

use super::condition::of_resource;
use super::cursor::Cursor;
use super::predicate::Writer;
use crate::definitions::search_parameter::{ParameterId, ParameterKind, Registry};
use crate::search::query::{SortBy, SortKey};
use crate::search::value::number::Written;
use crate::storage::StorageError;

/// Characters of a number as the database writes it: what is indexed has at most 400 digits before the point, or 440 after it.
const LONGEST_NUMBER: usize = 500;

/// A sort key as SQL.
pub struct Column {
    /// A scalar expression on the key of the resource.
    pub expression: String,
    /// The SQL type of its values, to read them back from a cursor.
    pub sql_type: &'static str,
    /// Whether large values come first.
    pub descending: bool,
}

impl Writer<'_> {
    /// The sort keys as expressions on the resource whose key is `key`.
    ///
    /// # Errors
    /// When a parameter has no order: composites and special ones.
    pub fn sort_columns(&mut self, sort: &[SortKey], key: &str) -> Result<Vec<Column>, StorageError> {
        sort.iter().map(|wanted| self.sort_column(wanted, key)).collect()
    }

    fn sort_column(&mut self, wanted: &SortKey, key: &str) -> Result<Column, StorageError> {
        let descending = wanted.descending;
        let row = self.statement.alias('k');
        let of_resource = |column: &str| {
            format!("(SELECT {row}.{column} FROM resource {row} WHERE {row}.resource_key = {key})")
        };
        let (expression, sql_type) = match &wanted.by {
            SortBy::Id => (of_resource("id"), "text"),
            SortBy::LastUpdated => (of_resource("last_updated"), "timestamptz"),
            SortBy::Parameter(parameters) => self.parameter_column(parameters, descending, &row, key)?,
        };
        Ok(Column {
            expression,
            sql_type,
            descending,
        })
    }

    fn parameter_column(
        &self,
        parameters: &[ParameterId],
        descending: bool,
        row: &str,
        key: &str,
    ) -> Result<(String, &'static str), StorageError> {
        let first = parameters.first().map(|first| self.registry.get(*first));
        let Some((table, column, sql_type)) = first.and_then(|parameter| sorted_column(parameter.kind))
        else {
            let code = first.map(|parameter| parameter.code.as_str()).unwrap_or_default();
            return Err(StorageError::Unsupported(format!(
                "_sort cannot go by {code}: its values have no order; sort by one of its components"
            )));
        };
        let extreme = if descending { "max" } else { "min" };
        let condition = self.parameters(parameters, row);
        let expression = format!(
            "(SELECT {extreme}({row}.{column}) FROM {rows} WHERE {condition})",
            rows = of_resource(table, row, key)
        );
        Ok((expression, sql_type))
    }

    /// What lies beyond `cursor` in the order of columns called `k0`, `k1`, … and of `page_key`.
    pub fn beyond(&mut self, cursor: &Cursor, columns: &[Column]) -> String {
        let last = self.statement.bind(cursor.resource_key, Type::INT8);
        let mut condition = format!("page_key {} {last}", if cursor.backwards { "<" } else { ">" });
        for (index, (column, value)) in columns.iter().zip(&cursor.values).enumerate().rev() {
            let name = format!("k{index}");
            condition = match (value, cursor.backwards) {
                (None, false) => format!("({name} IS NULL AND {condition})"),
                (None, true) => format!("({name} IS NOT NULL OR {condition})"),
                (Some(value), backwards) => {
                    let value = format!("{}::{}", self.statement.text(value.as_str()), column.sql_type);
                    let operator = if column.descending == backwards { ">" } else { "<" };
                    let or_null = if backwards { "" } else { " OR k IS NULL" }.replace('k', &name);
                    format!("({name} {operator} {value}{or_null} OR ({name} = {value} AND {condition}))")
                }
            };
        }
        condition
    }
}

/// The table and the column whose values a kind of parameter is sorted by, and their SQL type.
pub fn sorted_column(kind: ParameterKind) -> Option<(&'static str, &'static str, &'static str)> {
    match kind {
        ParameterKind::Date => Some(("date", "low", "bigint")),
        ParameterKind::String => Some(("string", "value", "text")),
        ParameterKind::Token => Some(("token", "code", "text")),
        ParameterKind::Reference => Some(("reference", "target", "text")),
        ParameterKind::Uri => Some(("uri", "value", "text")),
        ParameterKind::Number => Some(("number", "low", "numeric")),
        ParameterKind::Quantity => Some(("quantity", "low", "numeric")),
        ParameterKind::Composite | ParameterKind::Special => None,
    }
}

/// Whether a cursor's value is one that this sort key can have; cursors come back from clients.
pub fn can_have(registry: &Registry, wanted: &SortKey, value: &str) -> bool {
    match &wanted.by {
        SortBy::Id => true,
        SortBy::LastUpdated => is_moment(value),
        SortBy::Parameter(parameters) => {
            let first = parameters.first().map(|first| registry.get(*first).kind);
            match first.and_then(sorted_column) {
                Some((_, _, "bigint")) => value.parse::<i64>().is_ok(),
                Some((_, _, "numeric")) => is_number(value),
                _ => true,
            }
        }
    }
}

/// Whether `value` is a number as PostgreSQL writes it: in full, whatever its size.
fn is_number(value: &str) -> bool {
    let is_plain = value.len() <= LONGEST_NUMBER && !value.contains(['e', 'E']);
    is_plain && (Written::parse(value).is_some() || matches!(value, "Infinity" | "-Infinity"))
}

/// Whether `value` is a moment as PostgreSQL writes it, `2026-01-31 08:00:00.5+01`; more is understood by the one who reads it
/// here than by the database.
fn is_moment(value: &str) -> bool {
    let (Some(date), Some(offset)) = (value.get(..19), value.get(19..)) else {
        return false;
    };
    let offset =
        offset.trim_start_matches(|of_fraction: char| of_fraction == '.' || of_fraction.is_ascii_digit());
    let hours = offset
        .get(1..3)
        .filter(|_| offset.starts_with(['+', '-']))
        .and_then(|hours| hours.parse::<u8>().ok());
    let is_plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b':' | b' ' | b'.');
    date.as_bytes().get(10) == Some(&b' ')
        && value.bytes().all(is_plain)
        && hours.is_some_and(|hours| hours < 16)
        && value
            .parse::<Timestamp>()
            .is_ok_and(|moment| moment.as_second() >= 0)
}

/// `ORDER BY` of columns called `k0`, `k1`, … and of `page_key`.
pub fn order_by(columns: &[Column], backwards: bool) -> String {
    let mut keys: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let direction = if column.descending == backwards {
                "ASC"
            } else {
                "DESC"
            };
            format!(
                "k{index} {direction} NULLS {}",
                if backwards { "FIRST" } else { "LAST" }
            )
        })
        .collect();
    keys.push(format!("page_key {}", if backwards { "DESC" } else { "ASC" }));
    format!("ORDER BY {}", keys.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{is_moment, is_number};

    #[test]
    fn a_number_is_what_the_database_writes() {
        let (large, small) = (
            format!("-17{}", "0".repeat(307)),
            format!("0.{}23", "0".repeat(307)),
        );
        for number in ["0", "-1.50", "Infinity", "-Infinity", &large, &small] {
            assert!(is_number(number), "{number}");
        }
        for forged in [
            "",
            "NaN",
            "1e5",
            "1_000",
            "infinity",
            "1.",
            "0x1",
            &"1".repeat(501),
        ] {
            assert!(!is_number(forged), "{forged}");
        }
    }

    #[test]
    fn a_moment_is_what_the_database_writes() {
        for moment in [
            "2026-01-31 08:00:00+00",
            "2026-01-31 08:00:00.123+01",
            "2026-01-31 08:00:00.5-03:30",
        ] {
            assert!(is_moment(moment), "{moment}");
        }
        for forged in [
            "",
            "now",
            "infinity",
            "2026-01-31",
            "2026-01-31T08:00:00Z",
            "2026-01-31 08:00:00Z[UTC]",
            "2026-01-31 08:00:00+25:00",
            "2026-02-31 08:00:00+00",
            "-009999-01-01 00:00:00+00",
            "0001-01-01 00:00:00+00",
            "2026-01-31 08:00:00+0é",
        ] {
            assert!(!is_moment(forged), "{forged}");
        }
    }
}
