//! The definitions of R4 for unit tests, made once.

use std::sync::{Arc, LazyLock};

use super::Definitions;

/// What R4 defines.
pub fn r4() -> &'static Arc<Definitions> {
    static R4: LazyLock<Arc<Definitions>> = LazyLock::new(|| Arc::new(Definitions::r4().unwrap()));
    &R4
}
