//! Tokens of an OpenID Connect issuer whose keys are fetched over TLS.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use brazier_access::token::{AuthenticationError, Authenticator, ClaimNames, OpenIdIssuer};
use brazier_server::authentication::authenticator;
use brazier_server::configuration::AuthenticationConfiguration;
use brazier_service::listen::{FollowedTls, Listener, ListenerMetrics};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::certificates::Authority;
use super::eventually::eventually;
use super::signing::{SigningKey, authenticate, key_set, with};

const AUDIENCE: &str = "https://clinic.team-a.svc";

/// An issuer's web site.
struct Site {
    url: String,
    published: Arc<Published>,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Published {
    discovery: Mutex<String>,
    keys: Mutex<String>,
    fetched: AtomicUsize,
}

impl Site {
    async fn start(authority: &Authority, folder: &Path) -> Site {
        let identity = authority.issue(folder, &["localhost"], "issuer");
        let tls = FollowedTls::load(identity, None).unwrap();
        let listener = Listener::bind("issuer", "127.0.0.1:0".parse().unwrap(), Some(tls))
            .await
            .unwrap();
        let url = format!("https://localhost:{}", listener.address().port());
        let published = Arc::new(Published::default());
        *published.discovery.lock().unwrap() =
            json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string();
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .with_state(Arc::clone(&published));
        let stop = CancellationToken::new();
        let running = tokio::spawn(listener.run(router, ListenerMetrics::default(), stop.clone()));
        Site {
            url,
            published,
            stop,
            running,
        }
    }

    fn publish(&self, keys: &[&SigningKey]) {
        *self.published.keys.lock().unwrap() = key_set(keys);
    }

    fn configuration(&self, ca_file: &Path) -> OpenIdIssuer {
        OpenIdIssuer {
            issuer: self.url.clone(),
            audiences: vec![AUDIENCE.to_owned()],
            jwks_uri: None,
            ca_file: Some(ca_file.to_owned()),
            claims: ClaimNames::default(),
        }
    }

    fn claims(&self) -> Value {
        let exp = Timestamp::now().as_second() + 600;
        json!({"iss": self.url, "aud": AUDIENCE, "sub": "ann", "exp": exp, "azp": "portal", "groups": ["nurses"]})
    }

    async fn go_away(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }
}

async fn discovery(State(published): State<Arc<Published>>) -> String {
    published.discovery.lock().unwrap().clone()
}

async fn keys(State(published): State<Arc<Published>>) -> String {
    published.fetched.fetch_add(1, Ordering::SeqCst);
    published.keys.lock().unwrap().clone()
}

fn door(issuer: OpenIdIssuer) -> Authenticator {
    authenticator(&AuthenticationConfiguration {
        kubernetes: None,
        issuers: vec![issuer],
    })
    .unwrap()
}

#[tokio::test]
async fn keys_are_found_by_discovery_kept_and_asked_for_again_when_a_new_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("issuer's authority");
    let ca_file = authority.write(&folder.path().join("ca.crt"));
    let site = Site::start(&authority, folder.path()).await;
    let (first, second) = (SigningKey::rsa("first"), SigningKey::elliptic_curve("second"));
    site.publish(&[&first]);
    let door = door(site.configuration(&ca_file));
    let claims = site.claims();

    let principal = authenticate(&door, &first.sign(&claims)).await.unwrap();
    assert_eq!(principal.name(), format!("{}#ann", site.url));
    assert_eq!(principal.issuer(), Some(site.url.as_str()));
    assert_eq!(
        (principal.user(), principal.client()),
        (Some("ann"), Some("portal"))
    );
    assert_eq!(principal.groups(), ["nurses"]);

    let elsewhere = with(&claims, "aud", json!("https://clinic.team-b.svc"));
    let refused = authenticate(&door, &first.sign(&elsewhere)).await;
    assert_eq!(
        refused,
        Err(AuthenticationError::Audience {
            audience: AUDIENCE.to_owned()
        })
    );

    // A flood of tokens that name unknown keys does not become a flood of requests to the issuer.
    for number in 0..50 {
        let stranger = SigningKey::elliptic_curve(&format!("unknown {number}"));
        let refused = authenticate(&door, &stranger.sign(&claims)).await;
        assert_eq!(refused, Err(AuthenticationError::UnknownKey));
    }
    assert!(site.published.fetched.load(Ordering::SeqCst) < 10);

    site.publish(&[&first, &second]);
    let of_second = second.sign(&claims);
    eventually(async || authenticate(&door, &of_second).await, Result::is_ok)
        .await
        .unwrap();

    let while_away = first.sign(&with(&claims, "jti", json!("not remembered")));
    site.go_away().await;
    authenticate(&door, &while_away).await.unwrap();
}

#[tokio::test]
async fn keys_from_whom_we_do_not_trust_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("issuer's authority");
    let ca_file = authority.write(&folder.path().join("ca.crt"));
    let other_ca_file = Authority::new("another").write(&folder.path().join("other.crt"));
    let site = Site::start(&authority, folder.path()).await;
    let key = SigningKey::elliptic_curve("key");
    site.publish(&[&key]);
    let token = key.sign(&site.claims());
    let unavailable = Err(AuthenticationError::KeysUnavailable);

    let stranger = door(site.configuration(&other_ca_file));
    assert_eq!(authenticate(&stranger, &token).await, unavailable);
    assert_eq!(site.published.fetched.load(Ordering::SeqCst), 0);

    let by_address = OpenIdIssuer {
        jwks_uri: Some(format!("{}/keys", site.url)),
        ..site.configuration(&ca_file)
    };
    authenticate(&door(by_address.clone()), &token).await.unwrap();

    let elsewhere = json!({"issuer": "https://other.example", "jwks_uri": format!("{}/keys", site.url)});
    *site.published.discovery.lock().unwrap() = elsewhere.to_string();
    assert_eq!(
        authenticate(&door(site.configuration(&ca_file)), &token).await,
        unavailable
    );

    let unprotected = json!({"issuer": site.url, "jwks_uri": "http://localhost:1/keys"});
    *site.published.discovery.lock().unwrap() = unprotected.to_string();
    assert_eq!(
        authenticate(&door(site.configuration(&ca_file)), &token).await,
        unavailable
    );

    for bad in [
        "".to_owned(),
        "<html>".to_owned(),
        format!("{}{}", key_set(&[&key]), " ".repeat(300 << 10)),
    ] {
        *site.published.keys.lock().unwrap() = bad;
        assert_eq!(authenticate(&door(by_address.clone()), &token).await, unavailable);
    }
    site.go_away().await;
    assert_eq!(authenticate(&door(by_address), &token).await, unavailable);
}
