//! Running a program to its end.

use tokio::process::Command;

use crate::error::BenchError;

/// Runs a program and gives back what it printed; a failure carries what it wrote to standard error.
pub async fn run(command: &mut Command) -> Result<String, BenchError> {
    let line = format!("{:?}", command.as_std());
    let output = command
        .kill_on_drop(true)
        .output()
        .await
        .map_err(BenchError::io(format!("run {line}")))?;
    if !output.status.success() {
        let output = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(BenchError::Command {
            command: line,
            output,
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
