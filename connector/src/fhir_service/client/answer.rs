//! What a FHIR service answered, and whose trouble it is when that is not what was asked for. The content of a message is at fault only
//! where an OperationOutcome says so; everything else is the service's own trouble, and the message is to come again.

use std::time::Duration;

use http::header::{ETAG, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use crate::json::{Json, read_fhir_resource};

/// The largest answer that is read.
const MAX_ANSWER: usize = 32 * 1024 * 1024;
/// The longest pause that is passed on.
const MAX_PAUSE: Duration = Duration::from_secs(3600);
/// Statuses with which a service refuses content (<https://hl7.org/fhir/R4/http.html#update>).
const OF_CONTENT: [StatusCode; 3] = [
    StatusCode::BAD_REQUEST,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNPROCESSABLE_ENTITY,
];
/// Statuses that say nothing of how the service is set up: it has too much to do, or took too long.
const OF_LOAD: [StatusCode; 2] = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
/// Codes of issues that are over one day, or that are about who asks (<https://hl7.org/fhir/R4/valueset-issue-type.html>).
const NOT_OF_CONTENT: [&str; 13] = [
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
];

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) version: Option<HeaderValue>,
    pub(super) retry_after: Option<Duration>,
    body: String,
}

impl Answer {
    /// Reads an answer to its end. `Err` is a reason in words.
    pub(super) async fn read(mut response: reqwest::Response) -> Result<Self, String> {
        let status = response.status();
        let version = response.headers().get(ETAG).cloned();
        let retry_after = retry_after(response.headers(), Timestamp::now());
        let mut body = Vec::new();
        // The URL may hold an identifier of a patient: it is not part of the reason.
        let failed = |error: reqwest::Error| brazier_service::telemetry::chain(&error.without_url());
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err("its answer is too large".to_owned());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self {
            status,
            version,
            retry_after,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// The resource of this type that the answer consists of. `Err` is a reason in words.
    pub(super) fn resource(&self, resource_type: &str) -> Result<Json, String> {
        let resource = read_fhir_resource(&self.body).map_err(|error| format!("its answer is {error}"))?;
        if resource.member("resourceType").and_then(Json::as_text) == Some(resource_type) {
            Ok(resource)
        } else {
            Err(format!("its answer is no {resource_type}"))
        }
    }

    /// Does the answer look like a resource of this type? Nothing is parsed.
    pub(super) fn mentions(&self, resource_type: &str) -> bool {
        self.body.contains(&format!("\"{resource_type}\""))
    }

    /// What the service has against the content, in its words; nothing where the content is not at fault.
    pub(super) fn refusal(&self) -> Option<String> {
        if !OF_CONTENT.contains(&self.status) {
            return None;
        }
        let outcome = self.resource("OperationOutcome").ok()?;
        let issues = outcome.member("issue").map(Json::elements).unwrap_or_default();
        let text =
            |issue: &Json, name: &str| issue.member(name).and_then(Json::as_text).map(ToOwned::to_owned);
        let of_content = |issue: &&Json| {
            let severity = text(issue, "severity").unwrap_or_default();
            let code = text(issue, "code").unwrap_or_default();
            matches!(severity.as_str(), "error" | "fatal") && !NOT_OF_CONTENT.contains(&code.as_str())
        };
        if !issues.iter().any(|issue| of_content(&issue)) {
            return None;
        }
        let said = issues.iter().filter_map(|issue| {
            let details = issue.member("details").and_then(|details| text(details, "text"));
            text(issue, "diagnostics").or(details)
        });
        Some(said.collect::<Vec<_>>().join("; "))
    }

    /// Why the answer is the service's own trouble, in words.
    pub(super) fn trouble(&self) -> String {
        if OF_CONTENT.contains(&self.status) {
            format!(
                "it answered {} without an OperationOutcome that finds fault with the content",
                self.status
            )
        } else {
            format!("it answered {}", self.status)
        }
    }

    /// Has it too much to do, rather than being set up in a way in which it takes nothing?
    pub(super) fn is_of_load(&self) -> bool {
        OF_LOAD.contains(&self.status) || self.status.is_server_error()
    }
}

/// `Retry-After` (<https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>): seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = DateTimeParser::new().parse_timestamp(text).ok()?;
            Duration::try_from(until.duration_since(now)).unwrap_or_default()
        }
    };
    Some(pause.min(MAX_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            version: None,
            retry_after: None,
            body: body.to_owned(),
        }
    }

    fn outcome(severity: &str, code: &str) -> String {
        format!(
            r#"{{"resourceType":"OperationOutcome","issue":[{{"severity":"{severity}","code":"{code}","diagnostics":"no such unit"}}]}}"#
        )
    }

    #[test]
    fn only_an_operation_outcome_finds_fault_with_the_content() {
        for status in [400, 413, 422] {
            let refusal = answer(status, &outcome("error", "invalid")).refusal();
            assert_eq!(refusal.as_deref(), Some("no such unit"), "{status}");
            for body in ["", "<html>", "{}", "{\"resourceType\":\"OperationOutcome\"}"] {
                let answer = answer(status, body);
                assert_eq!(answer.refusal(), None, "{status} {body}");
                assert!(answer.trouble().contains("without an OperationOutcome"));
            }
            for (severity, code) in [
                ("warning", "invalid"),
                ("error", "throttled"),
                ("error", "lock-error"),
                ("fatal", "exception"),
                ("error", "forbidden"),
            ] {
                assert_eq!(answer(status, &outcome(severity, code)).refusal(), None, "{code}");
            }
        }
        for status in [401, 403, 404, 405, 406, 410, 415, 421, 423, 451, 500, 503] {
            let answer = answer(status, &outcome("error", "invalid"));
            assert_eq!(answer.refusal(), None, "{status}");
            assert!(answer.trouble().contains(&status.to_string()));
        }
    }

    #[test]
    fn an_answer_is_the_resource_that_was_asked_for_or_none() {
        let bundle = answer(200, "{\"resourceType\":\"Bundle\"}");
        assert!(bundle.resource("Bundle").is_ok());
        assert_eq!(bundle.resource("Device").unwrap_err(), "its answer is no Device");
        assert!(
            answer(200, "<html>")
                .resource("Bundle")
                .unwrap_err()
                .contains("not valid JSON")
        );
    }

    #[test]
    fn a_pause_is_seconds_or_a_date_and_no_longer_than_an_hour() {
        let now: Timestamp = "2024-01-01T10:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("7", Some(7)),
            ("86400", Some(3600)),
            ("Mon, 01 Jan 2024 10:00:30 GMT", Some(30)),
            ("Mon, 01 Jan 2024 09:00:00 GMT", Some(0)),
            ("soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            assert_eq!(
                retry_after(&headers, now),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
