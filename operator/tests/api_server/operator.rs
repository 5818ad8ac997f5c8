//! The operator as a running program. One runs at a time: it looks after the whole cluster. Tests without one take their
//! turn too, since some count every write.

use std::{
    fs::File,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::sync::{Mutex, MutexGuard};

use crate::control_plane;

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// The right to run operators and to write to the cluster, for as long as a test needs it.
pub async fn turn() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().await
}

/// An operator, running or not.
pub struct Operator {
    process: Option<Child>,
    server_image: String,
    _turn: MutexGuard<'static, ()>,
}

/// Waits for the test's turn and starts an operator.
pub async fn start() -> Operator {
    let turn = turn().await;
    control_plane::kubeconfig();
    let mut operator = Operator {
        process: None,
        server_image: "brazier-server:1".to_string(),
        _turn: turn,
    };
    operator.start();
    operator
}

impl Operator {
    /// Starts it again.
    pub fn start(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        self.process = Some(self.spawn("one", &["--no-leader-election"]));
    }

    /// Ends it at once and starts another with more arguments.
    pub fn restart_with(&mut self, more: &[&str]) {
        self.kill();
        let arguments: Vec<&str> = ["--no-leader-election"].iter().chain(more).copied().collect();
        self.process = Some(self.spawn("one", &arguments));
    }

    /// Ends it at once, in the middle of whatever it is at.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Ends it at once and starts another.
    pub fn restart(&mut self) {
        self.kill();
        self.start();
    }

    /// The next start is an upgrade to this image of the server.
    pub fn set_server_image(&mut self, image: &str) {
        self.server_image = image.to_string();
    }

    /// Another process of the operator, for tests of the lease.
    pub fn spawn(&self, identity: &str, more: &[&str]) -> Child {
        let log = std::env::temp_dir().join(format!("brazier-operator-test-{}.log", std::process::id()));
        Command::new(env!("CARGO_BIN_EXE_brazier-operator"))
            .arg("run")
            .args(["--server-image", &self.server_image])
            .args([
                "--connector-image",
                "brazier-connector:1",
                "--database-image",
                "brazier-database:17",
            ])
            .args([
                "--image-pull-policy",
                "Never",
                "--namespace",
                "brazier-system",
                "--identity",
                identity,
            ])
            .args(["--metrics-address", "127.0.0.1:0"])
            .args(more)
            .env("KUBECONFIG", control_plane::operators_kubeconfig())
            // As in its image, which has no certificates of its own to trust.
            .env("SSL_CERT_FILE", "/dev/null")
            .env("SSL_CERT_DIR", "/nonexistent")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::options().create(true).append(true).open(log).unwrap())
            .spawn()
            .unwrap()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks until the answer is something. What was last said instead is in the message when it takes too long.
pub async fn eventually<T, E: std::fmt::Display>(
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    const LONGEST: Duration = Duration::from_secs(60);
    let mut last = String::new();
    let asking = async {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(reason) => last = reason.to_string(),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(LONGEST, asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("waited {LONGEST:?} for {what}: {last}"),
    }
}
