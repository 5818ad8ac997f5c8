//! Interned search parameters: in the index a parameter is a small number, which the database gave to its resource type
//! and code. Definitions may get parameters while the server runs, from it or from another one on the same database;
//! their numbers are asked for when they are first met.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_postgres::{Client, Row};

use super::connection::Connections;
use super::error::from_database;
use crate::definitions::search_parameter::{ParameterId, Registry, SearchParameter};
use crate::storage::StorageError;

/// The numbers of a registry's parameters in this database.
pub struct ParameterNumbers {
    registry: Arc<Registry>,
    /// By the parameters' ids.
    numbers: Vec<i16>,
}

/// The numbers of the registry that was asked for last, which is the one in force.
pub struct InternedParameters(ArcSwap<ParameterNumbers>);

impl InternedParameters {
    /// Reads the numbers of the parameters of `registry`.
    ///
    /// # Errors
    /// When the database lacks one of them: it wants `brazier-server migrate`.
    pub async fn load(client: &Client, registry: &Arc<Registry>) -> Result<InternedParameters, StorageError> {
        let rows = client
            .query("SELECT parameter, resource_type, code FROM search_parameter", &[])
            .await
            .map_err(from_database)?;
        let known = known(&rows);
        let numbers = ParameterNumbers::of(registry, |parameter| known.get(&key(parameter)).copied());
        numbers.map_or_else(
            |missing| {
                Err(StorageError::Unavailable(format!(
                    "it does not know the search parameter {} of {}; run brazier-server migrate",
                    missing[0].code, missing[0].resource_type
                )))
            },
            |numbers| Ok(InternedParameters(ArcSwap::from_pointee(numbers))),
        )
    }

    /// The numbers of the parameters of `registry`; new ones are handed out outside of any transaction.
    ///
    /// # Errors
    /// When the database fails, or has no numbers left.
    pub async fn of(
        &self,
        connections: &Connections,
        registry: &Arc<Registry>,
    ) -> Result<Arc<ParameterNumbers>, StorageError> {
        let kept = self.0.load_full();
        if Arc::ptr_eq(&kept.registry, registry) {
            return Ok(kept);
        }
        let numbers = match ParameterNumbers::of(registry, |parameter| kept.find(parameter)) {
            Ok(numbers) => numbers,
            Err(missing) => {
                let lease = connections.take(None).await?;
                let rows = intern(lease.client()?, &missing).await;
                lease.free();
                let rows = rows?;
                let interned = known(&rows);
                let find = |parameter: &SearchParameter| {
                    let number = interned.get(&key(parameter)).copied();
                    number.or_else(|| kept.find(parameter))
                };
                ParameterNumbers::of(registry, find).map_err(|missing| {
                    let missing = missing[0];
                    let parameter = format!("{} of {}", missing.code, missing.resource_type);
                    StorageError::Internal(format!("{parameter} got no number"))
                })?
            }
        };
        let numbers = Arc::new(numbers);
        self.0.store(Arc::clone(&numbers));
        Ok(numbers)
    }
}

impl ParameterNumbers {
    /// All numbers, or the parameters that have none.
    fn of(
        registry: &Arc<Registry>,
        find: impl Fn(&SearchParameter) -> Option<i16>,
    ) -> Result<ParameterNumbers, Vec<&SearchParameter>> {
        let mut numbers = Vec::with_capacity(registry.count());
        let mut missing = Vec::new();
        for parameter in registry.all() {
            match find(parameter) {
                Some(number) => numbers.push(number),
                None => missing.push(parameter),
            }
        }
        if missing.is_empty() {
            Ok(ParameterNumbers {
                registry: Arc::clone(registry),
                numbers,
            })
        } else {
            Err(missing)
        }
    }

    /// The registry whose parameters these are.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The number of a parameter of the registry.
    pub fn get(&self, parameter: ParameterId) -> i16 {
        let index = usize::from(parameter.0);
        // No parameter has the number 0, and the negative ones are those of contained resources.
        self.numbers.get(index).copied().unwrap_or(0)
    }

    /// The number of another registry's parameter of the same type and code.
    fn find(&self, parameter: &SearchParameter) -> Option<i16> {
        let own = self.registry.find(parameter.resource_type, &parameter.code)?;
        Some(self.get(own.id))
    }
}

/// What a parameter is known by: the number of its type, and its code.
fn key(parameter: &SearchParameter) -> (i16, &str) {
    (parameter.resource_type.number(), &parameter.code)
}

fn known(rows: &[Row]) -> HashMap<(i16, &str), i16> {
    rows.iter()
        .map(|row| ((row.get(1), row.get(2)), row.get(0)))
        .collect()
}

/// Makes sure that all of `parameters` have numbers, and reads them.
async fn intern(client: &Client, parameters: &[&SearchParameter]) -> Result<Vec<Row>, StorageError> {
    let (resource_types, codes): (Vec<i16>, Vec<&str>) =
        parameters.iter().map(|parameter| key(parameter)).unzip();
    client
        .execute(
            "INSERT INTO search_parameter (resource_type, code)
             SELECT new.resource_type, new.code
             FROM unnest($1::smallint[], $2::text[]) AS new (resource_type, code)
             WHERE NOT EXISTS (SELECT 1 FROM search_parameter AS old
                               WHERE old.resource_type = new.resource_type AND old.code = new.code)
             ORDER BY new.resource_type, new.code ON CONFLICT DO NOTHING",
            &[&resource_types, &codes],
        )
        .await
        .map_err(from_database)?;
    client
        .query(
            "SELECT parameter, resource_type, code FROM search_parameter
             WHERE (resource_type, code) IN (SELECT * FROM unnest($1::smallint[], $2::text[]))",
            &[&resource_types, &codes],
        )
        .await
        .map_err(from_database)
}
