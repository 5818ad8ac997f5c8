//! A FHIR service over HTTP, as the configuration names it. Authorities and token follow their files.

mod answer;
mod trouble;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use brazier_service::files::FollowedFiles;
use brazier_service::telemetry::chain;
use brazier_service::trust::{self, TrustError};
use http::header::{ACCEPT, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{FhirError, FhirService, Identifier, Precondition, Stored, Updated};
use crate::configuration::Destination;
use crate::json::Json;
use answer::Answer;
use trouble::Trouble;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(15);
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
    trouble: Trouble,
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
            trouble: Trouble::default(),
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

    /// Does a FHIR service answer?
    pub async fn ping(&self) -> Result<(), FhirError> {
        let answer = self
            .send(http::Method::GET, "/metadata?_summary=true", None, None)
            .await?;
        if !answer.status.is_success() {
            return Err(self.unavailable(&answer, answer.trouble()));
        }
        if !answer.mentions("CapabilityStatement") {
            return Err(self.unavailable(
                &answer,
                "its answer to /metadata is no CapabilityStatement".to_owned(),
            ));
        }
        Ok(())
    }

    /// Why nothing can be stored at present although the service answers, if its answers to messages have shown that.
    pub fn trouble(&self) -> Option<FhirError> {
        let reason = self.trouble.reason(Instant::now())?;
        Some(FhirError::unavailable(&self.destination.name, reason))
    }

    async fn send(
        &self,
        method: http::Method,
        path: &str,
        body: Option<String>,
        condition: Option<(http::HeaderName, HeaderValue)>,
    ) -> Result<Answer, FhirError> {
        let unreached = |reason: String| FhirError::unavailable(&self.destination.name, reason);
        let client = self
            .client
            .load_full()
            .ok_or_else(|| unreached("its authorities are not read yet".to_owned()))?;
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
        let failed = |error: reqwest::Error| unreached(chain(&error.without_url()));
        let response = request.send().await.map_err(failed)?;
        Answer::read(response).await.map_err(unreached)
    }

    /// The answer is not the one that was asked for, and the content of the message is not at fault.
    fn unavailable(&self, answer: &Answer, reason: String) -> FhirError {
        FhirError::Unavailable {
            destination: self.destination.name.clone(),
            reason,
            retry_after: answer.retry_after,
        }
    }

    /// The same for a message, which shows that others cannot be stored either.
    fn misfit(&self, answer: &Answer, reason: String) -> FhirError {
        if !answer.is_of_load() {
            self.trouble.began(reason.clone(), Instant::now());
        }
        self.unavailable(answer, reason)
    }

    /// The answer is not the one that was asked for: the service refuses the content, or is in trouble itself.
    fn refused(&self, answer: &Answer) -> FhirError {
        match answer.refusal() {
            Some(diagnostics) => FhirError::Refused {
                destination: self.destination.name.clone(),
                status: answer.status.as_u16(),
                diagnostics,
            },
            None => self.misfit(answer, answer.trouble()),
        }
    }

    fn resource(&self, answer: &Answer, resource_type: &str) -> Result<Json, FhirError> {
        let resource = answer.resource(resource_type);
        resource.map_err(|reason| self.misfit(answer, reason))
    }
}

impl FhirService for FhirClient {
    fn name(&self) -> &str {
        &self.destination.name
    }

    fn base(&self) -> Option<&str> {
        Some(&self.base)
    }

    async fn read(&self, resource_type: &str, id: &str) -> Result<Option<Stored>, FhirError> {
        let answer = self
            .send(http::Method::GET, &format!("/{resource_type}/{id}"), None, None)
            .await?;
        match answer.status {
            StatusCode::OK => {
                let resource = self.resource(&answer, resource_type)?;
                if resource.member("id").and_then(Json::as_text) != Some(id) {
                    let reason = format!("its answer is another {resource_type} than was asked for");
                    return Err(self.misfit(&answer, reason));
                }
                let version = answer.version.clone().or_else(|| entity_tag(&resource));
                Ok(Some(Stored { resource, version }))
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            // Nothing of a message but a hash is in the question: whatever the answer says, it is not about the message.
            _ => Err(self.misfit(&answer, answer.trouble())),
        }
    }

    async fn find(&self, resource_type: &str, identifier: Identifier<'_>) -> Result<Vec<Json>, FhirError> {
        let value = escaped(identifier.value);
        let token = match identifier.system {
            Some(system) => format!("{}|{value}", escaped(system)),
            None => value,
        };
        let path = format!(
            "/{resource_type}?identifier={}&_count=2",
            utf8_percent_encode(&token, UNRESERVED)
        );
        let answer = self.send(http::Method::GET, &path, None, None).await?;
        if answer.status != StatusCode::OK {
            return Err(self.refused(&answer));
        }
        let bundle = self.resource(&answer, "Bundle")?;
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
        let answer = self
            .send(http::Method::PUT, &path, Some(resource.to_string()), condition)
            .await?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED => {
                self.trouble.is_over();
                Ok(Updated::Stored)
            }
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => Ok(Updated::Conflict),
            _ => Err(self.refused(&answer)),
        }
    }
}

/// A value with the characters escaped that mean something in a search parameter
/// (<https://hl7.org/fhir/R4/search.html#escaping>).
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        if matches!(character, '\\' | ',' | '|' | '$') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// The entity tag of a version that a service gave without the header.
fn entity_tag(resource: &Json) -> Option<HeaderValue> {
    let version = resource.member("meta")?.member("versionId")?.as_text()?;
    HeaderValue::try_from(format!("W/\"{version}\"")).ok()
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
