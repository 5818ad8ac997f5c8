//! The `authentication` section of the configuration → the door that every request goes through. What tokens are and
//! how they are checked is `brazier-access`.

use brazier_access::token::{Authenticator, Issuer, KeyServiceError};
use brazier_service::trust::{self, TrustError};

use crate::configuration::AuthenticationConfiguration;

/// Why tokens of a configured issuer cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Its certificate authority cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A client for its keys cannot be set up.
    #[error(transparent)]
    Client(#[from] KeyServiceError),
}

/// Lets in whoever has a token of one of the configured issuers.
///
/// # Errors
/// When an issuer's keys cannot be asked for.
pub fn authenticator(configuration: &AuthenticationConfiguration) -> Result<Authenticator, IssuerError> {
    trust::install_crypto_provider();
    let mut issuers: Vec<Issuer> = configuration.kubernetes.iter().map(Issuer::kubernetes).collect();
    for issuer in &configuration.issuers {
        let tls = issuer.ca_file.as_deref().map(trust::client).transpose()?;
        issuers.push(Issuer::open_id(issuer, tls)?);
    }
    Ok(Authenticator::new(issuers))
}
