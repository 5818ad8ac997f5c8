//! What the benchmark starts and stops: a PostgreSQL of its own, and the server over it.

pub use postgres::{Database, Postgres};
pub use server::Server;

mod memory;
mod postgres;
mod program;
mod server;
