//! Settings of PostgreSQL and the memory that they have to fit into. They are asked about together, before either is
//! applied: PostgreSQL itself says whether it takes the settings and how much memory they come to. Pure.

use std::collections::BTreeMap;

use brazier_crds::{
    fhir_service::{BundledDatabase, parameter},
    resources::{Resources, bytes},
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde::{Deserialize, Serialize};

/// Memory of a member of which the tenant has set none.
pub const MEMORY_LIMIT: &str = "1Gi";
/// What is in no setting: the processes themselves and Patroni.
const OVERHEAD: u64 = 32 << 20;
/// Into this much memory PostgreSQL fits with the settings that Brazier gives it.
const ENOUGH: u64 = 256 << 20;

/// What decides whether a member of a database can start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// PostgreSQL settings of the tenant.
    pub parameters: BTreeMap<String, String>,
    /// Processor and memory of each member.
    pub resources: Resources,
}

/// What is known of the settings that the spec asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// They may be applied, or are.
    Passed,
    /// PostgreSQL has not answered yet; the words say why, if something holds it up.
    Pending(Option<String>),
    /// They are not applied, for this reason.
    Refused(String),
}

/// What PostgreSQL answered when it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// These words: a line `name=value` for each setting in [`ASKED`], or why it does not take them.
    Said(String),
    /// Nothing, since it could not be asked.
    NotAsked(String),
}

/// The settings whose values PostgreSQL is asked for, as it would have them. The first is what all shared memory comes to,
/// for which it looks at all of its configuration.
pub const ASKED: [&str; 7] = [
    "shared_memory_size",
    "work_mem",
    "hash_mem_multiplier",
    "maintenance_work_mem",
    "autovacuum_work_mem",
    "temp_buffers",
    "max_wal_size",
];

impl Settings {
    /// Those that a spec asks for.
    pub fn of(spec: &BundledDatabase) -> Self {
        Settings {
            parameters: spec.parameters.clone(),
            resources: spec.resources.clone(),
        }
    }

    /// The most memory that a member may use.
    pub fn memory_limit(&self) -> Quantity {
        self.resources.memory_limit(MEMORY_LIMIT)
    }

    /// Without those that no tenant may set, should somebody have written them where they were kept.
    #[must_use]
    pub fn allowed(mut self) -> Self {
        self.parameters
            .retain(|name, _| parameter::refusal(name).is_none());
        self
    }

    /// What can be said of them, given what is in force and what PostgreSQL answered.
    pub fn check(&self, in_force: Option<&Settings>, answer: Option<&Answer>, volume: &Quantity) -> Check {
        let refusals: Vec<String> = self
            .parameters
            .keys()
            .filter_map(|name| parameter::refusal(name))
            .collect();
        if !refusals.is_empty() {
            return Check::Refused(refusals.join("; "));
        }
        if self.need_no_check() || in_force == Some(self) {
            return Check::Passed;
        }
        match answer {
            None => Check::Pending(None),
            Some(Answer::NotAsked(why)) => Check::Pending(Some(why.clone())),
            Some(Answer::Said(words)) => match self.judge(words, volume) {
                Ok(()) => Check::Passed,
                Err(why) => Check::Refused(why),
            },
        }
    }

    /// Whether they are Brazier's own, in as much memory as those are known to need.
    fn need_no_check(&self) -> bool {
        self.parameters.is_empty() && bytes(&self.memory_limit()).is_some_and(|limit| limit >= ENOUGH)
    }

    /// Whether what PostgreSQL said means that the members can start and bear a query.
    fn judge(&self, words: &str, volume: &Quantity) -> Result<(), String> {
        let said: BTreeMap<&str, f64> = words
            .lines()
            .filter_map(|line| line.split_once('='))
            .filter_map(|(name, value)| Some((name, value.parse().ok()?)))
            .collect();
        if !ASKED.iter().all(|name| said.contains_key(name)) {
            return Err(format!("PostgreSQL does not take them: {}", one_line(words)));
        }
        let value = |name: &str| said.get(name).copied().unwrap_or_default();
        let kilobytes = |name: &str| (value(name).max(0.0) * 1024.0) as u64;
        let shared = (value("shared_memory_size") * 1_048_576.0) as u64;
        let operations = [
            (
                "work_mem",
                (kilobytes("work_mem") as f64 * value("hash_mem_multiplier")) as u64,
            ),
            ("maintenance_work_mem", kilobytes("maintenance_work_mem")),
            ("autovacuum_work_mem", kilobytes("autovacuum_work_mem")),
            ("temp_buffers", kilobytes("temp_buffers").saturating_mul(8)),
        ];
        let (name, largest) = operations
            .into_iter()
            .max_by_key(|(_, bytes)| *bytes)
            .unwrap_or_default();
        let limit = self.memory_limit();
        let needed = shared.saturating_add(largest).saturating_add(OVERHEAD);
        if bytes(&limit).is_some_and(|limit| needed > limit) {
            return Err(format!(
                "PostgreSQL would take {}Mi of shared memory and up to {}Mi at once by {name}, and a member may use {} in \
                 all: lower them, or raise spec.database.bundled.resources.limits.memory",
                shared >> 20,
                largest >> 20,
                limit.0
            ));
        }
        let log = (value("max_wal_size") * 1_048_576.0) as u64;
        let is_set = self.parameters.contains_key("max_wal_size");
        if is_set && bytes(volume).is_some_and(|volume| log > volume / 2) {
            return Err(format!(
                "max_wal_size lets the write-ahead log take {}Mi, more than half of the volume of {}: lower it",
                log >> 20,
                volume.0
            ));
        }
        Ok(())
    }
}

/// What PostgreSQL wrote in several lines, without the marks of how severe each is.
fn one_line(words: &str) -> String {
    let lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    let said: Vec<&str> = lines
        .filter(|line| !line.contains("contains errors"))
        .map(|line| {
            line.trim_start_matches("LOG:")
                .trim_start_matches("FATAL:")
                .trim()
        })
        .collect();
    said.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(parameters: &[(&str, &str)], memory: &str) -> Settings {
        let resources = serde_json::json!({"limits": {"memory": memory}});
        Settings {
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).to_string(), (*value).to_string()))
                .collect(),
            resources: serde_json::from_value(resources).unwrap(),
        }
    }

    fn said(shared: &str, work: &str, log: &str) -> Answer {
        Answer::Said(format!(
            "shared_memory_size={shared}\nwork_mem={work}\nhash_mem_multiplier=2\nmaintenance_work_mem=65536\n\
             autovacuum_work_mem=-1\ntemp_buffers=1024\nmax_wal_size={log}\n"
        ))
    }

    fn check(settings: &Settings, answer: Option<&Answer>) -> Check {
        settings.check(None, answer, &Quantity("10Gi".to_string()))
    }

    #[test]
    fn what_fits_passes_and_what_does_not_says_by_how_much() {
        let wanted = settings(&[("work_mem", "16MB")], "512Mi");
        assert_eq!(check(&wanted, None), Check::Pending(None));
        assert_eq!(check(&wanted, Some(&said("153", "16384", "1024"))), Check::Passed);
        assert_eq!(
            check(&wanted, Some(&said("1048576", "16384", "1024"))),
            Check::Refused(
                "PostgreSQL would take 1048576Mi of shared memory and up to 64Mi at once by maintenance_work_mem, and a \
                 member may use 512Mi in all: lower them, or raise spec.database.bundled.resources.limits.memory"
                    .to_string()
            )
        );
        let Check::Refused(why) = check(&wanted, Some(&said("153", "1048576", "1024"))) else {
            panic!("two gigabytes for one hash table do not fit into 512Mi");
        };
        assert!(why.contains("up to 2048Mi at once by work_mem"), "{why}");
    }

    #[test]
    fn the_words_of_postgresql_are_told() {
        let wanted = settings(&[("work_mem", "99999GB")], "512Mi");
        let words = "LOG:  104856551424 kB is outside the valid range for parameter \"work_mem\" (64 kB .. 2147483647 kB)\n\
                     FATAL:  configuration file \"/tmp/x/postgresql.conf\" contains errors\n";
        assert_eq!(
            check(&wanted, Some(&Answer::Said(words.to_string()))),
            Check::Refused(
                "PostgreSQL does not take them: 104856551424 kB is outside the valid range for parameter \"work_mem\" (64 \
                 kB .. 2147483647 kB)"
                    .to_string()
            )
        );
    }

    #[test]
    fn a_log_that_fills_the_volume_is_refused() {
        let wanted = settings(&[("max_wal_size", "8GB")], "1Gi");
        let Check::Refused(why) = check(&wanted, Some(&said("153", "4096", "8192"))) else {
            panic!("8GB of 10Gi");
        };
        assert!(why.starts_with("max_wal_size lets"), "{why}");
    }

    #[test]
    fn what_is_in_force_or_our_own_is_not_asked_about() {
        let wanted = settings(&[("work_mem", "16MB")], "512Mi");
        let volume = Quantity("10Gi".to_string());
        assert_eq!(wanted.check(Some(&wanted), None, &volume), Check::Passed);
        assert_eq!(check(&Settings::default(), None), Check::Passed);
        assert_eq!(check(&settings(&[], "64Mi"), None), Check::Pending(None));
    }

    #[test]
    fn what_no_tenant_may_set_is_refused_without_asking() {
        let wanted = settings(&[("archive_command", "sh")], "1Gi");
        assert_eq!(
            check(&wanted, None),
            Check::Refused(
                "archive_command is not for tenants: they run commands or load programs into the database"
                    .to_string()
            )
        );
        assert!(wanted.allowed().parameters.is_empty());
    }
}
