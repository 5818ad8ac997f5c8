//! A search: leader → candidates → order → page → includes. The query comes parsed; this folder makes SQL of it.
//!
//! The shape of a statement is ours to choose, so that its cost does not hang on the planner's guesses: `leader` says what is
//! gathered, everything else is looked up for one resource at a time, or among few that are read once (`membership`). That is
//! what makes it safe to prepare (`shapes`).

mod alternatives;
mod candidates;
mod comparison;
mod compound;
mod condition;
mod contained;
mod cursor;
mod dates;
mod gathering;
mod include;
mod leader;
mod links;
mod membership;
mod order;
mod page;
mod predicate;
mod several;
mod shapes;
mod spelling;
mod statement;
mod systems;
mod untyped;
mod versions;
mod walk;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use deadpool_postgres::Client;

use self::cursor::Cursor;
use self::leader::Leader;
use self::page::Page;
use self::predicate::Writer;
pub use self::shapes::Shapes;
use self::statement::Statement;
use super::Shared;
use super::names::Names;
use super::parameter_numbers::ParameterNumbers;
use super::peculiarities::Peculiarities;
use super::read::stored;
use crate::definitions::Definitions;
use crate::definitions::search_parameter::{Registry, SYSTEMS_WITHOUT_CASE};
use crate::resource::ResourceType;
use crate::search::query::{Query, Total};
use crate::storage::{SearchPage, StorageError, StoredResource};
use crate::summary::Summary;

/// Matches a page when the client does not say.
const DEFAULT_COUNT: u32 = 20;

/// What all statements of a search are made from.
#[derive(Clone, Copy)]
struct Search<'a> {
    client: &'a Client,
    shapes: &'a Shapes,
    names: &'a Names,
    parameters: &'a ParameterNumbers,
    registry: &'a Registry,
    peculiarities: &'a Peculiarities,
    query: &'a Query,
    /// Resources in the database, roughly.
    resources: u64,
    /// Whether rows of an answer were left unread.
    is_cut: &'a AtomicBool,
}

/// A page of the matches of `query`, and what it includes. `is_cut` is set when rows of an answer were left unread.
pub async fn search(
    client: &Client,
    shared: &Shared,
    definitions: &Definitions,
    query: &Query,
    is_cut: &AtomicBool,
) -> Result<SearchPage, StorageError> {
    let registry = definitions.search_parameters();
    let parameters = shared.parameters.of(&shared.side_connections, registry).await?;
    let peculiarities = peculiarities(client, shared, registry, &parameters).await?;
    let without_case = &peculiarities.systems_without_case;
    let query = spelling::spelled(client, registry, &parameters, without_case, query).await?;
    let query = query.as_ref();
    let uris = systems::of_query(query);
    shared.names.look_up(client, &uris).await?;
    let search = Search {
        client,
        shapes: &shared.shapes,
        names: &shared.names,
        parameters: &parameters,
        registry,
        peculiarities: &peculiarities,
        query,
        resources: shared.size.resources(client).await?,
        is_cut,
    };
    let count = query.count.unwrap_or(DEFAULT_COUNT);
    // Sent together: where the first refuses, the second was in vain.
    let ((), route) = futures::try_join!(
        untyped::check(client, &query.untyped),
        leader::choose(&search, u64::from(count) + 1)
    )?;
    if query.summary == Summary::Count || count == 0 {
        return Ok(SearchPage {
            total: Some(search.count_matches(route.to_all(), None).await?),
            ..SearchPage::default()
        });
    }
    let can_have = |key: &_, value: &str| order::can_have(search.registry, key, value);
    let parse = |text| Cursor::parse(text, &query.sort, can_have);
    let cursor = query.cursor.as_deref().map(parse).transpose()?;
    let Page {
        mut rows,
        more,
        small_total,
    } = page::page(&search, route, cursor.as_ref(), count).await?;
    let backwards = cursor.as_ref().is_some_and(|cursor| cursor.backwards);
    if backwards {
        rows.reverse();
    }
    let matches = rows
        .iter()
        .map(|row| Ok((row.get(0), stored(row)?)))
        .collect::<Result<Vec<(i64, StoredResource)>, StorageError>>()?;
    let place = |row, backwards| page::place(row, query.sort.len(), backwards).write();
    let has_next = match backwards {
        true => !cursor.as_ref().is_some_and(Cursor::is_end),
        false => more,
    };
    let next = rows.last().filter(|_| has_next).map(|row| place(row, false));
    let has_previous = if backwards { more } else { cursor.is_some() };
    let previous = rows.first().filter(|_| has_previous).map(|row| place(row, true));
    let last = next.as_ref().map(|_| Cursor::end(query.sort.len()).write());
    let total = match query.total {
        Total::None => None,
        Total::Unspecified if cursor.is_none() && !more => {
            Some(u64::try_from(matches.len()).unwrap_or(u64::MAX))
        }
        Total::Unspecified => small_total,
        Total::Estimate | Total::Accurate => Some(search.count_matches(route.to_all(), None).await?),
    };
    let included = include::included(&search, &matches).await?;
    Ok(SearchPage {
        matches: matches.into_iter().map(|(_, resource)| resource).collect(),
        included: included.resources,
        total,
        next,
        previous,
        last,
        warnings: versions::warnings(&search, included.is_current_instead),
    })
}

/// What this database holds that searches must reckon with.
async fn peculiarities(
    client: &Client,
    shared: &Shared,
    registry: &Registry,
    parameters: &ParameterNumbers,
) -> Result<Arc<Peculiarities>, StorageError> {
    let code_system = ResourceType::parse("CodeSystem");
    let without_case = code_system.and_then(|code_system| registry.find(code_system, SYSTEMS_WITHOUT_CASE));
    let number = without_case.map_or(0, |parameter| parameters.get(parameter.id));
    shared.peculiarities.of(client, number).await
}

impl<'a> Search<'a> {
    /// What a statement begins with.
    fn writer(&self) -> Writer<'a> {
        Writer {
            statement: Statement::default(),
            names: self.names,
            parameters: self.parameters,
            registry: self.registry,
            peculiarities: self.peculiarities,
            is_contained: false,
            gathering: None,
            steps: None,
        }
    }

    /// The number of matches; those beyond `limit` are not counted.
    async fn count_matches(&self, leader: Leader, limit: Option<u64>) -> Result<u64, StorageError> {
        let mut writer = self.writer();
        let candidates = writer.candidates(self.query, leader, |_, _| Vec::new());
        let sql = format!(
            "SELECT count(*) FROM (SELECT {distinct} {key} {from} LIMIT {limit}) AS counted",
            distinct = if candidates.repeats { "DISTINCT" } else { "" },
            key = candidates.key,
            from = candidates.from,
            limit = limit.map_or_else(|| "ALL".to_owned(), |limit| limit.to_string()),
        );
        let rows = writer.statement.run(self, &sql).await?;
        let total = rows.first().map_or(0, |row| row.get::<_, i64>(0));
        Ok(u64::try_from(total).unwrap_or_default())
    }
}
