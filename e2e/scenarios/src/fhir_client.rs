//! A client of one FHIR service or connector: HTTPS with the service's own certificate authority, and a token.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Certificate, Client, Method, Response, StatusCode};
use serde_json::Value;

use crate::route::Route;

/// A client of one service, which sends a token if it was given one.
#[derive(Debug)]
pub struct FhirClient {
    client: Client,
    base: String,
    token: Option<String>,
    _route: Route,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status of the answer.
    pub status: StatusCode,
    /// `X-Request-Id`, by which the audit trail knows it.
    pub request_id: String,
    /// Body; null when it is no JSON.
    pub body: Value,
}

impl Answer {
    /// Checks its status.
    ///
    /// # Errors
    /// If it is another, with what was said instead.
    pub fn must_be(&self, status: StatusCode) -> Result<()> {
        ensure!(self.status == status, "{}: {}", self.status, self.body);
        Ok(())
    }
}

impl FhirClient {
    /// A client of `base`, which is reached by `route`.
    ///
    /// # Errors
    /// If the certificates cannot be read.
    pub fn new(base: &str, certificates: &str, route: Route, token: Option<&str>) -> Result<FhirClient> {
        let host = base.strip_prefix("https://").context("the URL is no https")?;
        let client = Client::builder()
            .tls_certs_only(Certificate::from_pem_bundle(certificates.as_bytes())?)
            .resolve(host, route.address)
            .https_only(true)
            .no_proxy()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(30))
            .build()?;
        // With a port in the URL, that of the address would not count.
        let base = format!("{base}:{}", route.address.port());
        Ok(FhirClient {
            client,
            base,
            token: token.map(str::to_string),
            _route: route,
        })
    }

    /// Sends a request; `body` as FHIR's JSON.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let mut request = self.client.request(method, format!("{}/{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        answer(request.send().await?).await
    }

    /// The answer to a GET.
    ///
    /// # Errors
    /// If there is none.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, None).await
    }

    /// Creates a resource and gives its id.
    ///
    /// # Errors
    /// If it is not acknowledged.
    pub async fn create(&self, resource: &Value) -> Result<String> {
        let kind = resource["resourceType"].as_str().unwrap_or_default();
        let answer = self.send(Method::POST, kind, Some(resource)).await?;
        answer.must_be(StatusCode::CREATED)?;
        let id = answer.body["id"].as_str().context("the answer has no id")?;
        Ok(id.to_string())
    }
}

async fn answer(response: Response) -> Result<Answer> {
    let status = response.status();
    let request_id = response
        .headers()
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_string();
    let bytes = response.bytes().await?;
    Ok(Answer {
        status,
        request_id,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    })
}
