//! Reads the ValueSets and CodeSystems that a search's modifiers name, as far as the principal may.

use super::PermittedQuery;
use crate::exchange::{Context, InteractionError};
use crate::resource::{Json, ResourceType};
use crate::search::SearchRequest;
use crate::search::parse::code_modifier::{CodesOfValues, asked, resolve};
use crate::search::parse::escape::escape;
use crate::terminology::{Source, Sources, Unresolved};

/// How many resources a search may make us read.
const MAXIMUM_READ: usize = 64;

/// How many values of such modifiers a search may have: each is worked out by itself.
const MAXIMUM_ASKED: usize = 64;

/// What the values of `:in` and its like stand for.
///
/// # Errors
/// When storage fails, or the principal may not search ValueSets or CodeSystems.
pub async fn codes_of_values(
    context: &Context,
    parameters: &[(String, String)],
) -> Result<CodesOfValues, InteractionError> {
    let mut codes_of_values = CodesOfValues::default();
    let mut sources = Sources::new();
    let registry = context.definitions.search_parameters();
    for (asked, place) in asked(registry, parameters).into_iter().zip(0..) {
        let codes = loop {
            if place >= MAXIMUM_ASKED {
                break Err(format!(
                    "at most {MAXIMUM_ASKED} values of :in, :above and :below"
                ));
            }
            match resolve(&asked, &sources) {
                Ok(codes) => break Ok(codes),
                Err(Unresolved::Refused(instead)) => break Err(instead),
                Err(Unresolved::Needs(_)) if sources.len() >= MAXIMUM_READ => {
                    break Err("codes, or a ValueSet with fewer included ValueSets".to_owned());
                }
                Err(Unresolved::Needs(source)) => {
                    let found = read(context, &source).await?;
                    sources.insert(source, found);
                }
            }
        };
        codes_of_values.insert(asked, codes);
    }
    Ok(codes_of_values)
}

/// The newest resource of that URL.
async fn read(context: &Context, source: &Source) -> Result<Option<Json>, InteractionError> {
    let (name, url) = match source {
        Source::ValueSet(url) => ("ValueSet", url),
        Source::CodeSystem(url) => ("CodeSystem", url),
    };
    let resource_type = ResourceType::parse(name).ok_or(InteractionError::Fault)?;
    let (url, version) = match url.split_once('|') {
        Some((url, version)) => (url, Some(version)),
        None => (url.as_str(), None),
    };
    let relative = url.strip_prefix(&*context.base_url).unwrap_or(url);
    let id = relative.trim_start_matches('/').strip_prefix("ValueSet/");
    let mut parameters = match id {
        Some(id) => vec![("_id", escape(id))],
        None => vec![("url", escape(url)), ("_sort", "-_lastUpdated".to_owned())],
    };
    parameters.extend(version.map(|version| ("version", escape(version))));
    let parameters: Vec<(String, String)> = parameters
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let request = SearchRequest {
        resource_types: &[resource_type],
        parameters: &parameters,
        lenient: false,
        base_url: &context.base_url,
    };
    let query = PermittedQuery::parse(context, &request, 1)?;
    let page = query.find(context, &context.storage).await?;
    let found = page.matches.into_iter().next();
    Ok(found.and_then(|resource| Json::parse(resource.json.as_bytes()).ok()))
}
