//! The script that asks about settings, with a real PostgreSQL: what it takes, what it does not and in which words.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use std::{
    os::unix::{fs::PermissionsExt, process::CommandExt},
    process::Command,
};

use brazier_crds::fhir_service::BundledDatabase;
use brazier_operator::fhir_service::database::bundled::{
    build::{check, parameters},
    settings::{ASKED, Answer, Check, Settings},
};
use serde_json::json;

/// Nobody in particular: PostgreSQL refuses to be run by root.
const NOBODY: u32 = 65534;

/// What PostgreSQL says of the parameters, and what is made of it for a database with this memory limit.
fn ask(parameters_: &[(&str, &str)], memory: &str) -> (i32, Check) {
    let spec: BundledDatabase = serde_json::from_value(json!({
        "parameters": parameters_.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
        "resources": {"limits": {"memory": memory}},
    }))
    .unwrap();
    let settings = Settings::of(&spec);
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let answer = folder.path().join("answer");
    let installed = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL of the distribution");
    let newest = installed.map(|one| one.unwrap().path()).max().unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", check::SCRIPT])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", newest.join("bin").display()))
        .env("LC_ALL", "C")
        .env("TMPDIR", folder.path())
        .env("ASKED", ASKED.join(" "))
        .env("ANSWER", &answer)
        .env(
            "SETTINGS",
            check::settings_file(&parameters::with(&settings.parameters)),
        )
        .current_dir(folder.path());
    if std::fs::metadata("/proc/self")
        .map(|own| std::os::unix::fs::MetadataExt::uid(&own))
        .unwrap()
        == 0
    {
        command.uid(NOBODY).gid(NOBODY);
    }
    let ended = command.output().unwrap();
    let said = std::fs::read_to_string(&answer)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&ended.stderr)));
    let check = settings.check(None, Some(&Answer::Said(said)), &spec.storage.size);
    (ended.status.code().unwrap(), check)
}

#[track_caller]
fn refused(parameters: &[(&str, &str)], memory: &str, words: &str) {
    let (_, check) = ask(parameters, memory);
    let Check::Refused(why) = check else {
        panic!("{parameters:?}: {check:?}");
    };
    assert!(why.contains(words), "{why}");
}

#[test]
fn what_a_member_can_bear_passes() {
    assert_eq!(
        ask(
            &[
                ("work_mem", "16MB"),
                ("shared_buffers", "256MB"),
                ("random_page_cost", "2")
            ],
            "1Gi"
        ),
        (0, Check::Passed)
    );
}

#[test]
fn what_postgresql_does_not_take_is_told_in_its_words() {
    let (code, _) = ask(&[("work_mem", "99999GB")], "1Gi");
    assert_eq!(code, check::REFUSED);
    refused(
        &[("work_mem", "99999GB")],
        "1Gi",
        "invalid value for parameter \"work_mem\": \"99999GB\"",
    );
    refused(
        &[("jit", "perhaps")],
        "1Gi",
        "parameter \"jit\" requires a Boolean value",
    );
    refused(
        &[("shared_buffers", "much")],
        "1Gi",
        "invalid value for parameter \"shared_buffers\": \"much\"",
    );
}

#[test]
fn what_the_memory_of_a_member_could_not_bear_is_refused() {
    refused(&[("shared_buffers", "1TB")], "1Gi", "of shared memory");
    refused(
        &[("shared_buffers", "900MB")],
        "900Mi",
        "a member may use 900Mi in all",
    );
    refused(&[("work_mem", "1GB")], "1Gi", "up to 2048Mi at once by work_mem");
    refused(
        &[("max_wal_size", "9GB")],
        "1Gi",
        "more than half of the volume of 10Gi",
    );
}

/// A value that ends its quotes would be another setting.
#[test]
fn a_value_is_never_more_than_a_value() {
    refused(
        &[("work_mem", "16MB'\nfsync = 'off")],
        "1Gi",
        "PostgreSQL does not take them",
    );
}
