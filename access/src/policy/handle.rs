//! The policy in force: read by every request without a lock, replaced as a whole.
//!
//! Two ways lead here. A push is the newest word and always wins. The mounted file lags behind by the time that the
//! kubelet needs, so a file that brings a policy which a push has already replaced is late news and is ignored.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;

use super::access_policy::{AccessPolicy, ConditionCheck, Parsed};
use super::document::DocumentError;

/// How many replaced versions are remembered.
const REMEMBERED: usize = 64;

/// Where a policy came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The mounted file.
    File,
    /// The admin listener.
    Push,
}

/// A policy that came into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyChange {
    /// When it did.
    pub moment: Timestamp,
    /// Where it came from.
    pub origin: Origin,
    /// The version that its document calls itself.
    pub version: String,
    /// The version that it replaces; empty when there was none.
    pub before: String,
    /// The assignments in it that grant nothing, because they are not understood.
    pub ignored: Vec<String>,
}

/// Who is told of changes.
struct Listener(Box<dyn Fn(PolicyChange) + Send + Sync>);

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Listener")
    }
}

/// Gives the policy in force to requests, and takes its successors.
#[derive(Debug)]
pub struct PolicyHandle {
    current: ArcSwap<AccessPolicy>,
    check: ConditionCheck,
    replaced_by_push: Mutex<VecDeque<String>>,
    listener: Option<Listener>,
}

impl PolicyHandle {
    /// A handle with `policy` in force; of its successors, an assignment whose condition does not pass `check` grants
    /// nothing.
    pub fn new(policy: AccessPolicy, check: ConditionCheck) -> PolicyHandle {
        PolicyHandle {
            current: ArcSwap::from_pointee(policy),
            check,
            replaced_by_push: Mutex::default(),
            listener: None,
        }
    }

    /// The same, telling `listener` of every policy that comes into force.
    #[must_use]
    pub fn telling(mut self, listener: impl Fn(PolicyChange) + Send + Sync + 'static) -> PolicyHandle {
        self.listener = Some(Listener(Box::new(listener)));
        self
    }

    /// The policy in force. Take it once a request, so that the request is judged by one policy from end to end.
    pub fn current(&self) -> Arc<AccessPolicy> {
        self.current.load_full()
    }

    /// Whether a policy has been loaded at all.
    pub fn is_loaded(&self) -> bool {
        !self.current.load().version().is_empty()
    }

    /// Puts the policy that `document` describes in force and answers the version now in force. A document that is
    /// refused changes nothing.
    pub fn replace(&self, document: &[u8], origin: Origin) -> Result<String, DocumentError> {
        let Parsed { policy, ignored } = AccessPolicy::parse(document, self.check)?;
        let version = policy.version().to_owned();
        let mut replaced = self
            .replaced_by_push
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = self.current.load().version().to_owned();
        if origin == Origin::File && replaced.contains(&version) {
            tracing::info!(
                version,
                in_force = before,
                "the access file is older than the policy in force"
            );
            return Ok(before);
        }
        if origin == Origin::Push && version != before {
            replaced.retain(|old| *old != version);
            replaced.push_back(before.clone());
            if replaced.len() > REMEMBERED {
                replaced.pop_front();
            }
        }
        for ignored in &ignored {
            let (assignment, reason) = (&ignored.assignment, &ignored.reason);
            tracing::warn!(version, assignment, reason, "the assignment grants nothing");
        }
        self.current.store(Arc::new(policy));
        tracing::info!(version, ?origin, "access policy in force");
        // A push repeats a version to hear it confirmed; a file that was written again may have other content.
        if let Some(Listener(listener)) = &self.listener
            && (version != before || origin == Origin::File)
        {
            listener(PolicyChange {
                moment: Timestamp::now(),
                origin,
                version: version.clone(),
                before,
                ignored: ignored.into_iter().map(|ignored| ignored.assignment).collect(),
            });
        }
        Ok(version)
    }
}
