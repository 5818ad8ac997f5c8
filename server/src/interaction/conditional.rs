//! What conditional interactions have in common: criteria that should name one resource, and trying again when
//! another request was in the way. <http://hl7.org/fhir/R4/http.html#cond-update>

use crate::exchange::{Context, InteractionError};
use crate::request::query_string;
use crate::resource::ResourceType;
use crate::retrieval::PermittedQuery;
use crate::search::SearchRequest;
use crate::storage::{Storage, StorageError, StoredResource};

/// How often a conditional interaction is tried again.
const ATTEMPTS: usize = 5;

/// Criteria that should name one resource.
#[derive(Debug, Clone)]
pub struct Criteria {
    resource_type: ResourceType,
    text: String,
    query: PermittedQuery,
}

/// What meets the criteria.
#[derive(Debug)]
pub enum Match {
    /// No resource meets them.
    None,
    /// Exactly one resource meets them.
    One(Box<StoredResource>),
    /// More than one.
    Several,
}

impl Criteria {
    /// Reads `identifier=a|b` or `Patient?identifier=a|b`; `None` when nothing in it narrows the search.
    ///
    /// # Errors
    /// When a parameter is not known: left out, it could make the criteria meet any resource. When the principal may not
    /// search the type, or one that the criteria lead through.
    pub fn parse(
        context: &Context,
        resource_type: ResourceType,
        text: &str,
    ) -> Result<Option<Criteria>, InteractionError> {
        let query = text.split_once('?').map_or(text, |(_, query)| query);
        let parameters = query_string::parse(query)?;
        Criteria::of_parameters(context, resource_type, &parameters)
    }

    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn of_parameters(
        context: &Context,
        resource_type: ResourceType,
        parameters: &[(String, String)],
    ) -> Result<Option<Criteria>, InteractionError> {
        let narrowing: Vec<(String, String)> = parameters
            .iter()
            .filter(|(name, _)| narrows(name))
            .cloned()
            .collect();
        let search = SearchRequest {
            resource_types: &[resource_type],
            parameters: &narrowing,
            lenient: false,
            base_url: &context.base_url,
        };
        let query = PermittedQuery::parse(context, &search, 2)?;
        if query.query().criteria.is_empty() {
            return Ok(None);
        }
        // Two spellings of the same criteria must be one text: requests are serialized by it.
        let mut understood = query.query().understood.clone();
        understood.sort();
        let mut text = resource_type.name().to_owned();
        let mut first = true;
        for (name, value) in &understood {
            query_string::append(&mut text, &mut first, name, value);
        }
        Ok(Some(Criteria {
            resource_type,
            text,
            query,
        }))
    }

    /// The type that is searched.
    pub fn resource_type(&self) -> ResourceType {
        self.resource_type
    }

    /// The criteria as `Patient?identifier=…`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What requests with the same criteria take turns by.
    pub fn lock(&self) -> String {
        self.text.clone()
    }

    /// What meets them in `storage`, or in an open transaction.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn find(&self, context: &Context, storage: &Storage) -> Result<Match, InteractionError> {
        let mut matches = self.query.find(context, storage).await?.matches;
        Ok(match (matches.pop(), matches.is_empty()) {
            (None, _) => Match::None,
            (Some(found), true) => Match::One(Box::new(found)),
            (Some(_), false) => Match::Several,
        })
    }

    /// That several resources meet them.
    pub fn several(&self) -> InteractionError {
        InteractionError::MultipleMatches {
            criteria: self.text.clone(),
        }
    }

    /// That none meets them.
    pub fn none(&self) -> InteractionError {
        InteractionError::NoMatch {
            criteria: self.text.clone(),
        }
    }
}

/// Parameters that only shape an answer are no criteria.
fn narrows(name: &str) -> bool {
    let code = name.split(':').next().unwrap_or(name);
    !matches!(
        code,
        "_count"
            | "_sort"
            | "_include"
            | "_revinclude"
            | "_summary"
            | "_elements"
            | "_total"
            | "_format"
            | "_pretty"
    )
}

/// Counts how often an interaction was tried.
#[derive(Debug, Default)]
pub struct Attempts(usize);

impl Attempts {
    /// Whether the interaction should be tried again after `error`: another transaction was in its way, and that has
    /// not happened too often.
    pub fn again(&mut self, error: &InteractionError) -> bool {
        self.0 += 1;
        matches!(error, InteractionError::Storage(StorageError::Contention)) && self.0 < ATTEMPTS
    }
}
