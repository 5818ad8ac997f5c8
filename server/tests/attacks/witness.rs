//! Another principal who reads what it may, and the kubelet who asks whether the server lives, each with a new connection
//! every time.

use std::fmt;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::target::Target;

/// Who waits for so long is shut out.
const SHUT_OUT: Duration = Duration::from_secs(30);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);
/// Attempts before an attack: what is usual.
const USUAL: usize = 20;

/// Asks until it is told to stop.
pub struct Witness {
    before: Vec<Duration>,
    stop: CancellationToken,
    asking: JoinHandle<Seen>,
}

/// What it was answered, and how long that took.
#[derive(Debug, Default)]
pub struct Seen {
    before: Vec<Duration>,
    reads: Vec<Duration>,
    probes: Vec<Duration>,
    failures: Vec<String>,
}

impl Witness {
    /// Begins to ask.
    pub async fn begin(target: &Target) -> Witness {
        let patient = r#"{"resourceType":"Patient","id":"witness"}"#;
        target.put("/Patient/witness", patient.to_owned()).await;
        let client = target.client();
        let read = client.get(target.url("/Patient/witness"));
        let read = read.bearer_auth(target.token("witness")).timeout(SHUT_OUT);
        let probe = client.get(format!("http://{}/livez", target.metrics));
        // The probes' port speaks HTTP/1.1 alone without TLS.
        let probe = probe.timeout(SHUT_OUT);
        let mut seen = Seen::default();
        for _attempt in 0..USUAL {
            seen.ask(&read, &probe).await;
        }
        let before = std::mem::take(&mut seen.reads);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let asking = tokio::spawn(async move {
            loop {
                seen.ask(&read, &probe).await;
                if stopped.is_cancelled() {
                    return seen;
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Witness { before, stop, asking }
    }

    /// Ends; what was seen meanwhile.
    pub async fn end(self) -> Seen {
        self.stop.cancel();
        Seen {
            before: self.before,
            ..self.asking.await.unwrap()
        }
    }
}

impl Seen {
    async fn ask(&mut self, read: &reqwest::RequestBuilder, probe: &reqwest::RequestBuilder) {
        for (request, took) in [(read, &mut self.reads), (probe, &mut self.probes)] {
            let begun = Instant::now();
            let answer = request.try_clone().unwrap().send().await;
            match answer.map(|answer| answer.status().as_u16()) {
                Ok(200) => took.push(begun.elapsed()),
                other => self.failures.push(format!("{request:?}: {other:?}")),
            }
        }
    }

    /// Checks that everything was answered.
    pub fn check(&self, kind: &str) {
        assert!(self.failures.is_empty(), "{kind}: {:#?}", self.failures);
        assert!(
            !self.reads.is_empty() && !self.probes.is_empty(),
            "{kind}: {self:?}"
        );
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, reads, probes) = (slow(&self.before), slow(&self.reads), slow(&self.probes));
        let times = self.reads.len();
        write!(
            formatter,
            "of {times} reads by another 99 % took {reads} ms at most ({before} ms before), probes {probes} ms"
        )
    }
}

/// The time within which 99 of 100 are done, in milliseconds.
fn slow(took: &[Duration]) -> u128 {
    let mut took = took.to_vec();
    took.sort_unstable();
    let place = took.len().saturating_sub(1) * 99 / 100;
    took.get(place).map_or(0, Duration::as_millis)
}
