//! Bundle: what is asked for in one, and what is answered with one. <http://hl7.org/fhir/R4/bundle.html>

pub mod entry_request;
pub mod full_url;
pub mod history;
pub mod link;
pub mod placeholder;
pub mod searchset;
pub mod transaction_response;
pub mod writer;
