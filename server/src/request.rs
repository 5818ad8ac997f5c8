//! What a client sent, read into values that the interactions take: query, headers, body. Pure but for the body,
//! which has to be received.

pub mod binary;
pub mod body;
pub mod conditional_headers;
pub mod encoding;
pub mod format;
pub mod local_reference;
pub mod logical_id;
pub mod parameters_resource;
pub mod preference;
pub mod query_string;
pub mod resource_body;
