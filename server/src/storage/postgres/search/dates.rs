//! Dates: one value that meets several bounds, and the time at which a resource was last changed.

use tokio_postgres::types::Type;

use super::comparison::{self, Range, Spans};
use super::condition::{all, any};
use super::predicate::{Rows, Writer};
use crate::definitions::search_parameter::ParameterId;
use crate::search::query::{DateComparison, Prefix};

impl Writer<'_> {
    /// The keys with dates that meet several bounds on one parameter, `date=ge2020&date=lt2021`. Nearly always one value
    /// meets them all, and an index finds it between them; only where a resource has several values may each meet
    /// another bound.
    pub fn span(&mut self, parameters: &[ParameterId], bounds: &[&[DateComparison]]) -> String {
        let first = self.statement.alias('d');
        let ends = |bound: &&[DateComparison]| matches!(bound, [one] if comparison::is_of_ends(one));
        let single = match bounds.iter().position(ends) {
            None => self.dates_of_one(parameters, bounds, None),
            Some(bound) => [Spans::Near, Spans::Far]
                .map(|spans| self.dates_of_one(parameters, bounds, Some((bound, spans))))
                .join(" UNION ALL "),
        };
        let [start, others @ ..] = bounds else {
            return single;
        };
        if others.is_empty() {
            return single;
        }
        let mut each = vec![
            self.parameters(parameters, &first),
            format!("{first}.extreme <> 3"),
        ];
        each.push(self.dates(&first, start, Spans::All));
        let key = format!("{first}.resource_key");
        each.extend(
            others
                .iter()
                .map(|wanted| self.has_date(parameters, wanted, &key)),
        );
        format!(
            "{single} UNION ALL SELECT {first}.resource_key FROM date {first} WHERE {}",
            all(each)
        )
    }

    /// The keys with a date that meets all of the bounds, one of which is only for some spans.
    fn dates_of_one(
        &mut self,
        parameters: &[ParameterId],
        bounds: &[&[DateComparison]],
        only: Option<(usize, Spans)>,
    ) -> String {
        let row = self.statement.alias('d');
        let mut each = vec![self.parameters(parameters, &row)];
        each.extend(bounds.iter().enumerate().map(|(index, wanted)| {
            let spans = only.filter(|(bound, _)| *bound == index);
            self.dates(&row, wanted, spans.map_or(Spans::All, |(_, spans)| spans))
        }));
        format!("SELECT {row}.resource_key FROM date {row} WHERE {}", all(each))
    }

    /// Whether the resource whose key is `key` has a date that is one of `wanted`.
    pub fn has_date(&mut self, parameters: &[ParameterId], wanted: &[DateComparison], key: &str) -> String {
        let alias = self.statement.alias('d');
        let parameters = self.parameters(parameters, &alias);
        let condition = format!("{parameters} AND {}", self.dates(&alias, wanted, Spans::All));
        let rows = Rows {
            table: "date",
            alias,
            condition,
        };
        self.exists(&rows, key)
    }

    /// Whether the dates in `row` are one of `wanted`.
    pub fn dates(&mut self, row: &str, wanted: &[DateComparison], spans: Spans) -> String {
        let (low, high) = (format!("{row}.low"), format!("{row}.high"));
        let range = Range {
            low: &low,
            high: &high,
        };
        any(wanted
            .iter()
            .map(|one| comparison::date(&mut self.statement, &range, one, spans))
            .collect())
    }

    /// `column`, a time in milliseconds' resolution, is what is asked for.
    pub fn last_updated(&mut self, column: &str, wanted: &[DateComparison]) -> String {
        let conditions = wanted
            .iter()
            .map(|one| {
                let mut moment = |micros: i64| {
                    let micros = self.statement.bind(clamp(micros), Type::INT8);
                    format!("(timestamptz 'epoch' + {micros} * interval '1 microsecond')")
                };
                match one.prefix {
                    Prefix::Equal | Prefix::Approximately => {
                        format!(
                            "({column} >= {} AND {column} < {})",
                            moment(one.low),
                            moment(one.high)
                        )
                    }
                    Prefix::NotEqual => {
                        format!(
                            "({column} < {} OR {column} >= {})",
                            moment(one.low),
                            moment(one.high)
                        )
                    }
                    Prefix::GreaterThan | Prefix::StartsAfter => format!("{column} >= {}", moment(one.high)),
                    Prefix::GreaterOrEqual => format!("{column} >= {}", moment(one.low)),
                    Prefix::LessThan | Prefix::EndsBefore => format!("{column} < {}", moment(one.low)),
                    Prefix::LessOrEqual => format!("{column} < {}", moment(one.high)),
                }
            })
            .collect();
        any(conditions)
    }
}

/// Years 1 to 9999: what the database can add to the epoch without overflow.
fn clamp(micros: i64) -> i64 {
    micros.clamp(-62_135_596_800_000_000, 253_402_300_800_000_000)
}
