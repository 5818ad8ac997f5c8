//! PostgreSQL's settings: what a service needs, what its user wants besides, and which of them need a restart.

use serde_json::{Map, Value, json};

use super::super::Bundled;

/// Defaults for fast failover and a service's load, and what the user wants besides.
pub fn all(database: &Bundled) -> Map<String, Value> {
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
    let users = database
        .parameters
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)));
    defaults.into_iter().chain(users).collect()
}

/// Settings that take effect only at a start and that users may set: those of PostgreSQL 17 whose context in
/// `pg_settings` is `postmaster`, without the reserved ones.
const AT_START: [&str; 43] = [
    "autovacuum_freeze_max_age",
    "autovacuum_max_workers",
    "autovacuum_multixact_freeze_max_age",
    "bonjour",
    "bonjour_name",
    "commit_timestamp_buffers",
    "data_sync_retry",
    "dynamic_shared_memory_type",
    "event_source",
    "external_pid_file",
    "huge_page_size",
    "huge_pages",
    "jit_provider",
    "logging_collector",
    "max_connections",
    "max_files_per_process",
    "max_locks_per_transaction",
    "max_logical_replication_workers",
    "max_notify_queue_pages",
    "max_pred_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "min_dynamic_shared_memory",
    "multixact_member_buffers",
    "multixact_offset_buffers",
    "notify_buffers",
    "recovery_target_action",
    "reserved_connections",
    "serializable_buffers",
    "shared_buffers",
    "shared_memory_type",
    "shared_preload_libraries",
    "subtransaction_buffers",
    "superuser_reserved_connections",
    "track_activity_query_size",
    "track_commit_timestamp",
    "transaction_buffers",
    "unix_socket_group",
    "unix_socket_permissions",
    "wal_buffers",
    "wal_decode_buffer_size",
];

/// Whether a setting takes effect only at a start. When one changes, the members are restarted one after the other.
pub fn needs_restart(name: &str) -> bool {
    AT_START.contains(&name)
}
