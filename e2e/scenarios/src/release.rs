//! The operator, installed as a platform team installs it: by Helm, with the images of this checkout.

use std::{env, path::Path};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::report;

/// Namespace of the operator.
pub const NAMESPACE: &str = "brazier-system";

/// Installs it, or upgrades it to this checkout's images.
///
/// # Errors
/// If Helm fails.
pub async fn install() -> Result<()> {
    let tag = env::var("IMAGE_TAG").context("IMAGE_TAG names no images: see tasks/revision")?;
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/brazier");
    let mut command = Command::new("helm");
    command.args(["upgrade", "--install", "brazier"]).arg(chart);
    command.args([
        "--namespace",
        NAMESPACE,
        "--create-namespace",
        "--wait",
        "--timeout",
        "120s",
    ]);
    for part in ["operator", "server", "connector", "database"] {
        command.args(["--set", &format!("images.{part}=localhost/brazier-{part}:{tag}")]);
    }
    let output = command.output().await.context("helm")?;
    ensure!(
        output.status.success(),
        "helm: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    report::seen(format!("the operator of {tag} is installed"));
    Ok(())
}
