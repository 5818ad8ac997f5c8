//! What runs while a program serves, and how it comes to an end: first the news that it is not ready any more, then the
//! last answers, and the probes last of all.

use std::time::Duration;

use axum::Router;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::listen::{Limits, Listener, ListenerMetrics};

/// How long requests are still accepted after the signal to end, because the news that this program is not ready takes
/// time to reach those who send them. With [`DRAIN`] it fits into the 30 seconds that a program usually has.
pub const NOTICE: Duration = Duration::from_secs(4);
/// How many connections ask for probes at a time.
const PROBES: usize = 256;
/// How long requests may take to come to an end.
const DRAIN: Duration = Duration::from_secs(25);

/// A program that has been started, in part or in full. What is left when it is dropped is cut off.
#[derive(Debug, Default)]
pub struct Serving {
    metrics: ListenerMetrics,
    /// Cancelled when no new requests are wanted.
    ending: CancellationToken,
    /// Cancelled when requests are to come to an end.
    drain: CancellationToken,
    /// Cancelled when nobody needs to ask for probes any more.
    end: CancellationToken,
    listeners: TaskTracker,
    /// What works beside the listeners; ends with the program.
    followers: JoinSet<()>,
}

impl Serving {
    /// Nothing runs yet. Listeners will count in `metrics`.
    pub fn new(metrics: ListenerMetrics) -> Serving {
        Serving {
            metrics,
            ..Serving::default()
        }
    }

    /// Cancelled when the program is about to end, and not ready from then on.
    pub fn ending(&self) -> CancellationToken {
        self.ending.clone()
    }

    /// Does something until the end, like following files.
    pub fn follow(&mut self, follower: impl Future<Output = ()> + Send + 'static) {
        self.followers.spawn(follower);
    }

    /// Does something that takes requests until the end: once the token is cancelled, it takes no more, and returns when
    /// those that are under way have their answers.
    pub fn run<F>(&self, work: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.listeners.spawn(work(self.drain.clone()));
    }

    /// Serves `router` until the end; requests that are under way are answered then.
    pub fn serve(&self, listener: Listener, router: Router) {
        self.run(|drain| listener.run(router, self.metrics.clone(), drain));
    }

    /// Serves `router` to the very end: probes, which tell of the end. However many connections there are, the newest has
    /// room: the kubelet's.
    pub fn serve_probes(&mut self, listener: Listener, router: Router) {
        let listener = listener.with_limits(Limits {
            connections: PROBES,
            disposable: true,
            ..Limits::default()
        });
        let running = listener.run(router, self.metrics.clone(), self.end.clone());
        self.followers.spawn(running);
    }

    /// Ends: says so for the time of `notice`, usually [`NOTICE`], and then lets requests come to their end.
    pub async fn end(self, notice: Duration) {
        tracing::info!("shutting down: finishing requests in flight");
        self.ending.cancel();
        tokio::time::sleep(notice).await;
        self.drain.cancel();
        self.listeners.close();
        match tokio::time::timeout(DRAIN, self.listeners.wait()).await {
            Ok(()) => tracing::info!("shut down; all requests were answered"),
            Err(_elapsed) => tracing::warn!("shut down while requests were being answered"),
        }
        self.end.cancel();
    }
}
