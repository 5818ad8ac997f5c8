//! A PostgreSQL of the benchmark's own: made by initdb, on loopback with a password, with fsync on, gone at the
//! end. One configuration for everything that is measured, the floor included; docs/benchmarks.md has it, too.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as BlockingCommand, Stdio};
use std::time::{Duration, Instant};

use tokio::process::Command;

use super::program::run;
use crate::error::BenchError;

/// The superuser of the cluster.
const USER: &str = "brazier";

/// How long PostgreSQL may take to accept connections.
const START_UP: Duration = Duration::from_secs(60);

/// What differs from PostgreSQL's defaults: shared memory as a small production instance has it, and the settings
/// that the operator gives to the databases it runs.
const SETTINGS: [&str; 6] = [
    "shared_buffers=512MB",
    "max_wal_size=4GB",
    "wal_compression=on",
    "random_page_cost=1.1",
    "timezone=UTC",
    "log_line_prefix=%m [%p] %d ",
];

/// A running PostgreSQL. Dropping it stops it and removes what it wrote.
pub struct Postgres {
    directory: PathBuf,
    binaries: PathBuf,
    password: String,
    port: u16,
    keep: bool,
    process: Child,
}

/// A database in it.
pub struct Database<'a> {
    postgres: &'a Postgres,
    name: &'static str,
}

/// A table or index and its size on disk.
#[derive(Debug)]
pub struct Relation {
    /// `schema.name`.
    pub name: String,
    /// In bytes, TOAST included for tables.
    pub bytes: u64,
}

impl Postgres {
    /// Makes and starts it in a new directory under `parent`. `settings` are further ones, as `name=value`.
    pub async fn start(parent: &Path, settings: &[String], keep: bool) -> Result<Postgres, BenchError> {
        let binaries = binaries()?;
        let directory = parent.join(format!("brazier-bench-{}", std::process::id()));
        let what = format!("make {}", directory.display());
        std::fs::create_dir(&directory).map_err(BenchError::io(&what))?;
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o711))
            .map_err(BenchError::io(&what))?;
        let owner = std::fs::metadata(&directory)
            .map_err(BenchError::io(&what))?
            .uid();
        let user = if owner == 0 {
            Some(unprivileged_user()?)
        } else {
            None
        };
        chown(&directory, user, None).map_err(BenchError::io(&what))?;

        let password = format!("{:032x}", fastrand::u128(..));
        let password_file = directory.join("password");
        std::fs::write(&password_file, &password).map_err(BenchError::io(&what))?;
        chown(&password_file, user, None).map_err(BenchError::io(&what))?;
        let mut initdb = Command::new(binaries.join("initdb"));
        initdb
            .args([
                "--encoding=UTF8",
                "--locale=C",
                "--data-checksums",
                "--auth=scram-sha-256",
                "--username",
                USER,
            ])
            .arg("--pwfile")
            .arg(&password_file)
            .arg("-D")
            .arg(directory.join("data"))
            .current_dir(&directory);
        if let Some(user) = user {
            initdb.uid(user);
        }
        run(&mut initdb).await?;
        std::fs::remove_file(&password_file).map_err(BenchError::io(&what))?;

        let port = free_port()?;
        let process = Self::spawn(&binaries, &directory, port, settings, user)?;
        let postgres = Postgres {
            directory,
            binaries,
            password,
            port,
            keep,
            process,
        };
        postgres.wait_until_ready().await?;
        Ok(postgres)
    }

    fn spawn(
        binaries: &Path,
        directory: &Path,
        port: u16,
        settings: &[String],
        user: Option<u32>,
    ) -> Result<Child, BenchError> {
        use std::os::unix::process::CommandExt;
        let log = std::fs::File::create(directory.join("postgres.log"))
            .map_err(BenchError::io("write PostgreSQL's log"))?;
        let mut postgres = BlockingCommand::new(binaries.join("postgres"));
        postgres
            .arg("-D")
            .arg(directory.join("data"))
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", directory.display()))
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        for setting in SETTINGS.into_iter().chain(settings.iter().map(String::as_str)) {
            postgres.args(["-c", setting]);
        }
        if let Some(user) = user {
            postgres.uid(user);
        }
        postgres.spawn().map_err(BenchError::io("start PostgreSQL"))
    }

    async fn wait_until_ready(&self) -> Result<(), BenchError> {
        let deadline = Instant::now() + START_UP;
        while run(&mut self.program("pg_isready", "postgres")).await.is_err() {
            if Instant::now() > deadline {
                let reason = format!("see {}", self.directory.join("postgres.log").display());
                return Err(BenchError::NotServing {
                    path: "PostgreSQL".to_owned(),
                    reason,
                });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Where it keeps everything; the server's log belongs here, too.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its first process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// Makes an empty database.
    pub async fn create_database(&self, name: &'static str) -> Result<Database<'_>, BenchError> {
        run(self.program("createdb", "postgres").arg(name)).await?;
        Ok(Database { postgres: self, name })
    }

    /// Removes a database.
    pub async fn drop_database(&self, database: Database<'_>) -> Result<(), BenchError> {
        run(self
            .program("dropdb", "postgres")
            .args(["--force", database.name]))
        .await
        .map(drop)
    }

    /// One of PostgreSQL's programs, set up to reach a database.
    fn program(&self, name: &str, database: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", USER)
            .env("PGPASSWORD", &self.password)
            .env("PGSSLMODE", "disable")
            .env("PGDATABASE", database);
        command
    }
}

impl Drop for Postgres {
    /// Ends it at once, as nothing in it is needed any more; unless it is to be kept, then in order.
    fn drop(&mut self) {
        let mode = if self.keep { "fast" } else { "immediate" };
        let mut stop = BlockingCommand::new(self.binaries.join("pg_ctl"));
        stop.args(["stop", "--silent", "-m", mode, "-D"])
            .arg(self.directory.join("data"))
            .current_dir("/");
        if let Ok(metadata) = std::fs::metadata(self.directory.join("data")) {
            use std::os::unix::process::CommandExt;
            stop.uid(metadata.uid());
        }
        if !stop.status().is_ok_and(|status| status.success()) && self.process.kill().is_err() {
            eprintln!("PostgreSQL (process {}) could not be stopped", self.process.id());
        }
        // Reaped either way; its exit status says nothing more.
        self.process.wait().ok();
        if self.keep {
            eprintln!("kept: {}", self.directory.display());
        } else if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("{} could not be removed: {error}", self.directory.display());
        }
    }
}

impl Database<'_> {
    /// The URL by which a server reaches it.
    pub fn url(&self) -> String {
        let Postgres { password, port, .. } = self.postgres;
        format!(
            "postgresql://{USER}:{password}@127.0.0.1:{port}/{}?sslmode=disable",
            self.name
        )
    }

    /// Runs SQL and gives back what psql printed, columns separated by tabs.
    pub async fn query(&self, sql: &str) -> Result<String, BenchError> {
        let mut psql = self.postgres.program("psql", self.name);
        run(psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-F",
            "\t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
        ]))
        .await
    }

    /// Runs pgbench with these arguments and gives back its report.
    pub async fn pgbench(&self, arguments: &[String]) -> Result<String, BenchError> {
        run(self.postgres.program("pgbench", self.name).args(arguments)).await
    }

    /// Its size on disk after a checkpoint, in bytes.
    pub async fn bytes(&self) -> Result<u64, BenchError> {
        self.query("CHECKPOINT").await?;
        let output = self.query("SELECT pg_database_size(current_database())").await?;
        output.trim().parse().map_err(|_| BenchError::Output {
            command: "psql",
            wanted: "size",
            output,
        })
    }

    /// Its largest tables and indexes.
    pub async fn largest(&self, count: usize) -> Result<Vec<Relation>, BenchError> {
        let output = self
            .query(&format!(
                "SELECT relnamespace::regnamespace || '.' || relname, pg_table_size(oid) FROM pg_class \
                 WHERE relkind IN ('r', 'i', 'm') AND relnamespace NOT IN ('pg_toast'::regnamespace) \
                 ORDER BY 2 DESC LIMIT {count}"
            ))
            .await?;
        let relation = |line: &str| {
            let (name, bytes) = line.split_once('\t')?;
            Some(Relation {
                name: name.to_owned(),
                bytes: bytes.parse().ok()?,
            })
        };
        Ok(output.lines().filter_map(relation).collect())
    }

    /// Waits until autovacuum has analyzed what changed and is at rest, at most as long as `patience`, and until what was
    /// written is on the disk: else the disk would be busy with it while something else is measured. Gives back how long it
    /// took.
    pub async fn settle(&self, patience: Duration) -> Result<Duration, BenchError> {
        let start = Instant::now();
        while start.elapsed() < patience {
            let output = self
                .query(
                    "SELECT (SELECT count(*) FROM pg_stat_user_tables \
                         WHERE n_live_tup > 1000 AND n_mod_since_analyze > 50 + n_live_tup / 10) \
                     + (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker')",
                )
                .await?;
            if output.trim() == "0" {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.query("CHECKPOINT").await?;
        Ok(start.elapsed())
    }
}

fn free_port() -> Result<u16, BenchError> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(BenchError::io("find a free port"))?;
    Ok(listener
        .local_addr()
        .map_err(BenchError::io("find a free port"))?
        .port())
}

/// Where `initdb`, `postgres` and `pgbench` are: what `pg_config` says, the newest of Debian's directories, the PATH.
fn binaries() -> Result<PathBuf, BenchError> {
    let configured = BlockingCommand::new("pg_config").arg("--bindir").output().ok();
    let configured = configured.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .collect();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let complete = |directory: &PathBuf| {
        ["initdb", "postgres", "pg_ctl", "pgbench", "psql"]
            .iter()
            .all(|name| directory.join(name).exists())
    };
    let candidates = configured
        .into_iter()
        .chain(debian.into_iter().rev().map(|(_, directory)| directory));
    candidates
        .chain(std::env::split_paths(&path))
        .find(complete)
        .ok_or(BenchError::Missing {
            program: "PostgreSQL 15 or later",
            advice: "on Debian: apt-get install postgresql",
        })
}

/// PostgreSQL refuses to be run by root: `postgres` where there is such a user, else `nobody`.
fn unprivileged_user() -> Result<u32, BenchError> {
    let id_of = |name: &&str| -> Option<u32> {
        let output = BlockingCommand::new("id").args(["-u", name]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    ["postgres", "nobody"]
        .iter()
        .find_map(id_of)
        .ok_or(BenchError::Missing {
            program: "a user `postgres` or `nobody`",
            advice: "run as a user other than root",
        })
}
