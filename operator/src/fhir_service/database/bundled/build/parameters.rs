//! PostgreSQL's settings: what a service needs, what its user wants besides, and which of them need a restart.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::Bundled;

/// Defaults for fast failover and a service's load, and what the user wants besides, of a database as it runs.
pub fn all(database: &Bundled) -> Map<String, Value> {
    with(&database.parameters)
}

/// The same with `parameters` as what the user wants.
pub fn with(parameters: &BTreeMap<String, String>) -> Map<String, Value> {
    let defaults = [
        ("max_connections", "200"),
        ("max_wal_senders", "10"),
        ("max_replication_slots", "10"),
        ("wal_keep_size", "128MB"),
        ("max_slot_wal_keep_size", "1GB"),
        ("wal_compression", "on"),
        ("checkpoint_timeout", "5min"),
        ("hot_standby_feedback", "on"),
        ("wal_sender_timeout", "10s"),
        ("wal_receiver_timeout", "10s"),
        ("wal_receiver_status_interval", "2s"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "15s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("random_page_cost", "1.1"),
        ("log_checkpoints", "off"),
        ("logging_collector", "off"),
    ];
    let defaults = defaults.map(|(name, value)| (name.to_string(), json!(value)));
    let users = parameters
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)));
    defaults.into_iter().chain(users).collect()
}

/// Settings that take effect only at a start and that users may set: those of PostgreSQL 17 whose context in
/// `pg_settings` is `postmaster`.
const AT_START: [&str; 12] = [
    "autovacuum_max_workers",
    "commit_timestamp_buffers",
    "multixact_member_buffers",
    "multixact_offset_buffers",
    "notify_buffers",
    "serializable_buffers",
    "shared_buffers",
    "subtransaction_buffers",
    "track_activity_query_size",
    "transaction_buffers",
    "wal_buffers",
    "wal_decode_buffer_size",
];

/// Whether a setting takes effect only at a start. When one changes, the members are restarted one after the other.
pub fn needs_restart(name: &str) -> bool {
    AT_START.contains(&name)
}
