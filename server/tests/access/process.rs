//! The program itself, started with a configuration file, and what it says.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use brazier_server::configuration::DatabaseConfiguration;
use serde_json::Value;

use super::certificates::{Authority, HOST};
use super::eventually::eventually;
use super::signing::{SigningKey, key_set};

/// A running server.
pub struct Server {
    child: Child,
    log: Arc<Mutex<Vec<Value>>>,
}

/// A folder with everything that a configuration file names.
pub struct Setting {
    pub folder: PathBuf,
    pub authority: Authority,
    pub admin_authority: Authority,
    /// Signs the tokens of the cluster.
    pub key: SigningKey,
    pub access_file: PathBuf,
    pub config: PathBuf,
    _temporary: tempfile::TempDir,
}

impl Setting {
    /// For a service whose database is `database_url`; with no policy document yet.
    pub fn new(database_url: &str) -> Setting {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().to_owned();
        let authority = Authority::new("service authority");
        let admin_authority = Authority::new("operator authority");
        let key = SigningKey::elliptic_curve("cluster");
        authority.issue(&folder.join("tls"), &[HOST], "server");
        admin_authority.write(&folder.join("admin-ca.crt"));
        std::fs::write(folder.join("jwks.json"), key_set(&[&key])).unwrap();
        let database = DatabaseConfiguration::from_url(database_url).unwrap();
        let config = folder.join("server.yaml");
        let yaml = format!(
            "baseUrl: https://{HOST}\n\
             listen: {{fhir: 127.0.0.1:0, admin: 127.0.0.1:0, metrics: 127.0.0.1:0}}\n\
             tls: {{certificateFile: {folder}/tls/tls.crt, keyFile: {folder}/tls/tls.key}}\n\
             admin: {{clientCaFile: {folder}/admin-ca.crt, clientName: brazier-operator}}\n\
             database: {{host: {host}, port: {port}, name: {name}, user: {user}}}\n\
             accessFile: {folder}/policy.json\n\
             authentication:\n  kubernetes:\n    issuer: https://kubernetes.default.svc\n    \
             jwksFile: {folder}/jwks.json\n    audience: https://{HOST}\n",
            folder = folder.display(),
            host = database.host,
            port = database.port,
            name = database.name,
            user = database.user,
        );
        std::fs::write(&config, yaml).unwrap();
        let access_file = folder.join("policy.json");
        Setting {
            folder,
            authority,
            admin_authority,
            key,
            access_file,
            config,
            _temporary: temporary,
        }
    }

    /// Starts the server.
    pub fn start(&self) -> Server {
        Server::start(&["serve", "--config", self.config.to_str().unwrap()])
    }
}

/// Runs the program to its end; its exit code and everything it printed.
pub fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = program().args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

fn program() -> Command {
    Command::new(Path::new(env!("CARGO_BIN_EXE_brazier-server")))
}

impl Server {
    pub fn start(arguments: &[&str]) -> Server {
        let mut child = program().args(arguments).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (lines, kept) = (
            BufReader::new(child.stderr.take().unwrap()).lines(),
            Arc::clone(&log),
        );
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let entry = serde_json::from_str(&line).unwrap_or(Value::String(line));
                kept.lock().unwrap().push(entry);
            }
        });
        Server { child, log }
    }

    /// Where a listener listens, once it does.
    pub async fn address(&self, listener: &str) -> SocketAddr {
        let look = async || self.log.lock().unwrap().clone();
        let listens = |entry: &&Value| entry["message"] == "listening" && entry["listener"] == listener;
        let log = eventually(look, |log| log.iter().any(|entry| listens(&entry))).await;
        let entry = log.iter().find(listens).unwrap();
        entry["address"].as_str().unwrap().parse().unwrap()
    }

    /// A page of the metrics listener: status and text.
    pub async fn health(&self, page: &str) -> (u16, String) {
        let url = format!("http://{}/{page}", self.address("metrics").await);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends SIGTERM, as Kubernetes does to stop a container.
    pub fn terminate(&self) {
        let id = self.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually(async || child.try_wait().unwrap(), Option::is_some)
            .await
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.runs() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}
