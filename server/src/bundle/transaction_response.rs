//! The Bundle that a batch or a transaction answers with: one entry for each entry of the request, in its order.
//! <http://hl7.org/fhir/R4/bundle.html#transaction-response>

use http::StatusCode;
use jiff::Timestamp;

use super::writer::{BundleWriter, EntryWriter};
use crate::exchange::{Answer, AnswerBody, InteractionError};
use crate::long_work::beside_others;

/// The JSON text of a Bundle of type `kind`.
pub fn write(kind: &str, moment: Timestamp, results: Vec<Result<Answer, InteractionError>>) -> String {
    let capacity = results.iter().map(size).sum();
    beside_others(capacity, || {
        let mut bundle = BundleWriter::new(kind, moment, capacity);
        for result in results {
            bundle.entry(|entry| match result {
                Ok(answer) => answered(entry, &answer),
                Err(error) => failed(entry, &error),
            });
        }
        bundle.finish()
    })
}

/// What a HEAD is answered with: nothing of the body.
#[must_use]
pub fn without_body(answer: Answer) -> Answer {
    Answer {
        body: AnswerBody::Nothing,
        ..answer
    }
}

fn size(result: &Result<Answer, InteractionError>) -> usize {
    match result {
        Ok(Answer {
            body: AnswerBody::Resource(json) | AnswerBody::Outcome(json),
            ..
        }) => json.len() + 256,
        Ok(Answer {
            body: AnswerBody::Kept(kept),
            ..
        }) => kept.plain.len() + 256,
        _ => 256,
    }
}

fn answered(entry: &mut EntryWriter<'_>, answer: &Answer) {
    match &answer.body {
        AnswerBody::Resource(json) => entry.json("resource", json),
        AnswerBody::Kept(kept) => entry.json("resource", kept.text()),
        AnswerBody::Nothing | AnswerBody::Outcome(_) | AnswerBody::Content { .. } => {}
    }
    entry.object("response", |response| {
        response.text("status", &status_line(answer.status));
        if let Some((version, last_updated)) = answer.version {
            if let Some((resource_type, id)) = &answer.written {
                response.text("location", &format!("{resource_type}/{id}/_history/{version}"));
            }
            response.text("etag", &format!("W/\"{version}\""));
            response.text("lastModified", &format!("{last_updated:.3}"));
        }
        if let AnswerBody::Outcome(json) = &answer.body {
            response.json("outcome", json);
        }
    });
}

fn failed(entry: &mut EntryWriter<'_>, error: &InteractionError) {
    entry.object("response", |response| {
        response.text("status", &status_line(error.status()));
        response.json("outcome", &error.outcome());
    });
}

/// `201 Created`
fn status_line(status: StatusCode) -> String {
    format!(
        "{} {}",
        status.as_str(),
        status.canonical_reason().unwrap_or_default()
    )
    .trim_end()
    .to_owned()
}
