//! What few databases hold, and searches must reckon with where it is held: contained resources that references lead to,
//! references to a version, code systems whose codes are compared without case. Asking is left out where there is none.
//!
//! What this server writes it knows at once, what others on the same database write after [`GOOD_FOR`] at the latest.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::Client;

use super::error::from_database;
use super::index_rows::IndexRows;
use crate::storage::StorageError;

/// How long an answer of the database is good for.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// Code systems without case that are reckoned with.
const MAXIMUM_SYSTEMS: i64 = 1000;

/// What a database holds, by the numbers of search parameters.
#[derive(Debug, Default)]
pub struct Peculiarities {
    /// References by these parameters lead to contained resources.
    pub contained: BTreeSet<i16>,
    /// References by these parameters name a version of a resource here.
    pub versioned: BTreeSet<i16>,
    /// The URLs of code systems whose codes are compared without case.
    pub systems_without_case: BTreeSet<String>,
}

/// The peculiarities of this database, asked for when they are needed and kept for a while.
#[derive(Default)]
pub struct KnownPeculiarities(Mutex<Known>);

#[derive(Default)]
struct Known {
    answer: Option<(Instant, Arc<Peculiarities>)>,
    /// How often something was written that the answer did not tell of: what was asked before must not be kept after.
    writes: u64,
}

impl KnownPeculiarities {
    /// What the database holds. `without_case` is the number of the parameter of CodeSystems without case.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn of(&self, client: &Client, without_case: i16) -> Result<Arc<Peculiarities>, StorageError> {
        let writes = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((read, answer)) = &known.answer
                && read.elapsed() < GOOD_FOR
            {
                return Ok(Arc::clone(answer));
            }
            known.writes
        };
        let begun = Instant::now();
        // From one parameter to the next, whatever number of rows each has.
        let sql = "WITH RECURSIVE contained_by AS (
                 SELECT min(parameter) AS parameter FROM contained
                 UNION ALL SELECT (SELECT min(parameter) FROM contained WHERE contained.parameter > contained_by.parameter)
                 FROM contained_by WHERE contained_by.parameter IS NOT NULL),
             versioned_by AS (
                 SELECT min(parameter) AS parameter FROM reference WHERE version IS NOT NULL AND target_type <> 0
                 UNION ALL SELECT (SELECT min(parameter) FROM reference WHERE reference.parameter > versioned_by.parameter
                     AND version IS NOT NULL AND target_type <> 0)
                 FROM versioned_by WHERE versioned_by.parameter IS NOT NULL)
             SELECT ARRAY(SELECT parameter FROM contained_by WHERE parameter IS NOT NULL),
                 ARRAY(SELECT abs(parameter) FROM versioned_by WHERE parameter IS NOT NULL),
                 ARRAY(SELECT value FROM uri WHERE parameter = $1 LIMIT $2)";
        let statement = client.prepare_cached(sql).await.map_err(from_database)?;
        let row = client
            .query_one(&statement, &[&without_case, &MAXIMUM_SYSTEMS])
            .await
            .map_err(from_database)?;
        let (contained, versioned): (Vec<i16>, Vec<i16>) = (row.get(0), row.get(1));
        let systems: Vec<String> = row.get(2);
        let found = Arc::new(Peculiarities {
            contained: contained.into_iter().collect(),
            versioned: versioned.into_iter().collect(),
            systems_without_case: systems.into_iter().collect(),
        });
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.writes == writes {
            known.answer = Some((begun, Arc::clone(&found)));
        }
        Ok(found)
    }

    /// Forgets the answer if `rows`, which were written, hold more than it tells, or if a CodeSystem was written or deleted. Gives
    /// back whether it did.
    pub fn learn(&self, rows: &IndexRows, of_code_system: bool) -> bool {
        let is_peculiar =
            of_code_system || !rows.contained.link_parameter.is_empty() || rows.versioned().next().is_some();
        if !is_peculiar {
            return false;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tells = |(_, answer): &(Instant, Arc<Peculiarities>)| answer.tells(rows);
        if !of_code_system && known.answer.as_ref().is_some_and(tells) {
            return false;
        }
        known.answer = None;
        known.writes += 1;
        true
    }

    /// Forgets the answer: what a transaction wrote has come to stand.
    pub fn forget(&self) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.answer = None;
        known.writes += 1;
    }
}

impl Peculiarities {
    fn tells(&self, rows: &IndexRows) -> bool {
        let contained = &rows.contained.link_parameter;
        contained
            .iter()
            .all(|parameter| self.contained.contains(parameter))
            && rows
                .versioned()
                .all(|parameter| self.versioned.contains(&parameter.abs()))
    }
}
