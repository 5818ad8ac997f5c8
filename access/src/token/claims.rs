//! Claims of a token whose signature, issuer, audience and time are right → principal.

use serde_json::{Map, Value};

use super::AuthenticationError;
use super::configuration::ClaimNames;
use crate::principal::{Bearer, Principal, ServiceAccount};

/// The claims of a token.
pub(super) type Claims = Map<String, Value>;

/// The service account that a Kubernetes token speaks for, after
/// <https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#schema-for-service-account-private-claims>.
pub(super) fn service_account(claims: &Claims) -> Result<Principal, AuthenticationError> {
    let missing = || AuthenticationError::Claim {
        claim: "kubernetes.io",
    };
    let kubernetes = claims.get("kubernetes.io").ok_or_else(missing)?;
    let text = |pointer| {
        kubernetes
            .pointer(pointer)
            .and_then(Value::as_str)
            .ok_or_else(missing)
    };
    let principal = Principal::of_service_account(ServiceAccount {
        namespace: text("/namespace")?.to_owned(),
        name: text("/serviceaccount/name")?.to_owned(),
    });
    if claims.get("sub").and_then(Value::as_str) != Some(principal.name()) {
        return Err(AuthenticationError::Claim { claim: "sub" });
    }
    Ok(principal)
}

/// The bearer of a token of an OpenID Connect issuer.
pub(super) fn bearer(
    issuer: &str,
    names: &ClaimNames,
    claims: &Claims,
) -> Result<Principal, AuthenticationError> {
    let subject = text(claims, "sub").ok_or(AuthenticationError::Claim { claim: "sub" })?;
    let client = match &names.client {
        Some(name) => text(claims, name),
        // `azp` is OpenID Connect's name, `client_id` that of RFC 9068, `appid` that of Microsoft Entra's first version.
        None => ["azp", "client_id", "appid"]
            .iter()
            .find_map(|name| text(claims, name)),
    };
    let groups = claims.get(&names.groups).and_then(Value::as_array);
    let groups = groups.into_iter().flatten().filter_map(Value::as_str);
    let acts_for_itself = client
        .as_deref()
        .is_some_and(|client| acts_for_itself(client, &subject, claims));
    Ok(Principal::of_issuer(
        issuer,
        Bearer {
            user: user(names, claims),
            client,
            acts_for_itself,
            groups: groups.map(str::to_owned).collect(),
            subject,
        },
    ))
}

/// Whether nobody but the application itself stands behind its token: by the subject, which is then the client
/// (<https://www.rfc-editor.org/rfc/rfc9068#section-2.2>), or by what Auth0 and Microsoft Entra say about it.
fn acts_for_itself(client: &str, subject: &str, claims: &Claims) -> bool {
    let says = |name: &str, value: &str| claims.get(name).and_then(Value::as_str) == Some(value);
    subject == client || says("gty", "client-credentials") || says("idtyp", "app")
}

/// An address that the issuer has not verified names nobody: anyone could have entered it.
fn user(names: &ClaimNames, claims: &Claims) -> Option<String> {
    if names.user == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
        return None;
    }
    text(claims, &names.user)
}

fn text(claims: &Claims, name: &str) -> Option<String> {
    let text = claims.get(name).and_then(Value::as_str)?;
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_kubernetes_token_speaks_for_its_service_account() {
        let principal = service_account(&claims(json!({
            "sub": "system:serviceaccount:team-a:reporting",
            "kubernetes.io": {"namespace": "team-a", "serviceaccount": {"name": "reporting", "uid": "1"}},
        })))
        .unwrap();
        assert_eq!(principal.name(), "system:serviceaccount:team-a:reporting");
        assert_eq!(principal.issuer(), None);
    }

    #[test]
    fn a_kubernetes_token_that_contradicts_itself_is_refused() {
        for (value, claim) in [
            (json!({"sub": "system:serviceaccount:a:b"}), "kubernetes.io"),
            (
                json!({"sub": "system:serviceaccount:a:b", "kubernetes.io": {"namespace": "a"}}),
                "kubernetes.io",
            ),
            (
                json!({"sub": "system:serviceaccount:a:b",
                    "kubernetes.io": {"namespace": "a", "serviceaccount": {"name": "c"}}}),
                "sub",
            ),
        ] {
            let refused = service_account(&claims(value.clone()));
            assert_eq!(refused, Err(AuthenticationError::Claim { claim }), "{value}");
        }
    }

    #[test]
    fn the_configured_claims_name_user_groups_and_client() {
        let token =
            claims(json!({"sub": "1", "upn": "ann@example.org", "roles": ["nurses", 7], "app": "portal"}));
        let names = ClaimNames {
            user: "upn".to_owned(),
            groups: "roles".to_owned(),
            client: Some("app".to_owned()),
        };
        let principal = bearer("https://login.example", &names, &token).unwrap();
        assert_eq!(principal.name(), "https://login.example#1");
        assert_eq!(principal.user(), Some("ann@example.org"));
        assert_eq!(principal.client(), Some("portal"));
        assert_eq!(principal.groups(), ["nurses"]);
    }

    #[test]
    fn without_configuration_the_standard_claims_count() {
        let names = ClaimNames::default();
        let token = claims(json!({"sub": "1", "client_id": "portal", "groups": ["nurses"]}));
        let principal = bearer("https://login.example", &names, &token).unwrap();
        assert_eq!(
            (principal.user(), principal.client()),
            (Some("1"), Some("portal"))
        );
        assert_eq!(principal.groups(), ["nurses"]);
        let refused = bearer("https://login.example", &names, &claims(json!({})));
        assert_eq!(refused, Err(AuthenticationError::Claim { claim: "sub" }));
    }

    #[test]
    fn a_client_acts_for_itself_when_the_issuer_says_so() {
        for (token, own) in [
            (json!({"sub": "portal", "client_id": "portal"}), true),
            (
                json!({"sub": "portal@clients", "azp": "portal", "gty": "client-credentials"}),
                true,
            ),
            (json!({"sub": "7", "azp": "portal", "idtyp": "app"}), true),
            (json!({"sub": "ann", "client_id": "portal"}), false),
            (json!({"sub": "ann", "azp": "portal", "gty": "password"}), false),
            (json!({"sub": "portal"}), false),
        ] {
            let principal = bearer("i", &ClaimNames::default(), &claims(token.clone())).unwrap();
            assert_eq!(principal.acts_for_itself(), own, "{token}");
        }
    }

    #[test]
    fn an_address_counts_only_when_it_is_verified() {
        let names = ClaimNames {
            user: "email".to_owned(),
            ..ClaimNames::default()
        };
        for (verified, user) in [
            (json!(true), Some("ann@x")),
            (json!(false), None),
            (json!("true"), None),
        ] {
            let token = claims(json!({"sub": "1", "email": "ann@x", "email_verified": verified}));
            assert_eq!(bearer("i", &names, &token).unwrap().user(), user, "{verified}");
        }
    }
}
