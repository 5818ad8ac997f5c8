//! How the scenarios reach what runs in the cluster: by its address where the machine can, as with the embedded
//! cluster, else through `kubectl port-forward`.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::Child,
};

use crate::kubectl;

/// A way to one port of a Service or a pod, open for as long as this lives.
#[derive(Debug)]
pub struct Route {
    /// Where to connect to.
    pub address: SocketAddr,
    _forward: Option<Child>,
}

/// Finds the way to `port` of `object`, such as `service/clinic` or `pod/clinic-db-0`.
///
/// # Errors
/// If the object has no address, or neither way is open.
pub async fn to(namespace: &str, object: &str, port: u16) -> Result<Route> {
    let namespace_flag = format!("--namespace={namespace}");
    let live = kubectl::json(&["get", object, &namespace_flag]).await?;
    let address = live["spec"]["clusterIP"]
        .as_str()
        .or(live["status"]["podIP"].as_str())
        .with_context(|| format!("{object} has no address"))?;
    let address = SocketAddr::new(address.parse::<IpAddr>()?, port);
    if is_open(address).await {
        return Ok(Route {
            address,
            _forward: None,
        });
    }
    forward(&namespace_flag, object, port).await
}

/// Whether the machine reaches an address. The nodes hear of a new Service and its pods a moment later than we do.
async fn is_open(address: SocketAddr) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        match tokio::time::timeout(Duration::from_secs(2), TcpStream::connect(address)).await {
            Ok(Ok(_)) => return true,
            Ok(Err(_)) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(_) => {}
        }
    }
    false
}

async fn forward(namespace_flag: &str, object: &str, port: u16) -> Result<Route> {
    let mut child = kubectl::command(&["port-forward", namespace_flag, object, &format!(":{port}")])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().context("port-forward has no output")?;
    let mut lines = BufReader::new(output).lines();
    // It prints "Forwarding from 127.0.0.1:PORT -> PORT" once it listens.
    while let Some(line) = lines.next_line().await? {
        let local = line
            .strip_prefix("Forwarding from 127.0.0.1:")
            .and_then(|rest| rest.split(' ').next())
            .and_then(|number| number.parse().ok());
        if let Some(local) = local {
            let address = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), local);
            // It goes on to print, and ends when nobody reads that.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(Route {
                address,
                _forward: Some(child),
            });
        }
    }
    bail!("neither the address of {object} nor kubectl port-forward reaches it")
}
