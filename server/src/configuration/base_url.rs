//! The address by which clients know the service: the base of all links, and the audience of its tokens.

use super::Problem;

/// The URL without a slash at its end, if it can be the base of a FHIR service.
pub(super) fn check(url: &str, problems: &mut Vec<Problem>) -> Option<String> {
    let mut problem = |message: &str| {
        problems.push(Problem::new("baseUrl", message));
        None
    };
    let Ok(parsed) = url.parse::<http::Uri>() else {
        return problem("is not a URL; write https://HOST or https://HOST:PORT");
    };
    if !matches!(parsed.scheme_str(), Some("https" | "http")) || parsed.authority().is_none() {
        return problem("must begin with https:// or http:// and name a host");
    }
    if parsed.query().is_some() || url.contains('#') {
        return problem("must end with the host, the port or the path");
    }
    Some(url.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_absolute_and_loses_its_last_slash() {
        for (url, base) in [
            ("https://clinic.team-a.svc", Some("https://clinic.team-a.svc")),
            (
                "https://clinic.team-a.svc:8443/",
                Some("https://clinic.team-a.svc:8443"),
            ),
            ("http://127.0.0.1:8080/fhir/", Some("http://127.0.0.1:8080/fhir")),
            ("clinic.team-a.svc", None),
            ("ftp://clinic", None),
            ("https://clinic?a=b", None),
            ("https://clinic/#a", None),
            ("", None),
        ] {
            let mut problems = Vec::new();
            assert_eq!(check(url, &mut problems).as_deref(), base, "{url}");
            assert_eq!(problems.is_empty(), base.is_some(), "{url}");
        }
    }
}
