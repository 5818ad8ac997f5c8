//! What the benchmark starts and stops: a PostgreSQL of its own, and the server over it.

pub use postgres::{Database, Postgres};
pub use processor::{Processes, ProcessorShare};
pub use server::Server;

mod memory;
mod postgres;
mod processor;
mod program;
mod server;
