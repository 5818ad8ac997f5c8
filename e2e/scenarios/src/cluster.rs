//! What only the embedded cluster can do: lose a node as by a loss of power, and have it back.

use std::{env, path::PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// The program of the embedded cluster, if the scenarios run on it.
pub async fn embedded() -> Option<Embedded> {
    let program = PathBuf::from(env::var_os("BRAZIER_CLUSTER_BIN")?);
    let used = env::var_os("KUBECONFIG")?;
    let printed = Command::new(&program).arg("kubeconfig").output().await.ok()?;
    let ours = String::from_utf8(printed.stdout).ok()?;
    (ours.trim() == used.to_string_lossy()).then_some(Embedded { program })
}

/// The embedded cluster.
#[derive(Debug)]
pub struct Embedded {
    program: PathBuf,
}

impl Embedded {
    /// A node is lost: it falls silent in the middle of whatever it does.
    ///
    /// # Errors
    /// If it cannot be stopped.
    pub async fn lose(&self, node: &str) -> Result<()> {
        self.run("node-stop", node).await
    }

    /// The node is back.
    ///
    /// # Errors
    /// If it cannot be started.
    pub async fn bring_back(&self, node: &str) -> Result<()> {
        self.run("node-start", node).await
    }

    async fn run(&self, command: &str, node: &str) -> Result<()> {
        let output = Command::new(&self.program)
            .args([command, "--node", node])
            .output()
            .await
            .with_context(|| format!("cluster {command}"))?;
        ensure!(
            output.status.success(),
            "cluster {command} --node {node}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}
