//! What is done to the server, one file each.

pub mod create;
pub mod import;
pub mod read;
pub mod search;
