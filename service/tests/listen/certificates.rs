//! Certificate authorities that exist for one test, and clients that trust them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use brazier_service::trust::{self, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ClientConfig;

/// The name of the service under test.
pub const HOST: &str = "service.example";

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// Writes the authority's certificate to `path`.
    pub fn write(&self, path: &Path) -> PathBuf {
        std::fs::write(path, &self.pem).unwrap();
        path.to_owned()
    }

    /// A certificate for `dns_names` and `common_name`, in `folder`.
    pub fn issue(&self, folder: &Path, dns_names: &[&str], common_name: &str) -> TlsFiles {
        let names: Vec<_> = dns_names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, common_name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::create_dir_all(folder).unwrap();
        let identity = TlsFiles {
            certificate_file: folder.join("tls.crt"),
            key_file: folder.join("tls.key"),
        };
        std::fs::write(&identity.certificate_file, certificate.pem()).unwrap();
        std::fs::write(&identity.key_file, key.serialize_pem()).unwrap();
        identity
    }

    /// TLS that trusts this authority, and shows `identity` to servers that ask.
    pub fn tls(&self, folder: &Path, identity: Option<&TlsFiles>) -> ClientConfig {
        let roots = trust::authorities(&self.write(&folder.join("trusted.crt"))).unwrap();
        let builder = ClientConfig::builder_with_provider(trust::crypto_provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let shown = trust::identity(identity).unwrap();
                let resolver = rustls::sign::SingleCertAndKey::from(shown);
                builder.with_client_cert_resolver(std::sync::Arc::new(resolver))
            }
        }
    }
}

/// A client for which [`HOST`] is at `address`; it opens a connection for each request.
pub fn client(tls: ClientConfig, address: SocketAddr) -> reqwest::Client {
    trust::install_crypto_provider();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .resolve(HOST, address)
        .pool_max_idle_per_host(0)
        .no_proxy()
        .build()
        .unwrap()
}
