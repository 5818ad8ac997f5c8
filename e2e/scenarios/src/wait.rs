//! Waiting for something to become true, for as long as one would wait at most.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks `probe` again and again until it has an answer, and says after how long that was.
///
/// # Errors
/// If there is none within `limit`, with the last reason.
pub async fn until<T>(
    what: &str,
    limit: Duration,
    mut probe: impl AsyncFnMut() -> Result<T>,
) -> Result<(T, Duration)> {
    let begun = Instant::now();
    loop {
        match probe().await {
            Ok(answer) => return Ok((answer, begun.elapsed())),
            Err(reason) if begun.elapsed() > limit => {
                bail!("{what}: not within {} s: {reason:#}", limit.as_secs())
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}
