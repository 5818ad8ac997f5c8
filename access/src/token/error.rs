//! Why a request was not let in, in the words of <https://www.rfc-editor.org/rfc/rfc6750#section-3>.

/// Why a request has no principal. Every one of them is answered with 401. The messages hold nothing of the token but
/// its issuer, so they may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// The request carries no token.
    #[error("the request carries no token; send Authorization: Bearer TOKEN")]
    Missing,
    /// The `Authorization` header is there, but not as `Bearer TOKEN`, or more than once.
    #[error("send exactly one Authorization header, as Bearer TOKEN")]
    NotBearer,
    /// The token is no JSON Web Token that we read.
    #[error("the token is malformed")]
    Malformed,
    /// It is signed in a way that we do not accept (`none` and shared secrets among them).
    #[error("the token is signed with an algorithm that is not accepted here")]
    Algorithm,
    /// Nobody whom the service trusts issued it.
    #[error("the token's issuer is not one that this service trusts")]
    UnknownIssuer,
    /// None of the issuer's keys is the one that the token names.
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// The issuer's keys have never been fetched, so nothing can be said about its tokens.
    #[error("the keys of the token's issuer are not available; try again later")]
    KeysUnavailable,
    /// The signature is not of the key that the token names.
    #[error("the token's signature is wrong")]
    Signature,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It was issued for another service.
    #[error("the token was issued for another service: its audience must be {audience}")]
    Audience {
        /// What the audience must be.
        audience: String,
    },
    /// It is an ID token, a logout token, a security event or another kind that is not sent to services.
    #[error("the token was issued for another purpose; send an access token of this service")]
    Purpose,
    /// Only the holder of a key may use it, and has to prove that (`cnf`).
    #[error("the token is bound to a key, which this service does not check; send a token without cnf")]
    Bound,
    /// A claim that we need is missing or of the wrong type.
    #[error("the token's claim {claim} is missing or malformed")]
    Claim {
        /// The claim's name.
        claim: &'static str,
    },
}

impl AuthenticationError {
    /// The value of the `WWW-Authenticate` header that belongs to the 401.
    pub fn www_authenticate(&self) -> String {
        match self {
            AuthenticationError::Missing => "Bearer".to_owned(),
            _ => format!(
                "Bearer error=\"invalid_token\", error_description=\"{}\"",
                quotable(&self.to_string())
            ),
        }
    }
}

/// Only the characters that RFC 6750 allows in a description.
fn quotable(text: &str) -> String {
    let allowed = |character: char| matches!(character, ' '..='~') && !matches!(character, '"' | '\\');
    text.chars().filter(|character| allowed(*character)).collect()
}
