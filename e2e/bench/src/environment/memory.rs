//! The memory of a process as Linux counts it.

use crate::error::BenchError;

/// Resident memory of a process, in KiB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Now (`VmRSS`).
    pub resident: u64,
    /// At its highest (`VmHWM`).
    pub peak: u64,
}

impl Memory {
    /// Of a running process.
    pub fn of(process: u32) -> Result<Memory, BenchError> {
        let path = format!("/proc/{process}/status");
        let status = std::fs::read_to_string(&path).map_err(BenchError::io(format!("read {path}")))?;
        let value = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok())
                .unwrap_or(0)
        };
        Ok(Memory {
            resident: value("VmRSS:"),
            peak: value("VmHWM:"),
        })
    }
}
