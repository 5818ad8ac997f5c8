//! batch: entries that have nothing to do with each other, each carried out and answered as if it had come alone.
//! <http://hl7.org/fhir/R4/http.html#transaction>

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};

use super::perform_recorded;
use crate::audit::{AccessRecord, GivenOut};
use crate::bundle::entry_request::EntryRequest;
use crate::bundle::transaction_response;
use crate::exchange::{Answer, Context, InteractionError};

/// How many entries are carried out at the same time.
const AT_ONCE: usize = 8;

/// How many entries that are no requests get a record each.
const REFUSED_ALONE: usize = 100;

/// 200 with the answers of the entries, in their order. They are carried out in the order of the specification:
/// deletes, creates, updates, reads.
pub async fn batch(
    context: &Context,
    entries: Vec<Result<EntryRequest, InteractionError>>,
) -> Result<Answer, InteractionError> {
    let mut results: Vec<Option<Result<Answer, InteractionError>>> = Vec::new();
    let mut steps: Vec<EntryRequest> = Vec::with_capacity(entries.len());
    let mut records = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        match entry {
            Ok(entry) => {
                results.push(None);
                steps.push(entry);
            }
            Err(error) => {
                record_refused(context, &mut records, index, &error);
                results.push(Some(Err(error)));
            }
        }
    }
    steps.sort_by_key(EntryRequest::step);
    while let Some(step) = steps.first().map(EntryRequest::step) {
        let later = steps.split_off(steps.partition_point(|entry| entry.step() == step));
        let work = std::mem::replace(&mut steps, later)
            .into_iter()
            .map(|entry| carry_out(context, entry));
        let mut done = stream::iter(work).buffer_unordered(AT_ONCE);
        while let Some((index, result)) = done.next().await {
            results[index] = Some(result);
        }
    }
    records.push(AccessRecord {
        interaction: "batch".to_owned(),
        ..context.blank_record(200)
    });
    context.storage.record_accesses(records).await?;
    let results = results
        .into_iter()
        .map(|result| result.unwrap_or(Err(InteractionError::Fault)))
        .collect();
    let json = transaction_response::write("batch-response", context.received, results);
    // What the entries gave out stands in their own records.
    Ok(Answer {
        recorded: true,
        ..Answer::of_bundle(json, GivenOut::default())
    })
}

/// The record of an entry that is no request; beyond [`REFUSED_ALONE`] they are counted, since an entry may be smaller than
/// its record.
fn record_refused(
    context: &Context,
    records: &mut Vec<AccessRecord>,
    index: usize,
    error: &InteractionError,
) {
    let is_full = records.len() > REFUSED_ALONE;
    match records.last_mut() {
        Some(last) if is_full => {
            last.requests = last.requests.saturating_add(1);
        }
        _ => records.push(AccessRecord {
            interaction: "unknown".to_owned(),
            reason: Some(format!("entry {index}: {error}")),
            ..context.blank_record(error.status().as_u16())
        }),
    }
}

fn carry_out(
    context: &Context,
    entry: EntryRequest,
) -> BoxFuture<'_, (usize, Result<Answer, InteractionError>)> {
    async move {
        let result = perform_recorded(&context.for_entry(), entry.request).await;
        let result = match entry.is_head {
            true => result.map(transaction_response::without_body),
            false => result,
        };
        (entry.index, result)
    }
    .boxed()
}
