//! What handlers are given and what they give back: the words that interactions, operations and all around them share.
//!
//! - [`Interaction`]: which interaction, and what its URL names; [`Route`]: the table of them; [`RouteError`]: why a URL
//!   names none.
//! - [`operation`]: what an operation says of itself.
//! - [`Request`]: one that is asked for, with its parameters, conditions, preferences and body.
//! - [`Context`]: on whose behalf and with what it is carried out; asks the policy.
//! - [`Answer`]: what it came to, before it is an HTTP response or an entry of a Bundle.
//! - [`InteractionError`]: why it was not carried out; `outcome.rs` has the one table of what that means to a client.
//!
//! The arrows: `rest` → `interaction`, `operation` → `retrieval` → here → `request`, `authorization`, `state`, `storage`.
//! Nothing in here calls a handler, and none of its rooms below knows it.

mod answer;
mod context;
mod error;
mod interaction;
pub mod operation;
mod outcome;
mod request;
mod route_error;

pub use answer::{Answer, AnswerBody, KeptText};
pub use context::Context;
pub use error::InteractionError;
pub use interaction::{Interaction, Route};
pub use request::{Request, RequestBody};
pub use route_error::RouteError;
