//! A server that is attacked, and those who attack it.

use std::io::Write as _;
use std::net::SocketAddr;

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use super::certificates::HOST;
use super::fixture::Database;
use super::process::{Server, Setting, run};
use super::signing::service_account_claims;
use super::witness::Witness;

/// MiB of memory that a server has when nobody says how much.
pub const USUAL: usize = brazier_server::budget::MEMORY >> 20;
/// MiB of memory of the smallest pod.
pub const SMALLEST: usize = brazier_server::budget::LEAST >> 20;
/// The media type of resources.
pub const FHIR: &str = "application/fhir+json";

/// A server over a database of its own, with a policy that lets `writer` and `other` do everything, `reader` and `witness` read,
/// and `nobody` nothing.
pub struct Target {
    pub fhir: SocketAddr,
    pub metrics: SocketAddr,
    setting: Setting,
    server: Server,
    _database: Database,
    _alone: MutexGuard<'static, ()>,
}

/// What an attacker was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Checks that this is refused for what it asks for: with one of `statuses`, and, when it may be tried again, with when.
    #[track_caller]
    pub fn is_refused(&self, statuses: &[u16]) {
        assert!(statuses.contains(&self.status), "{self:?}");
        assert_eq!(self.status == 503, self.retry_after.is_some(), "{self:?}");
    }
}

/// Lets `attack` happen, and checks what it did to others.
pub async fn withstand(kind: &str, attack: impl AsyncFnOnce(&Target)) {
    withstand_with(USUAL, kind, attack).await;
}

/// As [`withstand`], with so many MiB of memory.
pub async fn withstand_with(memory: usize, kind: &str, attack: impl AsyncFnOnce(&Target)) {
    let mut target = Target::start(memory).await;
    let witness = Witness::begin(&target).await;
    attack(&target).await;
    let seen = witness.end().await;
    let peak = target.peak();
    let told = format!("measured: {kind}: {peak} of {memory} MiB of memory at most; {seen}\n");
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(target.server.runs(), "{kind}: the server has ended");
    assert!(peak < memory, "{kind}: {peak} of {memory} MiB");
    seen.check(kind);
}

async fn answered(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (parts, body) = http::Response::from(answer).into_parts();
    let retry_after = parts.headers.get("retry-after");
    Answer {
        status: parts.status.as_u16(),
        retry_after: retry_after.map(|value| value.to_str().unwrap().to_owned()),
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

impl Target {
    async fn start(memory: usize) -> Target {
        // One after the other: what is measured is one server's.
        static ALONE: Mutex<()> = Mutex::const_new(());
        let alone = ALONE.lock().await;
        let database = Database::start();
        let setting = Setting::new(&database.url());
        let may = |name: &str, actions: &[&str]| {
            json!({
                "name": name,
                "principals": [{"kind": "serviceAccount", "namespace": "team-a", "name": name}],
                "dataActions": actions,
            })
        };
        let assignments = [
            may("writer", &["*"]),
            may("other", &["*"]),
            may("reader", &["read", "search"]),
            may("witness", &["read"]),
        ];
        let policy = json!({"version": "1", "assignments": assignments});
        std::fs::write(&setting.access_file, policy.to_string()).unwrap();
        let yaml = std::fs::read_to_string(&setting.config).unwrap();
        std::fs::write(&setting.config, format!("{yaml}memory: {memory}Mi\n")).unwrap();
        let (code, said) = run(&["migrate", "--config", setting.config.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{said}");
        let server = setting.start();
        let (fhir, metrics) = (server.address("fhir").await, server.address("metrics").await);
        Target {
            fhir,
            metrics,
            setting,
            server,
            _database: database,
            _alone: alone,
        }
    }

    /// A client that opens a connection for each request.
    pub fn client(&self) -> reqwest::Client {
        self.builder().pool_max_idle_per_host(0).build().unwrap()
    }

    /// A client whose requests share a connection, and which lets the server send `window` bytes of each answer before it
    /// takes them.
    pub fn connection(&self, window: u32) -> reqwest::Client {
        let builder = self.builder().http2_initial_stream_window_size(window);
        builder.build().unwrap()
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        let mut tls = self.setting.authority.tls(&self.setting.folder, None);
        tls.alpn_protocols = vec![b"h2".to_vec()];
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .resolve(HOST, self.fhir)
            .no_proxy()
    }

    /// Where `path` is.
    pub fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.fhir.port())
    }

    /// The token of the service account `name`.
    pub fn token(&self, name: &str) -> String {
        let claims = service_account_claims("https://service.example", "team-a", name);
        self.setting.key.sign(&claims)
    }

    /// Sends a request of `name` with a body of type `media_type`.
    pub async fn send(
        &self,
        name: &str,
        request: (&str, &str),
        media_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self.request(name, request, media_type);
        answered(request.body(body)).await
    }

    /// The same with a body that is packed as `encoding` says.
    pub async fn send_packed(
        &self,
        name: &str,
        request: (&str, &str),
        (media_type, encoding): (&str, &str),
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self.request(name, request, media_type);
        answered(request.header("content-encoding", encoding).body(body)).await
    }

    fn request(&self, name: &str, request: (&str, &str), media_type: &str) -> reqwest::RequestBuilder {
        let (method, path) = request;
        let method = method.parse().unwrap();
        let request = self.client().request(method, self.url(path));
        request
            .bearer_auth(self.token(name))
            .header("content-type", media_type)
    }

    /// Reads `path` as `name`.
    pub async fn get(&self, name: &str, path: &str) -> Answer {
        self.send(name, ("GET", path), FHIR, "").await
    }

    /// Stores a resource.
    pub async fn put(&self, path: &str, json: String) {
        let answer = self.send("writer", ("PUT", path), FHIR, json).await;
        let text = String::from_utf8_lossy(&answer.body);
        assert!(
            matches!(answer.status, 200 | 201),
            "{}",
            &text[..text.len().min(500)]
        );
    }

    /// Answers of requests that are sent at one time.
    pub async fn together<F: Future<Output = Answer>>(
        &self,
        times: usize,
        request: impl Fn(usize) -> F,
    ) -> Vec<Answer> {
        futures::future::join_all((0..times).map(request)).await
    }

    /// The most memory that the server has had, in MiB, as the kernel counts it (proc(5), VmHWM).
    pub fn peak(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.id())).unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kibibytes: usize = peak.trim().strip_suffix("kB").unwrap().trim().parse().unwrap();
        kibibytes / 1024
    }
}
