//! A policy document in a mounted file. Who follows the file calls this whenever it has changed.

use std::path::Path;

use super::document::DocumentError;
use super::handle::{Origin, PolicyHandle};

/// Why the file brought no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// It cannot be read.
    #[error("failed to read {path}: {source}")]
    Read {
        /// Path of the file that could not be read.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not a policy document.
    #[error("{path}: {source}")]
    Document {
        /// Path of the file that is no policy document.
        path: String,
        /// What is wrong with it.
        source: DocumentError,
    },
}

impl PolicyHandle {
    /// Puts the document at `path` in force; on error the policy stays as it is.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no policy document.
    pub fn load(&self, path: &Path) -> Result<(), PolicyFileError> {
        let name = || path.display().to_string();
        let document = std::fs::read(path);
        let document = document.map_err(|source| PolicyFileError::Read { path: name(), source })?;
        let replaced = self.replace(&document, Origin::File);
        replaced.map_err(|source| PolicyFileError::Document { path: name(), source })?;
        Ok(())
    }
}
