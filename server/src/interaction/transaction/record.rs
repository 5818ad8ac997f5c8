//! What the audit trail says of a transaction: a record for each entry, which names what it made, changed, deleted or found,
//! and one for all of it. They stand with the changes or not at all.

use http::StatusCode;

use super::entry::Entry;
use super::identity::Identity;
use super::outcome::Outcomes;
use crate::audit::AccessRecord;
use crate::bundle::entry_request::Step;
use crate::exchange::Context;
use crate::interaction::perform;
use crate::request::preference::Return;

/// The record of all of it.
pub fn of_all(context: &Context) -> AccessRecord {
    AccessRecord {
        interaction: "transaction".to_owned(),
        ..context.blank_record(StatusCode::OK.as_u16())
    }
}

/// The records of entries that write, by their places; storage adds the versions.
pub fn of_writes(
    context: &Context,
    entries: &[Entry],
    identities: &[Identity],
    places: &[usize],
) -> Vec<AccessRecord> {
    places
        .iter()
        .map(|place| of_write(context, &entries[*place], &identities[*place]))
        .collect()
}

fn of_write(context: &Context, entry: &Entry, identity: &Identity) -> AccessRecord {
    let status = match identity {
        Identity::Delete(..) => StatusCode::NO_CONTENT,
        Identity::Create(..) => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    let mut record = context.record(&entry.request, status.as_u16());
    if let Some((resource_type, id)) = identity.written() {
        record.resource_type = Some(resource_type.name().to_owned());
        record.resource_id = Some(id.to_owned());
    }
    // A patch alone gives back what the client did not send.
    let is_patch = matches!(identity, Identity::Patched(..));
    record.resources = u32::from(is_patch && entry.request.preference.answer == Return::Representation);
    record
}

/// The records of entries that would have written and found that there was nothing to do.
pub fn of_findings(
    context: &Context,
    entries: &[Entry],
    identities: &[Identity],
    outcomes: &Outcomes,
) -> Vec<AccessRecord> {
    let decided = entries.iter().zip(identities).enumerate();
    decided
        .filter_map(|(place, (entry, identity))| match identity {
            Identity::Found(_) => Some(perform::answered(context, &entry.request, outcomes.answer(place))),
            Identity::SameAs(_) => {
                let mut record = context.record(&entry.request, StatusCode::OK.as_u16());
                record.resource_id = identity.target(identities).map(|(_, id)| id.to_owned());
                record.resources = u32::from(entry.request.preference.answer == Return::Representation);
                Some(record)
            }
            Identity::Nothing if entry.step == Step::Delete => {
                Some(context.record(&entry.request, StatusCode::NO_CONTENT.as_u16()))
            }
            _ => None,
        })
        .collect()
}
