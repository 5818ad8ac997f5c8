//! Token → principal: signature, issuer, audience and time, <https://www.rfc-editor.org/rfc/rfc8725>.

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Header, Validation, dangerous, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use super::AuthenticationError;
use super::claims::{self, Claims};
use super::configuration::{ClaimNames, KubernetesIssuer, OpenIdIssuer};
use super::key_service::{KeyService, KeyServiceError};
use super::key_source::{KeyOrigin, KeySource};
use super::purpose;
use crate::principal::Principal;

/// Seconds by which clocks may differ.
const LEEWAY: u64 = 30;

/// Somebody whose tokens count here.
#[derive(Debug)]
pub struct Issuer {
    /// The `iss` claim.
    name: String,
    /// The token's `aud` must hold one of these.
    audiences: Vec<String>,
    keys: KeySource,
    /// How its claims are read.
    kind: IssuerKind,
}

/// Whose words the claims are.
#[derive(Debug)]
enum IssuerKind {
    /// The cluster's own: service accounts.
    Kubernetes,
    /// An OpenID Connect provider, whose tokens name people and clients in these claims.
    OpenId(ClaimNames),
}

/// A token that is good.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) principal: Principal,
    /// When it ends, in seconds since 1970.
    pub(super) expires: i64,
}

/// Whose `token` is, if one of `issuers` issued it for this service and its time is now.
pub(super) async fn check(token: &str, issuers: &[Issuer]) -> Result<Checked, AuthenticationError> {
    let header = decode_header(token).map_err(|error| unreadable_header(token, &error))?;
    if header.crit.is_some() {
        // RFC 7515 4.1.11: what is marked critical must be understood, and we understand no extension.
        return Err(AuthenticationError::Malformed);
    }
    let issuer = issuer_of(token, issuers)?;
    let key = issuer.keys.find(header.kid.as_deref(), header.alg).await?;
    let claims = decode::<Claims>(token, &key.verifying, &issuer.validation(&header))
        .map_err(|error| refusal(&error, issuer))?
        .claims;
    purpose::check(header.typ.as_deref(), &claims)?;
    let principal = match &issuer.kind {
        IssuerKind::Kubernetes => claims::service_account(&claims)?,
        IssuerKind::OpenId(names) => claims::bearer(&issuer.name, names, &claims)?,
    };
    let expires = claims.get("exp").and_then(Value::as_f64);
    let expires = expires.ok_or(AuthenticationError::Claim { claim: "exp" })?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, which is what an end beyond all time means"
    )]
    let expires = expires as i64;
    Ok(Checked { principal, expires })
}

impl Issuer {
    /// The cluster, which speaks for service accounts.
    pub fn kubernetes(configuration: &KubernetesIssuer) -> Issuer {
        Issuer {
            name: configuration.issuer.clone(),
            audiences: vec![configuration.audience.clone()],
            keys: KeySource::new(KeyOrigin::File(configuration.jwks_file.clone())),
            kind: IssuerKind::Kubernetes,
        }
    }

    /// An OpenID Connect issuer. `tls` is what the authorities in its `ca_file` make of a connection to its web site;
    /// without it those of the system are trusted.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn open_id(
        configuration: &OpenIdIssuer,
        tls: Option<rustls::ClientConfig>,
    ) -> Result<Issuer, KeyServiceError> {
        let service = KeyService::new(&configuration.issuer, configuration.jwks_uri.as_deref(), tls)?;
        Ok(Issuer {
            name: configuration.issuer.clone(),
            audiences: configuration.audiences.clone(),
            keys: KeySource::new(KeyOrigin::Service(service)),
            kind: IssuerKind::OpenId(configuration.claims.clone()),
        })
    }

    /// Reads the keys now and from time to time, for as long as it is polled.
    pub(super) async fn keep_keys_fresh(&self) {
        self.keys.keep_fresh().await;
    }

    /// How often the keys have changed.
    pub(super) fn key_changes(&self) -> u64 {
        self.keys.changes()
    }

    fn validation(&self, header: &Header) -> Validation {
        // The key was found for this very algorithm, so the token has had no choice.
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&self.audiences);
        validation
    }
}

/// Which issuer a token claims to be from; nothing of it is believed before the signature is checked with the key of
/// that issuer.
fn issuer_of<'a>(token: &str, issuers: &'a [Issuer]) -> Result<&'a Issuer, AuthenticationError> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: Option<String>,
    }
    let claimed = dangerous::insecure_decode_claims::<Claimed>(token)
        .map_err(|_no_claims| AuthenticationError::Malformed)?
        .iss;
    let claimed = claimed.ok_or(AuthenticationError::Claim { claim: "iss" })?;
    let mut found = issuers.iter().filter(|issuer| issuer.name == claimed);
    found.next().ok_or(AuthenticationError::UnknownIssuer)
}

/// The library reads no header with an algorithm that it does not know, `none` among them; say so.
fn unreadable_header(token: &str, error: &Error) -> AuthenticationError {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let names_algorithm =
        serde_json::from_slice::<Value>(&header).is_ok_and(|header| header["alg"].is_string());
    match error.kind() {
        ErrorKind::Json(_) if names_algorithm => AuthenticationError::Algorithm,
        _ => AuthenticationError::Malformed,
    }
}

fn refusal(error: &Error, issuer: &Issuer) -> AuthenticationError {
    let claim = |name: &str| {
        let known = ["exp", "nbf", "iss", "aud", "sub"];
        let claim = known.into_iter().find(|known| *known == name);
        claim.map_or(AuthenticationError::Malformed, |claim| {
            AuthenticationError::Claim { claim }
        })
    };
    match error.kind() {
        ErrorKind::InvalidSignature => AuthenticationError::Signature,
        ErrorKind::ExpiredSignature => AuthenticationError::Expired,
        ErrorKind::ImmatureSignature => AuthenticationError::NotYetValid,
        ErrorKind::InvalidIssuer => AuthenticationError::UnknownIssuer,
        ErrorKind::InvalidAlgorithm => AuthenticationError::Algorithm,
        ErrorKind::InvalidAudience => AuthenticationError::Audience {
            audience: issuer.audiences.join(" or "),
        },
        ErrorKind::MissingRequiredClaim(name) | ErrorKind::InvalidClaimFormat(name) => claim(name),
        _ => AuthenticationError::Malformed,
    }
}
