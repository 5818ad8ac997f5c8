//! A criterion as membership in a set. Where few index rows meet it, they are read once, and each resource is looked for
//! among them, instead of in the index: that costs a tenth. Rows come from the index in the order of keys, so those
//! between the first and the last resource in question are read and no others.

use super::condition::any;
use super::leader::comes_in_order;
use super::predicate::{Rows, Unit, Writer};
use crate::search::query::Criterion;

/// The keys of the resources in question: a subquery's `FROM … WHERE …`, and its column.
pub struct Within<'a> {
    /// `FROM … WHERE …`.
    pub from: &'a str,
    /// The column with the key.
    pub key: &'a str,
}

impl Writer<'_> {
    /// Whether the resource whose key is `key` meets a unit, as [`test`](Self::test), by membership if less than `most`
    /// rows meet it.
    pub fn member(&mut self, unit: &Unit<'_>, key: &str, within: Option<&Within<'_>>, most: u64) -> String {
        let rows = match unit {
            Unit::One(Criterion::Parameter { parameters, matches }) if comes_in_order(unit) => {
                self.rows(parameters, matches)
            }
            _ => return self.test(unit, key),
        };
        let look_up = any(rows.iter().map(|rows| self.exists(rows, key)).collect());
        let [
            Rows {
                table,
                alias,
                condition,
            },
        ] = rows.as_slice()
        else {
            return look_up;
        };
        let range = within.map_or_else(String::new, |Within { from, key }| {
            format!(
                " AND {alias}.resource_key >= (SELECT min({key}) {from})
                  AND {alias}.resource_key <= (SELECT max({key}) {from})"
            )
        });
        let set = format!("FROM {table} {alias} WHERE {condition}{range} LIMIT {most}");
        format!(
            "CASE WHEN (SELECT count(*) < {most} FROM (SELECT 1 {set}) AS few)
                  THEN {key} IN (SELECT {alias}.resource_key {set}) ELSE {look_up} END"
        )
    }
}
