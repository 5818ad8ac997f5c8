//! Metrics as Prometheus reads them, <https://prometheus.io/docs/instrumenting/exposition_formats/>, and those that any
//! process has.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

/// The content type of [`text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A registry that shows how much memory the process holds, for a program to add its own metrics to.
pub fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(ProcessMemory));
    registry
}

/// All metrics of `registry`, as text of type [`CONTENT_TYPE`].
pub fn text(registry: &Registry) -> Result<String, fmt::Error> {
    let mut text = String::new();
    encode(&mut text, registry)?;
    Ok(text)
}

/// Counts in a gauge, and down again when dropped.
#[derive(Debug)]
#[must_use = "counts only while it is kept"]
pub struct Counted(Gauge);

impl Counted {
    /// Counts one in `gauge` from now on.
    pub fn new(gauge: &Gauge) -> Counted {
        gauge.inc();
        Counted(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Looks at the process's memory when metrics are asked for.
#[derive(Debug)]
struct ProcessMemory;

impl Collector for ProcessMemory {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let Some(bytes) = resident_memory() else {
            return Ok(());
        };
        let gauge = ConstGauge::new(bytes);
        let described = encoder.encode_descriptor(
            "process_resident_memory_bytes",
            "Memory that the process holds.",
            None,
            gauge.metric_type(),
        )?;
        gauge.encode(described)
    }
}

/// The resident memory of this process in bytes, as the kernel counts it (proc(5), VmRSS).
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_memory_is_that_of_a_process() {
        let text = text(&registry()).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
        let bytes: u64 = line.unwrap_or_else(|| panic!("{text}")).parse().unwrap();
        assert!((1 << 20..1 << 34).contains(&bytes), "{text}");
        assert!(
            text.contains("# HELP process_resident_memory_bytes Memory that the process holds.\n"),
            "{text}"
        );
    }

    #[test]
    fn what_is_counted_counts_until_it_is_dropped() {
        let gauge = Gauge::default();
        let (one, two) = (Counted::new(&gauge), Counted::new(&gauge));
        assert_eq!(gauge.get(), 2);
        drop((one, two));
        assert_eq!(gauge.get(), 0);
    }
}
