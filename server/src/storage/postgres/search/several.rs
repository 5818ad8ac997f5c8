//! Many values of which any may match: codes and names are found at once, as an array, so that a statement has one shape and
//! one look-up in the index for any number of them.

use tokio_postgres::types::Type;

use super::comparison;
use super::statement::Statement;
use crate::search::index::ReferenceTarget;
use crate::search::query::{ReferenceMatch, TokenMatch, UriMatch};
use crate::storage::postgres::index_key::{key, reference_key};
use crate::storage::postgres::names::{NO_SYSTEM, Names};

/// What the codes of a group have in common.
#[derive(Clone, Copy, PartialEq)]
enum Of<'v> {
    AnySystem,
    NoSystem,
    System(&'v str),
}

/// Conditions on a row of `token`, whose columns are `system` and `code`: one of them holds if the row is one of `wanted`.
pub fn tokens(
    statement: &mut Statement,
    names: &Names,
    system: &str,
    code: &str,
    wanted: &[TokenMatch],
) -> Vec<String> {
    let mut conditions = Vec::new();
    let mut groups: Vec<(Of<'_>, Vec<String>)> = Vec::new();
    for one in wanted {
        match one {
            TokenMatch::Code(text) => add(&mut groups, Of::AnySystem, key(text)),
            TokenMatch::CodeWithoutSystem(text) => add(&mut groups, Of::NoSystem, key(text)),
            TokenMatch::SystemAndCode(uri, text) => add(&mut groups, Of::System(uri), key(text)),
            other @ (TokenMatch::System(_) | TokenMatch::CodeOfSystems(..) | TokenMatch::Below(..)) => {
                conditions.push(comparison::token(statement, names, system, code, other));
            }
        }
    }
    conditions.extend(groups.into_iter().map(|(common, codes)| {
        let found = one_of(statement, code, codes);
        match common {
            Of::AnySystem => found,
            Of::NoSystem => format!("{found} AND {system} = {NO_SYSTEM}"),
            Of::System(uri) => {
                let number = statement.bind(names.system(Some(uri)), Type::INT4);
                format!("{found} AND {system} = {number}")
            }
        }
    }));
    conditions
}

/// Conditions on a row of `reference`; none for identifiers, which are in `token`.
pub fn references(statement: &mut Statement, row: &str, wanted: &[ReferenceMatch]) -> Vec<String> {
    let mut conditions = Vec::new();
    let mut targets = Vec::new();
    let mut ids = Vec::new();
    for one in wanted {
        match one {
            ReferenceMatch::Id(id) => ids.push(key(id)),
            ReferenceMatch::Target(
                target @ (ReferenceTarget::Local { .. } | ReferenceTarget::Url { version: None, .. }),
            ) => {
                let (target_type, text) = reference_key(target);
                add(&mut targets, target_type, text);
            }
            other => conditions.extend(comparison::reference(statement, row, other)),
        }
    }
    let column = format!("{row}.target");
    if !ids.is_empty() {
        conditions.push(one_of(statement, &column, ids));
    }
    conditions.extend(targets.into_iter().map(|(target_type, texts)| {
        let target_type = statement.bind(target_type, Type::INT2);
        let found = one_of(statement, &column, texts);
        format!("{found} AND {row}.target_type = {target_type}")
    }));
    conditions
}

/// Conditions on the text column of a row of `uri`.
pub fn uris(statement: &mut Statement, column: &str, wanted: &[UriMatch]) -> Vec<String> {
    let mut conditions = Vec::new();
    let mut exact = Vec::new();
    for one in wanted {
        match one {
            UriMatch::Exact(value) => exact.push(key(value)),
            other => conditions.push(comparison::uri(statement, column, other)),
        }
    }
    if !exact.is_empty() {
        conditions.push(one_of(statement, column, exact));
    }
    conditions
}

/// Adds a value to those that have as much in common.
fn add<K: PartialEq>(groups: &mut Vec<(K, Vec<String>)>, common: K, value: String) {
    match groups.iter_mut().find(|(known, _)| *known == common) {
        Some((_, values)) => values.push(value),
        None => groups.push((common, vec![value])),
    }
}

/// `column` is one of `texts`, which are not none.
pub fn one_of(statement: &mut Statement, column: &str, mut texts: Vec<String>) -> String {
    match texts.len() {
        1 => format!("{column} = {}", statement.text(texts.remove(0))),
        _ => format!("{column} = ANY ({})", statement.bind(texts, Type::TEXT_ARRAY)),
    }
}
