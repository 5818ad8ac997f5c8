//! Waits for what must come to be, and says what was seen last when it does not.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Long enough for anything that is going to happen on a slow machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Asks again and again until `accept` likes what `look` gives.
pub async fn eventually<T: Debug>(mut look: impl AsyncFnMut() -> T, accept: impl Fn(&T) -> bool) -> T {
    let begun = Instant::now();
    loop {
        let seen = look().await;
        if accept(&seen) {
            return seen;
        }
        assert!(
            begun.elapsed() < DEADLINE,
            "it did not come to be; last seen: {seen:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
