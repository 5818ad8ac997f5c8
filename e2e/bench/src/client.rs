//! A small HTTP/1.1 client: one keep-alive connection for each client that works, nothing shared between them.
//! It shares the processors with what it measures, so it does no more than it must.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::error::BenchError;

const FHIR_JSON: &str = "application/fhir+json";

/// The FHIR server to talk to.
#[derive(Debug, Clone)]
pub struct Target {
    authority: String,
    base_path: String,
}

/// A connection that is opened when first used, and again after it failed.
pub struct Connection<'a> {
    target: &'a Target,
    patience: Duration,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status of the response.
    pub status: StatusCode,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// Status and the beginning of the body, for messages.
    pub fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text: String = text
            .split_ascii_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(400)
            .collect();
        format!("{} {text}", self.status.as_u16())
    }
}

impl Target {
    /// Reads a base URL. Only plain HTTP: TLS would measure something else.
    pub fn parse(url: &str) -> Result<Target, BenchError> {
        let wrong = || BenchError::Url(url.to_owned());
        let parsed: http::Uri = url.parse().map_err(|_| wrong())?;
        let host = parsed
            .host()
            .filter(|_| parsed.scheme_str() == Some("http"))
            .ok_or_else(wrong)?;
        Ok(Target {
            authority: format!("{host}:{}", parsed.port_u16().unwrap_or(80)),
            base_path: parsed.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The path of something relative to the base, such as `Patient/1` or `Patient?name=a`.
    pub fn path(&self, relative: &str) -> String {
        format!("{}/{relative}", self.base_path)
    }

    /// The path and query of a link that the server wrote: absolute, or relative to the base.
    pub fn path_of_link(&self, link: &str) -> String {
        match link.split_once("://") {
            Some((_, rest)) => rest
                .find('/')
                .map_or_else(|| "/".to_owned(), |start| rest[start..].to_owned()),
            None if link.starts_with('/') => link.to_owned(),
            None => self.path(link),
        }
    }

    /// A connection whose requests may take as long as `patience`.
    pub fn connection(&self, patience: Duration) -> Connection<'_> {
        Connection {
            target: self,
            patience,
            sender: None,
        }
    }
}

impl Connection<'_> {
    /// GETs a path.
    pub async fn get(&mut self, path: &str) -> Result<Answer, BenchError> {
        self.exchange(Method::GET, path, Bytes::new()).await
    }

    /// POSTs a resource to a path.
    pub async fn post(&mut self, path: &str, body: Bytes) -> Result<Answer, BenchError> {
        self.exchange(Method::POST, path, body).await
    }

    async fn exchange(&mut self, method: Method, path: &str, body: Bytes) -> Result<Answer, BenchError> {
        let patience = self.patience;
        let exchange = self.try_exchange(&method, path, body);
        let failure = match tokio::time::timeout(patience, exchange).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(reason)) => reason,
            Err(_) => format!("no answer within {} s", self.patience.as_secs()),
        };
        self.sender = None;
        Err(BenchError::Http {
            method,
            path: path.to_owned(),
            reason: failure,
        })
    }

    async fn try_exchange(&mut self, method: &Method, path: &str, body: Bytes) -> Result<Answer, String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.target.authority)
            .header(ACCEPT, FHIR_JSON)
            .header(CONTENT_TYPE, FHIR_JSON)
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        let response = self
            .sender()
            .await?
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(|error| error.to_string())?;
        Ok(Answer {
            status,
            body: body.to_bytes(),
        })
    }

    /// The open connection; a new one if there is none or the server has closed it.
    async fn sender(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, String> {
        let open = match self.sender.take() {
            Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
            None => None,
        };
        let sender = match open {
            Some(sender) => sender,
            None => connect(&self.target.authority)
                .await
                .map_err(|error| format!("connecting failed: {error}"))?,
        };
        Ok(self.sender.insert(sender))
    }
}

async fn connect(authority: &str) -> Result<SendRequest<Full<Bytes>>, Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // The connection's own failures reach the request that waits for them; nothing else is to be said of its end.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_in_every_form() {
        let target = Target::parse("http://127.0.0.1:8080/fhir/").unwrap();
        assert_eq!(target.path("Patient?name=a"), "/fhir/Patient?name=a");
        assert_eq!(
            target.path_of_link("http://localhost:8080/fhir?page=2"),
            "/fhir?page=2"
        );
        assert_eq!(
            target.path_of_link("/fhir/Patient?page=2"),
            "/fhir/Patient?page=2"
        );
        assert_eq!(target.path_of_link("Patient?page=2"), "/fhir/Patient?page=2");
        assert!(Target::parse("https://a/").is_err());
        assert!(Target::parse("nonsense").is_err());
    }
}
