//! How much memory a server may use: what its configuration says, else the limit of its container, else a default.

mod cgroup;

use serde::Deserialize;

use super::Problem;
use crate::budget;

/// The name of the field.
const FIELD: &str = "memory";

/// The units in which amounts are written, those of Kubernetes.
const UNITS: [(&str, u64); 6] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
];

/// The memory that a server shares out among its requests and itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// In bytes; [`budget::LEAST`] or more.
    pub bytes: usize,
    /// Who says so: `configuration`, `container` or `default`.
    pub source: &'static str,
    /// The limit of the container, in bytes.
    pub container: Option<u64>,
}

/// An amount as it is written: bytes, or a number with a unit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected an amount of memory, such as 512Mi")]
pub(super) enum Amount {
    /// A plain number, such as 536870912.
    Bytes(u64),
    /// A number with a unit, such as 512Mi.
    Text(String),
}

impl Amount {
    fn bytes(&self) -> Result<u64, Problem> {
        match self {
            Amount::Bytes(bytes) => Ok(*bytes),
            Amount::Text(text) => in_bytes(text).ok_or_else(|| {
                let wrong = format!(
                    "\"{text}\" is no amount of memory; write bytes, or a number with a unit, such as 512Mi or 2Gi"
                );
                Problem::new(FIELD, wrong)
            }),
        }
    }
}

fn in_bytes(text: &str) -> Option<u64> {
    let with_unit = |(unit, bytes): &(&str, u64)| Some((text.strip_suffix(unit)?, *bytes));
    let (number, bytes) = UNITS.iter().find_map(with_unit).unwrap_or((text, 1));
    // `parse` would take a sign, too.
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| is_number)?;
    number.checked_mul(bytes)
}

impl Memory {
    /// What is `written`, or else the limit of this process's container, or else the default.
    pub(super) fn of_configuration(written: Option<&Amount>, problems: &mut Vec<Problem>) -> Memory {
        match choose(written, cgroup::of_this_process()) {
            Ok(memory) => memory,
            Err(problem) => {
                problems.push(problem);
                Memory::by_default(None)
            }
        }
    }

    /// For a trial, which has no configuration: however little its container may have, it is tried.
    pub fn of_trial() -> Memory {
        let container = cgroup::of_this_process();
        choose(None, container).unwrap_or_else(|_too_little| Memory {
            bytes: budget::LEAST,
            ..Memory::by_default(container)
        })
    }

    /// Whether the container would be ended before all of it is used.
    pub fn exceeds_container(&self) -> bool {
        self.container.is_some_and(|limit| in_usize(limit) < self.bytes)
    }

    fn by_default(container: Option<u64>) -> Memory {
        Memory {
            bytes: budget::MEMORY,
            source: "default",
            container,
        }
    }
}

/// What is `written`, or else the limit of the `container`, or else the default; pure.
fn choose(written: Option<&Amount>, container: Option<u64>) -> Result<Memory, Problem> {
    let least = budget::LEAST >> 20;
    let (bytes, source, instead) = match (written, container) {
        (Some(written), _) => {
            let instead =
                format!("write {least}Mi or more, or leave it out: then it is the container's limit");
            (written.bytes()?, "configuration", instead)
        }
        (None, Some(limit)) => {
            let instead = format!(
                "give the container a limit of {least}Mi or more (spec.resources.limits.memory of a FhirService)"
            );
            (limit, "container", instead)
        }
        (None, None) => return Ok(Memory::by_default(None)),
    };
    let bytes = in_usize(bytes);
    if bytes < budget::LEAST {
        let mebibytes = bytes >> 20;
        let wrong = format!("the server may use {mebibytes}Mi, and needs {least}Mi at least; {instead}");
        return Err(Problem::new(FIELD, wrong));
    }
    Ok(Memory {
        bytes,
        source,
        container,
    })
}

fn in_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn amount(yaml: &str) -> Amount {
        serde_yaml_ng::from_str(yaml).unwrap()
    }

    fn chosen(written: Option<&str>, container: Option<u64>) -> Result<(usize, &'static str), String> {
        let written = written.map(amount);
        let chosen = choose(written.as_ref(), container);
        chosen
            .map(|memory| (memory.bytes >> 20, memory.source))
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn what_is_written_goes_before_the_containers_limit_and_that_before_the_default() {
        assert_eq!(chosen(Some("1Gi"), Some(512 * MIB)), Ok((1024, "configuration")));
        assert_eq!(chosen(None, Some(4096 * MIB)), Ok((4096, "container")));
        assert_eq!(chosen(None, None), Ok((512, "default")));
    }

    #[test]
    fn amounts_are_written_as_in_kubernetes() {
        for (yaml, bytes) in [
            ("536870912", 512 * MIB),
            ("512Mi", 512 * MIB),
            ("524288Ki", 512 * MIB),
            ("2Gi", 2048 * MIB),
            ("1G", 1_000_000_000),
            ("\"600M\"", 600_000_000),
            ("700000k", 700_000_000),
        ] {
            assert_eq!(amount(yaml).bytes(), Ok(bytes), "{yaml}");
        }
        for yaml in [
            "512MB",
            "much",
            "'-1'",
            "'+5'",
            "''",
            "Mi",
            "1.5Gi",
            "99999999999999999999Gi",
        ] {
            let refused = amount(yaml).bytes().map_err(|problem| problem.to_string());
            assert!(
                refused
                    .as_ref()
                    .is_err_and(|told| told.contains("write bytes, or a number with a unit")),
                "{yaml}: {refused:?}"
            );
        }
        let shapeless = serde_yaml_ng::from_str::<Amount>("[512]").unwrap_err();
        assert!(shapeless.to_string().contains("such as 512Mi"), "{shapeless}");
    }

    #[test]
    fn too_little_is_refused_with_what_to_write_instead() {
        assert_eq!(
            chosen(Some("64Mi"), None),
            Err("memory: the server may use 64Mi, and needs 256Mi at least; write 256Mi or more, or leave it out: then \
                 it is the container's limit"
                .to_owned())
        );
        assert_eq!(
            chosen(None, Some(255 * MIB)),
            Err("memory: the server may use 255Mi, and needs 256Mi at least; give the container a limit of 256Mi or \
                 more (spec.resources.limits.memory of a FhirService)"
                .to_owned())
        );
        assert!(chosen(Some("256Mi"), None).is_ok());
    }

    #[test]
    fn more_than_the_container_has_is_noticed() {
        let exceeds = |written, container| {
            choose(Some(&amount(written)), container)
                .unwrap()
                .exceeds_container()
        };
        assert!(exceeds("1Gi", Some(512 * MIB)));
        assert!(!exceeds("512Mi", Some(512 * MIB)));
        assert!(!exceeds("1Gi", None));
    }
}
