//! The parts of a running server that requests share, and the settings that shape its answers.

use std::sync::Arc;
use std::time::Duration;

use brazier_access::PolicyHandle;
use brazier_access::token::Authenticator;

use crate::budget::Budget;
use crate::capability_statement::CapabilityStatement;
use crate::definitions::DefinitionsHandle;
use crate::exchange::Route;
use crate::metrics::Metrics;
use crate::request::preference::Handling;
use crate::storage::Storage;

/// What every request works with.
pub struct ServerState {
    /// The database that holds resources and their index.
    pub storage: Storage,
    /// Whose requests are let in.
    pub authenticator: Arc<Authenticator>,
    /// What they may do.
    pub policy: Arc<PolicyHandle>,
    /// What the service knows of FHIR.
    pub definitions: Arc<DefinitionsHandle>,
    /// What methods and paths ask for, those of a Bundle's entries too.
    pub route: Route,
    /// What the server claims of itself.
    pub capability_statement: Arc<CapabilityStatement>,
    /// The memory that requests may take.
    pub budget: Arc<Budget>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Choices that the standard leaves to the server.
    pub settings: Settings,
}

/// Choices that the standard leaves to the server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL under which clients know the service, without a slash at its end.
    pub base_url: Arc<str>,
    /// Whether an update may create a resource under an id that the client chose.
    pub update_create: bool,
    /// What is done with search parameters that are not known, when the request does not say.
    pub search_handling: Handling,
    /// Bytes of a body.
    pub maximum_body: usize,
    /// How long a request may take once its body has arrived.
    pub request_timeout: Duration,
    /// Resources a page, when the request does not say.
    pub default_page: u32,
    /// Resources a page at most.
    pub maximum_page: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            base_url: Arc::from("http://localhost"),
            update_create: true,
            search_handling: Handling::Lenient,
            maximum_body: 64 << 20,
            request_timeout: Duration::from_secs(60),
            default_page: 20,
            maximum_page: 1000,
        }
    }
}

impl Settings {
    /// Resources a page for a request that asks for `count`.
    pub fn page(&self, count: Option<u32>) -> u32 {
        count.unwrap_or(self.default_page).min(self.maximum_page)
    }
}
