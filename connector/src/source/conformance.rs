//! What every source must pass: the contract of [`Source`] as tests, on the real pipeline over a FHIR service in memory that can be
//! held up or taken away. A source plugs in with a [`Rig`] and one line: `conforms!(ItsRig);`. `faulty_sources` tries the suite itself.

mod faulty_sources;
mod held_fhir_service;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Running, Source};
use crate::compatibility::Compatibility;
use crate::identity::IdentityResolution;
use crate::intake::MappedPipeline;
use crate::mapping::device::DeviceMapping;
use crate::mapping::fhir::FhirMapping;
use crate::mapping::in_service::{MappingFiles, Mappings};
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::write::destination::Destination;
use held_fhir_service::HeldFhirService;

/// How messages are read.
pub const COMPATIBILITY: Compatibility = Compatibility::Strict;
/// How long something that must happen may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long is waited for something that must not happen.
const QUIET: Duration = Duration::from_millis(300);

/// A source under test with what surrounds it: for HTTP an address, for a broker a topic of its own.
pub trait Rig: Send + Sync + 'static {
    /// The type of the source under test.
    type Source: Source + 'static;
    /// How many batches it hands in at a time at most.
    const MOST_AT_A_TIME: usize;

    /// Surroundings that nobody else uses.
    fn new() -> impl Future<Output = Self> + Send;

    /// A source that takes the messages sent here. After a crash there is another.
    fn source(&self, metrics: Arc<Metrics>) -> impl Future<Output = Self::Source> + Send;

    /// Sends messages together as the documentation tells senders: again, when the source asks for it or does not answer. Returns when
    /// they are acknowledged.
    fn send(&self, messages: Vec<String>) -> impl Future<Output = ()> + Send;
}

/// A rig with a source that runs in a runtime of its own, so that it can crash with everything it started.
struct Bench<R: Rig> {
    rig: Arc<R>,
    service: Arc<HeldFhirService>,
    metrics: Arc<Metrics>,
    intake: Arc<MappedPipeline<HeldFhirService>>,
}

/// A source that runs.
struct RunningSource {
    /// Present until it is shut down.
    runtime: Option<tokio::runtime::Runtime>,
    run: JoinHandle<()>,
    connected: watch::Receiver<bool>,
    drain: CancellationToken,
}

impl<R: Rig> Bench<R> {
    async fn new() -> Self {
        let service = Arc::new(HeldFhirService::default());
        let metrics = Arc::new(Metrics::new());
        let destination = Destination::new(Arc::clone(&service), IdentityResolution::Create);
        let pipeline = Pipeline::new(vec![destination], Arc::clone(&metrics));
        Self {
            rig: Arc::new(R::new().await),
            service,
            metrics,
            intake: Arc::new(MappedPipeline::new(
                Arc::new(MappingFiles::of(mappings())),
                pipeline,
            )),
        }
    }

    /// Starts a source and waits until it says that messages can come.
    async fn run(&self) -> RunningSource {
        let (connected, mut becomes) = watch::channel(false);
        let drain = CancellationToken::new();
        let running = Running {
            intake: Arc::clone(&self.intake),
            connected,
            drain: drain.clone(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (rig, metrics) = (Arc::clone(&self.rig), Arc::clone(&self.metrics));
        let run = runtime.spawn(async move { rig.source(metrics).await.run(running).await });
        in_time(becomes.wait_for(|connected| *connected)).await.unwrap();
        RunningSource {
            runtime: Some(runtime),
            run,
            connected: becomes,
            drain,
        }
    }

    /// Sends messages of these values as one batch; ends when they are acknowledged.
    fn send(&self, values: impl IntoIterator<Item = usize>) -> JoinHandle<()> {
        self.send_texts(values.into_iter().map(message).collect())
    }

    fn send_texts(&self, messages: Vec<String>) -> JoinHandle<()> {
        let rig = Arc::clone(&self.rig);
        tokio::spawn(async move { rig.send(messages).await })
    }
}

impl RunningSource {
    /// Everything that the source started is gone at once.
    fn crash(self) {
        drop(self);
    }
}

impl Drop for RunningSource {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What is acknowledged is stored, and while it is not yet stored it is not yet acknowledged.
pub async fn nothing_is_acknowledged_before_it_is_stored<R: Rig>() {
    let bench = Bench::<R>::new().await;
    let _source = bench.run().await;
    bench.service.hold();
    let held = bench.send([0]);
    until(|| bench.service.busy() > 0).await;
    tokio::time::sleep(QUIET).await;
    assert!(!held.is_finished(), "acknowledged while it was not stored");
    bench.service.release();
    in_time(held).await.unwrap();
    assert_eq!(bench.service.values(), [0]);
    for value in 1..=20 {
        in_time(bench.send([value])).await.unwrap();
        assert!(bench.service.values().contains(&value), "{value} is lost");
    }
    in_time(bench.send(21..=40)).await.unwrap();
    assert_eq!(bench.service.values(), Vec::from_iter(0..=40));
}

/// What cannot be used is acknowledged, because sending it again would not help; it is counted, and costs no other message.
pub async fn what_is_refused_is_counted_and_costs_no_other<R: Rig>() {
    let bench = Bench::<R>::new().await;
    let _source = bench.run().await;
    let no_device = message(2).replace("\"d\"", "\"x\"");
    let no_number = message(3).replace(":3,", ":\"three\",");
    let messages = vec![message(1), "no JSON".to_owned(), no_device, no_number, message(4)];
    in_time(bench.send_texts(messages)).await.unwrap();
    assert_eq!(bench.service.values(), [1, 4]);
    assert_eq!((bench.metrics.processed(), bench.metrics.rejected()), (5, 3));
}

/// What cannot be stored now is not acknowledged, and taken when the FHIR service is back.
pub async fn what_cannot_be_stored_now_is_taken_later<R: Rig>() {
    let bench = Bench::<R>::new().await;
    let _source = bench.run().await;
    bench.service.go_away();
    let sent = bench.send([1, 2]);
    until(|| bench.service.refusals() >= 2 || sent.is_finished()).await;
    assert!(
        !sent.is_finished(),
        "acknowledged while the FHIR service was away"
    );
    bench.service.come_back();
    in_time(sent).await.unwrap();
    assert_eq!(bench.service.values(), [1, 2]);
    assert_eq!(bench.metrics.processed(), 2);
}

/// A source that is to end finishes what it took, and takes nothing more.
pub async fn what_was_taken_is_finished_before_the_end<R: Rig>() {
    let bench = Bench::<R>::new().await;
    let mut source = bench.run().await;
    bench.service.hold();
    let sent = bench.send([1]);
    until(|| bench.service.busy() > 0).await;
    source.drain.cancel();
    tokio::time::sleep(QUIET).await;
    assert!(
        !source.run.is_finished(),
        "ended before what it had taken was stored"
    );
    bench.service.release();
    in_time(sent).await.unwrap();
    in_time(&mut source.run).await.unwrap();
    assert!(!*source.connected.borrow(), "connected after its end");
    let late = bench.send([2]);
    tokio::time::sleep(QUIET).await;
    assert!(!late.is_finished() && bench.service.values() == [1]);
    late.abort();
}

/// A crash loses nothing: what was not acknowledged comes again, and is stored once.
pub async fn what_a_crash_interrupted_comes_again<R: Rig>() {
    let bench = Bench::<R>::new().await;
    let source = bench.run().await;
    in_time(bench.send([1])).await.unwrap();
    bench.service.hold();
    let sent = bench.send([2]);
    until(|| bench.service.busy() > 0).await;
    source.crash();
    until(|| bench.service.busy() == 0).await;
    let _source = bench.run().await;
    bench.service.release();
    in_time(sent).await.unwrap();
    assert_eq!(bench.service.values(), [1, 2]);
}

/// However much is sent, what is taken at a time has a limit; what is beyond it waits with its sender.
pub async fn what_is_taken_at_a_time_has_a_limit<R: Rig>() {
    let bench = Bench::<R>::new().await;
    let _source = bench.run().await;
    bench.service.hold();
    let sent: Vec<_> = (0..2 * R::MOST_AT_A_TIME + 10)
        .map(|value| bench.send([value]))
        .collect();
    until(|| bench.service.busy() >= R::MOST_AT_A_TIME).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(bench.service.busy(), R::MOST_AT_A_TIME);
    assert!(sent.iter().all(|sent| !sent.is_finished()));
    bench.service.release();
    let all = sent.len();
    for sent in sent {
        in_time(sent).await.unwrap();
    }
    assert_eq!(bench.service.values(), Vec::from_iter(0..all));
}

/// Makes every test of the contract a test of this module, for a source's rig.
macro_rules! conforms {
    ($rig:ty) => {
        $crate::source::conformance::conforms!(
            $rig,
            nothing_is_acknowledged_before_it_is_stored,
            what_is_refused_is_counted_and_costs_no_other,
            what_cannot_be_stored_now_is_taken_later,
            what_was_taken_is_finished_before_the_end,
            what_a_crash_interrupted_comes_again,
            what_is_taken_at_a_time_has_a_limit
        );
    };
    ($rig:ty, $($test:ident),*) => {
        $(
            #[tokio::test]
            async fn $test() {
                $crate::source::conformance::$test::<$rig>().await;
            }
        )*
    };
}
pub(crate) use conforms;

/// A message whose Observation has this value; each value is of another second.
fn message(value: usize) -> String {
    let (minute, second) = (value / 60, value % 60);
    format!(r#"{{"v":{value},"d":"device","p":"patient","at":"2024-01-01T10:{minute:02}:{second:02}Z"}}"#)
}

fn mappings() -> Mappings {
    let device = r#"{"templateType":"CollectionContent","template":[{"templateType":"JsonPathContent","template":{
        "typeName":"count","typeMatchExpression":"$..[?(@v)]","deviceIdExpression":"$.d","patientIdExpression":"$.p",
        "timestampExpression":"$.at","values":[{"required":true,"valueName":"v","valueExpression":"$.v"}]}}]}"#;
    let fhir = r#"{"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":{
        "typeName":"count","codes":[{"system":"urn:example","code":"count"}],"periodInterval":0,
        "value":{"valueType":"Quantity","valueName":"v"}}}]}"#;
    Mappings {
        device: DeviceMapping::compile(device, COMPATIBILITY).unwrap(),
        fhir: FhirMapping::compile(fhir, COMPATIBILITY).unwrap(),
    }
}

async fn in_time<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("it took too long")
}

async fn until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "it took too long");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
