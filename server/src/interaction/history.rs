//! history: the versions of a resource, of a type or of everything, newest first.
//! <http://hl7.org/fhir/R4/http.html#history>

use brazier_access::{Criterion, DataAction};
use jiff::Timestamp;

use crate::audit::GivenOut;
use crate::authorization;
use crate::bundle;
use crate::bundle::link::{self, CURSOR, Pages};
use crate::exchange::{Answer, Context, Interaction, InteractionError, Request};
use crate::long_work::beside_others;
use crate::request::preference::Handling;
use crate::retrieval::may_see;
use crate::search::value::date;
use crate::storage::{Current, HistoryQuery, HistoryScope};
use crate::summary::Subset;

/// 200 with a history; 404 when the resource never was. `within` narrows the history of everything to what the
/// principal may see.
pub async fn history(
    context: &Context,
    request: &Request,
    within: Option<Criterion>,
) -> Result<Answer, InteractionError> {
    let scope = match (&request.interaction, within) {
        (Interaction::HistoryInstance(resource_type, id), _) => {
            HistoryScope::Instance(*resource_type, id.clone())
        }
        (Interaction::HistoryType(resource_type), _) => HistoryScope::Types(vec![*resource_type]),
        (_, Some(within)) => HistoryScope::Types(authorization::resource_types(&within)),
        (_, None) => HistoryScope::System,
    };
    let subset = Subset::of_parameters(&request.parameters)?;
    let mut query = query(context, request, scope)?;
    // Like _summary=count, _count=0 asks for the total alone.
    let only_total = subset.is_count() || query.count == 0;
    query.count = query.count.max(1);
    let page = context.storage.history(&query).await?;
    if page.total == 0 {
        check_existence(context, &query.scope).await?;
    }
    let url = format!("{}{}/_history", context.base_url, path(&request.interaction));
    let parameters: Vec<(String, String)> = request
        .parameters
        .iter()
        .filter(|(name, _)| name != CURSOR && is_known(name))
        .cloned()
        .collect();
    let pages = Pages {
        current: query.cursor.as_deref(),
        next: page.next.as_deref().filter(|_| !only_total),
        ..Pages::default()
    };
    let links = link::links(&url, &parameters, pages);
    let mut entries = if only_total { Vec::new() } else { page.entries };
    entries.retain(|entry| may_see(context, DataAction::History, &entry.resource));
    let versions = entries.iter().map(|entry| &entry.resource);
    let given_out = GivenOut::of(versions.map(|version| (version.resource_key, version.version)));
    let bytes = entries.iter().map(|entry| entry.resource.json.len()).sum();
    let write = || {
        bundle::history::write(
            context.definitions.structures(),
            &context.base_url,
            context.received,
            page.total,
            &links,
            entries,
            &subset,
        )
    };
    let json = beside_others(bytes, write)?;
    Ok(Answer::of_bundle(json, given_out))
}

fn query(
    context: &Context,
    request: &Request,
    scope: HistoryScope,
) -> Result<HistoryQuery, InteractionError> {
    let mut query = HistoryQuery {
        scope,
        since: None,
        at: None,
        count: context.state.settings.page(None),
        cursor: None,
    };
    for (name, value) in &request.parameters {
        match name.as_str() {
            "_since" => query.since = Some(span(name, value)?.0),
            "_at" => query.at = Some(span(name, value)?),
            "_count" => query.count = context.state.settings.page(Some(count(value)?)),
            CURSOR => query.cursor = Some(value.clone()),
            name if is_known(name) || context.handling(request) == Handling::Lenient => {}
            name => {
                return Err(parameter(
                    name,
                    value,
                    "a history knows _since, _at, _count, _summary and _elements",
                ));
            }
        }
    }
    Ok(query)
}

fn is_known(name: &str) -> bool {
    matches!(
        name,
        "_since" | "_at" | "_count" | "_format" | "_pretty" | "_summary" | "_elements" | CURSOR
    )
}

fn count(value: &str) -> Result<u32, InteractionError> {
    value
        .parse()
        .map_err(|_error| parameter("_count", value, "write a whole number"))
}

fn span(name: &str, value: &str) -> Result<(Timestamp, Timestamp), InteractionError> {
    let instant = |microseconds| Timestamp::from_microsecond(microseconds).ok();
    // An offset's + that was not escaped has been read as a space.
    date::span(&value.replace(' ', "+"))
        .and_then(|span| Some((instant(span.low)?, instant(span.high)?)))
        .ok_or_else(|| parameter(name, value, "write an instant, such as 2026-01-31T08:00:00Z"))
}

fn parameter(name: &str, value: &str, expected: &'static str) -> InteractionError {
    InteractionError::Parameter {
        name: name.to_owned(),
        value: value.to_owned(),
        expected,
    }
}

/// A resource that has no version within the bounds asked for may have others.
async fn check_existence(context: &Context, scope: &HistoryScope) -> Result<(), InteractionError> {
    let HistoryScope::Instance(resource_type, id) = scope else {
        return Ok(());
    };
    match context.storage.read(*resource_type, id).await? {
        Current::Unknown => Err(InteractionError::NotFound {
            resource_type: *resource_type,
            id: id.clone(),
        }),
        Current::Found(_) | Current::Deleted { .. } => Ok(()),
    }
}

fn path(interaction: &Interaction) -> String {
    match (interaction.resource_type(), interaction.id()) {
        (Some(resource_type), Some(id)) => format!("/{resource_type}/{id}"),
        (Some(resource_type), None) => format!("/{resource_type}"),
        (None, _) => String::new(),
    }
}
