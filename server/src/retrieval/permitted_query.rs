//! The one way from search criteria to what meets them, wherever they stand: in a URL or a form, in `If-None-Exist`, in a
//! conditional reference, in an entry of a Bundle. What criteria lead through, and what they bring along, is decided here, so
//! that no other way tells what the principal may not search.

use std::sync::Arc;

use brazier_access::DataAction;

use super::visibility;
use crate::definitions::Definitions;
use crate::exchange::{Context, InteractionError};
use crate::resource::ResourceType;
use crate::search::parse::code_modifier::CodesOfValues;
use crate::search::query::Query;
use crate::search::{SearchRequest, parse_with};
use crate::storage::{SearchPage, Storage};

/// A query that the principal may make.
#[derive(Debug, Clone)]
pub struct PermittedQuery {
    /// What the query is in terms of.
    definitions: Arc<Definitions>,
    query: Query,
}

impl PermittedQuery {
    /// Understands criteria on resources of the types that the search names; for at most `count` matches.
    ///
    /// # Errors
    /// When the principal may not search the types, or those that the criteria lead through; when a parameter cannot be
    /// understood.
    pub fn parse(
        context: &Context,
        search: &SearchRequest<'_>,
        count: u32,
    ) -> Result<PermittedQuery, InteractionError> {
        for resource_type in search.resource_types {
            context.authorize(DataAction::Search, *resource_type)?;
        }
        let registry = context.definitions.search_parameters();
        let mut query = parse_with(registry, search, &CodesOfValues::default())?;
        query.count = Some(count);
        PermittedQuery::of(context, query)
    }

    /// A query over types that the principal may search.
    ///
    /// # Errors
    /// When its criteria lead through types that they may not search.
    pub fn of(context: &Context, mut query: Query) -> Result<PermittedQuery, InteractionError> {
        if !context.allows_all(DataAction::Search) {
            visibility::check_chains(context, &query)?;
            // An id without a type is taken for that of one of the others, so that nothing is told of these.
            for reference in &mut query.untyped {
                reference
                    .targets
                    .retain(|target| context.allows(DataAction::Search, *target));
            }
            if !query.includes.is_empty() {
                let may_search = |name: &ResourceType| context.allows(DataAction::Search, *name);
                query.included_types = Some(ResourceType::all().filter(may_search).collect());
            }
        }
        if !query.includes.is_empty() && !context.allows_all(DataAction::Read) {
            query.earlier_types = Some(visibility::read_by_id(context));
        }
        Ok(PermittedQuery {
            definitions: context.definitions.clone(),
            query,
        })
    }

    /// What storage is asked.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// A page of what meets it in `storage`, which may be an open transaction. Binaries that go with something which the
    /// principal may not see are not there.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn find(&self, context: &Context, storage: &Storage) -> Result<SearchPage, InteractionError> {
        let mut page = storage.search(&self.definitions, &self.query).await?;
        let before = page.matches.len();
        let may_see = |resource: &_| visibility::may_see(context, DataAction::Search, resource);
        page.matches.retain(may_see);
        page.included.retain(may_see);
        if page.matches.len() < before {
            page.total = None;
        }
        Ok(page)
    }
}
