//! The entries of a transaction, each checked by itself: well-formed, allowed, and unlike the others.

use std::collections::HashSet;

use brazier_access::Criterion;

use super::selection::{Selection, searched};
use crate::bundle::entry_request::{EntryRequest, Step};
use crate::bundle::full_url::conditional_references;
use crate::exchange::{Context, Interaction, InteractionError, Request, RequestBody};
use crate::interaction::create;
use crate::interaction::patch::{Patch, read_patch};
use crate::request::resource_body;
use crate::resource::{Json, Object, ResourceType};
use crate::storage::StorageError;

/// An entry that may be carried out.
pub struct Entry {
    /// Its position, from 0.
    pub index: usize,
    /// By what other entries refer to it.
    pub full_url: Option<String>,
    /// HEAD: the answer is told without its body.
    pub is_head: bool,
    /// Its request; what it writes stands in `resource` or `patch`.
    pub request: Request,
    /// The step in which it is processed.
    pub step: Step,
    /// The resource to be written.
    pub resource: Option<Object>,
    /// The patch to be applied.
    pub patch: Option<Patch>,
    /// `ifNoneExist`, or the criteria in the URL.
    pub selection: Option<Selection>,
    /// The conditional references in the resource, as they are written.
    pub conditional_references: Vec<String>,
    /// For reads over several types: what the principal may see.
    pub within: Option<Criterion>,
    /// `Type/id` as the client wrote it into a new resource; a name for it where there is no full URL.
    placeholder: Option<String>,
    label: String,
}

/// What an entry gives to its write.
pub struct Source {
    /// By what other entries refer to it.
    pub full_url: Option<String>,
    /// The resource, as the client sent it.
    pub resource: Option<Object>,
}

impl Entry {
    /// What it writes; it keeps it for another attempt.
    pub fn source(&self) -> Source {
        Source {
            full_url: self.full_url.clone(),
            resource: self.resource.clone(),
        }
    }

    /// What it writes; afterwards it cannot be written again.
    pub fn take_source(&mut self) -> Source {
        Source {
            full_url: self.full_url.clone(),
            resource: self.resource.take(),
        }
    }

    /// The name by which other entries refer to its resource.
    pub fn name(&self) -> Option<&str> {
        self.full_url.as_deref().or(self.placeholder.as_deref())
    }

    /// Whether it must look at the database before, or after, it is written.
    pub fn needs_steps(&self) -> bool {
        self.selection.is_some() || self.patch.is_some() || self.step == Step::Read
    }

    /// The type of the resource that it writes.
    pub fn written_type(&self) -> Option<ResourceType> {
        matches!(self.step, Step::Create | Step::Update).then(|| self.request.interaction.resource_type())?
    }

    /// `error` as the reason why the transaction fails. That another request was in the way is about no entry, and
    /// a reason to try again.
    pub fn failed(&self, error: InteractionError) -> InteractionError {
        match error {
            InteractionError::Storage(StorageError::Contention) => error,
            error => error.of_entry(self.index, &self.label),
        }
    }
}

/// Checks all entries.
///
/// # Errors
/// The first mistake.
pub fn check(
    context: &Context,
    entries: Vec<Result<EntryRequest, InteractionError>>,
) -> Result<Vec<Entry>, InteractionError> {
    let names: HashSet<String> = entries
        .iter()
        .flatten()
        .filter(|entry| matches!(entry.step(), Step::Create | Step::Update))
        .filter_map(|entry| entry.full_url.clone())
        .collect();
    let mut full_urls = HashSet::new();
    let mut checked = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let entry = entry.map_err(|error| error.of_entry(index, "request"))?;
        if let Some(full_url) = &entry.full_url
            && !full_urls.insert(full_url.clone())
        {
            let place = format!("Bundle.entry[{index}].fullUrl");
            return Err(InteractionError::element(
                place,
                format!("\"{full_url}\" stands at another entry, too"),
            ));
        }
        let (index, label) = (entry.index, entry.label.clone());
        checked.push(check_entry(context, entry, &names).map_err(|error| error.of_entry(index, &label))?);
    }
    Ok(checked)
}

fn check_entry(
    context: &Context,
    entry: EntryRequest,
    names: &HashSet<String>,
) -> Result<Entry, InteractionError> {
    let step = entry.step();
    let EntryRequest {
        index,
        full_url,
        label,
        is_head,
        mut request,
    } = entry;
    let resource_type = request.interaction.resource_type();
    let within = context.authorize_interaction(&request.interaction)?;
    create::check_url(&request)?;
    let is_name = |url: &str| names.contains(url);
    let selection = Selection::of(context, &request, index, is_name)?;
    check_read(context, &request, index, is_name)?;
    let body = match step {
        Step::Read => RequestBody::Nothing,
        _ => std::mem::replace(&mut request.body, RequestBody::Nothing),
    };
    let is_patch = matches!(
        request.interaction,
        Interaction::Patch(..) | Interaction::ConditionalPatch(_)
    );
    let patch = is_patch.then(|| read_patch(&body)).transpose()?;
    let mut resource = match body {
        RequestBody::Resource(resource) if !is_patch => Some(resource),
        _ => None,
    };
    let mut references = Vec::new();
    let mut placeholder = None;
    if let (Some(resource), Some(resource_type)) = (&mut resource, resource_type) {
        resource_body::check_type(resource, resource_type)?;
        let id = check_id(&request.interaction, resource)?;
        placeholder = id.map(|id| format!("{resource_type}/{id}"));
        references = conditional_references(context.definitions.structures(), resource);
    }
    Ok(Entry {
        index,
        full_url,
        is_head,
        request,
        step,
        resource,
        patch,
        selection,
        conditional_references: references,
        within,
        placeholder,
        label,
    })
}

/// A search may name entries; an operation is for batches.
fn check_read(
    context: &Context,
    request: &Request,
    index: usize,
    is_name: impl Fn(&str) -> bool,
) -> Result<(), InteractionError> {
    let place = || format!("Bundle.entry[{index}].request.url");
    match &request.interaction {
        Interaction::Operation { operation, .. } => {
            let problem = format!("{operation:?} cannot be part of a transaction; write a batch");
            Err(InteractionError::element(place(), problem))
        }
        interaction if interaction.is_search() => {
            let searched = searched(context, interaction.resource_type());
            searched
                .names(&request.parameters, is_name, place)
                .map(|_names| ())
        }
        _ => Ok(()),
    }
}

/// The id of an update's resource is that of its URL; in a Bundle it may be left out. A create's own id has no
/// meaning but as a placeholder, and is taken out and answered.
fn check_id(interaction: &Interaction, resource: &mut Object) -> Result<Option<String>, InteractionError> {
    let Interaction::Update(resource_type, id) = interaction else {
        let is_create = matches!(interaction, Interaction::Create(_));
        let removed = if is_create { resource.remove("id") } else { None };
        return Ok(removed.as_ref().and_then(Json::as_str).map(str::to_owned));
    };
    match resource.get("id") {
        None => resource.set("id", Json::from(id.as_str())),
        Some(sent) if sent.as_str() == Some(id) => {}
        Some(_) => {
            return Err(InteractionError::element(
                format!("{resource_type}.id"),
                format!("must be the id of the entry's URL, \"{id}\""),
            ));
        }
    }
    Ok(None)
}
