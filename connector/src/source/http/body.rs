//! The body of a request and the messages in it.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;

use super::problem::Problem;
use crate::compatibility::Compatibility;
use crate::device_message::{DeviceMessage, ReadMessage};
use crate::json::{Json, MESSAGE_DEPTH, read_message};

/// The largest request.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// The most that is taken off the line of a request that is too large.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;
/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// Takes a body off the line, as text.
pub(super) async fn read_body(body: Body) -> Result<String, Problem> {
    let bytes = match tokio::time::timeout(ARRIVAL, collect(body)).await {
        Ok(Ok(Some(bytes))) => bytes,
        Ok(Ok(None)) => {
            let detail = format!("a request has {MAX_BODY} bytes at most; send fewer messages at a time");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        Ok(Err(error)) => {
            let detail = format!("the request did not arrive: {error}");
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
        }
        Err(_elapsed) => {
            return Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "the request did not arrive in time",
            ));
        }
    };
    String::from_utf8(bytes).map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "the request is not UTF-8"))
}

/// The whole body; nothing if it is too large. What is moderately too large is still taken off the line, because most
/// senders listen for an answer only after they have sent everything.
async fn collect(mut body: Body) -> Result<Option<Vec<u8>>, axum::Error> {
    let mut collected = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        length += data.len();
        if length <= MAX_BODY {
            collected.extend_from_slice(&data);
        } else if length > MAX_DISCARDED {
            break;
        }
    }
    Ok((length <= MAX_BODY).then_some(collected))
}

/// How messages are written in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`: one message as an object, or an array of messages.
    Json,
    /// `application/x-ndjson`: one message a line.
    Lines,
}

impl Form {
    /// As the header Content-Type says.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media_type = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match media_type.as_str() {
            "application/json" => Ok(Self::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Self::Lines),
            _ => {
                let detail =
                    "write Content-Type: application/json (a message or an array) or application/x-ndjson";
                Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
            }
        }
    }

    /// The messages. In an array each element is judged by itself once the array can be read.
    pub(super) fn read(self, text: &str, compatibility: Compatibility) -> Result<Vec<ReadMessage>, Problem> {
        if self == Self::Lines {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            return Ok(lines
                .map(|line| DeviceMessage::read(line, compatibility))
                .collect());
        }
        let refused = |detail: String| Problem::new(StatusCode::BAD_REQUEST, detail);
        let body = read_message(text, compatibility, MESSAGE_DEPTH + 1);
        match body.map_err(|error| refused(error.to_string()))? {
            Json::Array(messages) => Ok(messages.iter().cloned().map(DeviceMessage::of).collect()),
            message @ Json::Object(_) => Ok(vec![DeviceMessage::of(message)]),
            _ => Err(refused("a device message is a JSON object".to_owned())),
        }
    }
}
