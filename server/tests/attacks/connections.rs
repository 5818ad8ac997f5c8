//! Connections that say nothing, half of something, or take nothing.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::target::withstand;

/// More connections than a listener has room for, as far as this process may open so many.
fn many() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .unwrap();
    let soft = files.split_whitespace().next().unwrap();
    soft.parse().unwrap_or(usize::MAX).saturating_sub(300).min(1100)
}

async fn hold(address: SocketAddr, says: &[u8]) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _connection in 0..many() {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The first ones may have had to make room.
        drop(stream.write_all(says).await);
        held.push(stream);
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing() {
    withstand("connections that say nothing", async |target| {
        for says in [&b""[..], b"\x16\x03\x01"] {
            let held = hold(target.fhir, says).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            drop(held);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_at_the_port_of_probes() {
    withstand("connections at the port of probes", async |target| {
        for says in [
            &b""[..],
            b"GET /livez HT",
            b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            let held = hold(target.metrics, says).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            drop(held);
        }
    })
    .await;
}

/// The windows of these streams are closed, and a new one is opened as long as anything can be.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_take_nothing() {
    withstand("connections that take nothing", async |target| {
        let clients: Vec<reqwest::Client> = (0..many() / 4).map(|_| target.connection(0)).collect();
        let mut held = Vec::new();
        for _round in 0..4 {
            let asked = clients
                .iter()
                .map(|client| client.get(target.url("/Patient/witness")).send());
            held.extend(futures::future::join_all(asked).await);
        }
        // Connections that made room have failed.
        let answered = held.iter().filter_map(|answer| answer.as_ref().ok());
        assert!(answered.clone().count() > 0);
        assert!(answered.clone().all(|answer| answer.status() == 401));
    })
    .await;
}
