//! What came of each entry, collected while the transaction goes on, and answered in the order of the entries.

use super::entry::Entry;
use super::identity::Identity;
use super::selection::searched;
use crate::bundle::entry_request::Step;
use crate::bundle::full_url::FullUrls;
use crate::bundle::transaction_response;
use crate::exchange::{Answer, Context, InteractionError};
use crate::interaction::create::answer_found;
use crate::interaction::perform;
use crate::request::preference::Return;
use crate::resource::ResourceType;
use crate::storage::{Transaction, Written};
use http::StatusCode;

/// The answers so far; by the entries' places.
pub struct Outcomes {
    answers: Vec<Answer>,
    /// What a written entry is about, what the client wants back, and whether it is deleted.
    plans: Vec<Plan>,
}

struct Plan {
    written: Option<(ResourceType, String)>,
    same_as: Option<usize>,
    wanted: Return,
    step: Step,
}

impl Outcomes {
    /// Knows what needs no write.
    pub fn new(entries: &[Entry], identities: &[Identity]) -> Outcomes {
        let answers = entries
            .iter()
            .zip(identities)
            .map(|(entry, identity)| match identity {
                Identity::Found(stored) => answer_found((**stored).clone(), entry.request.preference.answer),
                _ => Answer::new(StatusCode::NO_CONTENT),
            });
        let plans = entries.iter().zip(identities).map(|(entry, identity)| Plan {
            written: identity
                .written()
                .map(|(resource_type, id)| (resource_type, id.to_owned())),
            same_as: match identity {
                Identity::SameAs(place) => Some(*place),
                _ => None,
            },
            wanted: entry.request.preference.answer,
            step: entry.step,
        });
        Outcomes {
            answers: answers.collect(),
            plans: plans.collect(),
        }
    }

    /// Adds what the writes of the entries at `places` did.
    pub fn add(&mut self, places: Vec<usize>, written: Vec<Written>) {
        for (place, written) in places.into_iter().zip(written) {
            let Plan {
                written: Some((resource_type, id)),
                wanted,
                step,
                ..
            } = &self.plans[place]
            else {
                continue;
            };
            self.answers[place] = if *step == Step::Delete {
                let deleted = written.version > 0;
                let version = deleted.then_some((written.version, written.last_updated));
                Answer {
                    version,
                    ..Answer::new(StatusCode::NO_CONTENT)
                }
            } else {
                Answer::of_written(*resource_type, id, written, *wanted)
            };
        }
    }

    /// Carries out the reads, as if each had come alone, on the connection that the transaction holds: they see what it has
    /// written, and wait for no other connection. Searches name entries by their full URLs, which mean `targets`.
    ///
    /// # Errors
    /// When a read fails: then all of the transaction does.
    pub async fn read(
        &mut self,
        context: &Context,
        transaction: &Transaction,
        entries: &[Entry],
        targets: &FullUrls,
    ) -> Result<(), InteractionError> {
        let within = context.within(transaction);
        let mut records = Vec::new();
        for (place, entry) in entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.step == Step::Read)
        {
            let (mut request, criterion) = (entry.request.clone(), entry.within.clone());
            if request.interaction.is_search() {
                let searched = searched(context, request.interaction.resource_type());
                request.parameters = searched.resolved(&request.parameters, |name| targets.target(name));
            }
            let answer = perform::carry_out(&within, request, criterion).await;
            let answer = answer.map_err(|error| entry.failed(error))?;
            records.push(perform::answered(context, &entry.request, &answer));
            self.answers[place] = match entry.is_head {
                true => transaction_response::without_body(answer),
                false => answer,
            };
        }
        // What a transaction gives out that fails after all, nobody gets.
        Ok(transaction.record_accesses(records).await?)
    }

    /// What is known of the answer to the entry at `place`.
    pub fn answer(&self, place: usize) -> &Answer {
        &self.answers[place]
    }

    /// The answers in the order of the entries.
    pub fn into_answers(mut self) -> Vec<Answer> {
        for place in 0..self.plans.len() {
            if let Some(earlier) = self.plans[place].same_as {
                // The first of them created it; for the others it was there.
                self.answers[place] = Answer {
                    status: StatusCode::OK,
                    ..self.answers[earlier].clone()
                };
            }
        }
        self.answers
    }
}
