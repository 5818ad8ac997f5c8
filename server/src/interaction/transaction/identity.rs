//! Which resource each entry is about, and what it does to it: decided by the URL, by criteria, or by making an id.

use std::collections::HashMap;

use super::entry::Entry;
use crate::budget::Spending;
use crate::bundle::entry_request::Step;
use crate::bundle::full_url::conditional_references;
use crate::exchange::{Context, Interaction, InteractionError};
use crate::interaction::conditional::{Criteria, Match};
use crate::interaction::patch::{self, Patched};
use crate::interaction::update::{self, Condition, Target};
use crate::request::logical_id::new_logical_id;
use crate::resource::{Json, ResourceType, weight};
use crate::retrieval::found;
use crate::storage::{Method, Precondition, StorageError, StoredResource, Transaction, Write};
use crate::validation::validate_in_transaction;

/// What an entry is about.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Nothing that is written: a read, or a conditional delete that meets nothing.
    Nothing,
    /// A resource to be deleted.
    Delete(ResourceType, String, Condition),
    /// A new resource.
    Create(ResourceType, String),
    /// The resource that a conditional create found in place of making one.
    Found(Box<StoredResource>),
    /// What the entry at this place makes: another conditional create with the same criteria.
    SameAs(usize),
    /// A resource to be updated, or created under this id.
    Update(ResourceType, String, Condition),
    /// A resource that a patch has changed, and the conditional references that the patch brought into it.
    Patched(Box<Patched>, Vec<String>),
}

impl Identity {
    /// The resource that is written.
    pub fn written(&self) -> Option<(ResourceType, &str)> {
        match self {
            Identity::Nothing | Identity::Found(_) | Identity::SameAs(_) => None,
            Identity::Delete(resource_type, id, _)
            | Identity::Create(resource_type, id)
            | Identity::Update(resource_type, id, _) => Some((*resource_type, id)),
            Identity::Patched(patched, _) => Some((patched.resource_type, &patched.id)),
        }
    }

    /// Whether it must not be there yet.
    fn is_new(&self) -> bool {
        match self {
            Identity::Create(..) => true,
            Identity::Update(_, _, condition) => condition.precondition == Precondition::Absent,
            _ => false,
        }
    }

    /// The resource that references to the entry mean.
    pub fn target<'a>(&'a self, identities: &'a [Identity]) -> Option<(ResourceType, &'a str)> {
        match self {
            Identity::Found(found) => Some((found.resource_type, &found.id)),
            Identity::SameAs(place) => identities.get(*place)?.written(),
            Identity::Nothing | Identity::Delete(..) => None,
            Identity::Create(..) | Identity::Update(..) | Identity::Patched(..) => self.written(),
        }
    }
}

/// Decides for entries none of which needs several steps.
///
/// # Errors
/// When two entries write one resource.
pub fn decide_without_criteria(entries: &[Entry]) -> Result<Vec<Identity>, InteractionError> {
    let identities: Vec<Identity> = entries
        .iter()
        .map(|entry| plain(entry).map_err(|error| entry.failed(error)))
        .collect::<Result<_, _>>()?;
    refuse_overlap(entries, &identities)?;
    Ok(identities)
}

/// Locks the resources that are patched, so that each patch is applied to the version that it replaces.
///
/// # Errors
/// When storage fails.
pub async fn lock_patched(transaction: &Transaction, entries: &[Entry]) -> Result<(), InteractionError> {
    let patched: Vec<(ResourceType, &str)> = entries
        .iter()
        .filter_map(|entry| match &entry.request.interaction {
            Interaction::Patch(resource_type, id) => Some((*resource_type, id.as_str())),
            _ => None,
        })
        .collect();
    Ok(transaction.lock(&patched).await?)
}

/// Decides for the deletes; all others are still about nothing.
///
/// # Errors
/// When criteria meet several resources.
pub async fn decide_deletes(
    context: &Context,
    transaction: &Transaction,
    entries: &[Entry],
) -> Result<Vec<Identity>, InteractionError> {
    let mut identities = Vec::with_capacity(entries.len());
    for entry in entries {
        identities.push(match (entry.step, &entry.criteria) {
            (Step::Delete, Some(criteria)) => {
                let decided = met_by_delete(context, transaction, entry, criteria).await;
                decided.map_err(|error| entry.failed(error))?
            }
            (Step::Delete, None) => plain(entry).map_err(|error| entry.failed(error))?,
            _ => Identity::Nothing,
        });
    }
    Ok(identities)
}

/// Decides for everything but the deletes, which have taken place.
///
/// # Errors
/// When criteria meet several resources, or two entries write one resource.
pub async fn decide_others(
    context: &Context,
    transaction: &Transaction,
    entries: &[Entry],
    identities: &mut [Identity],
) -> Result<(), InteractionError> {
    // The places of conditional creates and updates that met nothing, by their criteria.
    let mut made: HashMap<&str, usize> = HashMap::new();
    for (place, entry) in entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.step != Step::Delete)
    {
        let same = entry.criteria.as_ref().map(Criteria::text);
        if let Some(earlier) = same.and_then(|text| made.get(text)).copied() {
            if entry.step == Step::Create && entries[earlier].step == Step::Create {
                identities[place] = Identity::SameAs(earlier);
                continue;
            }
            return Err(overlap(
                entry,
                format_args!("the resource matching {}", same.unwrap_or_default()),
                entries[earlier].index,
            ));
        }
        let decided = decide(context, transaction, entry)
            .await
            .map_err(|error| entry.failed(error))?;
        if let Some(text) = same.filter(|_| decided.is_new()) {
            made.insert(text, place);
        }
        identities[place] = decided;
    }
    refuse_overlap(entries, identities)
}

/// The writes of the deletes, each with its entry's place.
pub fn deletes(entries: &[Entry], identities: &[Identity]) -> Vec<(usize, Write)> {
    let decided = entries.iter().zip(identities).enumerate();
    decided
        .filter_map(|(place, (_, identity))| match identity {
            Identity::Delete(resource_type, id, condition) => {
                let method = Method::Delete {
                    precondition: condition.precondition,
                };
                Some((
                    place,
                    Write {
                        resource_type: *resource_type,
                        id: id.clone(),
                        method,
                    },
                ))
            }
            _ => None,
        })
        .collect()
}

/// Names the entry that storage refused.
pub fn refusal(
    error: StorageError,
    context: &Context,
    entries: &[Entry],
    identities: &[Identity],
) -> InteractionError {
    let culprit = match &error {
        StorageError::VersionConflict {
            resource_type, id, ..
        }
        | StorageError::AlreadyExists { resource_type, id }
        | StorageError::DoesNotExist { resource_type, id } => {
            let is_it = |identity: &Identity| identity.written() == Some((*resource_type, id.as_str()));
            identities.iter().position(is_it)
        }
        _ => None,
    };
    let Some((entry, identity)) =
        culprit.and_then(|place| Some((entries.get(place)?, identities.get(place)?)))
    else {
        return error.into();
    };
    let refusal = match (identity, &entry.criteria) {
        (Identity::Update(_, _, condition), Some(_)) => condition.conditional_refusal(error, context),
        (Identity::Update(_, _, condition), None) => update::refusal(error, context, *condition),
        (Identity::Patched(..), _) => patch::refusal(error, &entry.request.conditions),
        _ => error.into(),
    };
    entry.failed(refusal)
}

/// What an entry without criteria and without a patch is about.
fn plain(entry: &Entry) -> Result<Identity, InteractionError> {
    let conditions = &entry.request.conditions;
    Ok(match &entry.request.interaction {
        Interaction::Delete(resource_type, id) => {
            let condition = Condition::of(conditions, *resource_type, id)?;
            Identity::Delete(*resource_type, id.clone(), condition)
        }
        Interaction::Create(resource_type) => Identity::Create(*resource_type, new_logical_id()),
        Interaction::Update(resource_type, id) => {
            let condition = Condition::of(conditions, *resource_type, id)?;
            Identity::Update(*resource_type, id.clone(), condition)
        }
        _ => Identity::Nothing,
    })
}

async fn met_by_delete(
    context: &Context,
    transaction: &Transaction,
    entry: &Entry,
    criteria: &Criteria,
) -> Result<Identity, InteractionError> {
    match criteria.find(context, transaction).await? {
        Match::None => Ok(Identity::Nothing),
        Match::Several => Err(criteria.several()),
        Match::One(found) => {
            let condition = Condition::of(&entry.request.conditions, found.resource_type, &found.id)?;
            Ok(Identity::Delete(found.resource_type, found.id, condition))
        }
    }
}

async fn decide(
    context: &Context,
    transaction: &Transaction,
    entry: &Entry,
) -> Result<Identity, InteractionError> {
    let Some(criteria) = &entry.criteria else {
        return match &entry.request.interaction {
            Interaction::Patch(resource_type, id) => {
                let current = found(transaction.read(*resource_type, id).await?, *resource_type, id)?;
                patched(context, entry, current)
            }
            _ => plain(entry),
        };
    };
    let resource_type = criteria.resource_type();
    let met = criteria.find(context, transaction).await?;
    match (&entry.request.interaction, met) {
        (_, Match::Several) => Err(criteria.several()),
        (Interaction::ConditionalPatch(_), Match::None) => Err(criteria.none()),
        (Interaction::ConditionalPatch(_), Match::One(found)) => {
            let current = locked(context, transaction, criteria, *found).await?;
            patched(context, entry, current)
        }
        (Interaction::Create(_), Match::One(found)) => Ok(Identity::Found(found)),
        (Interaction::Create(_), Match::None) => Ok(Identity::Create(resource_type, new_logical_id())),
        (_, met) => conditional_update(context, entry, criteria, met),
    }
}

fn conditional_update(
    context: &Context,
    entry: &Entry,
    criteria: &Criteria,
    met: Match,
) -> Result<Identity, InteractionError> {
    let sent = entry
        .resource
        .as_ref()
        .and_then(|resource| resource.get("id"))
        .and_then(Json::as_str);
    let resource_type = criteria.resource_type();
    Ok(
        match Target::of(context, &entry.request.conditions, criteria, met, sent)? {
            Target::New(id) => Identity::Create(resource_type, id),
            Target::Named(id, condition) => Identity::Update(resource_type, id, condition),
        },
    )
}

/// Locks the one resource that meets the criteria of a patch, as [`lock_patched`] locks those that are named.
async fn locked(
    context: &Context,
    transaction: &Transaction,
    criteria: &Criteria,
    met: StoredResource,
) -> Result<StoredResource, InteractionError> {
    transaction.lock(&[(met.resource_type, &met.id)]).await?;
    match criteria.find(context, transaction).await? {
        Match::One(current) if current.id == met.id => Ok(*current),
        // Another request changed it between.
        _ => Err(StorageError::Contention.into()),
    }
}

fn patched(context: &Context, entry: &Entry, current: StoredResource) -> Result<Identity, InteractionError> {
    let Some(document) = &entry.patch else {
        return Err(InteractionError::Fault);
    };
    Spending::current().hold(weight::of_text(current.json.as_bytes()))?;
    let before = current.json.clone();
    let mut patched = patch::patched(
        context,
        document,
        &entry.request.conditions,
        current,
        validate_in_transaction,
    )?;
    let structures = context.definitions.structures();
    let mut references = conditional_references(structures, &mut patched.prepared.resource);
    if !references.is_empty() {
        // What was stored as it is, is not the patch's to resolve.
        let stored = match Json::parse(before.as_bytes()) {
            Ok(Json::Object(mut stored)) => conditional_references(structures, &mut stored),
            _ => Vec::new(),
        };
        references.retain(|reference| !stored.contains(reference));
    }
    Ok(Identity::Patched(Box::new(patched), references))
}

/// <http://hl7.org/fhir/R4/http.html#trules>: the identities of what is deleted, created and updated may not overlap.
fn refuse_overlap(entries: &[Entry], identities: &[Identity]) -> Result<(), InteractionError> {
    let mut seen = HashMap::new();
    for (entry, identity) in entries.iter().zip(identities) {
        let Some((resource_type, id)) = identity.written() else {
            continue;
        };
        if let Some(earlier) = seen.insert((resource_type, id), entry.index) {
            return Err(overlap(entry, format_args!("{resource_type}/{id}"), earlier));
        }
    }
    Ok(())
}

fn overlap(entry: &Entry, what: std::fmt::Arguments<'_>, earlier: usize) -> InteractionError {
    InteractionError::element(
        format!("Bundle.entry[{}].request.url", entry.index),
        format!("{what} is also changed by entry {earlier}; a transaction may change a resource only once"),
    )
}
