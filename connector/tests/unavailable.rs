//! Answers of a FHIR service that are its own trouble, and not the message's: nothing is acknowledged, and `/readyz` says why. The service
//! of these tests is a stand-in, because the real one does not answer so on cue.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod fixture;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use fixture::{Connector, PATIENCE, client, prepare};
use serde_json::{Value, json};

const MESSAGE: &str = r#"{"heartRate":70,"at":"2024-01-01T10:00:00Z","device":"d","patient":"p"}"#;

/// What is answered to one method from now on, at paths that begin so: status, body, and headers.
#[derive(Clone)]
struct Answer {
    method: Method,
    path: &'static str,
    status: u16,
    body: String,
    headers: HeaderMap,
}

/// A FHIR service that keeps what is written, finds nothing by search, and answers otherwise where it is told to.
#[derive(Clone)]
struct StandIn {
    told: Arc<Mutex<Option<Answer>>>,
    kept: Arc<Mutex<HashMap<String, String>>>,
    url: String,
}

impl StandIn {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Self {
            told: Arc::default(),
            kept: Arc::default(),
            url: format!("http://{}", listener.local_addr().unwrap()),
        };
        let router = Router::new().fallback(answer).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    fn answers(&self, method: Method, status: u16, body: &str, headers: &[(&'static str, &str)]) {
        self.answers_at("/", method, status, body, headers);
    }

    fn answers_at(
        &self,
        path: &'static str,
        method: Method,
        status: u16,
        body: &str,
        headers: &[(&'static str, &str)],
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        *self.told.lock().unwrap() = Some(Answer {
            method,
            path,
            status,
            body: body.to_owned(),
            headers: map,
        });
    }

    fn is_well_again(&self) {
        *self.told.lock().unwrap() = None;
    }
}

async fn answer(State(service): State<StandIn>, method: Method, uri: Uri, body: String) -> Response {
    let path = uri.path().to_owned();
    if path == "/metadata" {
        return json!({"resourceType": "CapabilityStatement"})
            .to_string()
            .into_response();
    }
    let told = service.told.lock().unwrap().clone();
    if let Some(answer) = told.filter(|answer| answer.method == method && path.starts_with(answer.path)) {
        let status = StatusCode::from_u16(answer.status).unwrap();
        return (status, answer.headers, answer.body).into_response();
    }
    let mut kept = service.kept.lock().unwrap();
    if method == Method::PUT {
        kept.insert(path, body);
        return StatusCode::CREATED.into_response();
    }
    if uri.query().is_some() {
        return json!({"resourceType": "Bundle", "type": "searchset"})
            .to_string()
            .into_response();
    }
    match kept.get(&path) {
        Some(resource) => resource.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A connector in front of such a service.
struct Setting {
    service: StandIn,
    connector: Connector,
    client: reqwest::Client,
}

impl Setting {
    async fn start() -> Self {
        let service = StandIn::start().await;
        let destination = json!([{"name": "main", "url": service.url, "identityResolution": "Create"}]);
        let connector = Connector::start(prepare(&destination, &json!({})), "http");
        let client = client(None);
        let ready = |status: &Value| status["mappingValid"] == true && status["destinationReady"] == true;
        connector.status_becomes(&client, ready).await;
        Self {
            service,
            connector,
            client,
        }
    }

    /// Status, `Retry-After` and detail of a push.
    async fn push(&self) -> (u16, Option<String>, Value) {
        let request = self
            .client
            .post(&self.connector.source)
            .header("content-type", "application/json");
        let response = request.body(MESSAGE).send().await.unwrap();
        let pause = response.headers().get("retry-after");
        let pause = pause.map(|value| value.to_str().unwrap().to_owned());
        (
            response.status().as_u16(),
            pause,
            fixture::json_of(response).await,
        )
    }

    async fn readyz(&self) -> (u16, String) {
        let url = format!("{}/readyz", self.connector.probes);
        let response = self.client.get(url).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn processed(&self) -> Value {
        self.connector.status(&self.client).await["processed"].clone()
    }
}

fn outcome(code: &str) -> String {
    json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code, "diagnostics": "no such unit"}]}).to_string()
}

#[tokio::test]
async fn what_a_service_does_not_store_is_not_acknowledged_and_readyz_says_why() {
    let setting = Setting::start().await;
    let invalid = outcome("invalid");
    let get_cases = [
        (
            Method::GET,
            400,
            "bad request",
            "400 Bad Request without an OperationOutcome",
        ),
        (Method::GET, 200, "<html>Sign in</html>", "not valid JSON"),
        (Method::GET, 200, "{\"status\":\"ok\"}", "its answer is no"),
    ];
    let put_cases = [
        (Method::PUT, 404, &*invalid, "404 Not Found"),
        (Method::PUT, 405, "", "405 Method Not Allowed"),
        (Method::PUT, 421, "", "421 Misdirected Request"),
        (Method::PUT, 423, &invalid, "423 Locked"),
        (Method::PUT, 202, "", "202 Accepted"),
        (Method::PUT, 302, "", "302 Found"),
        (Method::PUT, 403, &invalid, "403 Forbidden"),
        (
            Method::PUT,
            400,
            "no",
            "400 Bad Request without an OperationOutcome",
        ),
        (
            Method::PUT,
            422,
            &outcome("lock-error"),
            "422 Unprocessable Entity without",
        ),
    ];
    for (method, status, body, part) in get_cases.into_iter().chain(put_cases) {
        setting.service.answers(method, status, body, &[]);
        let (found, _, problem) = setting.push().await;
        assert_eq!(found, 503, "{part}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains("the FHIR service main is not available"),
            "{detail}"
        );
        assert!(detail.contains(part), "{detail}");
        let (ready, reason) = setting.readyz().await;
        assert_eq!(ready, 503, "{part}");
        assert!(reason.contains(part), "{reason}");
        assert_eq!(
            setting.connector.status(&setting.client).await["destinationReady"],
            false
        );
    }
    assert_eq!(setting.processed().await, 0);
    // The message is taken as soon as the service takes it, and with that everything is well again.
    setting.service.is_well_again();
    let (status, _, answer) = setting.push().await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["messages"][0]["observations"][0]["outcome"], "created");
    assert_eq!(setting.readyz().await, (200, "ok\n".to_owned()));
    assert_eq!(setting.processed().await, 1);
}

#[tokio::test]
async fn what_a_service_finds_fault_with_is_refused_for_good() {
    let setting = Setting::start().await;
    for status in [400, 413, 422] {
        setting
            .service
            .answers(Method::PUT, status, &outcome("invalid"), &[]);
        let (found, _, answer) = setting.push().await;
        assert_eq!(found, 200, "{answer}");
        let message = answer["messages"][0]["errors"][0]["message"].as_str().unwrap();
        assert_eq!(
            message,
            format!("the FHIR service main refused with {status}: no such unit")
        );
        assert_eq!(setting.readyz().await.0, 200);
    }
}

#[tokio::test]
async fn a_sender_waits_as_long_as_the_service_says() {
    let setting = Setting::start().await;
    for (status, header, pause) in [
        (429, Some("7"), "7"),
        (503, Some("120"), "120"),
        (503, Some("Thu, 01 Jan 1970 00:00:00 GMT"), "1"),
        (503, Some("999999"), "3600"),
        (503, None, "2"),
    ] {
        let headers: Vec<_> = header.map(|value| ("retry-after", value)).into_iter().collect();
        setting.service.answers(Method::GET, status, "", &headers);
        let (found, waits, problem) = setting.push().await;
        assert_eq!((found, waits.as_deref()), (503, Some(pause)), "{problem}");
        // Too much to do is no reason to send messages elsewhere.
        assert_eq!(setting.readyz().await.0, 200);
    }
}

#[tokio::test]
async fn other_writers_that_are_always_faster_are_not_taken_for_a_service_that_is_away() {
    let setting = Setting::start().await;
    for resource_type in ["Device", "Observation"] {
        let path = if resource_type == "Device" {
            "/Device"
        } else {
            "/Observation"
        };
        setting.service.answers_at(path, Method::PUT, 409, "", &[]);
        let (status, _, problem) = tokio::time::timeout(PATIENCE, setting.push()).await.unwrap();
        assert_eq!(status, 503);
        assert_eq!(
            problem["detail"],
            format!(
                "other writers keep changing the same {resource_type} in the FHIR service main; send the message again"
            )
        );
    }
}
