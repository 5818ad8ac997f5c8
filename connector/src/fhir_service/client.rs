//! A FHIR service over HTTP, as the configuration names it. Authorities and token follow their files.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use brazier_service::files::FollowedFiles;
use brazier_service::trust::{self, TrustError};
use http::header::{ACCEPT, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{FhirError, FhirService, Precondition, Stored, Updated};
use crate::configuration::Destination;
use crate::json::{Json, read_fhir_resource};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(15);
/// The largest answer that is read.
const MAX_ANSWER: usize = 32 * 1024 * 1024;
const MEDIA_TYPE: &str = "application/fhir+json";
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A client of one FHIR service.
pub struct FhirClient {
    destination: Destination,
    base: String,
    client: ArcSwapOption<reqwest::Client>,
    token: ArcSwapOption<HeaderValue>,
}

impl FhirClient {
    /// Has no authorities and no token until [`Self::follow`] has read them.
    pub fn new(destination: Destination) -> Self {
        let base = destination.url.trim_end_matches('/').to_owned();
        Self {
            destination,
            base,
            client: ArcSwapOption::empty(),
            token: ArcSwapOption::empty(),
        }
    }

    /// Follows the files of authorities and of the token. What cannot be used leaves the last in use.
    pub async fn follow(&self) {
        tokio::join!(self.follow_authorities(), self.follow_token());
    }

    async fn follow_authorities(&self) {
        let mut files = FollowedFiles::new(self.destination.ca_file.iter().cloned().collect());
        loop {
            files.changed().await;
            match self.build() {
                Ok(client) => self.client.store(Some(Arc::new(client))),
                Err(error) => {
                    tracing::warn!(%error, destination = self.destination.name, "the authorities in use stay")
                }
            }
            if self.destination.ca_file.is_none() {
                return;
            }
        }
    }

    async fn follow_token(&self) {
        let Some(path) = &self.destination.token_file else {
            return;
        };
        let mut files = FollowedFiles::new(vec![path.clone()]);
        loop {
            files.changed().await;
            match read_token(path) {
                Ok(token) => self.token.store(Some(Arc::new(token))),
                Err(reason) => tracing::warn!(
                    reason,
                    destination = self.destination.name,
                    "the token in use stays"
                ),
            }
        }
    }

    fn build(&self) -> Result<reqwest::Client, ClientError> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(16)
            .no_proxy();
        if let Some(path) = &self.destination.ca_file {
            builder = builder.tls_backend_preconfigured(trust::client(path)?);
        }
        Ok(builder.build()?)
    }

    /// Does the service answer?
    pub async fn ping(&self) -> Result<(), FhirError> {
        let (status, _, body) = self
            .send(http::Method::GET, "/metadata?_summary=true", None, None)
            .await?;
        if status.is_success() {
            Ok(())
        } else {
            Err(self.refused(status, &body))
        }
    }

    async fn send(
        &self,
        method: http::Method,
        path: &str,
        body: Option<String>,
        condition: Option<(http::HeaderName, HeaderValue)>,
    ) -> Result<(StatusCode, Option<HeaderValue>, String), FhirError> {
        let client = self
            .client
            .load_full()
            .ok_or_else(|| self.unavailable("its authorities are not read yet"))?;
        let mut request = client
            .request(method, format!("{}{path}", self.base))
            .header(ACCEPT, MEDIA_TYPE);
        if let Some(token) = self.token.load_full() {
            request = request.header(http::header::AUTHORIZATION, (*token).clone());
        }
        if let Some((name, value)) = condition {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, MEDIA_TYPE)
                .header("Prefer", "return=minimal")
                .body(body);
        }
        // The URL may hold an identifier of a patient: it is not part of the reason.
        let failed = |error: reqwest::Error| self.unavailable(&chain(&error.without_url()));
        let mut answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let version = answer.headers().get(ETAG).cloned();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(self.unavailable("its answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        let later = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        if status.is_server_error() || status.is_redirection() || later.contains(&status) {
            return Err(self.unavailable(&format!("it answered {status}")));
        }
        Ok((status, version, String::from_utf8_lossy(&body).into_owned()))
    }

    fn json(&self, body: &str) -> Result<Json, FhirError> {
        read_fhir_resource(body).map_err(|error| self.unavailable(&format!("its answer is {error}")))
    }

    fn unavailable(&self, reason: &str) -> FhirError {
        FhirError::Unavailable {
            destination: self.destination.name.clone(),
            reason: reason.to_owned(),
        }
    }

    fn refused(&self, status: StatusCode, body: &str) -> FhirError {
        let outcome = read_fhir_resource(body).ok();
        let issues = outcome
            .as_ref()
            .and_then(|outcome| outcome.member("issue"))
            .map(Json::elements)
            .unwrap_or_default();
        let said = issues.iter().filter_map(|issue| {
            let details = issue.member("details").and_then(|details| details.member("text"));
            issue.member("diagnostics").or(details).and_then(Json::as_text)
        });
        let diagnostics = said.collect::<Vec<_>>().join("; ");
        FhirError::Refused {
            destination: self.destination.name.clone(),
            status: status.as_u16(),
            diagnostics,
        }
    }
}

impl FhirService for FhirClient {
    fn name(&self) -> &str {
        &self.destination.name
    }

    async fn read(&self, resource_type: &str, id: &str) -> Result<Option<Stored>, FhirError> {
        let (status, version, body) = self
            .send(http::Method::GET, &format!("/{resource_type}/{id}"), None, None)
            .await?;
        match status {
            StatusCode::OK => Ok(Some(Stored {
                resource: self.json(&body)?,
                version,
            })),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            _ => Err(self.refused(status, &body)),
        }
    }

    async fn find(&self, resource_type: &str, identifier: &str) -> Result<Vec<Json>, FhirError> {
        let escaped: String = identifier
            .chars()
            .flat_map(|character| match character {
                '\\' | ',' | '|' | '$' => vec!['\\', character],
                _ => vec![character],
            })
            .collect();
        let path = format!(
            "/{resource_type}?identifier={}&_count=2",
            utf8_percent_encode(&escaped, UNRESERVED)
        );
        let (status, _, body) = self.send(http::Method::GET, &path, None, None).await?;
        if status != StatusCode::OK {
            return Err(self.refused(status, &body));
        }
        let bundle = self.json(&body)?;
        let entries = bundle.member("entry").map(Json::elements).unwrap_or_default();
        let of_type =
            |resource: &&Json| resource.member("resourceType").and_then(Json::as_text) == Some(resource_type);
        Ok(entries
            .iter()
            .filter_map(|entry| entry.member("resource"))
            .filter(of_type)
            .cloned()
            .collect())
    }

    async fn update(
        &self,
        resource_type: &str,
        id: &str,
        resource: &Json,
        precondition: Precondition,
    ) -> Result<Updated, FhirError> {
        let condition = match precondition {
            Precondition::Absent => Some((IF_NONE_MATCH, HeaderValue::from_static("*"))),
            Precondition::Version(version) => version.map(|version| (IF_MATCH, version)),
        };
        let path = format!("/{resource_type}/{id}");
        let (status, _, body) = self
            .send(http::Method::PUT, &path, Some(resource.to_string()), condition)
            .await?;
        match status {
            StatusCode::OK | StatusCode::CREATED => Ok(Updated::Stored),
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => Ok(Updated::Conflict),
            _ => Err(self.refused(status, &body)),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum ClientError {
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error("failed to set up a client: {0}")]
    Client(#[from] reqwest::Error),
}

fn read_token(path: &PathBuf) -> Result<HeaderValue, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("failed to read {}: {error}", path.display()))?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", text.trim()))
        .map_err(|_| format!("{} holds no token", path.display()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
