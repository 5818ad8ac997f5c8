//! Probes, and what becomes of them and of other listeners at the end.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use brazier_service::listen::{Listener, ListenerMetrics};
use brazier_service::probes::{self, Probed};
use brazier_service::serving::Serving;
use brazier_service::{metrics, trust};
use prometheus_client::registry::Registry;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

struct Program {
    ready: AtomicBool,
    registry: Registry,
}

impl Probed for Program {
    async fn ready(&self) -> Result<(), String> {
        let ready = self.ready.load(Ordering::Relaxed);
        ready.then_some(()).ok_or_else(|| "warming up".to_owned())
    }

    fn metrics(&self) -> Result<String, fmt::Error> {
        metrics::text(&self.registry)
    }
}

async fn bind(name: &'static str) -> (Listener, SocketAddr) {
    let any = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(name, any, None).await.unwrap();
    let address = listener.address();
    (listener, address)
}

async fn ask(address: SocketAddr, page: &str) -> reqwest::Result<(u16, String)> {
    trust::install_crypto_provider();
    let client = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build()?;
    let answer = client.get(format!("http://{address}/{page}")).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

#[tokio::test]
async fn probes_tell_of_the_end_and_outlive_the_requests() {
    let mut registry = metrics::registry();
    let mut serving = Serving::new(ListenerMetrics::registered(&mut registry));
    let program = Arc::new(Program {
        ready: AtomicBool::new(false),
        registry,
    });
    let (listener, health) = bind("metrics").await;
    serving.serve_probes(listener, probes::router(Arc::clone(&program), serving.ending()));
    assert_eq!(ask(health, "livez").await.unwrap(), (200, "ok\n".to_owned()));
    assert_eq!(
        ask(health, "readyz").await.unwrap(),
        (503, "warming up\n".to_owned())
    );
    program.ready.store(true, Ordering::Relaxed);
    assert_eq!(ask(health, "readyz").await.unwrap(), (200, "ok\n".to_owned()));
    let (status, text) = ask(health, "metrics").await.unwrap();
    assert_eq!(status, 200);
    assert!(text.contains("connections{listener=\"metrics\"} "), "{text}");

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
    let (listener, address) = bind("slow").await;
    serving.serve(listener, slow);
    let request = tokio::spawn(ask(address, ""));
    began.recv().await.unwrap();
    let ended = tokio::spawn(serving.end(Duration::ZERO));
    let refused = async || TcpStream::connect(address).await.is_err();
    super::eventually::eventually(refused, |refused| *refused).await;
    assert_eq!(
        ask(health, "readyz").await.unwrap(),
        (503, "shutting down\n".to_owned())
    );
    assert!(!request.is_finished());
    assert!(!ended.is_finished());
    finish.notify_one();
    assert_eq!(request.await.unwrap().unwrap(), (200, "finished".to_owned()));
    ended.await.unwrap();
    assert!(ask(health, "livez").await.is_err());
}

struct Slow;

impl Probed for Slow {
    async fn ready(&self) -> Result<(), String> {
        std::future::pending().await
    }

    fn metrics(&self) -> Result<String, fmt::Error> {
        Ok(String::new())
    }
}

/// The port is open to every pod; the kubelet kills a program whose probe is not answered.
#[tokio::test]
async fn probes_are_answered_however_many_connections_there_are() {
    let mut registry = metrics::registry();
    let mut serving = Serving::new(ListenerMetrics::registered(&mut registry));
    let (listener, health) = bind("metrics").await;
    serving.serve_probes(listener, probes::router(Arc::new(Slow), serving.ending()));
    let mut held = Vec::new();
    for sent in ["", "GET /livez HT", "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"] {
        for _connection in 0..300 {
            let mut stream = TcpStream::connect(health).await.unwrap();
            // The first ones may have had to make room.
            drop(stream.write_all(sent.as_bytes()).await);
            held.push(stream);
        }
        let answer = tokio::time::timeout(Duration::from_secs(20), ask(health, "livez")).await;
        let answer = answer.unwrap_or_else(|_| panic!("not after {sent:?}"));
        assert_eq!(answer.unwrap(), (200, "ok\n".to_owned()), "{sent:?}");
    }
}
