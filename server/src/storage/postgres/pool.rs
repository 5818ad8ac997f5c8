//! Connections to the database, kept and handed out.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::turns;
use crate::configuration::database::DatabaseConfiguration;
use crate::storage::StorageError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a free connection.
const WAIT_TIMEOUT: Duration = Duration::from_secs(20);

/// The name of the schema that everything lives in.
pub const SCHEMA: &str = "fhir";

/// How statements are to be planned. They are short, so compiling them never pays. Each goes from few rows to others by an
/// index, also while tables are still so small that the planner would rather read them all: a prepared statement keeps
/// its plan while the table grows, until it is analyzed again.
const PLANS: &str = "-c jit=off -c enable_seqscan=off";

/// How often the database looks whether the server is still there while a statement runs.
const CLIENT_CHECK: Duration = Duration::from_secs(5);

/// How long changes that are made together wait for a lock: longer than the database needs to give out what nobody keeps.
const A_MOMENT: Duration = Duration::from_millis(5);

/// What the connections of a pool are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Migrations, which take as long as they take.
    Migrating,
    /// Requests. Prepared statements are planned as PostgreSQL finds best: for what is asked each time, where that may make a
    /// difference.
    Requests,
    /// Changes that are made together, and wait for no lock for longer than a moment.
    SharedWrites,
    /// Statements with one sensible plan, which are planned once: planning would cost more than they do.
    OnePlan,
}

impl Purpose {
    /// Settings of the sessions. Whatever becomes of the server or of a request, the database's own clock ends what it asked for:
    /// each statement, each wait for a lock, a transaction in which nothing happens, and what nobody waits for.
    fn settings(self, database: &DatabaseConfiguration) -> String {
        let plans = match self {
            Purpose::OnePlan => "force_generic_plan",
            Purpose::Migrating | Purpose::Requests | Purpose::SharedWrites => "auto",
        };
        let settings = format!("-c search_path={SCHEMA} {PLANS} -c plan_cache_mode={plans}");
        if self == Purpose::Migrating {
            return settings;
        }
        let lock = match self {
            Purpose::SharedWrites => A_MOMENT,
            _ => turns::PATIENCE.min(database.statement_timeout / 2),
        };
        format!(
            "{settings} -c statement_timeout={statement} -c idle_in_transaction_session_timeout={statement} \
             -c lock_timeout={lock} -c client_connection_check_interval={check}",
            statement = database.statement_timeout.as_millis(),
            lock = lock.as_millis(),
            check = CLIENT_CHECK.as_millis()
        )
    }
}

/// A pool of at most `size` connections. None is made before it is needed.
///
/// # Errors
/// When the configuration makes no pool.
pub fn pool(database: &DatabaseConfiguration, size: usize, purpose: Purpose) -> Result<Pool, StorageError> {
    let mut config = Config::new();
    config
        .host(&database.host)
        .port(database.port)
        .dbname(&database.name)
        .user(&database.user)
        .application_name("brazier-server")
        .options(purpose.settings(database))
        .connect_timeout(CONNECT_TIMEOUT)
        .keepalives_idle(Duration::from_secs(10))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3)
        .tcp_user_timeout(Duration::from_secs(15))
        .target_session_attrs(TargetSessionAttrs::ReadWrite);
    if let Some(password) = &database.password {
        config.password(password.expose());
    }
    let settings = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = match &database.tls {
        Some(tls) => {
            config.ssl_mode(tokio_postgres::config::SslMode::Require);
            Manager::from_config(config, MakeRustlsConnect::new(tls.clone()), settings)
        }
        None => Manager::from_config(config, NoTls, settings),
    };
    Pool::builder(manager)
        .max_size(size)
        .timeouts(Timeouts {
            wait: Some(WAIT_TIMEOUT),
            create: Some(CONNECT_TIMEOUT),
            recycle: None,
        })
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| StorageError::Unavailable(error.to_string()))
}
