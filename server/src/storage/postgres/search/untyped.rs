//! Ids without a type, `subject=123`: which resources they may be of. One that several stored resources have is refused.
//! <http://hl7.org/fhir/R4/search.html#reference>

use std::collections::BTreeSet;

use deadpool_postgres::Client;

use crate::resource::ResourceType;
use crate::search::query::UntypedReference;
use crate::storage::StorageError;
use crate::storage::postgres::error::from_database;

/// Checks that each of `references` can be only one of the resources that are stored.
///
/// # Errors
/// [`StorageError::AmbiguousId`] for the first that can be several.
pub async fn check(client: &Client, references: &[UntypedReference]) -> Result<(), StorageError> {
    if references.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = references.iter().map(|reference| reference.id.as_str()).collect();
    let sql = "SELECT id, resource_type FROM resource WHERE id = ANY ($1::text[]) AND method <> 4";
    let statement = client.prepare_cached(sql).await.map_err(from_database)?;
    let rows = client.query(&statement, &[&ids]).await.map_err(from_database)?;
    let stored: BTreeSet<(&str, i16)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for UntypedReference {
        parameter,
        id,
        targets,
    } in references
    {
        let is_stored = |one: &&ResourceType| stored.contains(&(id.as_str(), one.number()));
        let found: Vec<ResourceType> = targets.iter().filter(is_stored).copied().collect();
        if found.len() > 1 {
            return Err(StorageError::AmbiguousId {
                parameter: parameter.clone(),
                id: id.to_string(),
                resource_types: found,
            });
        }
    }
    Ok(())
}
