//! What every request has, whatever it asks for: an id.

pub mod request_id;
