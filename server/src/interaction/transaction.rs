//! transaction: all entries or none. <http://hl7.org/fhir/R4/http.html#trules>
//!
//! Read and checked → validated → identities decided → references rewritten → written → answered. Without
//! conditional entries and reads that is one write in one round trip; with them it is a database transaction of several
//! steps, in which the criteria of the entries and what is patched are locked, deletes come first, and reads see what was
//! written.

mod decision;
mod entry;
mod identity;
mod outcome;
mod record;
mod reference_resolution;
mod selection;

use super::conditional::Attempts;
use super::prepare::parallel;
use crate::audit::{AccessRecord, GivenOut};
use crate::bundle::entry_request::EntryRequest;
use crate::bundle::transaction_response;
use crate::exchange::{Answer, Context, InteractionError};
use crate::storage::{Transaction, Write, Written};
use crate::validation::validate_in_transaction;
use entry::Entry;
use identity::Identity;
use outcome::Outcomes;
use reference_resolution::Resolution;

/// 200 with the answers of all entries, or the error of the first entry that cannot be carried out.
pub async fn transaction(
    context: &Context,
    entries: Vec<Result<EntryRequest, InteractionError>>,
) -> Result<Answer, InteractionError> {
    let entries = entry::check(context, entries)?;
    let mut entries = validated(context, entries).await?;
    if !entries.iter().any(Entry::needs_steps)
        && let Some(answer) = in_one_write(context, &mut entries).await?
    {
        return Ok(answer);
    }
    let mut attempts = Attempts::default();
    loop {
        match in_steps(context, &entries).await {
            Err(error) if attempts.again(&error) => {}
            result => return result,
        }
    }
}

/// Validates the resources of all entries.
async fn validated(context: &Context, entries: Vec<Entry>) -> Result<Vec<Entry>, InteractionError> {
    let definitions = context.definitions.clone();
    let size = entries.iter().filter(|entry| entry.resource.is_some()).count();
    let check = move |entry: Entry| match (&entry.resource, entry.written_type()) {
        (Some(resource), Some(resource_type)) => {
            match validate_in_transaction(&definitions, resource_type, resource) {
                issues if issues.is_empty() => Ok(entry),
                issues => Err(entry.failed(InteractionError::Invalid(issues))),
            }
        }
        _ => Ok(entry),
    };
    parallel(entries, size, check).await?.into_iter().collect()
}

/// One write; `None` when a conditional reference may mean what the transaction itself creates. Its resources are in memory once.
async fn in_one_write(context: &Context, entries: &mut [Entry]) -> Result<Option<Answer>, InteractionError> {
    let identities = identity::decide_without_criteria(entries)?;
    let mut resolution = Resolution::new(entries, &identities);
    if !resolution.resolve(context, &context.storage, entries).await? {
        return Ok(None);
    }
    let mut writes = identity::deletes(entries, &identities);
    let source = |place: usize| entries[place].take_source();
    writes.extend(resolution.ready(context, &identities, source).await?);
    let mut outcomes = Outcomes::new(entries, &identities);
    let (indexes, changes): (Vec<usize>, Vec<Write>) = writes.into_iter().unzip();
    let records = record::of_writes(context, entries, &identities, &indexes);
    let others = vec![record::of_all(context)];
    let written = context
        .storage
        .write_each(&context.definitions, changes, records, others)
        .await;
    let written = written.map_err(|error| identity::refusal(error, context, entries, &identities))?;
    outcomes.add(indexes, written);
    Ok(Some(answer(context, outcomes)))
}

/// Several steps in one database transaction.
async fn in_steps(context: &Context, entries: &[Entry]) -> Result<Answer, InteractionError> {
    let locks: Vec<String> = entries
        .iter()
        .filter_map(|entry| entry.selection.as_ref()?.lock())
        .collect();
    let transaction = context.storage.begin(&locks).await?;
    decision::lock_patched(&transaction, entries).await?;
    let mut identities: Vec<Identity> = decision::decide_deletes(context, &transaction, entries).await?;
    let (indexes, deletes): (Vec<usize>, Vec<Write>) =
        identity::deletes(entries, &identities).into_iter().unzip();
    let steps = Steps {
        context,
        transaction: &transaction,
        entries,
    };
    let deleted = steps.write(&identities, &indexes, deletes, Vec::new()).await?;
    decision::decide_others(context, &transaction, entries, &mut identities).await?;
    let mut outcomes = Outcomes::new(entries, &identities);
    outcomes.add(indexes, deleted);

    let mut resolution = Resolution::new(entries, &identities);
    loop {
        let complete = resolution.resolve(context, &transaction, entries).await?;
        let source = |place: usize| entries[place].source();
        let ready = resolution.ready(context, &identities, source).await?;
        if ready.is_empty() && !complete {
            return Err(resolution.unresolved(entries));
        }
        let (indexes, changes): (Vec<usize>, Vec<Write>) = ready.into_iter().unzip();
        let mut others = Vec::new();
        if complete {
            others.push(record::of_all(context));
            others.extend(record::of_findings(context, entries, &identities, &outcomes));
        }
        let written = steps.write(&identities, &indexes, changes, others).await?;
        outcomes.add(indexes, written);
        if complete {
            break;
        }
    }
    outcomes
        .read(context, &transaction, entries, resolution.targets())
        .await?;
    transaction.commit().await?;
    Ok(answer(context, outcomes))
}

/// What all steps of one attempt have.
struct Steps<'a> {
    context: &'a Context,
    transaction: &'a Transaction,
    entries: &'a [Entry],
}

impl Steps<'_> {
    /// Writes for the entries at `places`, with a record for each and `others` after them.
    async fn write(
        &self,
        identities: &[Identity],
        places: &[usize],
        writes: Vec<Write>,
        others: Vec<AccessRecord>,
    ) -> Result<Vec<Written>, InteractionError> {
        let Steps {
            context,
            transaction,
            entries,
        } = *self;
        if writes.is_empty() && others.is_empty() {
            return Ok(Vec::new());
        }
        let records = record::of_writes(context, entries, identities, places);
        let written = transaction
            .write_each(&context.definitions, writes, records, others)
            .await;
        written.map_err(|error| identity::refusal(error, context, entries, identities))
    }
}

fn answer(context: &Context, outcomes: Outcomes) -> Answer {
    let answers = outcomes.into_answers().into_iter().map(Ok).collect();
    let json = transaction_response::write("transaction-response", context.received, answers);
    Answer {
        recorded: true,
        ..Answer::of_bundle(json, GivenOut::default())
    }
}
