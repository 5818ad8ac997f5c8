//! The arrays of index rows in the order in which `write_resources` takes them.

use tokio_postgres::types::ToSql;

use super::index_rows::IndexRows;

impl IndexRows {
    /// All arrays, from those of tokens to those of contained resources.
    pub fn columns(&self) -> Vec<&(dyn ToSql + Sync)> {
        let IndexRows {
            contained,
            token,
            string,
            reference,
            date,
            number,
            quantity,
            uri,
            composite,
            ..
        } = self;
        let mut columns: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(59);
        macro_rules! columns {
            ($($column:expr),* $(,)?) => { $(columns.push(&$column);)* };
        }
        columns!(token.place, token.parameter, token.system, token.code);
        columns!(
            string.place,
            string.parameter,
            string.extreme,
            string.value,
            string.whole,
            string.original
        );
        columns!(
            reference.place,
            reference.parameter,
            reference.target_type,
            reference.target,
            reference.version
        );
        columns!(date.place, date.parameter, date.extreme, date.low, date.high);
        columns!(
            number.place,
            number.parameter,
            number.extreme,
            number.low,
            number.high
        );
        columns!(
            quantity.place,
            quantity.parameter,
            quantity.extreme,
            quantity.low,
            quantity.high
        );
        columns!(quantity.system, quantity.code, quantity.unit);
        columns!(uri.place, uri.parameter, uri.value);
        columns!(composite.place, composite.parameter);
        for component in &composite.components {
            columns!(
                component.system,
                component.text,
                component.more,
                component.low,
                component.high
            );
        }
        columns!(
            contained.container,
            contained.number,
            contained.link_holder,
            contained.link_place,
            contained.link_parameter,
            contained.link_type
        );
        columns
    }
}
