//! TLS of the listeners: versions, protocols, and certificates that are replaced while connections are open.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use brazier_service::listen::{FollowedTls, Listener, ListenerMetrics};
use brazier_service::trust::{self, TlsFiles};
use http::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ProtocolVersion;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use super::certificates::{Authority, HOST};
use super::eventually::eventually;

async fn start(tls: FollowedTls) -> SocketAddr {
    let any = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind("test", any, Some(tls)).await.unwrap();
    let address = listener.address();
    let router = Router::new().route("/", get(async || "here"));
    tokio::spawn(listener.run(router, ListenerMetrics::default(), CancellationToken::new()));
    address
}

async fn connect(config: rustls::ClientConfig, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(HOST).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

/// Replaces the folder that `link` points to, as the kubelet does with a volume.
fn point(link: &Path, folder: &Path) {
    let new = link.with_extension("new");
    std::os::unix::fs::symlink(folder, &new).unwrap();
    std::fs::rename(new, link).unwrap();
}

fn mounted(link: &Path) -> TlsFiles {
    TlsFiles {
        certificate_file: link.join("tls.crt"),
        key_file: link.join("tls.key"),
    }
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_with_http_1_1_and_2() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("authority");
    let identity = authority.issue(folder.path(), &[HOST], "server");
    let address = start(FollowedTls::load(identity, None).unwrap()).await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for protocol in ["h2", "http/1.1"] {
            let roots = trust::authorities(&authority.write(&folder.path().join("ca.crt")));
            let provider = trust::crypto_provider();
            let mut config = rustls::ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(&[version])
                .unwrap()
                .with_root_certificates(roots.unwrap())
                .with_no_client_auth();
            config.alpn_protocols = vec![protocol.into()];
            let stream = connect(config, address).await.unwrap();
            let session = stream.get_ref().1;
            let expected: ProtocolVersion = version.version;
            assert_eq!(session.protocol_version(), Some(expected));
            assert_eq!(session.alpn_protocol(), Some(protocol.as_bytes()));
        }
    }
}

#[tokio::test]
async fn a_replaced_certificate_is_shown_to_new_connections_and_open_ones_stay() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("authority");
    for name in ["one", "two"] {
        authority.issue(&folder.path().join(name), &[HOST], name);
    }
    let link = folder.path().join("tls");
    point(&link, &folder.path().join("one"));
    let address = start(FollowedTls::load(mounted(&link), None).unwrap()).await;

    let stream = connect(authority.tls(folder.path(), None), address)
        .await
        .unwrap();
    let first = shown(&stream);
    let (mut open, connection) = http1::handshake::<_, Body>(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = || {
        Request::get("/")
            .header("host", HOST)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(open.send_request(request()).await.unwrap().status(), 200);

    point(&link, &folder.path().join("two"));
    let next = async || {
        shown(
            &connect(authority.tls(folder.path(), None), address)
                .await
                .unwrap(),
        )
    };
    let second = eventually(next, |shown| *shown != first).await;

    open.ready().await.unwrap();
    assert_eq!(open.send_request(request()).await.unwrap().status(), 200);
    assert!(!connection.is_finished());

    // A certificate without its key is half of a replacement: what is in use stays.
    std::fs::copy(
        folder.path().join("one/tls.crt"),
        folder.path().join("two/tls.crt"),
    )
    .unwrap();
    tokio::time::sleep(brazier_service::files::INTERVAL * 2).await;
    assert_eq!(next().await, second);
}
