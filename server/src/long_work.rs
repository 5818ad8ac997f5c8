//! Work on the processor that takes more than a few milliseconds: not on a thread that other requests wait for.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Bytes of JSON from which on work with it takes long.
pub const LARGE: usize = 256 << 10;

/// Does `work` with `bytes` bytes of JSON. When that takes long, the requests that are served on this thread go on on another.
pub fn beside_others<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let has_others = || {
        let runtime = Handle::try_current();
        runtime.is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
    };
    if bytes > LARGE && has_others() {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// With one thread for requests, another one must be found for those that wait.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_on_meanwhile() {
        let (done, others) = mpsc::channel();
        let long = tokio::spawn(async move {
            tokio::spawn(async move { done.send(()).unwrap() });
            beside_others(LARGE + 1, || others.recv().unwrap());
        });
        long.await.unwrap();
    }

    #[tokio::test]
    async fn is_done_all_the_same_where_there_is_one_thread() {
        assert_eq!(beside_others(LARGE + 1, || 1), 1);
    }
}
