//! A Bundle of type batch or transaction → the requests of its entries. <http://hl7.org/fhir/R4/http.html#transaction>

mod body;
mod structure;

use std::sync::Arc;

use http::Method;

use crate::exchange::{Interaction, InteractionError, Request, Route};
use crate::request::conditional_headers::ConditionalHeaders;
use crate::request::preference::{Preference, Return};
use crate::request::query_string;
use crate::resource::{Json, Object};
pub use structure::check_structure;

/// How the entries belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleKind {
    /// Each stands alone.
    Batch,
    /// All or nothing.
    Transaction,
}

/// What an entry asks for.
#[derive(Debug, Clone)]
pub struct EntryRequest {
    /// Its position, from 0.
    pub index: usize,
    /// By what other entries refer to its resource.
    pub full_url: Option<String>,
    /// Method and URL, for messages.
    pub label: String,
    /// HEAD: the answer is told without its body.
    pub is_head: bool,
    /// What the entry asks for, as if it had come alone.
    pub request: Request,
}

/// Which steps entries are processed in, whatever their order: DELETE, POST, PUT and PATCH, GET and HEAD.
/// <http://hl7.org/fhir/R4/http.html#trules>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// DELETE, before anything is written
    Delete,
    /// POST, which creates
    Create,
    /// PUT and PATCH
    Update,
    /// GET and HEAD, and searches
    Read,
}

impl EntryRequest {
    /// The step in which the entry is processed.
    pub fn step(&self) -> Step {
        match self.request.interaction {
            Interaction::Delete(..) | Interaction::ConditionalDelete(_) => Step::Delete,
            Interaction::Create(_) => Step::Create,
            Interaction::Update(..)
            | Interaction::ConditionalUpdate(_)
            | Interaction::Patch(..)
            | Interaction::ConditionalPatch(_) => Step::Update,
            _ => Step::Read,
        }
    }
}

/// The kind of a Bundle that was posted to the base URL.
///
/// # Errors
/// When it is of another type than batch and transaction.
pub fn kind(bundle: &Object) -> Result<BundleKind, InteractionError> {
    match bundle.get("type").and_then(Json::as_str) {
        Some("batch") => Ok(BundleKind::Batch),
        Some("transaction") => Ok(BundleKind::Transaction),
        Some(other) => Err(InteractionError::element(
            "Bundle.type",
            format!(
                "a Bundle of type \"{other}\" cannot be processed; write batch or transaction, or post it to /Bundle to store it"
            ),
        )),
        None => Err(InteractionError::element(
            "Bundle.type",
            "the type is missing; write batch or transaction",
        )),
    }
}

/// The requests of the entries in their order, each with what is wrong with it. `route` knows what their methods and URLs
/// ask for.
///
/// # Errors
/// When `entry` is not an array.
pub fn entries(
    bundle: Object,
    base_url: &str,
    outer: Preference,
    route: Route,
) -> Result<Vec<Result<EntryRequest, InteractionError>>, InteractionError> {
    let mut bundle = bundle;
    let entries = match bundle.remove("entry") {
        None => Vec::new(),
        Some(Json::Array(entries)) => entries,
        Some(_) => {
            return Err(InteractionError::element(
                "Bundle.entry",
                "must be an array of entries",
            ));
        }
    };
    let read = |(index, entry)| match entry {
        Json::Object(entry) => read(index, entry, base_url, outer, route),
        _ => Err(InteractionError::element(
            format!("Bundle.entry[{index}]"),
            "must be an object",
        )),
    };
    Ok(entries.into_iter().enumerate().map(read).collect())
}

fn read(
    index: usize,
    mut entry: Object,
    base_url: &str,
    outer: Preference,
    route: Route,
) -> Result<EntryRequest, InteractionError> {
    let place = |member: &str| format!("Bundle.entry[{index}].{member}");
    let wrong = |member: &str, problem: &str| InteractionError::element(place(member), problem);
    let Some(Json::Object(request)) = entry.get("request") else {
        return Err(wrong(
            "request",
            "is missing; every entry of a batch or transaction needs a method and a url, such as POST and Patient to create the resource or PUT and Patient/1 to update it",
        ));
    };
    let text = |name: &str| request.get(name).and_then(Json::as_str);
    let method = match text("method") {
        Some(name @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH")) => name,
        _ => {
            return Err(wrong(
                "request.method",
                "write GET, HEAD, POST, PUT, DELETE or PATCH",
            ));
        }
    };
    let Some(url) = text("url").filter(|url| !url.is_empty()) else {
        return Err(wrong(
            "request.url",
            "is missing; write it relative to the base URL, such as Patient/1",
        ));
    };
    let label = format!("{method} {url}");
    let relative = relative(url, base_url).ok_or_else(|| {
        wrong(
            "request.url",
            "is not under this server's base URL; write it relative, such as Patient/1",
        )
    })?;
    let (path, query) = relative.split_once('?').unwrap_or((relative, ""));
    let interaction = route(&Method::from_bytes(method.as_bytes()).unwrap_or_default(), path)?;
    if interaction == Interaction::Bundle {
        let problem = "a Bundle cannot be processed within a Bundle";
        return Err(wrong("request.url", problem));
    }
    let conditions = ConditionalHeaders::of_entry(request)?;
    let full_url = entry.get("fullUrl").and_then(Json::as_str).map(str::to_owned);
    let answer = if outer.answer == Return::Unspecified {
        Return::Minimal
    } else {
        outer.answer
    };
    let is_head = method == "HEAD";
    let is_post = method == "POST";
    let mut parameters = query_string::parse(query)?;
    let query = (!query.is_empty()).then(|| query.to_owned());
    let resource = entry.remove("resource");
    let body = body::read(&interaction, resource, is_post, &place("resource"))?;
    let query = body::add_to_query(&interaction, &body, query, &mut parameters, &place("resource"))?;
    Ok(EntryRequest {
        index,
        full_url,
        label,
        is_head,
        request: Request {
            interaction,
            query: query.map(Arc::from),
            parameters,
            conditions,
            preference: Preference { answer, ..outer },
            wants_content: false,
            body,
        },
    })
}

/// The part of `url` after the base URL; `None` when it is an absolute URL of another place.
fn relative<'a>(url: &'a str, base_url: &str) -> Option<&'a str> {
    match url.strip_prefix(base_url) {
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => Some(rest),
        _ => {
            let before_query = url.split('?').next().unwrap_or_default();
            (!before_query.contains("://")).then_some(url)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router;

    #[test]
    fn only_urls_of_this_server_are_taken() {
        let base = "http://h/fhir";
        assert_eq!(relative("http://h/fhir/Patient/1", base), Some("/Patient/1"));
        assert_eq!(
            relative("Patient?url=http://x", base),
            Some("Patient?url=http://x")
        );
        assert_eq!(relative("/Patient", base), Some("/Patient"));
        assert_eq!(relative("http://h/fhirPatient/1", base), None);
        assert_eq!(relative("https://elsewhere/Patient/1", base), None);
    }

    fn errors(entry: &str) -> String {
        let text = format!("{{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{entry}]}}");
        let Ok(Json::Object(bundle)) = Json::parse(text.as_bytes()) else {
            panic!("{text}")
        };
        let mut entries = entries(bundle, "http://h", Preference::default(), router::route).unwrap();
        entries.remove(0).unwrap_err().to_string()
    }

    #[test]
    fn says_what_is_wrong_with_an_entry() {
        for (entry, expected) in [
            ("7", "Bundle.entry[0]: must be an object"),
            ("{}", "Bundle.entry[0].request: is missing"),
            (
                "{\"request\":{\"url\":\"Patient\"}}",
                "Bundle.entry[0].request.method: write",
            ),
            (
                "{\"request\":{\"method\":\"get\",\"url\":\"Patient\"}}",
                "Bundle.entry[0].request.method: write",
            ),
            (
                "{\"request\":{\"method\":\"GET\"}}",
                "Bundle.entry[0].request.url: is missing",
            ),
            (
                "{\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}",
                "Bundle.entry[0].resource: is missing",
            ),
            (
                "{\"request\":{\"method\":\"GET\",\"url\":\"Nothing/1\"}}",
                "\"Nothing\" is not a resource type",
            ),
            (
                "{\"request\":{\"method\":\"POST\",\"url\":\"/\"},\"resource\":{}}",
                "Bundle.entry[0].request.url: a Bundle",
            ),
            (
                "{\"request\":{\"method\":\"GET\",\"url\":\"Patient?a=%\"}}",
                "the query cannot be read: \"%\" has a %",
            ),
        ] {
            let error = errors(entry);
            assert!(error.starts_with(expected), "{entry}: {error}");
        }
    }
}
