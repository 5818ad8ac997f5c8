//! What every request has, whatever it asks for: an id, and the base URL that its links are made of.

pub mod base_url;
pub mod request_id;

pub use self::base_url::Scheme;
