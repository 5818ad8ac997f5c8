//! The results as a table for people.

use std::fmt::{self, Display, Formatter};

use crate::results::Results;

/// Prints the results.
pub struct Report<'a>(pub &'a Results);

impl Display for Report<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.circumstances(out)?;
        self.phases(out)?;
        self.sizes(out)?;
        self.limits(out)?;
        self.wrong(out)
    }
}

impl Report<'_> {
    fn circumstances(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Results {
            clients,
            processors,
            data,
            floor,
            ..
        } = self.0;
        writeln!(
            out,
            "{clients} clients, {processors} processors for client, server and database; {} resources in {} bundles, {:.0} MB of JSON",
            data.resources, data.bundles, data.megabytes
        )?;
        if let Some(floor) = floor {
            writeln!(
                out,
                "Floor (pgbench on the same PostgreSQL): {:.0} inserts of 1.2 kB with eight index rows, {:.0} selects by key a second",
                floor.inserts, floor.selects
            )?;
        }
        Ok(())
    }

    /// The phases; `busy` is how many processors client, server and database each used.
    fn phases(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "\n{:<28} {:>10} {:>9} {:>9} {:>9} {:>9} {:>7}   busy: client server database",
            "phase", "per second", "of floor", "p50 ms", "p95 ms", "p99 ms", "failed"
        )?;
        for phase in &self.0.phases {
            let ratio = phase
                .floor_ratio
                .map_or_else(String::new, |ratio| format!("{ratio:.3}"));
            let [median, p95, p99] = phase.milliseconds;
            let busy = phase.processors;
            let verdict = if phase.wrong { "  WRONG" } else { "" };
            writeln!(
                out,
                "{:<28} {:>10.1} {ratio:>9} {median:>9.2} {p95:>9.2} {p99:>9.2} {:>7}         {:>6.2} {:>6.2} {:>8.2}{verdict}",
                phase.name, phase.rate, phase.failures, busy.client, busy.server, busy.database
            )?;
        }
        Ok(())
    }

    fn sizes(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Results {
            server,
            database,
            data,
            ..
        } = self.0;
        if let Some(server) = server {
            writeln!(
                out,
                "\nServer: first answer {:.0} ms after exec on an empty database; memory {:.1} MiB idle, {:.1} MiB at most, {:.1} MiB at rest after the load",
                server.start_seconds * 1000.0,
                server.idle_mib,
                server.peak_mib,
                server.rest_mib
            )?;
        }
        if let Some(database) = database {
            let resources = data.resources.max(1) as f64;
            writeln!(
                out,
                "Database after the import: {:.1} MB, {:.0} bytes a resource, {:.2} times the JSON; the largest parts, in MB:",
                database.megabytes,
                database.megabytes * 1e6 / resources,
                database.megabytes / data.megabytes.max(f64::EPSILON)
            )?;
            for (name, megabytes) in &database.largest {
                writeln!(out, "  {megabytes:>8.1}  {name}")?;
            }
        }
        Ok(())
    }

    fn limits(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.0.limits.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{:<48} {:>10} {:>10}", "limit", "promised", "measured")?;
        for limit in &self.0.limits {
            let verdict = if limit.met { "met" } else { "NOT met" };
            writeln!(
                out,
                "{:<48} {:>10} {:>10.2}  {verdict}",
                limit.name, limit.limit, limit.measured
            )?;
        }
        Ok(())
    }

    fn wrong(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.0.wrong.is_empty() {
            return writeln!(out, "\nEvery answer that was checked is right.");
        }
        writeln!(out, "\nWRONG:")?;
        for wrong in &self.0.wrong {
            writeln!(out, "  {wrong}")?;
        }
        Ok(())
    }
}
