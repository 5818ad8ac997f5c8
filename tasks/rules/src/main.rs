//! The rules of the house that can be counted; CONTRIBUTING.md has them all. Each file here holds one, which takes texts and
//! gives complaints; only this one reads files. Exit code 1 when a rule is broken.

mod arrows;
mod files;
mod map;
mod rust;
mod words;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};

/// What is wrong where, and what to do instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file, from the root of the repository.
    pub path: String,
    /// A sentence; after the line's number where there is one.
    pub message: String,
}

/// The texts of the repository's files, by their paths from its root.
pub type Texts = BTreeMap<String, String>;

fn main() -> ExitCode {
    let texts = match read() {
        Ok(texts) => texts,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::FAILURE;
        }
    };
    let rules = [files::check, words::check, arrows::check];
    let complaints: Vec<Complaint> = rules.iter().flat_map(|rule| rule(&texts)).collect();
    for Complaint { path, message } in &complaints {
        eprintln!("{path}: {message}");
    }
    match complaints.len() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// What git tracks and what it does not ignore, below the folder in which we are.
fn read() -> Result<Texts, String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .map_err(|error| format!("git cannot be run: {error}"))?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut texts = Texts::new();
    for path in listed.split('\0').filter(|path| is_ours(path)) {
        // Deleted, but not yet committed.
        if !Path::new(path).is_file() {
            continue;
        }
        let text =
            std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
        texts.insert(path.to_owned(), text);
    }
    if texts.is_empty() {
        return Err("there are no files here: run it at the root of the repository".to_owned());
    }
    Ok(texts)
}

fn is_ours(path: &str) -> bool {
    [".rs", ".go", "/Cargo.toml"]
        .iter()
        .any(|end| path.ends_with(end))
        || path == map::PATH
}
