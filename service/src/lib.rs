//! What every program that serves needs, apart from what it serves. It knows nothing of the programs that use it, and of
//! no field but the web's: HTTP, TLS, signals, logs and metrics; but for `status`, where one of them speaks to another.

pub mod files;
pub mod listen;
pub mod metrics;
pub mod probes;
pub mod serving;
pub mod shutdown;
pub mod status;
pub mod telemetry;
pub mod trust;
