//! Every setting of PostgreSQL is either for tenants or left out with a reason, and the page for users says the same.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{collections::BTreeMap, path::Path, process::Command};

use brazier_crds::fhir_service::parameter::{ALLOWED, LEFT_OUT, refusal};

/// What `postgres --describe-config` says of its settings: name and whether a session may set it.
fn described() -> BTreeMap<String, String> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL of the distribution");
    let newest = installed.map(|one| one.unwrap().path()).max().unwrap();
    let answer = Command::new(newest.join("bin/postgres"))
        .arg("--describe-config")
        .output()
        .unwrap();
    let text = String::from_utf8(answer.stdout).unwrap();
    text.lines()
        .map(|line| {
            let mut columns = line.split('\t');
            (
                columns.next().unwrap().to_string(),
                columns.next().unwrap().to_string(),
            )
        })
        .collect()
}

#[test]
fn every_setting_of_postgresql_was_looked_at() {
    let described = described();
    assert!(described.len() > 300, "{} settings", described.len());
    let known: Vec<&str> = LEFT_OUT
        .iter()
        .flat_map(|group| group.names)
        .chain(ALLOWED)
        .copied()
        .collect();
    let unknown: Vec<&String> = described
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    assert!(unknown.is_empty(), "in neither table: {unknown:?}");
}

#[test]
fn no_setting_is_in_two_places() {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for name in LEFT_OUT.iter().flat_map(|group| group.names).chain(ALLOWED) {
        *counts.entry(name).or_default() += 1;
    }
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// Commands, libraries, files and everything about who gets in: what a name gives away of itself.
#[test]
fn nothing_that_runs_commands_or_names_files_is_allowed() {
    let telling = [
        "librar", "_path", "director", "socket", "provider", "ssl", "role", "password", "hba",
    ];
    for name in ALLOWED {
        let tells = telling.iter().any(|part| name.contains(part))
            || name.ends_with("_command")
            || name.ends_with("_file");
        assert!(!tells, "{name}");
    }
}

#[test]
fn a_refusal_says_why() {
    assert_eq!(refusal("work_mem"), None);
    assert_eq!(
        refusal("jit_provider").unwrap(),
        "jit_provider is not for tenants: they run commands or load programs into the database"
    );
    assert_eq!(
        refusal("nonsense").unwrap(),
        "nonsense is not known as a setting of PostgreSQL 17"
    );
}

#[test]
fn the_page_for_users_lists_all_of_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/kind/parameters.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (may, may_not) = page.split_once("## Settings that may not be written").unwrap();
    for name in ALLOWED {
        assert!(
            may.contains(&format!("`{name}`")),
            "{name} is not among those that may be written"
        );
    }
    for group in LEFT_OUT {
        let row = may_not
            .lines()
            .find(|line| line.contains(group.why))
            .expect(group.why);
        for name in group.names {
            assert!(
                row.contains(&format!("`{name}`")),
                "{name} is not in the row of its reason"
            );
        }
    }
}
