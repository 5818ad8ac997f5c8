//! The Bundle that a history answers with: versions, each with what brought it about.
//! <http://hl7.org/fhir/R4/http.html#history>

use jiff::Timestamp;

use super::writer::BundleWriter;
use crate::definitions::structure::Structures;
use crate::storage::HistoryEntry;
use crate::storage::history::HistoryMethod;
use crate::summary::{Subset, SubsetError};

/// The JSON text of a page of a history.
///
/// # Errors
/// When a stored version cannot be cut down.
pub fn write(
    structures: &Structures,
    base_url: &str,
    moment: Timestamp,
    total: u64,
    links: &[(&str, String)],
    entries: Vec<HistoryEntry>,
    subset: &Subset,
) -> Result<String, SubsetError> {
    let capacity = entries.iter().map(|entry| entry.resource.json.len() + 384).sum();
    let mut bundle = BundleWriter::new("history", moment, capacity);
    bundle.total(total);
    bundle.links(links);
    for HistoryEntry { resource, method } in entries {
        let json = subset.cut(structures, resource.resource_type, resource.json)?;
        let name = resource.resource_type.name();
        let (verb, url, status) = match method {
            HistoryMethod::Create => ("POST", name.to_owned(), "201 Created"),
            HistoryMethod::UpdateCreate => ("PUT", format!("{name}/{}", resource.id), "201 Created"),
            HistoryMethod::Update => ("PUT", format!("{name}/{}", resource.id), "200 OK"),
            HistoryMethod::Delete => ("DELETE", format!("{name}/{}", resource.id), "204 No Content"),
        };
        bundle.entry(|entry| {
            entry.full_url(base_url, name, &resource.id);
            if !json.is_empty() {
                entry.json("resource", &json);
            }
            entry.object("request", |request| {
                request.text("method", verb);
                request.text("url", &url);
            });
            entry.object("response", |response| {
                response.text("status", status);
                response.text("etag", &format!("W/\"{}\"", resource.version));
                response.text("lastModified", &format!("{:.3}", resource.last_updated));
            });
        });
    }
    Ok(bundle.finish())
}
