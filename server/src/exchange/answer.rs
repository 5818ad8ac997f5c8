//! What an interaction came to, before it is an HTTP response or an entry of a Bundle.

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;

use super::InteractionError;
use crate::audit::GivenOut;
use crate::compression::{Effort, pack};
use crate::request::preference::Return;
use crate::resource::ResourceType;
use crate::storage::{StoredResource, Written};

/// What an interaction came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status, which is never that of an error.
    pub status: StatusCode,
    /// The version that the answer is about: `ETag` and `Last-Modified`.
    pub version: Option<(i32, Timestamp)>,
    /// The resource that was written or found in place of a write: `Location`.
    pub written: Option<(ResourceType, String)>,
    /// What is sent.
    pub body: AnswerBody,
    /// How many resources are given out.
    pub resources: u32,
    /// Which they are, where the answer is not about a single one.
    pub given_out: GivenOut,
    /// Whether the audit trail has the access already.
    pub recorded: bool,
}

/// The body of an answer: JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerBody {
    /// No body at all.
    Nothing,
    /// A resource, a Bundle too.
    Resource(String),
    /// A resource that is the same for everybody, kept in the forms in which it is sent.
    Kept(KeptText),
    /// An OperationOutcome about the interaction.
    Outcome(String),
    /// What a Binary holds, in its own format.
    Content {
        /// Its media type.
        media_type: String,
        /// What `Binary.data` holds, decoded from base64.
        bytes: Vec<u8>,
    },
}

/// JSON text that is sent often: all who are sent it share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptText {
    /// The text, UTF-8.
    pub plain: Bytes,
    /// The same as gzip.
    pub gzip: Bytes,
}

impl KeptText {
    /// Packs `text`, once and well.
    pub fn new(text: String) -> KeptText {
        KeptText {
            gzip: pack(text.as_bytes(), Effort::Much).into(),
            plain: text.into(),
        }
    }

    /// The plain form as text; empty if it were not UTF-8, which it always is.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.plain).unwrap_or_default()
    }
}

impl Answer {
    /// An answer without a body.
    pub fn new(status: StatusCode) -> Answer {
        Answer {
            status,
            version: None,
            written: None,
            body: AnswerBody::Nothing,
            resources: 0,
            given_out: GivenOut::default(),
            recorded: false,
        }
    }

    /// 200 with one stored version.
    pub fn of_stored(stored: StoredResource) -> Answer {
        Answer {
            version: Some((stored.version, stored.last_updated)),
            body: AnswerBody::Resource(stored.json),
            resources: 1,
            ..Answer::new(StatusCode::OK)
        }
    }

    /// 200 with a Bundle that gives these versions out.
    pub fn of_bundle(json: String, given_out: GivenOut) -> Answer {
        Answer {
            body: AnswerBody::Resource(json),
            resources: given_out.count(),
            given_out,
            ..Answer::new(StatusCode::OK)
        }
    }

    /// [`of_written`](Self::of_written) of what storage answered to one write.
    ///
    /// # Errors
    /// Only when the server is at fault.
    pub fn of_write(
        resource_type: ResourceType,
        id: &str,
        written: Vec<Written>,
        wanted: Return,
    ) -> Result<Answer, InteractionError> {
        let written = written.into_iter().next().ok_or(InteractionError::Fault)?;
        Ok(Answer::of_written(resource_type, id, written, wanted))
    }

    /// 201 or 200 after a write that is in the audit trail already.
    pub fn of_written(resource_type: ResourceType, id: &str, written: Written, wanted: Return) -> Answer {
        let status = if written.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Answer {
            status,
            version: Some((written.version, written.last_updated)),
            written: Some((resource_type, id.to_owned())),
            body: AnswerBody::Resource(written.json),
            recorded: true,
            ..Answer::new(status)
        }
        .as_preferred(wanted)
    }

    /// With the body that the client prefers; nothing said means the resource.
    #[must_use]
    pub fn as_preferred(self, wanted: Return) -> Answer {
        let body = match wanted {
            Return::Unspecified | Return::Representation => return self,
            Return::Minimal => AnswerBody::Nothing,
            Return::OperationOutcome => {
                AnswerBody::Outcome(crate::operation_outcome::success(&self.summary()))
            }
        };
        Answer {
            body,
            resources: 0,
            ..self
        }
    }

    /// One sentence about a write.
    fn summary(&self) -> String {
        let what = match (&self.written, self.version) {
            (Some((resource_type, id)), Some((version, _))) => {
                format!("{resource_type}/{id}, version {version}")
            }
            (Some((resource_type, id)), None) => format!("{resource_type}/{id}"),
            _ => "the resource".to_owned(),
        };
        match self.status {
            StatusCode::CREATED => format!("created {what}"),
            _ if self.recorded => format!("stored {what}"),
            _ => format!("found {what}"),
        }
    }
}
