//! Where device messages come from. A source acknowledges a message only when the pipeline has stored it.

pub mod http;
pub mod listener;
mod problem;
