//! The facts in the repository are what the generator makes of the official package.

use std::process::Command;

#[test]
fn the_definitions_are_what_the_package_says() {
    let crate_folder = env!("CARGO_MANIFEST_DIR");
    let fetched = Command::new("sh")
        .arg(format!("{crate_folder}/fetch-package.sh"))
        .output()
        .unwrap();
    assert!(
        fetched.status.success(),
        "{}",
        String::from_utf8_lossy(&fetched.stderr)
    );
    let package = String::from_utf8(fetched.stdout).unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_brazier-definitions-generator"))
        .args(["--check", "--package", package.trim()])
        .args(["--output", &format!("{crate_folder}/../definitions")])
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
