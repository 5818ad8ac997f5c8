//! The mounted policy document: read at start, and again when it changes.

use std::path::PathBuf;
use std::sync::Arc;

use brazier_service::files::FollowedFiles;

use super::PolicyHandle;
use super::document::DocumentError;
use super::handle::Origin;

/// A policy document in a file.
#[derive(Debug)]
pub struct PolicyFile {
    path: PathBuf,
    files: FollowedFiles,
    policy: Arc<PolicyHandle>,
}

/// Why the file brought no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// It cannot be read.
    #[error("failed to read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not a policy document.
    #[error("{path}: {source}")]
    Document {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: DocumentError,
    },
}

impl PolicyFile {
    /// The document at `path`, for `policy`; not read yet.
    pub fn new(path: PathBuf, policy: Arc<PolicyHandle>) -> PolicyFile {
        let files = FollowedFiles::new(vec![path.clone()]);
        PolicyFile { path, files, policy }
    }

    /// Puts the document in force; on error the policy stays as it is.
    pub fn load(&self) -> Result<(), PolicyFileError> {
        let path = || self.path.display().to_string();
        let document = std::fs::read(&self.path);
        let document = document.map_err(|source| PolicyFileError::Read { path: path(), source })?;
        let replaced = self.policy.replace(&document, Origin::File);
        replaced.map_err(|source| PolicyFileError::Document { path: path(), source })?;
        Ok(())
    }

    /// Reads the document now and whenever it changes, for as long as it is polled. Without a policy nobody gets in, so
    /// a document that cannot be used is told and waited for.
    pub async fn follow(mut self) {
        loop {
            self.files.changed().await;
            if let Err(error) = self.load() {
                tracing::error!(%error, "the access policy stays as it is");
            }
        }
    }
}
