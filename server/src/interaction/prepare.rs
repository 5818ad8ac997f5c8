//! Body → what storage takes: read, validated and indexed. Large bodies are prepared away from the threads that
//! serve other requests.

use std::sync::Arc;

use crate::definitions::Definitions;
use crate::exchange::{Context, InteractionError, RequestBody};
use crate::long_work::LARGE;
use crate::request::local_reference::localize_index;
use crate::request::resource_body::{self, ResourceBodyError};
use crate::resource::{Json, Object, ResourceType};
use crate::search::extract;
use crate::search::index::IndexEntries;
use crate::validation::{Rules, validate};

/// Resources that are prepared without leaving the thread.
const FEW: usize = 32;

/// A resource that may be stored.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The resource; storage sets its id, version and time.
    pub resource: Object,
    /// What it says about itself.
    pub index: IndexEntries,
}

impl Prepared {
    /// The id that the client wrote into it.
    pub fn id(&self) -> Option<&str> {
        self.resource.get("id").and_then(Json::as_str)
    }
}

/// Reads, validates and indexes a body that should be a `resource_type`.
///
/// # Errors
/// When it is not, or breaks a rule of FHIR.
pub async fn prepare(
    context: &Context,
    body: RequestBody,
    resource_type: ResourceType,
) -> Result<Prepared, InteractionError> {
    let (definitions, base_url) = (&context.definitions, &context.base_url);
    match body {
        RequestBody::Text(text) if text.len() > LARGE => {
            let (definitions, base_url) = (definitions.clone(), base_url.clone());
            apart(move || {
                prepare_resource(
                    &definitions,
                    resource_body::parse(&text, resource_type)?,
                    resource_type,
                    &base_url,
                    validate,
                )
            })
            .await?
        }
        RequestBody::Text(text) => prepare_resource(
            definitions,
            resource_body::parse(&text, resource_type)?,
            resource_type,
            base_url,
            validate,
        ),
        RequestBody::Resource(resource) => {
            resource_body::check_type(&resource, resource_type)?;
            prepare_resource(definitions, resource, resource_type, base_url, validate)
        }
        RequestBody::Nothing => Err(ResourceBodyError::Empty(resource_type.name().to_owned()).into()),
    }
}

/// Validates and indexes a resource of type `resource_type`, which is known to be one.
///
/// # Errors
/// When it breaks a rule of FHIR.
pub fn prepare_resource(
    definitions: &Definitions,
    resource: Object,
    resource_type: ResourceType,
    base_url: &str,
    rules: Rules,
) -> Result<Prepared, InteractionError> {
    let issues = rules(definitions, resource_type, &resource);
    if !issues.is_empty() {
        return Err(InteractionError::Invalid(issues));
    }
    Ok(index(definitions, resource, resource_type, base_url))
}

/// Takes from a valid resource what it says about itself.
pub fn index(
    definitions: &Definitions,
    resource: Object,
    resource_type: ResourceType,
    base_url: &str,
) -> Prepared {
    let mut index = extract(definitions.search_parameters(), resource_type, &resource);
    localize_index(&mut index, base_url);
    Prepared { resource, index }
}

/// Works on all items, their order kept: here when they are `size` small resources, else on all processors and away
/// from the threads that serve other requests.
///
/// # Errors
/// When `work` panics.
pub async fn parallel<T: Send + 'static, U: Send + 'static>(
    items: Vec<T>,
    size: usize,
    work: impl Fn(T) -> U + Send + Sync + 'static,
) -> Result<Vec<U>, InteractionError> {
    if size <= FEW {
        return Ok(items.into_iter().map(work).collect());
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(threads);
    let work = Arc::new(work);
    let mut items = items.into_iter();
    let mut parts = Vec::with_capacity(threads);
    while items.len() > 0 {
        let part: Vec<T> = items.by_ref().take(share).collect();
        let work = work.clone();
        parts.push(apart(move || {
            part.into_iter().map(|item| work(item)).collect::<Vec<U>>()
        }));
    }
    let done = futures::future::try_join_all(parts).await?;
    Ok(done.into_iter().flatten().collect())
}

/// Runs `work` on a thread for long computations.
///
/// # Errors
/// When it panics.
pub async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, InteractionError> {
    let result = tokio::task::spawn_blocking(work).await;
    result.map_err(|error| {
        tracing::error!(%error, "preparing a resource failed");
        InteractionError::Fault
    })
}
