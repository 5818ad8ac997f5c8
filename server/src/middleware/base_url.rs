//! The base URL that links and `Location` are made of: the configured one, else what the client wrote into `Host`.

use http::header::HOST;
use http::request::Parts;

/// By which scheme a request came; an extension that the listener sets. Plain HTTP when it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

/// The base URL, without a slash at its end.
pub fn of(parts: &Parts, configured: Option<&str>) -> String {
    if let Some(configured) = configured {
        return configured.to_owned();
    }
    let scheme = match parts.extensions.get::<Scheme>() {
        Some(Scheme::Https) => "https",
        Some(Scheme::Http) | None => "http",
    };
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let host = authority.or_else(|| parts.headers.get(HOST).and_then(|value| value.to_str().ok()));
    let host = host
        .filter(|host| host.parse::<http::uri::Authority>().is_ok())
        .unwrap_or("localhost");
    format!("{scheme}://{host}")
}
