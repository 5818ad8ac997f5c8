//! The decision what each entry of a transaction is about, by looking at what is stored: deletes first, and the others in an
//! order in which those come before whose resources others name in their criteria.

use std::collections::{HashMap, VecDeque};

use super::entry::Entry;
use super::identity::{Identity, overlap, plain, refuse_overlap};
use super::selection::Selection;
use crate::budget::Spending;
use crate::bundle::entry_request::Step;
use crate::bundle::full_url::{FullUrls, conditional_references};
use crate::exchange::{Context, Interaction, InteractionError};
use crate::interaction::conditional::{Criteria, Match};
use crate::interaction::patch;
use crate::interaction::update::{Condition, Target};
use crate::request::logical_id::new_logical_id;
use crate::resource::{Json, ResourceType, weight};
use crate::retrieval::found;
use crate::storage::{StorageError, StoredResource, Transaction};
use crate::validation::validate_in_transaction;

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
        identities.push(match (entry.step, &entry.selection) {
            (Step::Delete, Some(selection)) => {
                let decided = met_by_delete(context, transaction, entry, selection).await;
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
    let mut known = FullUrls::default();
    // The places of conditional creates and updates that met nothing, by their criteria.
    let mut made: HashMap<String, usize> = HashMap::new();
    let mut line = Line::of(entries);
    while let Some(place) = line.next() {
        let entry = &entries[place];
        let criteria = criteria(context, transaction, entry, &known).await;
        let criteria = criteria.map_err(|error| entry.failed(error))?;
        let same = criteria.as_ref().map(Criteria::text);
        if let Some(earlier) = same.and_then(|text| made.get(text)).copied() {
            identities[place] = same_as(entries, place, earlier, same.unwrap_or_default())?;
        } else {
            let decided = decide(context, transaction, entry, criteria.as_ref()).await;
            let decided = decided.map_err(|error| entry.failed(error))?;
            if let Some(text) = same.filter(|_| decided.is_new()) {
                made.insert(text.to_owned(), place);
            }
            identities[place] = decided;
        }
        if let (Some(name), Some((resource_type, id))) = (entry.name(), identities[place].target(identities))
        {
            known.insert(name, resource_type, id);
            line.decided(name);
        }
    }
    match line.first_waiting() {
        Some(place) => Err(in_circle(&entries[place])),
        None => refuse_overlap(entries, identities),
    }
}

/// The entries that are still to be decided, deletes aside, those that wait for others behind them.
struct Line<'a> {
    ready: VecDeque<usize>,
    /// How many names each entry waits for.
    missing: Vec<usize>,
    /// Who waits for a name.
    waiting: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Line<'a> {
    fn of(entries: &'a [Entry]) -> Line<'a> {
        let mut line = Line {
            ready: VecDeque::new(),
            missing: vec![0; entries.len()],
            waiting: HashMap::new(),
        };
        for (place, entry) in entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.step != Step::Delete)
        {
            let names = entry.selection.as_ref().map(Selection::names).unwrap_or_default();
            for name in names {
                line.waiting.entry(name).or_default().push(place);
            }
            line.missing[place] = names.len();
            if names.is_empty() {
                line.ready.push_back(place);
            }
        }
        line
    }

    fn next(&mut self) -> Option<usize> {
        self.ready.pop_front()
    }

    /// What `name` stands for is known from now on.
    fn decided(&mut self, name: &str) {
        for place in self.waiting.remove(name).unwrap_or_default() {
            self.missing[place] -= 1;
            if self.missing[place] == 0 {
                self.ready.push_back(place);
            }
        }
    }

    /// The first entry that waits for what is never decided.
    fn first_waiting(&self) -> Option<usize> {
        self.missing.iter().position(|missing| *missing > 0)
    }
}

/// The criteria of an entry, once `known` has all that they name; other transactions with the same wait from now on.
async fn criteria(
    context: &Context,
    transaction: &Transaction,
    entry: &Entry,
    known: &FullUrls,
) -> Result<Option<Criteria>, InteractionError> {
    let Some(selection) = &entry.selection else {
        return Ok(None);
    };
    let criteria = selection.criteria(context, known)?;
    if !selection.names().is_empty() {
        transaction.take_turns(&[criteria.lock()]).await?;
    }
    Ok(Some(criteria))
}

/// What the entry at `place` is about, whose criteria are those of an `earlier` one that makes a resource.
fn same_as(
    entries: &[Entry],
    place: usize,
    earlier: usize,
    criteria: &str,
) -> Result<Identity, InteractionError> {
    if entries[place].step == Step::Create && entries[earlier].step == Step::Create {
        return Ok(Identity::SameAs(earlier));
    }
    let what = format_args!("the resource matching {criteria}");
    Err(overlap(&entries[place], what, entries[earlier].index))
}

/// That the criteria of entries name each other.
fn in_circle(entry: &Entry) -> InteractionError {
    entry.failed(InteractionError::element(
        format!("Bundle.entry[{}].request", entry.index),
        "its criteria name an entry whose own criteria wait for this one; leave one of the names out",
    ))
}

async fn met_by_delete(
    context: &Context,
    transaction: &Transaction,
    entry: &Entry,
    selection: &Selection,
) -> Result<Identity, InteractionError> {
    let criteria = selection.criteria(context, &FullUrls::default())?;
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
    criteria: Option<&Criteria>,
) -> Result<Identity, InteractionError> {
    let Some(criteria) = criteria else {
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
