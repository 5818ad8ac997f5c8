//! The server under test as a process of ours: started on an empty database, measured from outside, stopped.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::process::{Child, Command};

use super::memory::Memory;
use crate::client::Target;
use crate::error::BenchError;

/// How long it may take to answer /metadata for the first time.
const START_UP: Duration = Duration::from_secs(120);

/// How long it may take to end after SIGTERM.
const SHUT_DOWN: Duration = Duration::from_secs(20);

/// A running server. Dropping it kills it; `stop` lets it end in order.
pub struct Server {
    process: Child,
    id: u32,
    target: Target,
    /// From exec to the first answer of /metadata.
    pub start: Duration,
}

impl Server {
    /// Starts the program over a database and waits for its first answer. `log` gets what it writes.
    pub async fn start(program: &Path, database_url: &str, log: &Path) -> Result<Server, BenchError> {
        let (http, metrics) = free_addresses()?;
        let log = std::fs::File::create(log).map_err(BenchError::io(format!("write {}", log.display())))?;
        let log_too = log
            .try_clone()
            .map_err(BenchError::io("write the server's log"))?;
        let target = Target::parse(&format!("http://{http}/"))?;
        let start = Instant::now();
        let process = Command::new(program)
            .arg("serve")
            .args([
                "--database-url",
                database_url,
                "--http",
                &http.to_string(),
                "--metrics",
                &metrics.to_string(),
            ])
            .arg("--no-authentication")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(log_too)
            .kill_on_drop(true)
            .spawn()
            .map_err(BenchError::io(format!("start {}", program.display())))?;
        let id = process.id().unwrap_or_default();
        let mut server = Server {
            process,
            id,
            target,
            start: Duration::ZERO,
        };
        server.wait_for_metadata(start).await?;
        server.start = start.elapsed();
        Ok(server)
    }

    async fn wait_for_metadata(&mut self, start: Instant) -> Result<(), BenchError> {
        let path = self.target.path("metadata");
        let mut reason = String::new();
        while start.elapsed() < START_UP {
            if let Ok(Some(status)) = self.process.try_wait() {
                let reason = format!("it ended with {status}; see server.log (--keep leaves it)");
                return Err(BenchError::NotServing { path, reason });
            }
            match self.target.connection(START_UP).get(&path).await {
                Ok(answer) if answer.status == StatusCode::OK => return Ok(()),
                Ok(answer) => reason = answer.excerpt(),
                Err(error) => reason = error.to_string(),
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Err(BenchError::NotServing { path, reason })
    }

    /// Where it serves.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Id of its process in the operating system.
    pub fn process(&self) -> u32 {
        self.id
    }

    /// Its memory now and at its highest.
    pub fn memory(&self) -> Result<Memory, BenchError> {
        Memory::of(self.id)
    }

    /// Asks it to end and waits until it has.
    pub async fn stop(mut self) -> Result<(), BenchError> {
        super::program::run(Command::new("kill").args(["-TERM", &self.id.to_string()])).await?;
        match tokio::time::timeout(SHUT_DOWN, self.process.wait()).await {
            Ok(ended) => ended
                .map(drop)
                .map_err(BenchError::io("wait for the server's end")),
            Err(_) => self
                .process
                .kill()
                .await
                .map_err(BenchError::io("kill the server")),
        }
    }
}

/// Two ports that are free now.
fn free_addresses() -> Result<(SocketAddr, SocketAddr), BenchError> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(BenchError::io("find a free port"));
    let (one, other) = (bind()?, bind()?);
    let address = |listener: &TcpListener| listener.local_addr().map_err(BenchError::io("find a free port"));
    Ok((address(&one)?, address(&other)?))
}
