//! The body of a request and the messages in it.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;

use super::elements::elements;
use super::problem::Problem;
use crate::compatibility::Compatibility;
use crate::device_message::{DeviceMessage, ReadMessage};
use crate::json::{Json, MESSAGE_DEPTH, read_message};

/// The largest request, also when it is decoded.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;
/// The most messages of one request; each has an answer.
const MAX_MESSAGES: usize = 20_000;
/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// Takes a body off the line. What is left of one that is too large is the listener's.
pub(super) async fn read_body(body: Body) -> Result<Vec<u8>, Problem> {
    match tokio::time::timeout(ARRIVAL, collect(body)).await {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => Err(too_large()),
        Ok(Err(error)) => {
            let detail = format!("the request did not arrive: {error}");
            Err(Problem::new(StatusCode::BAD_REQUEST, detail))
        }
        Err(_elapsed) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "the request did not arrive in time",
        )),
    }
}

/// The request is larger than what is taken at a time.
pub(super) fn too_large() -> Problem {
    let detail = format!("a request has {MAX_BODY} bytes at most; send fewer messages at a time");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

/// The whole body; nothing if it is too large.
async fn collect(mut body: Body) -> Result<Option<Vec<u8>>, axum::Error> {
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Ok(None);
    }
    let mut collected = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if collected.len() + data.len() > MAX_BODY {
            return Ok(None);
        }
        collected.extend_from_slice(&data);
    }
    Ok(Some(collected))
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

    /// The messages. In an array each element is judged by itself once the array can be read; bytes that are not UTF-8 cost only the
    /// message that they stand in.
    pub(super) fn read(
        self,
        bytes: &[u8],
        compatibility: Compatibility,
    ) -> Result<Vec<ReadMessage>, Problem> {
        let messages = match self {
            Self::Lines => {
                let lines = bytes.split(|byte| *byte == b'\n');
                let lines = lines.filter(|line| !line.trim_ascii().is_empty());
                let messages = lines.map(|line| DeviceMessage::read_bytes(line, compatibility));
                messages.take(MAX_MESSAGES + 1).collect()
            }
            Self::Json => read_json(bytes, compatibility)?,
        };
        if messages.len() > MAX_MESSAGES {
            let detail = format!("a request has {MAX_MESSAGES} messages at most; send fewer at a time");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        Ok(messages)
    }
}

fn read_json(bytes: &[u8], compatibility: Compatibility) -> Result<Vec<ReadMessage>, Problem> {
    let refused = |detail: String| Problem::new(StatusCode::BAD_REQUEST, detail);
    let text = match (std::str::from_utf8(bytes), compatibility) {
        (Ok(text), _) => Cow::Borrowed(text),
        (Err(_), Compatibility::IomtFhir) => String::from_utf8_lossy(bytes),
        (Err(error), Compatibility::Strict) => {
            let at = error.valid_up_to() + 1;
            let elements = elements(bytes, MAX_MESSAGES + 1)
                .ok_or_else(|| refused(format!("the request is not UTF-8 at byte {at}")))?;
            let messages = elements.into_iter();
            return Ok(messages
                .map(|element| DeviceMessage::read_bytes(element, compatibility))
                .collect());
        }
    };
    let body = read_message(&text, compatibility, MESSAGE_DEPTH + 1);
    match body.map_err(|error| refused(error.to_string()))? {
        Json::Array(messages) => Ok(messages.iter().cloned().map(DeviceMessage::of).collect()),
        message @ Json::Object(_) => Ok(vec![DeviceMessage::of(message)]),
        _ => Err(refused("a device message is a JSON object".to_owned())),
    }
}
