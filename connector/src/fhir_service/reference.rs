//! Which resource of a service a reference names (<https://hl7.org/fhir/R4/references.html#literal>). The same path below another base
//! is a resource of another server.

/// The logical id of a resource of this type that a reference names in the service with that base URL: `Patient/1`, with or without
/// the base before it and a version after it. Nothing if it names anything else.
pub fn local_id<'r>(reference: &'r str, resource_type: &str, base: Option<&str>) -> Option<&'r str> {
    let relative = if reference.contains("://") {
        below(reference, base?)?
    } else {
        reference
    };
    let path = relative.strip_prefix(resource_type)?.strip_prefix('/')?;
    let (id, version) = match path.split_once('/') {
        Some((id, version)) => (id, Some(version)),
        None => (path, None),
    };
    let version = version.map(|version| version.strip_prefix("_history/"));
    let named = is_id(id) && version.is_none_or(|version| version.is_some_and(is_id));
    named.then_some(id)
}

/// An id as FHIR writes it (<https://hl7.org/fhir/R4/datatypes.html#id>).
fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed) && text.bytes().any(|byte| byte != b'.')
}

/// What follows the base in a URL that begins with it.
fn below<'r>(url: &'r str, base: &str) -> Option<&'r str> {
    let (scheme, rest) = url.split_once("://")?;
    let (base_scheme, base_rest) = base.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let (base_authority, base_path) = base_rest.split_once('/').unwrap_or((base_rest, ""));
    let same_scheme = scheme.eq_ignore_ascii_case(base_scheme);
    let same_authority = without_default_port(scheme, authority)
        .eq_ignore_ascii_case(without_default_port(base_scheme, base_authority));
    if !same_scheme || !same_authority {
        return None;
    }
    match base_path.trim_matches('/') {
        "" => Some(path),
        base_path => path.strip_prefix(base_path)?.strip_prefix('/'),
    }
}

fn without_default_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let port = if scheme.eq_ignore_ascii_case("https") {
        ":443"
    } else {
        ":80"
    };
    authority.strip_suffix(port).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_resource_here_or_none() {
        let base = Some("https://clinic.team-a.svc/fhir");
        for (reference, id) in [
            ("Patient/77", Some("77")),
            ("Patient/77/_history/3", Some("77")),
            ("https://clinic.team-a.svc/fhir/Patient/77", Some("77")),
            (
                "HTTPS://Clinic.team-a.svc:443/fhir/Patient/77/_history/1",
                Some("77"),
            ),
            ("https://elsewhere.example/fhir/Patient/77", None),
            ("https://clinic.team-a.svc:8443/fhir/Patient/77", None),
            ("http://clinic.team-a.svc/fhir/Patient/77", None),
            ("https://clinic.team-a.svc/Patient/77", None),
            ("https://clinic.team-a.svc/fhir2/Patient/77", None),
            ("https://clinic.team-a.svc/fhir/x/Patient/77", None),
            ("x/Patient/77", None),
            ("/Patient/77", None),
            ("Group/77", None),
            ("#Patient/77", None),
            ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", None),
            ("Patient/", None),
            ("Patient/..", None),
            ("Patient/77/", None),
            ("Patient/77/name", None),
            ("Patient/77?x", None),
            ("Patient?identifier=77", None),
        ] {
            assert_eq!(local_id(reference, "Patient", base), id, "{reference}");
        }
        assert_eq!(
            local_id("https://clinic.team-a.svc/fhir/Patient/77", "Patient", None),
            None
        );
        let root = Some("http://127.0.0.1:8080");
        assert_eq!(
            local_id("http://127.0.0.1:8080/Patient/a.b", "Patient", root),
            Some("a.b")
        );
    }
}
