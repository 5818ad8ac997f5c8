//! Leaf certificates: what is in them, and when they are due.

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose};
use time::{Duration, OffsetDateTime};
use x509_parser::{extensions::GeneralName, pem::parse_x509_pem};

use super::Error;

/// How long a leaf lives. It is renewed after two thirds of that.
pub(super) const LIFE: Duration = Duration::days(90);

/// A certificate and its key (PEM).
#[derive(Clone)]
pub struct Leaf {
    /// The certificate alone, without its authority's.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl std::fmt::Debug for Leaf {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Leaf")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

/// What a leaf is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be a server, and nothing else: the key of a service opens no door of another.
    Server,
    /// To be a client.
    Client,
}

impl Leaf {
    pub(super) fn sign(
        issuer: &Issuer<'static, KeyPair>,
        common_name: &str,
        names: &[String],
        purpose: Purpose,
        life: Duration,
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new(names.to_vec())?;
        // The standard ends a common name at 64 characters; names are checked by the alternative names anyway.
        parameters.distinguished_name.push(
            DnType::CommonName,
            common_name.chars().take(64).collect::<String>(),
        );
        parameters.not_before = now - Duration::minutes(5);
        parameters.not_after = now + life;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![match purpose {
            Purpose::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Purpose::Client => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        parameters.use_authority_key_identifier_extension = true;
        let certificate = parameters.signed_by(&key, issuer)?.pem();
        Ok(Leaf {
            certificate,
            key: key.serialize_pem(),
        })
    }
}

/// Whether a certificate (PEM) has to be made anew: it cannot be read, does not have these names, or is past two
/// thirds of its life. When it is still good, says how long until then.
///
/// # Errors
/// The reason why it has to be made anew.
pub fn needs_renewal(certificate: &str, names: &[String], now: OffsetDateTime) -> Result<Duration, String> {
    let (_, pem) =
        parse_x509_pem(certificate.as_bytes()).map_err(|error| format!("it cannot be read: {error}"))?;
    let parsed = pem
        .parse_x509()
        .map_err(|error| format!("it cannot be read: {error}"))?;
    let mut found: Vec<String> = parsed
        .subject_alternative_name()
        .ok()
        .flatten()
        .into_iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_string()),
            _ => None,
        })
        .collect();
    let mut wanted = names.to_vec();
    found.sort();
    wanted.sort();
    if found != wanted {
        return Err("it was issued for other names".to_string());
    }
    let validity = parsed.validity();
    let (start, end) = (
        validity.not_before.to_datetime(),
        validity.not_after.to_datetime(),
    );
    let due = start + (end - start) * 2 / 3;
    if now >= due {
        return Err(format!("it ends at {end}"));
    }
    Ok(due - now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Authority;

    fn authority(now: OffsetDateTime) -> Authority {
        let (certificate, key) = Authority::create(now).unwrap();
        Authority::from_pem(&certificate, &key, &certificate, LIFE, now).unwrap()
    }

    #[test]
    fn the_operators_own_certificate_is_another_one_when_two_thirds_of_its_life_are_over() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let authority = authority(now);
        let first = authority.client(now).unwrap();
        let same = authority.client(now + Duration::days(59)).unwrap();
        assert_eq!(first.certificate, same.certificate);
        let next = authority.client(now + Duration::days(61)).unwrap();
        assert_ne!(first.certificate, next.certificate);
        let (_, pem) = parse_x509_pem(next.certificate.as_bytes()).unwrap();
        let end = pem.parse_x509().unwrap().validity().not_after.to_datetime();
        assert_eq!(end, now + Duration::days(61) + LIFE);
    }

    fn names() -> Vec<String> {
        vec!["clinic.team-a.svc".to_string(), "clinic".to_string()]
    }

    #[test]
    fn a_leaf_is_renewed_after_two_thirds_of_its_life() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let leaf = authority(now).sign_server(&names(), now).unwrap();
        assert!(needs_renewal(&leaf.certificate, &names(), now + Duration::days(59)).is_ok());
        let why = needs_renewal(&leaf.certificate, &names(), now + Duration::days(61)).unwrap_err();
        assert!(why.starts_with("it ends at"), "{why}");
    }

    #[test]
    fn a_leaf_with_other_names_is_made_anew() {
        let now = OffsetDateTime::now_utc();
        let leaf = authority(now).sign_server(&names(), now).unwrap();
        let why = needs_renewal(&leaf.certificate, &["other".to_string()], now).unwrap_err();
        assert_eq!(why, "it was issued for other names");
    }

    #[test]
    fn what_is_not_a_certificate_is_made_anew() {
        assert!(needs_renewal("no", &names(), OffsetDateTime::now_utc()).is_err());
    }

    #[test]
    fn names_longer_than_a_common_name_may_be_are_signed() {
        let now = OffsetDateTime::now_utc();
        let long = vec![format!("{}.{}.svc.cluster.local", "a".repeat(40), "b".repeat(63))];
        let leaf = authority(now).sign_server(&long, now).unwrap();
        assert!(needs_renewal(&leaf.certificate, &long, now).is_ok());
    }
}
