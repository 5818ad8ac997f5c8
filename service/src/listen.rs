//! Listening: connections are let in while there is room, speak TLS and HTTP/1.1 or HTTP/2, are answered by a router,
//! and come to an end without cutting off a request.

mod activity;
mod admission;
mod body;
mod client_name;
mod connection;
mod listener;
mod metrics;
mod tls;

pub use activity::Vouching;
pub use body::ArrivingError;
pub use listener::{Limits, ListenError, Listener};
pub use metrics::ListenerMetrics;
pub use tls::{AcceptedClient, FollowedTls, TlsError};
