//! The HTTP source: `POST /` with one message or many. The answer comes when everything is stored, and says what became of each
//! message. With 503 nothing is acknowledged: the sender keeps its messages and sends them again.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http_body_util::BodyExt;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::problem::Problem;
use crate::access_policy::AccessPolicy;
use crate::authentication::Authenticator;
use crate::compatibility::Compatibility;
use crate::device_message::DeviceMessage;
use crate::fhir_service::FhirService;
use crate::intake::Intake;
use crate::json::{Json, MESSAGE_DEPTH, read_message};
use crate::json_answer::json_answer;
use crate::metrics::Metrics;
use crate::pipeline::{MessageAnswer, ReadMessage};

/// The largest request.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// The most that is taken off the line of a request that is too large.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;
/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);
/// How many requests are worked on at a time; with [`MAX_BODY`] it bounds memory.
const PLACES: usize = 64;
/// What a sender waits before it tries again, in seconds.
const RETRY_AFTER: &str = "2";

/// What the source needs to answer.
pub struct HttpSource<S> {
    intake: Intake<S>,
    /// How messages are read.
    compatibility: Compatibility,
    /// Who may push; nothing: everybody (on a loopback address).
    access: Option<(Arc<Authenticator>, Arc<AccessPolicy>)>,
    metrics: Arc<Metrics>,
    places: Semaphore,
}

#[derive(Serialize)]
struct Answer {
    messages: Vec<MessageAnswer>,
}

impl<S: FhirService + 'static> HttpSource<S> {
    /// Answers requests once what they bring is stored.
    pub fn new(
        intake: Intake<S>,
        compatibility: Compatibility,
        access: Option<(Arc<Authenticator>, Arc<AccessPolicy>)>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            intake,
            compatibility,
            access,
            metrics,
            places: Semaphore::new(PLACES),
        }
    }

    /// `POST /`
    pub fn router(self) -> Router {
        let wrong_method = || async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "send device messages with POST")
                .with_header(header::ALLOW, "POST")
        };
        let nowhere = || async { Problem::new(StatusCode::NOT_FOUND, "send device messages to /") };
        Router::new()
            .route("/", post(push::<S>).fallback(wrong_method))
            .fallback(nowhere)
            .with_state(Arc::new(self))
    }

    async fn take(&self, request: Request) -> Result<Answer, Problem> {
        let (head, body) = request.into_parts();
        self.authorize(&head.headers)?;
        let form = Form::of(&head.headers)?;
        let busy = |_closed_or_full| unavailable("too many requests are being worked on");
        let _place = self.places.try_acquire().map_err(busy)?;
        let text = read_body(body).await?;
        let messages = form.read(&text, self.compatibility)?;
        match self.intake.take(&messages).await {
            Ok(messages) => Ok(Answer { messages }),
            Err(error) => {
                tracing::warn!(%error, "messages were not acknowledged");
                Err(unavailable(&error.to_string()))
            }
        }
    }

    fn authorize(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some((authenticator, policy)) = &self.access else {
            return Ok(());
        };
        let authorization = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let account = authenticator.authenticate(authorization).map_err(|error| {
            Problem::new(StatusCode::UNAUTHORIZED, error.to_string())
                .with_header(header::WWW_AUTHENTICATE, "Bearer")
        })?;
        if policy.permits(&account, jiff::Timestamp::now()) {
            return Ok(());
        }
        let account = format!("{}/{}", account.namespace, account.name);
        tracing::warn!(
            account,
            "a service account without the data action create tried to push"
        );
        let detail = format!(
            "service account {account} may not push; it needs a RoleAssignment with the data action create"
        );
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }
}

async fn push<S: FhirService + 'static>(
    State(source): State<Arc<HttpSource<S>>>,
    request: Request,
) -> Response {
    let response = match source.take(request).await {
        Ok(answer) => json_answer(StatusCode::OK, "application/json", &answer),
        Err(problem) => problem.into_response(),
    };
    source.metrics.answered(response.status().as_u16());
    response
}

async fn read_body(body: Body) -> Result<String, Problem> {
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
enum Form {
    /// `application/json`: one message as an object, or an array of messages.
    Json,
    /// `application/x-ndjson`: one message a line.
    Lines,
}

impl Form {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
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
    fn read(self, text: &str, compatibility: Compatibility) -> Result<Vec<ReadMessage>, Problem> {
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

fn unavailable(detail: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with_header(header::RETRY_AFTER, RETRY_AFTER)
}
