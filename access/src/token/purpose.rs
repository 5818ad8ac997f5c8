//! Whether a token was issued to be sent to a service: one that says who logged in, logs somebody out, tells of an event or
//! proves a key opens no door, although the same issuer signed it. <https://www.rfc-editor.org/rfc/rfc8725#section-3.12>

use serde_json::Value;

use super::AuthenticationError;
use super::claims::Claims;

/// Claims of ID tokens, <https://openid.net/specs/openid-connect-core-1_0.html#IDToken>.
const OF_ID_TOKENS: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];

/// Checks what the header's `typ` and the claims say a token is for.
///
/// A header that says `at+jwt` (<https://www.rfc-editor.org/rfc/rfc9068#section-4>) or just `JWT`, or nothing as those of
/// Kubernetes, can be that of an access token; any other type is another kind of token. Where the header says no more
/// than `JWT`, the claims must not be those of another kind.
///
/// # Errors
/// [`AuthenticationError::Purpose`], or [`AuthenticationError::Bound`] for a token that only the holder of a key may use.
pub(super) fn check(header_type: Option<&str>, claims: &Claims) -> Result<(), AuthenticationError> {
    let is_access_token = match header_type.map(short_type).as_deref() {
        Some("at+jwt") => true,
        Some("jwt") | None => false,
        Some(_) => return Err(AuthenticationError::Purpose),
    };
    let has = |name: &str| claims.get(name).is_some_and(|value| !value.is_null());
    if has("cnf") {
        return Err(AuthenticationError::Bound);
    }
    // Security events and logout tokens, <https://www.rfc-editor.org/rfc/rfc8417#section-2.2>.
    if has("events") {
        return Err(AuthenticationError::Purpose);
    }
    let says = |name: &str| {
        claims
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_ascii_lowercase)
    };
    // Keycloak's and Cognito's words for the kind of a token.
    let is_bearer = match says("typ").as_deref() {
        Some("bearer") => true,
        Some("jwt" | "at+jwt") | None => false,
        Some(_) => return Err(AuthenticationError::Purpose),
    };
    if says("token_use").is_some_and(|used_for| used_for != "access") {
        return Err(AuthenticationError::Purpose);
    }
    if !is_access_token && !is_bearer && OF_ID_TOKENS.iter().any(|name| has(name)) {
        return Err(AuthenticationError::Purpose);
    }
    Ok(())
}

/// A media type as headers abbreviate it: in small letters, without `application/`.
/// <https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9>
fn short_type(header_type: &str) -> String {
    let header_type = header_type.to_ascii_lowercase();
    match header_type.strip_prefix("application/") {
        Some(short) => short.to_owned(),
        None => header_type,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(header_type: Option<&str>, claims: Value) -> Result<(), AuthenticationError> {
        match claims {
            Value::Object(claims) => check(header_type, &claims),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn access_tokens_are_taken_however_they_are_marked() {
        for header_type in [
            None,
            Some("JWT"),
            Some("jwt"),
            Some("at+jwt"),
            Some("AT+JWT"),
            Some("application/at+jwt"),
        ] {
            let plain = json!({"sub": "ann"});
            assert_eq!(checked(header_type, plain), Ok(()), "{header_type:?}");
        }
        for claims in [
            json!({"typ": "Bearer"}),
            json!({"typ": "Bearer", "nonce": "n"}),
            json!({"token_use": "access"}),
            json!({"cnf": null}),
        ] {
            assert_eq!(checked(Some("JWT"), claims.clone()), Ok(()), "{claims}");
        }
        assert_eq!(checked(Some("at+jwt"), json!({"nonce": "n"})), Ok(()));
    }

    #[test]
    fn tokens_of_another_purpose_are_refused() {
        for header_type in [
            "logout+jwt",
            "secevent+jwt",
            "dpop+jwt",
            "application/secevent+jwt",
            "id+jwt",
            "token-introspection+jwt",
            "oauth-authz-req+jwt",
            "",
        ] {
            let refused = checked(Some(header_type), json!({"sub": "ann"}));
            assert_eq!(refused, Err(AuthenticationError::Purpose), "{header_type}");
        }
        for claims in [
            json!({"nonce": "n"}),
            json!({"at_hash": "h"}),
            json!({"c_hash": "h"}),
            json!({"s_hash": "h"}),
            json!({"typ": "ID"}),
            json!({"typ": "Refresh"}),
            json!({"typ": "Logout"}),
            json!({"token_use": "id"}),
            json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}),
        ] {
            let refused = checked(Some("JWT"), claims.clone());
            assert_eq!(refused, Err(AuthenticationError::Purpose), "{claims}");
        }
        let event = json!({"events": {}});
        assert_eq!(checked(Some("at+jwt"), event), Err(AuthenticationError::Purpose));
    }

    #[test]
    fn a_token_that_is_bound_to_a_key_is_no_bearer_token() {
        for claims in [
            json!({"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}),
            json!({"cnf": {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}}),
        ] {
            for header_type in [None, Some("at+jwt")] {
                assert_eq!(
                    checked(header_type, claims.clone()),
                    Err(AuthenticationError::Bound)
                );
            }
        }
    }
}
