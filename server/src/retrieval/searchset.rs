//! A search on behalf of a principal: parameters → query, narrowed to what the principal may see → page → searchset.
//! <http://hl7.org/fhir/R4/search.html>

use super::{PermittedQuery, terminology, visibility};
use crate::audit::GivenOut;
use crate::bundle::link::{self, Pages};
use crate::bundle::searchset::Searchset;
use crate::exchange::{Answer, Context, InteractionError, Request};
use crate::long_work::beside_others;
use crate::request::preference::Handling;
use crate::resource::ResourceType;
use crate::search::query::{Criterion, Include, Query, Total};
use crate::search::{SearchRequest, parse_with};
use crate::storage::{SearchPage, StoredResource};
use crate::summary::Subset;

/// What is searched, whatever the parameters of the request narrow it to.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The path at which the search stands, from the base URL on: its links lead there.
    pub path: String,
    /// The type searched; `None` for all.
    pub resource_type: Option<ResourceType>,
    /// What all matches meet.
    pub criteria: Vec<Criterion>,
    /// What comes with the matches.
    pub includes: Vec<Include>,
    /// The types searched where `resource_type` names none; none: all.
    pub among: Vec<ResourceType>,
    /// The types that are given out, of matches and of what comes with them; none: all.
    pub returned: Vec<ResourceType>,
    /// Parameters that are no search's but this one's own. They have done their work; the links repeat them.
    pub own: Vec<(String, String)>,
}

impl Search {
    /// 200 with a searchset; `within` narrows a search over several types to what the principal may see.
    ///
    /// # Errors
    /// When a parameter cannot be understood, or leads where the principal may not look.
    pub async fn answer(
        self,
        context: &Context,
        request: &Request,
        within: Option<brazier_access::Criterion>,
    ) -> Result<Answer, InteractionError> {
        let query = self.query(context, request, within).await?;
        let mut page = query.find(context, &context.storage).await?;
        if !self.returned.is_empty() {
            let is_wanted = |resource: &StoredResource| self.returned.contains(&resource.resource_type);
            page.matches.retain(is_wanted);
            page.included.retain(is_wanted);
        }
        self.written(context, request, query.query(), page)
    }

    async fn query(
        &self,
        context: &Context,
        request: &Request,
        within: Option<brazier_access::Criterion>,
    ) -> Result<PermittedQuery, InteractionError> {
        let resource_types: Vec<ResourceType> = self.resource_type.into_iter().collect();
        let search = SearchRequest {
            resource_types: &resource_types,
            parameters: &request.parameters,
            lenient: context.handling(request) == Handling::Lenient,
            base_url: &context.base_url,
        };
        let codes = terminology::codes_of_values(context, &request.parameters).await?;
        let mut query = parse_with(context.definitions.search_parameters(), &search, &codes)?;
        query.criteria.extend_from_slice(&self.criteria);
        query.includes.extend_from_slice(&self.includes);
        if query.resource_types.is_empty() {
            query.resource_types.clone_from(&self.among);
        }
        if !self.returned.is_empty() && self.among.is_empty() {
            // Of what is found some is not given out.
            query.total = Total::None;
        }
        query.count = Some(context.state.settings.page(query.count));
        if let Some(within) = within {
            visibility::keep_to(&mut query, &within)?;
        }
        PermittedQuery::of(context, query)
    }

    fn written(
        &self,
        context: &Context,
        request: &Request,
        query: &Query,
        mut page: SearchPage,
    ) -> Result<Answer, InteractionError> {
        let url = format!("{}{}", context.base_url, self.path);
        let mut parameters = query.understood.clone();
        parameters.extend(self.own.iter().cloned());
        parameters.extend(
            request
                .parameters
                .iter()
                .filter(|(name, _)| is_about_form(name))
                .cloned(),
        );
        let links = link::links(
            &url,
            &parameters,
            Pages {
                current: query.cursor.as_deref(),
                previous: page.previous.as_deref(),
                next: page.next.as_deref(),
                last: page.last.as_deref(),
            },
        );
        let resources = page.matches.iter().chain(&page.included);
        let given_out = GivenOut::of(resources.map(|resource| (resource.resource_key, resource.version)));
        let mut warnings = warnings(query, context.handling(request));
        warnings.append(&mut page.warnings);
        let searchset = Searchset {
            structures: context.definitions.structures(),
            base_url: &context.base_url,
            moment: context.received,
            links,
            subset: Subset::new(query.summary, query.elements.clone()),
            warnings,
        };
        let json = beside_others(page.bytes(), || searchset.write(page))?;
        Ok(Answer::of_bundle(json, given_out))
    }
}

/// Parameters that are about the form of the answer and not about what is searched.
fn is_about_form(name: &str) -> bool {
    matches!(name, "_format" | "_pretty")
}

fn warnings(query: &Query, handling: Handling) -> Vec<String> {
    match handling {
        Handling::Strict => Vec::new(),
        Handling::Lenient => {
            let ignored = query.ignored.iter();
            ignored
                .map(|name| format!("the search parameter {name} was ignored: it is not supported here"))
                .collect()
        }
    }
}
