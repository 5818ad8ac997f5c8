//! One request: who sends it, what is in it, and the answer, which is the acknowledgement.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::body::{Form, read_body};
use super::coding::Coding;
use super::problem::Problem;
use crate::access::{Access, AccessError};
use crate::acknowledgement::MessageAnswer;
use crate::compatibility::Compatibility;
use crate::intake::Intake;
use crate::json_answer::json_answer;
use crate::metrics::Metrics;

/// How many requests are worked on at a time; with the largest body it bounds memory.
pub(super) const PLACES: usize = 64;
/// What a sender waits before it tries again, in seconds, if nobody says how long.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// What requests are answered with.
pub(super) struct Requests<I> {
    intake: Arc<I>,
    /// Who may push.
    access: Arc<Access>,
    compatibility: Compatibility,
    metrics: Arc<Metrics>,
    places: Semaphore,
}

#[derive(Serialize)]
struct Answer {
    messages: Vec<MessageAnswer>,
}

impl<I: Intake> Requests<I> {
    pub(super) fn new(
        intake: Arc<I>,
        access: Arc<Access>,
        compatibility: Compatibility,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            intake,
            access,
            compatibility,
            metrics,
            places: Semaphore::new(PLACES),
        }
    }

    /// `POST /`
    pub(super) fn router(self) -> Router {
        let wrong_method = || async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "send device messages with POST")
                .with_header(header::ALLOW, HeaderValue::from_static("POST"))
        };
        let nowhere = || async { Problem::new(StatusCode::NOT_FOUND, "send device messages to /") };
        Router::new()
            .route("/", post(push::<I>).fallback(wrong_method))
            .fallback(nowhere)
            .with_state(Arc::new(self))
    }

    async fn take(&self, request: Request) -> Result<Answer, Problem> {
        let (head, body) = request.into_parts();
        self.access.permit(&head).await?;
        let form = Form::of(&head.headers)?;
        let coding = Coding::of(&head.headers)?;
        let busy = |_closed_or_full| unavailable("too many requests are being worked on", None);
        let _place = self.places.try_acquire().map_err(busy)?;
        let body = coding.decode(read_body(body).await?)?;
        let messages = form.read(&body, self.compatibility)?;
        drop(body);
        match self.intake.take(&messages).await {
            Ok(messages) => Ok(Answer { messages }),
            Err(error) => {
                tracing::warn!(%error, "messages were not acknowledged");
                Err(unavailable(&error.to_string(), error.retry_after()))
            }
        }
    }
}

async fn push<I: Intake>(State(requests): State<Arc<Requests<I>>>, request: Request) -> Response {
    let response = match requests.take(request).await {
        Ok(answer) => json_answer(StatusCode::OK, "application/json", &answer),
        Err(problem) => problem.into_response(),
    };
    requests.metrics.answered(response.status().as_u16());
    response
}

/// Nothing is acknowledged. The sender is to wait as long as whoever is not available said.
fn unavailable(detail: &str, pause: Option<Duration>) -> Problem {
    let pause = pause.map_or(RETRY_AFTER, |pause| HeaderValue::from(pause.as_secs().max(1)));
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with_header(header::RETRY_AFTER, pause)
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Problem {
        let detail = error.to_string();
        match error {
            AccessError::Forbidden(_) => Problem::new(StatusCode::FORBIDDEN, detail),
            AccessError::Unauthenticated(error) => {
                let challenge = HeaderValue::try_from(error.www_authenticate());
                Problem::new(StatusCode::UNAUTHORIZED, detail).with_header(
                    header::WWW_AUTHENTICATE,
                    challenge.unwrap_or(HeaderValue::from_static("Bearer")),
                )
            }
        }
    }
}
