//! The parts of a running server, and the router made of them.

use std::sync::Arc;

use axum::Router;
use brazier_access::PolicyHandle;
use brazier_access::token::Authenticator;

use crate::budget::{self, Budget};
use crate::definitions::DefinitionsHandle;
use crate::metrics::Metrics;
use crate::rest;
use crate::router;
use crate::state::{ServerState, Settings};
use crate::storage::Storage;

/// What requests are answered with.
pub struct Parts {
    /// The database that holds resources and their index.
    pub storage: Storage,
    /// Whose requests are let in.
    pub authenticator: Arc<Authenticator>,
    /// What they may do.
    pub policy: Arc<PolicyHandle>,
    /// What the service knows of FHIR.
    pub definitions: Arc<DefinitionsHandle>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The address by which clients know the service, without a slash at its end.
    pub base_url: String,
    /// Whether clients may choose the ids of new resources.
    pub update_create: bool,
    /// How many bytes of memory the process may use.
    pub memory: usize,
}

/// The FHIR interactions.
pub fn router(parts: Parts) -> Router {
    let Parts {
        storage,
        authenticator,
        policy,
        definitions,
        metrics,
        base_url,
        update_create,
        memory,
    } = parts;
    let settings = Settings {
        base_url: base_url.into(),
        update_create,
        maximum_body: budget::largest_body(memory),
        ..Settings::default()
    };
    rest::service(Arc::new(ServerState {
        storage,
        authenticator,
        policy,
        definitions,
        route: router::route,
        capability_statement: Arc::default(),
        budget: Budget::of(memory),
        metrics,
        settings,
    }))
}
