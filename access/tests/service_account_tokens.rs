//! Tokens of the cluster: which are good, and for each way to be bad, that it is refused for that reason.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests end the test"
)]

#[path = "fixture/signing.rs"]
mod signing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brazier_access::token::{AuthenticationError, Authenticator, Issuer, KubernetesIssuer};
use http::HeaderMap;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use signing::{SigningKey, authenticate, key_set, service_account_claims, with};

const SERVICE: &str = "https://clinic.team-a.svc";
/// A key file is looked at again for an unknown key, but not more than once a second.
const UNTIL_READ_AGAIN: Duration = Duration::from_millis(1100);

fn kubernetes(jwks_file: PathBuf) -> Authenticator {
    Authenticator::new(vec![Issuer::kubernetes(&KubernetesIssuer {
        issuer: "https://kubernetes.default.svc".to_owned(),
        jwks_file,
        audience: SERVICE.to_owned(),
    })])
}

fn published(folder: &Path, keys: &[&SigningKey]) -> PathBuf {
    let file = folder.join("jwks.json");
    std::fs::write(&file, key_set(keys)).unwrap();
    file
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn a_service_account_gets_in_with_a_token_of_the_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let (rsa, ec) = (SigningKey::rsa("rsa"), SigningKey::elliptic_curve("ec"));
    let door = kubernetes(published(folder.path(), &[&rsa, &ec]));
    let claims = service_account_claims(SERVICE, "team-a", "reporting");
    let one_audience = with(&claims, "aud", json!(SERVICE));
    let several = with(&claims, "aud", json!(["https://other.svc", SERVICE]));
    for token in [
        rsa.sign(&claims),
        ec.sign(&claims),
        ec.sign(&one_audience),
        ec.sign(&several),
    ] {
        for _first_and_remembered in 0..2 {
            let principal = authenticate(&door, &token).await.unwrap();
            assert_eq!(principal.name(), "system:serviceaccount:team-a:reporting");
            assert_eq!(principal.service_account().unwrap().namespace, "team-a");
        }
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
async fn a_bad_token_is_refused_for_what_is_bad_about_it() {
    use AuthenticationError::{
        Algorithm as WrongAlgorithm, Bound, Claim, Expired, Malformed, NotYetValid, Purpose, Signature,
        UnknownIssuer, UnknownKey,
    };
    let folder = tempfile::tempdir().unwrap();
    let (rsa, ec) = (SigningKey::rsa("rsa"), SigningKey::elliptic_curve("ec"));
    let door = kubernetes(published(
        folder.path(),
        &[&rsa, &ec, &SigningKey::elliptic_curve("another")],
    ));
    let claims = service_account_claims(SERVICE, "team-a", "reporting");
    let now = Timestamp::now().as_second();
    let good = ec.sign(&claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let admin = part(&service_account_claims(SERVICE, "team-a", "admin"));
    let audience = || AuthenticationError::Audience {
        audience: SERVICE.to_owned(),
    };
    let changed = |name, value| ec.sign(&with(&claims, name, value));
    let with_header = |change: &dyn Fn(&mut Header)| {
        let mut header = ec.header();
        change(&mut header);
        ec.sign_with_header(&header, &claims)
    };
    let shared_secret = |secret: &[u8]| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("rsa".to_owned());
        encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let unsigned = |algorithm: &str| format!("{}.{}.", part(&json!({"alg": algorithm})), part(&claims));
    let table = [
        ("expired", changed("exp", json!(now - 60)), Expired),
        ("not valid yet", changed("nbf", json!(now + 120)), NotYetValid),
        ("without end", changed("exp", Value::Null), Claim { claim: "exp" }),
        (
            "with an end that is no number",
            changed("exp", json!("never")),
            Claim { claim: "exp" },
        ),
        (
            "of another issuer",
            changed("iss", json!("https://kubernetes.example")),
            UnknownIssuer,
        ),
        (
            "without issuer",
            changed("iss", Value::Null),
            Claim { claim: "iss" },
        ),
        (
            "of several issuers",
            changed("iss", json!(["https://kubernetes.default.svc"])),
            Malformed,
        ),
        (
            "to log somebody out",
            with_header(&|header| header.typ = Some("logout+jwt".to_owned())),
            Purpose,
        ),
        (
            "that tells of an event",
            changed("events", json!({"urn:event": {}})),
            Purpose,
        ),
        ("that says who logged in", changed("nonce", json!("n")), Purpose),
        (
            "for the holder of a key alone",
            changed("cnf", json!({"jkt": "0ZcOCORZNYy"})),
            Bound,
        ),
        (
            "for another service",
            changed("aud", json!(["https://clinic.team-b.svc"])),
            audience(),
        ),
        (
            "for the API server",
            changed("aud", json!(["https://kubernetes.default.svc"])),
            audience(),
        ),
        ("for nobody", changed("aud", json!([])), audience()),
        (
            "without audience",
            changed("aud", Value::Null),
            Claim { claim: "aud" },
        ),
        (
            "without subject",
            changed("sub", Value::Null),
            Claim { claim: "sub" },
        ),
        (
            "of somebody else",
            changed("sub", json!("system:serviceaccount:a:b")),
            Claim { claim: "sub" },
        ),
        (
            "of no service account",
            changed("kubernetes.io", Value::Null),
            Claim {
                claim: "kubernetes.io",
            },
        ),
        (
            "with other claims",
            format!("{header}.{admin}.{signature}"),
            Signature,
        ),
        (
            "with another's signature",
            format!("{signed}.{}", ec.sign(&json!({})).rsplit_once('.').unwrap().1),
            Signature,
        ),
        ("without signature", format!("{signed}."), Signature),
        (
            "signed by a stranger",
            SigningKey::elliptic_curve("ec").sign(&claims),
            Signature,
        ),
        (
            "signed with an unknown key",
            SigningKey::elliptic_curve("new").sign(&claims),
            UnknownKey,
        ),
        (
            "that names no key",
            with_header(&|header| header.kid = None),
            UnknownKey,
        ),
        (
            "that names another key",
            with_header(&|header| header.kid = Some("rsa".to_owned())),
            WrongAlgorithm,
        ),
        (
            "with a critical extension",
            with_header(&|header| header.crit = Some(vec!["b64".to_owned()])),
            Malformed,
        ),
        ("with algorithm none", unsigned("none"), WrongAlgorithm),
        ("with algorithm NONE", unsigned("NONE"), WrongAlgorithm),
        ("with a shared secret", shared_secret(b"secret"), WrongAlgorithm),
        (
            "with the public key as secret",
            shared_secret(rsa.public().to_string().as_bytes()),
            WrongAlgorithm,
        ),
        ("that is no token", "abc".to_owned(), Malformed),
        ("of empty parts", "..".to_owned(), Malformed),
        (
            "that is not JSON",
            format!("{}.e30.", URL_SAFE_NO_PAD.encode("{")),
            Malformed,
        ),
        (
            "that is not an object",
            format!("{header}.{}.{signature}", part(&json!([1]))),
            Malformed,
        ),
    ];
    for (what, token, expected) in table {
        let refused = authenticate(&door, &token).await;
        assert_eq!(refused, Err(expected), "a token {what}");
    }
    authenticate(&door, &good).await.unwrap();
}

#[tokio::test]
async fn a_request_without_token_is_told_how_to_send_one() {
    let folder = tempfile::tempdir().unwrap();
    let door = kubernetes(published(folder.path(), &[&SigningKey::elliptic_curve("ec")]));
    let refused = door.authenticate(&HeaderMap::new()).await.unwrap_err();
    assert_eq!(refused, AuthenticationError::Missing);
    assert_eq!(refused.www_authenticate(), "Bearer");
    let refused = authenticate(&door, "abc").await.unwrap_err();
    let challenge = refused.www_authenticate();
    assert_eq!(
        challenge,
        "Bearer error=\"invalid_token\", error_description=\"the token is malformed\""
    );
}

#[tokio::test]
async fn keys_are_read_again_when_the_file_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (
        SigningKey::elliptic_curve("old"),
        SigningKey::elliptic_curve("new"),
    );
    let file = published(folder.path(), &[&old]);
    let door = kubernetes(file.clone());
    let claims = service_account_claims(SERVICE, "team-a", "reporting");
    let (of_old, of_new) = (old.sign(&claims), new.sign(&claims));
    authenticate(&door, &of_old).await.unwrap();
    assert_eq!(
        authenticate(&door, &of_new).await,
        Err(AuthenticationError::UnknownKey)
    );

    std::fs::write(&file, key_set(&[&new])).unwrap();
    tokio::time::sleep(UNTIL_READ_AGAIN).await;
    authenticate(&door, &of_new).await.unwrap();
    // The old token was remembered as good, but its key is no longer published.
    assert_eq!(
        authenticate(&door, &of_old).await,
        Err(AuthenticationError::UnknownKey)
    );
}

#[tokio::test]
async fn a_key_file_that_cannot_be_used_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::elliptic_curve("one");
    let file = published(folder.path(), &[&key]);
    let door = kubernetes(file.clone());
    let claims = service_account_claims(SERVICE, "team-a", "reporting");
    authenticate(&door, &key.sign(&claims)).await.unwrap();
    std::fs::write(&file, "{\"keys\": []}").unwrap();
    let stranger = SigningKey::elliptic_curve("two").sign(&claims);
    tokio::time::sleep(UNTIL_READ_AGAIN).await;
    assert_eq!(
        authenticate(&door, &stranger).await,
        Err(AuthenticationError::UnknownKey)
    );
    let fresh = with(&claims, "jti", json!("not remembered"));
    authenticate(&door, &key.sign(&fresh)).await.unwrap();
}
