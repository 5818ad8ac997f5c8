//! kubectl, as a tenant or a platform engineer uses it: the scenarios do what people do.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::{io::AsyncWriteExt, process::Command};

/// A command that is not yet run.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("kubectl");
    command.args(arguments).kill_on_drop(true);
    command
}

/// Runs it and gives what it printed.
///
/// # Errors
/// If it fails, with what it printed as an error.
pub async fn run(arguments: &[&str]) -> Result<String> {
    run_with_input(arguments, "").await
}

/// The same with something on its standard input.
///
/// # Errors
/// If it fails, with what it printed as an error.
pub async fn run_with_input(arguments: &[&str], input: &str) -> Result<String> {
    let what = || format!("kubectl {}", arguments.join(" "));
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(what)?;
    let mut standard_input = child.stdin.take().with_context(what)?;
    standard_input
        .write_all(input.as_bytes())
        .await
        .with_context(what)?;
    drop(standard_input);
    let output = child.wait_with_output().await.with_context(what)?;
    ensure!(
        output.status.success(),
        "{}: {}",
        what(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs it with `--output=json`.
///
/// # Errors
/// If it fails or prints something else.
pub async fn json(arguments: &[&str]) -> Result<Value> {
    let mut arguments = arguments.to_vec();
    arguments.push("--output=json");
    let text = run(&arguments).await?;
    serde_json::from_str(&text).with_context(|| format!("kubectl {} printed no JSON", arguments.join(" ")))
}

/// The objects of a list, narrowed down as kubectl does.
///
/// # Errors
/// If it fails.
pub async fn list(arguments: &[&str]) -> Result<Vec<Value>> {
    let mut all = vec!["get"];
    all.extend(arguments);
    match json(&all).await?["items"].take() {
        Value::Array(items) => Ok(items),
        _ => Ok(Vec::new()),
    }
}

/// Applies manifests by server-side apply.
///
/// # Errors
/// If one is refused.
pub async fn apply(manifests: &str) -> Result<()> {
    run_with_input(&["apply", "--server-side", "--filename=-"], manifests)
        .await
        .map(drop)
}
