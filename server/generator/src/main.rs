//! Generator entry point.
fn main() {}
