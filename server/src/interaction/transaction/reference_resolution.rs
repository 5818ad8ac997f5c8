//! References between entries and conditional references → references to the resources that they mean, and then the
//! writes. A conditional reference may mean what another entry makes, so entries that wait for one are written last.
//! <http://hl7.org/fhir/R4/http.html#trules>

use std::collections::HashMap;
use std::sync::Arc;

use super::entry::{Entry, Source};
use super::identity::Identity;
use super::selection::searched;
use crate::bundle::full_url::FullUrls;
use crate::definitions::Definitions;
use crate::exchange::{Context, InteractionError};
use crate::interaction::conditional::{Criteria, Match};
use crate::interaction::create;
use crate::interaction::patch::Patched;
use crate::interaction::prepare::{self, Prepared, parallel};
use crate::interaction::update;
use crate::request::query_string;
use crate::resource::{Object, ResourceType};
use crate::storage::{Storage, Write};

/// How far the references of a transaction are resolved.
pub struct Resolution {
    targets: Arc<FullUrls>,
    /// Whether each conditional reference has its target; by the reference as it is written.
    conditional: HashMap<String, bool>,
    /// The entries that are still to be written.
    pending: Vec<Pending>,
}

/// An entry that is still to be written.
struct Pending {
    place: usize,
    /// The conditional references that it waits for.
    references: Vec<String>,
}

impl Resolution {
    /// Knows what the full URLs mean, and no conditional reference.
    pub fn new(entries: &[Entry], identities: &[Identity]) -> Resolution {
        let mut targets = FullUrls::default();
        let mut pending = Vec::new();
        for (place, (entry, identity)) in entries.iter().zip(identities).enumerate() {
            if let (Some(name), Some((resource_type, id))) = (entry.name(), identity.target(identities)) {
                targets.insert(name, resource_type, id);
            }
            let references = match identity {
                Identity::Create(..) | Identity::Update(..) => entry.conditional_references.clone(),
                Identity::Patched(_, references) => references.clone(),
                _ => continue,
            };
            pending.push(Pending { place, references });
        }
        let references = pending.iter().flat_map(|pending| &pending.references);
        let conditional = references.map(|reference| (reference.clone(), false)).collect();
        Resolution {
            targets: Arc::new(targets),
            conditional,
            pending,
        }
    }

    /// Looks for what the conditional references mean; true when all are resolved.
    ///
    /// # Errors
    /// When one means several resources, or is not a search.
    pub async fn resolve(
        &mut self,
        context: &Context,
        storage: &Storage,
        entries: &[Entry],
    ) -> Result<bool, InteractionError> {
        let open: Vec<String> = self
            .conditional
            .iter()
            .filter(|(_, found)| !**found)
            .map(|(reference, _)| reference.clone())
            .collect();
        let mut complete = true;
        for reference in open {
            let target = target(context, storage, &reference, &self.targets).await;
            match target.map_err(|error| self.failed(entries, &reference, error))? {
                None => complete = false,
                Some((resource_type, id)) => {
                    let mut targets = Arc::unwrap_or_clone(std::mem::take(&mut self.targets));
                    targets.insert(&reference, resource_type, &id);
                    self.targets = Arc::new(targets);
                    self.conditional.insert(reference, true);
                }
            }
        }
        Ok(complete)
    }

    /// What full URLs and conditional references stand for, as far as it is known.
    pub fn targets(&self) -> &FullUrls {
        &self.targets
    }

    /// Takes the writes of the entries whose references are all resolved, each with its entry's place; `source` gives what stands in
    /// the entry at a place.
    ///
    /// # Errors
    /// Only when the server is at fault.
    pub async fn ready(
        &mut self,
        context: &Context,
        identities: &[Identity],
        mut source: impl FnMut(usize) -> Source,
    ) -> Result<Vec<(usize, Write)>, InteractionError> {
        let resolved = |reference: &String| self.conditional.get(reference).copied().unwrap_or_default();
        let is_ready = |pending: &Pending| pending.references.iter().all(resolved);
        let (ready, pending): (Vec<Pending>, Vec<Pending>) =
            std::mem::take(&mut self.pending).into_iter().partition(is_ready);
        self.pending = pending;

        let drafts: Vec<Draft> = ready
            .into_iter()
            .filter_map(|pending| Draft::of(pending.place, &identities[pending.place], source(pending.place)))
            .collect();
        let definitions = context.definitions.clone();
        let (targets, base_url) = (self.targets.clone(), context.base_url.clone());
        let size = drafts.len();
        let finish = move |draft: Draft| draft.finish(&definitions, &targets, &base_url);
        let finished = parallel(drafts, size, finish).await?;
        Ok(finished
            .into_iter()
            .filter_map(|(place, prepared)| Some((place, write(context, &identities[place], prepared)?)))
            .collect())
    }

    /// That a conditional reference means nothing.
    pub fn unresolved(&self, entries: &[Entry]) -> InteractionError {
        let open = self.conditional.iter().find(|(_, found)| !**found);
        let Some((reference, _)) = open else {
            return InteractionError::Fault;
        };
        self.failed(
            entries,
            reference,
            InteractionError::NoMatch {
                criteria: reference.clone(),
            },
        )
    }

    /// Names the first entry that holds the reference.
    fn failed(&self, entries: &[Entry], reference: &str, error: InteractionError) -> InteractionError {
        let holds = |pending: &&Pending| pending.references.iter().any(|held| held == reference);
        let holder = self.pending.iter().find(holds);
        match holder.and_then(|pending| entries.get(pending.place)) {
            Some(entry) => entry.failed(error),
            None => error,
        }
    }
}

/// A resource on its way to its write.
struct Draft {
    place: usize,
    resource_type: ResourceType,
    full_url: Option<String>,
    /// As the client sent it, or as a patch made it.
    resource: Object,
}

impl Draft {
    fn of(place: usize, identity: &Identity, source: Source) -> Option<Draft> {
        let (resource_type, _) = identity.written()?;
        let resource = match identity {
            Identity::Patched(patched, _) => patched.prepared.resource.clone(),
            _ => source.resource?,
        };
        Some(Draft {
            place,
            resource_type,
            full_url: source.full_url,
            resource,
        })
    }

    /// With its references rewritten and its index made.
    fn finish(mut self, definitions: &Definitions, targets: &FullUrls, base_url: &str) -> (usize, Prepared) {
        targets.rewrite(
            definitions.structures(),
            &mut self.resource,
            self.full_url.as_deref(),
        );
        let prepared = prepare::index(definitions, self.resource, self.resource_type, base_url);
        (self.place, prepared)
    }
}

/// The write; `None` for an entry that writes nothing, of which there is no draft.
fn write(context: &Context, identity: &Identity, prepared: Prepared) -> Option<Write> {
    match identity {
        Identity::Update(resource_type, id, condition) => {
            Some(update::write(context, *resource_type, id, prepared, *condition))
        }
        Identity::Create(resource_type, id) => Some(create::write(*resource_type, id, prepared)),
        Identity::Patched(patched, _) => {
            let Patched {
                resource_type,
                id,
                condition,
                ..
            } = patched.as_ref();
            Some(update::write(context, *resource_type, id, prepared, *condition))
        }
        _ => None,
    }
}

/// The one resource that a conditional reference means, whose criteria may name entries; `None` when there is none.
async fn target(
    context: &Context,
    storage: &Storage,
    reference: &str,
    targets: &FullUrls,
) -> Result<Option<(ResourceType, String)>, InteractionError> {
    let (name, query) = reference.split_once('?').unwrap_or((reference, ""));
    let resource_type = ResourceType::parse(name).ok_or(InteractionError::Fault)?;
    let searched = searched(context, Some(resource_type));
    let parameters = query_string::parse(query)?;
    let is_name = |name: &str| targets.target(name).is_some();
    searched.names(&parameters, is_name, || "Bundle.entry".to_owned())?;
    let parameters = searched.resolved(&parameters, |name| targets.target(name));
    let criteria = Criteria::of_parameters(context, resource_type, &parameters)?
        .ok_or(InteractionError::NoCriteria("a conditional reference"))?;
    match criteria.find(context, storage).await? {
        Match::None => Ok(None),
        Match::One(found) => Ok(Some((found.resource_type, found.id))),
        Match::Several => Err(criteria.several()),
    }
}
