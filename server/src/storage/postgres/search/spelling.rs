//! Codes of systems without case: a query that names such a code asks for every spelling of it that there is. Only the letters A
//! to Z have two cases here. <http://hl7.org/fhir/R4/codesystem.html#case>

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compact_str::CompactString;
use deadpool_postgres::Client;

use crate::definitions::search_parameter::{ParameterId, Registry};
use crate::search::query::{ComponentMatch, Criterion, Matches, Query, TokenMatch};
use crate::storage::StorageError;
use crate::storage::postgres::error::from_database;
use crate::storage::postgres::parameter_numbers::ParameterNumbers;

/// The spellings of codes, by the code without case.
type Spellings = BTreeMap<String, Vec<CompactString>>;

/// From letter to letter, as far as there are codes that begin so: few look-ups, however many codes there are.
const SPELLINGS: &str = "WITH RECURSIVE spelled (folded, parameter, code, letters) AS (
         SELECT folded, parameter, ''::text COLLATE \"C\", 0
         FROM unnest($1::text[], $2::smallint[]) AS asked (folded, parameter)
         UNION ALL
         SELECT spelled.folded, spelled.parameter, (spelled.code || letter) COLLATE \"C\", spelled.letters + 1
         FROM spelled CROSS JOIN LATERAL (
             SELECT DISTINCT letter FROM unnest(ARRAY[substr(spelled.folded, spelled.letters + 1, 1),
                 upper(substr(spelled.folded, spelled.letters + 1, 1) COLLATE \"C\")]) AS letter) AS next
         WHERE spelled.letters < char_length(spelled.folded) AND EXISTS (
             SELECT 1 FROM token WHERE token.parameter = spelled.parameter AND token.code >= spelled.code || letter
                 AND token.code < spelled.code || letter || chr(1114111) OFFSET 0))
     SELECT DISTINCT folded, code FROM spelled WHERE letters = char_length(folded)";

/// The query with every spelling of the codes of `systems`.
///
/// # Errors
/// When the database cannot be asked.
pub async fn spelled<'q>(
    client: &Client,
    registry: &Registry,
    numbers: &ParameterNumbers,
    systems: &BTreeSet<String>,
    query: &'q Query,
) -> Result<Cow<'q, Query>, StorageError> {
    if systems.is_empty() {
        return Ok(Cow::Borrowed(query));
    }
    let mut asked = BTreeSet::new();
    for_each_token(registry, &query.criteria, &mut |parameter, token| {
        if let Some(code) = code_without_case(token, systems) {
            let number = numbers.get(parameter);
            asked.extend([
                (code.to_ascii_lowercase(), number),
                (code.to_ascii_lowercase(), -number),
            ]);
        }
    });
    if asked.is_empty() {
        return Ok(Cow::Borrowed(query));
    }
    let (codes, of): (Vec<String>, Vec<i16>) = asked.into_iter().unzip();
    let statement = client.prepare_cached(SPELLINGS).await.map_err(from_database)?;
    let rows = client
        .query(&statement, &[&codes, &of])
        .await
        .map_err(from_database)?;
    let mut spellings = Spellings::new();
    for row in &rows {
        let code = CompactString::from(row.get::<_, &str>(1));
        spellings.entry(row.get(0)).or_default().push(code);
    }
    let systems = systems.iter().map(CompactString::from).collect();
    let mut query = query.clone();
    for criterion in &mut query.criteria {
        respell(criterion, &spellings, &systems);
    }
    Ok(Cow::Owned(query))
}

/// Calls `visit` with the tokens that are asked for, each with a parameter that has it.
fn for_each_token(
    registry: &Registry,
    criteria: &[Criterion],
    visit: &mut impl FnMut(ParameterId, &TokenMatch),
) {
    for criterion in criteria {
        match criterion {
            Criterion::Parameter {
                parameters,
                matches: Matches::Tokens(wanted),
            } => {
                for parameter in parameters {
                    wanted.iter().for_each(|token| visit(*parameter, token));
                }
            }
            Criterion::Parameter {
                parameters,
                matches: Matches::Composites(wanted),
            } => {
                for parameter in parameters {
                    let components = &registry.get(*parameter).components;
                    for (component, value) in wanted.iter().flat_map(|values| components.iter().zip(values)) {
                        if let ComponentMatch::Token(token) = value {
                            visit(*component, token);
                        }
                    }
                }
            }
            Criterion::Chain { criterion, .. }
            | Criterion::Has { criterion, .. }
            | Criterion::Not(criterion) => {
                for_each_token(registry, std::slice::from_ref(&**criterion), visit);
            }
            Criterion::Any(criteria) | Criterion::All(criteria) => for_each_token(registry, criteria, visit),
            _ => {}
        }
    }
}

/// The code, if it may be one of `systems` and has letters.
fn code_without_case<'token>(token: &'token TokenMatch, systems: &BTreeSet<String>) -> Option<&'token str> {
    let code = match token {
        TokenMatch::Code(code) => code,
        TokenMatch::SystemAndCode(system, code) if systems.contains(system.as_str()) => code,
        _ => return None,
    };
    code.bytes()
        .any(|byte| byte.is_ascii_alphabetic())
        .then_some(code.as_str())
}

fn respell(criterion: &mut Criterion, spellings: &Spellings, systems: &Arc<[CompactString]>) {
    match criterion {
        Criterion::Parameter { matches, .. } => match matches {
            Matches::Tokens(wanted) => {
                *wanted = wanted
                    .iter()
                    .flat_map(|token| every_spelling(token, spellings, systems))
                    .collect();
            }
            Matches::Composites(wanted) => {
                *wanted = wanted
                    .iter()
                    .flat_map(|components| every_composite(components, spellings, systems))
                    .collect();
            }
            _ => {}
        },
        Criterion::Chain { criterion, .. } | Criterion::Has { criterion, .. } | Criterion::Not(criterion) => {
            respell(criterion, spellings, systems);
        }
        Criterion::Any(criteria) | Criterion::All(criteria) => {
            criteria
                .iter_mut()
                .for_each(|criterion| respell(criterion, spellings, systems));
        }
        Criterion::Id(_) | Criterion::Type(_) | Criterion::LastUpdated(_) | Criterion::Missing { .. } => {}
    }
}

/// The token, and it in the other spellings.
fn every_spelling(
    token: &TokenMatch,
    spellings: &Spellings,
    systems: &Arc<[CompactString]>,
) -> Vec<TokenMatch> {
    let others = |code: &CompactString| {
        let all = spellings.get(&code.as_str().to_ascii_lowercase());
        let others = all.into_iter().flatten().filter(|other| *other != code);
        others.cloned().collect::<Vec<CompactString>>()
    };
    let mut tokens = vec![token.clone()];
    match token {
        TokenMatch::SystemAndCode(system, code) if systems.contains(system) => tokens.extend(
            others(code)
                .into_iter()
                .map(|other| TokenMatch::SystemAndCode(system.clone(), other)),
        ),
        TokenMatch::Code(code) => tokens.extend(
            others(code)
                .into_iter()
                .map(|other| TokenMatch::CodeOfSystems(other, Arc::clone(systems))),
        ),
        _ => {}
    }
    tokens
}

/// The values of a composite, with every spelling of its codes.
fn every_composite(
    components: &[ComponentMatch],
    spellings: &Spellings,
    systems: &Arc<[CompactString]>,
) -> Vec<Vec<ComponentMatch>> {
    components.iter().fold(vec![Vec::new()], |begun, component| {
        let ways = match component {
            ComponentMatch::Token(token) => every_spelling(token, spellings, systems)
                .into_iter()
                .map(ComponentMatch::Token)
                .collect(),
            other => vec![other.clone()],
        };
        let longer = begun.iter().flat_map(|start| {
            ways.iter()
                .map(move |way| start.iter().chain([way]).cloned().collect())
        });
        longer.collect()
    })
}
