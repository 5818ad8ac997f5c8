//! Which configuration files are accepted.

use super::*;

const FULL: &str = "
source:
  http:
    listen: 0.0.0.0:8443
    tls: {certificateFile: /etc/brazier/tls/tls.crt, keyFile: /etc/brazier/tls/tls.key}
    authentication:
      kubernetes:
        issuer: https://kubernetes.default.svc
        jwksFile: /etc/brazier/kubernetes/jwks.json
        audience: https://steps.team-a.svc
      accessFile: /etc/brazier/access/policy.json
deviceMappingFile: /etc/brazier/mapping/device.json
fhirMappingFile: /etc/brazier/mapping/fhir.json
compatibility: iomt-fhir
destinations:
- {name: main, url: https://clinic.team-a.svc, caFile: /etc/ca.crt, tokenFile: /etc/token, identityResolution: Create}
listen: {metrics: 0.0.0.0:9090}
";

fn message(text: &str) -> String {
    Configuration::parse(text, Path::new("c.yaml"))
        .map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

#[test]
fn the_documented_file_is_accepted() {
    let configuration = Configuration::parse(FULL, Path::new("c.yaml")).unwrap();
    assert_eq!(configuration.compatibility, Compatibility::IomtFhir);
    assert_eq!(
        configuration.destinations[0].identity_resolution,
        IdentityResolution::Create
    );
    assert_eq!(
        message(&FULL.replace("compatibility: iomt-fhir\n", "")),
        "accepted"
    );
    assert_eq!(message(&FULL.replace("iomt-fhir", "IomtFhir")), "accepted");
}

#[test]
fn what_would_be_unsafe_or_meaningless_is_refused() {
    let without = |from: &str, to: &str| {
        let (start, end) = (FULL.find(from).unwrap(), FULL.find(to).unwrap());
        format!("{}{}", &FULL[..start], &FULL[end..])
    };
    let without_tls = without("    tls:", "    authentication:");
    assert!(message(&without_tls).contains("source.http.tls is required, because 0.0.0.0:8443"));
    let without_authentication = without("    authentication:", "deviceMappingFile");
    assert!(message(&without_authentication).contains("source.http.authentication is required"));
    let local = without_authentication.replace("0.0.0.0:8443", "127.0.0.1:8080");
    assert_eq!(message(&local), "accepted");
    for (from, to, part) in [
        (
            "https://clinic.team-a.svc",
            "clinic.team-a.svc",
            "is not an http or https URL",
        ),
        (
            "https://clinic.team-a.svc",
            "http://clinic.team-a.svc",
            "over https only",
        ),
        ("name: main", "name: \"\"", "is empty or given twice"),
        (
            "identityResolution: Create",
            "identityResolution: Guess",
            "unknown variant",
        ),
        ("listen: {metrics", "listen: {metric", "unknown field"),
        ("deviceMappingFile", "deviceMapping", "unknown field"),
    ] {
        let found = message(&FULL.replacen(from, to, 1));
        assert!(found.contains(part), "{from}: {found}");
    }
    let none = format!(
        "{}destinations: []\nlisten: {{metrics: 0.0.0.0:9090}}\n",
        &FULL[..FULL.find("destinations").unwrap()]
    );
    assert!(message(&none).contains("at least one FHIR service"));
}
