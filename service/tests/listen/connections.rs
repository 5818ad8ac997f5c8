//! Many connections, slow ones, and the end of a listener.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use brazier_service::listen::{FollowedTls, Limits, Listener, ListenerMetrics};
use brazier_service::{metrics, trust};
use bytes::Bytes;
use http_body_util::StreamBody;
use http_body_util::combinators::BoxBody;
use hyper::body::Frame;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::certificates::{Authority, HOST, client};
use super::eventually::eventually;

struct Running {
    address: SocketAddr,
    registry: Registry,
    drain: CancellationToken,
    task: JoinHandle<()>,
}

async fn start(router: Router, limits: Limits, tls: Option<FollowedTls>) -> Running {
    trust::install_crypto_provider();
    let listener = Listener::bind("test", "127.0.0.1:0".parse().unwrap(), tls)
        .await
        .unwrap();
    let address = listener.address();
    let (mut registry, drain) = (Registry::default(), CancellationToken::new());
    let metrics = ListenerMetrics::registered(&mut registry);
    let running = listener.with_limits(limits).run(router, metrics, drain.clone());
    Running {
        address,
        registry,
        drain,
        task: tokio::spawn(running),
    }
}

fn places(connections: usize) -> Limits {
    Limits {
        connections,
        ..Limits::default()
    }
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

async fn ask(address: SocketAddr) -> reqwest::Result<String> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    client
        .get(format!("http://{address}/"))
        .send()
        .await?
        .text()
        .await
}

#[tokio::test]
async fn connections_that_only_sit_there_make_room() {
    let running = start(hello(), places(3), None).await;
    let mut idle = Vec::new();
    for sent in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    for _request in 0..10 {
        assert_eq!(ask(running.address).await.unwrap(), "hello");
    }
    let text = metrics::text(&running.registry).unwrap();
    assert!(
        text.contains("connections_shed_total{listener=\"test\"}"),
        "{text}"
    );
}

#[tokio::test]
async fn handshakes_that_are_never_finished_make_room() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("authority");
    let identity = authority.issue(folder.path(), &[HOST], "server");
    let tls = FollowedTls::load(identity, None).unwrap();
    let running = start(hello(), places(2), Some(tls)).await;
    let mut idle = Vec::new();
    for _connection in 0..200 {
        idle.push(TcpStream::connect(running.address).await.unwrap());
    }
    let client = client(authority.tls(folder.path(), None), running.address);
    let answer = client
        .get(format!("https://{HOST}:{}/", running.address.port()))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text().await.unwrap(), "hello");
}

#[tokio::test]
async fn a_connection_ends_that_is_idle_or_does_not_finish_a_head_in_time() {
    let limits = Limits {
        idle: Duration::from_millis(300),
        ..Limits::default()
    };
    let running = start(hello(), limits, None).await;
    let mut streams = Vec::new();
    for sent in [
        "",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        streams.push((sent, stream));
    }
    for (sent, mut stream) in streams {
        let mut answer = Vec::new();
        let ended = timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "the connection stays after {sent:?}");
        assert_eq!(answer.ends_with(b"hello"), sent.ends_with("\r\n\r\n"), "{sent:?}");
    }
}

/// An HTTP/2 connection, whose client takes `window` bytes of each answer before it says that it wants more; and its end.
async fn connect(address: SocketAddr, window: u32) -> (SendRequest<SlowBody>, JoinHandle<()>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(window);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    (
        sender,
        tokio::spawn(async move { connection.await.unwrap_or_default() }),
    )
}

type SlowBody = BoxBody<Bytes, Infallible>;

/// A body of `begin`, whose end never comes.
fn endless(begin: &'static str) -> SlowBody {
    let begin = futures::stream::iter([Ok(Frame::data(Bytes::from(begin)))]);
    let body = StreamBody::new(futures::StreamExt::chain(begin, futures::stream::pending()));
    BoxBody::new(body)
}

fn request(method: &str, body: SlowBody) -> hyper::Request<SlowBody> {
    let request = hyper::Request::builder().method(method).uri("http://a/");
    request.body(body).unwrap()
}

#[tokio::test]
async fn connections_that_only_open_streams_make_room() {
    let reading = Router::new()
        .route("/", get(async || "hello"))
        .route("/", post(async |body: String| body));
    let running = start(reading, places(3), None).await;
    let mut held = Vec::new();
    for _connection in 0..3 {
        held.push(connect(running.address, 65_535).await);
    }
    let streams = async {
        let mut pending = Vec::new();
        loop {
            for (sender, _) in &mut held {
                let answer = sender.send_request(request("POST", endless("a")));
                pending.push(tokio::spawn(answer));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let asking = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        for _request in 0..5 {
            let answer = timeout(Duration::from_secs(20), ask(running.address)).await;
            assert_eq!(answer.expect("nobody else gets in").unwrap(), "hello");
        }
    };
    tokio::select! {
        _ = streams => unreachable!("it never stops"),
        () = asking => {}
    }
}

#[tokio::test]
async fn a_connection_ends_whose_client_takes_nothing_of_an_answer() {
    let large = Router::new().route("/", get(async || vec![b' '; 32 << 20]));
    let limits = Limits {
        stall: Duration::from_millis(300),
        ..Limits::default()
    };
    let running = start(large, limits, None).await;
    let (mut sender, ended) = connect(running.address, 0).await;
    let answer = sender
        .send_request(request("GET", BoxBody::default()))
        .await
        .unwrap();
    timeout(Duration::from_secs(20), ended)
        .await
        .expect("the connection stays")
        .unwrap();
    drop(answer);
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let open = async || metrics::text(&running.registry).unwrap();
    eventually(open, |text| text.contains("connections{listener=\"test\"} 0")).await;
}

/// The answer must not be lost because the request goes on.
#[tokio::test]
async fn who_is_refused_early_gets_the_answer() {
    let running = start(hello(), places(3), None).await;
    trust::install_crypto_provider();
    let client = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    for _request in 0..10 {
        let url = format!("http://{}/unknown", running.address);
        let answer = client.post(url).body(vec![b' '; 4 << 20]).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404);
    }
    let (mut sender, _ended) = connect(running.address, 65_535).await;
    let answer = sender.send_request(request("POST", endless("a")));
    let answer = timeout(Duration::from_secs(10), answer).await;
    assert_eq!(
        answer.expect("it waits for the body").unwrap().status().as_u16(),
        405
    );
}

/// Many clients send all of a body before they look for the answer.
#[tokio::test]
async fn a_body_that_nobody_reads_does_not_cost_the_answer() {
    let running = start(hello(), places(3), None).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let length = 80 << 20;
    for _request in 0..2 {
        let head = format!("POST /unknown HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunk = vec![b' '; 1 << 20];
        for _chunk in 0..length / chunk.len() {
            stream.write_all(&chunk).await.unwrap();
        }
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 404");
        // The rest of an answer without a body is its head.
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_and_not_collected() {
    let running = start(hello(), places(3), None).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n",
        "a".repeat(100 << 10)
    );
    // The server may answer and close before it has read everything.
    let written = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.starts_with("HTTP/1.1 431") || written.is_err() || read.is_err(),
        "{answer}"
    );
    assert_eq!(ask(running.address).await.unwrap(), "hello");
}

#[tokio::test]
async fn at_the_end_requests_are_answered_and_new_ones_are_not_accepted() {
    let (begun, mut began) = mpsc::unbounded_channel();
    let finish = Arc::new(Notify::new());
    let wait = Arc::clone(&finish);
    let slow = Router::new().route(
        "/",
        get(async move || {
            begun.send(()).unwrap();
            wait.notified().await;
            "finished"
        }),
    );
    let running = start(slow, places(8), None).await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    let request = tokio::spawn(ask(running.address));
    began.recv().await.unwrap();

    running.drain.cancel();
    // A connection that asks for nothing is closed at once.
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(ask(running.address).await.unwrap_err().is_connect());
    assert!(!running.task.is_finished());
    assert!(!request.is_finished());

    finish.notify_one();
    assert_eq!(request.await.unwrap().unwrap(), "finished");
    running.task.await.unwrap();
}
