//! One interaction that is asked for, whether it came alone or as an entry of a Bundle: all of it is read and understood as
//! far as it does not depend on what is stored.

use std::sync::Arc;

use bytes::Bytes;

use super::Interaction;
use crate::request::conditional_headers::ConditionalHeaders;
use crate::request::preference::Preference;
use crate::resource::Object;

/// One interaction that is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// What method and URL ask for.
    pub interaction: Interaction,
    /// The query string, and after it the form of a posted search, or the simple values of an operation's Parameters; for the
    /// audit trail.
    pub query: Option<Arc<str>>,
    /// The query string and the form, read.
    pub parameters: Vec<(String, String)>,
    /// `If-Match` and its like.
    pub conditions: ConditionalHeaders,
    /// `Prefer`
    pub preference: Preference,
    /// Whether the client reads a Binary and names none of FHIR's formats: then it gets the content.
    pub wants_content: bool,
    /// The body, as it was sent or already read.
    pub body: RequestBody,
}

/// The body of a request or of a Bundle's entry.
#[derive(Debug, Clone)]
pub enum RequestBody {
    /// No body; that of a posted search stands in the parameters.
    Nothing,
    /// As it was sent.
    Text(Bytes),
    /// A resource, read already and not yet validated.
    Resource(Object),
}

impl Request {
    /// The value of parameter `name`; the first one when there are several.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}
