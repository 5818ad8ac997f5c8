//! The token as it comes: <https://www.rfc-editor.org/rfc/rfc6750#section-2.1>.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::AuthenticationError;

/// No issuer's token is longer; a longer one is not worth hashing.
const MAX_LENGTH: usize = 16 * 1024;

/// The bearer token in the `Authorization` header.
pub(super) fn from_headers(headers: &HeaderMap) -> Result<&str, AuthenticationError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthenticationError::Missing)?;
    if values.next().is_some() {
        return Err(AuthenticationError::NotBearer);
    }
    let value = value
        .to_str()
        .map_err(|_not_ascii| AuthenticationError::NotBearer)?;
    let (scheme, token) = value.split_once(' ').ok_or(AuthenticationError::NotBearer)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AuthenticationError::NotBearer);
    }
    let token = token.trim_matches(' ');
    if token.is_empty() || token.contains(' ') {
        return Err(AuthenticationError::NotBearer);
    }
    if token.len() > MAX_LENGTH {
        return Err(AuthenticationError::Malformed);
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<String, AuthenticationError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        from_headers(&headers).map(str::to_owned)
    }

    #[test]
    fn one_bearer_token_is_read_and_anything_else_refused() {
        use AuthenticationError::{Malformed, Missing, NotBearer};
        assert_eq!(read(&[]), Err(Missing));
        for refused in [
            &["Bearer"][..],
            &["Bearer "],
            &["Basic dXNlcjpwdw=="],
            &["Bearer a b"],
            &["Bearer a", "Bearer b"],
        ] {
            assert_eq!(read(refused), Err(NotBearer), "{refused:?}");
        }
        let long = format!("Bearer {}", "a".repeat(MAX_LENGTH + 1));
        assert_eq!(read(&[&long]), Err(Malformed));
        assert_eq!(read(&["Bearer abc.def.ghi"]), Ok("abc.def.ghi".to_owned()));
        assert_eq!(read(&["bearer  abc"]), Ok("abc".to_owned()));
    }
}
