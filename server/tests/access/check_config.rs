//! `check-config`: what is said about a configuration file.

use super::process::{Setting, run};

const POLICY: &str = "{\"version\": \"1\", \"assignments\": []}";

fn check(setting: &Setting) -> (Option<i32>, String) {
    run(&["check-config", "--config", setting.config.to_str().unwrap()])
}

fn edit(setting: &Setting, from: &str, to: &str) {
    let text = std::fs::read_to_string(&setting.config).unwrap();
    assert!(text.contains(from), "{from} is not in\n{text}");
    std::fs::write(&setting.config, text.replace(from, to)).unwrap();
}

fn setting() -> Setting {
    let setting = Setting::new("postgres://fhir@db.example/fhir");
    std::fs::write(&setting.access_file, POLICY).unwrap();
    setting
}

#[test]
fn a_good_file_is_said_to_be_good() {
    let setting = setting();
    let (code, said) = check(&setting);
    assert_eq!(code, Some(0), "{said}");
    edit(&setting, "baseUrl:", "memory: 1Gi\nbaseUrl:");
    let (code, said) = check(&setting);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn one_mistake_is_named_with_its_field() {
    for (from, to, field) in [
        ("baseUrl:", "baseurl:", "baseurl"),
        ("certificateFile:", "certFile:", "certFile"),
        ("clientName:", "name:", "name"),
        ("audience:", "audiences:", "audiences"),
        ("name: fhir,", "name: fhir, sslmode: off,", "sslmode"),
        ("fhir: 127.0.0.1:0", "fhir: localhost", "listen.fhir"),
        ("fhir: 127.0.0.1:0, ", "", "fhir"),
        ("baseUrl: https://service", "baseUrl: service", "baseUrl"),
        ("tls.key", "none.key", "tls"),
        ("tls/tls.key", "jwks.json", "tls"),
        ("admin-ca.crt", "jwks.json", "admin.clientCaFile"),
        (", admin: 127.0.0.1:0", "", "listen.admin"),
        ("jwks.json", "tls/tls.crt", "authentication.kubernetes.jwksFile"),
        (
            "user: fhir",
            "user: fhir, passwordFile: /nowhere",
            "database.passwordFile",
        ),
        ("policy.json", "jwks.json", "accessFile"),
        (
            "baseUrl:",
            "memory: 64Mi\nbaseUrl:",
            "memory: the server may use 64Mi, and needs 256Mi",
        ),
        (
            "baseUrl:",
            "memory: plenty\nbaseUrl:",
            "memory: \"plenty\" is no amount",
        ),
        ("baseUrl:", "memory: [1]\nbaseUrl:", "such as 512Mi"),
    ] {
        let setting = setting();
        edit(&setting, from, to);
        let (code, said) = check(&setting);
        assert_eq!(code, Some(2), "{from} → {to}: {said}");
        assert!(said.contains(field), "{from} → {to}: {said}");
    }
}

#[test]
fn all_mistakes_are_named_at_once() {
    let setting = setting();
    std::fs::write(&setting.config, "baseUrl: x\nupdateCreate: false\n").unwrap();
    let (code, said) = check(&setting);
    assert_eq!(code, Some(2));
    for field in [
        "baseUrl",
        "listen",
        "tls",
        "database",
        "accessFile",
        "authentication",
    ] {
        assert!(said.contains(&format!("{field}: ")), "{field} is not in {said}");
    }
}

#[test]
fn nobody_to_trust_is_a_mistake() {
    let setting = setting();
    let text = std::fs::read_to_string(&setting.config).unwrap();
    let (before, _) = text.split_once("authentication:").unwrap();
    for (section, word) in [
        ("authentication: {}", "no token is accepted"),
        (
            "authentication: {issuers: [{issuer: 'http://a', audiences: [a]}]}",
            "https://",
        ),
        (
            "authentication: {issuers: [{issuer: 'https://a', audiences: []}]}",
            "audience",
        ),
        (
            "authentication: {issuers: [{issuer: 'https://a', audiences: [a]}, {issuer: 'https://a', audiences: [b]}]}",
            "twice",
        ),
    ] {
        std::fs::write(&setting.config, format!("{before}{section}\n")).unwrap();
        let (code, said) = check(&setting);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_file_that_is_not_there_is_a_mistake() {
    let (code, said) = run(&["check-config", "--config", "/nowhere/server.yaml"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("/nowhere/server.yaml"), "{said}");
}
