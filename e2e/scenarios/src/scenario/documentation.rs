//! Every command of README.md and docs/, run as a reader runs it: from a fresh folder, in the order of the page.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{
    cluster, kubectl,
    page::{self, Step},
    reader::{Folder, Reader},
    release, report, tenant,
};

/// A page, or a section of one, that is followed.
struct Trial {
    page: &'static str,
    section: Option<&'static str>,
    /// What has happened to the reader before.
    before: &'static str,
    /// What the commands print among other things.
    prints: &'static [&'static str],
}

const fn page(page: &'static str, prints: &'static [&'static str]) -> Trial {
    Trial {
        page,
        section: None,
        before: "",
        prints,
    }
}

const fn section(page: &'static str, section: &'static str, before: &'static str) -> Trial {
    Trial {
        page,
        section: Some(section),
        before,
        prints: &[],
    }
}

const INSTALLATION: &str = "docs/installation.md";

/// What is followed, in this order: a page may go on where the one before it ended.
const TRIALS: [Trial; 10] = [
    Trial {
        page: "README.md",
        section: None,
        // The PostgreSQL of a Debian machine runs, and knows nothing of us yet.
        before: "pg_ctlcluster $(pg_lsclusters --no-header | cut -d ' ' -f 1 | head -n 1) main start || true\n\
                 runuser -u postgres -- psql -c 'DROP DATABASE IF EXISTS fhir' -c 'DROP USER IF EXISTS fhir'",
        prints: &["Chalmers"],
    },
    page("docs/connector.md", &["\"outcome\":\"created\""]),
    page("docs/mapping/README.md", &["heartRate", "Observation"]),
    page("docs/platform.md", &["clinic"]),
    section(INSTALLATION, "Before", ""),
    section(INSTALLATION, "Install", ""),
    section(INSTALLATION, "Upgrade", ""),
    // A service is deleted while no operator is there.
    section(
        INSTALLATION,
        "Remove without the operator",
        "helm uninstall brazier --namespace brazier-system --no-hooks --wait\n\
         kubectl delete fhir/clinic --namespace team-b --wait=false",
    ),
    section(INSTALLATION, "Install", ""),
    section(INSTALLATION, "Remove", ""),
];

/// Commands that are not run here, by how they begin, and what does run them.
const ELSEWHERE: [(&str, &str); 8] = [
    ("make demo", "what follows its builds is run here, tasks/run-demo"),
    ("make test", "runs this"),
    (
        "make bench",
        "takes five minutes on a machine that does nothing else",
    ),
    ("e2e/bench/run", "the same program as make bench"),
    (
        "BRAZIER_COST_WORLDS=",
        "takes many minutes; make test runs its bounded form",
    ),
    (
        "BRAZIER_LEDGER_REQUESTS=",
        "takes many minutes; make test runs its bounded form",
    ),
    ("make lint", "runs before make test in .ci/run"),
    ("cargo build --release", "make test has built the same before"),
];

pub async fn run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    every_page_is_followed(&root)?;
    if cluster::embedded().await.is_none() {
        report::seen(
            "left out: the commands that remove the operator and its definitions are tried on the embedded cluster only",
        );
        return Ok(());
    }
    // Nothing of the scenarios before may still need the operator when it goes.
    tenant::remove_all().await?;
    let reader = Reader::new(&root)?;
    reader.demo().await?;
    report::seen("tasks/run-demo: done");
    kubectl::run(&["delete", "namespace", "team-a", "--timeout=180s"]).await?;
    // What a run that failed has left.
    kubectl::run(&[
        "delete",
        "namespace",
        "team-b",
        "--ignore-not-found",
        "--timeout=180s",
    ])
    .await?;
    let folder = reader.fresh_folder().await?;
    for trial in &TRIALS {
        follow(&reader, &folder, trial, &root).await?;
    }
    release::install().await
}

/// A page with commands that is not among the trials would never be tried.
fn every_page_is_followed(root: &Path) -> Result<()> {
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    collect(&root.join("docs"), &mut pages)?;
    let mut missing = BTreeSet::new();
    for path in pages {
        let name = path.strip_prefix(root)?.display().to_string();
        let text = std::fs::read_to_string(&path).with_context(|| name.clone())?;
        let steps = page::steps(&text, None).map_err(|told| anyhow::anyhow!("{name}: {told}"))?;
        let has_commands = steps.iter().any(|step| match step {
            Step::File { .. } => false,
            Step::Commands { text, .. } => !text.lines().all(|line| elsewhere(line).is_some()),
        });
        if has_commands && !TRIALS.iter().any(|trial| trial.page == name) {
            missing.insert(name);
        }
    }
    ensure!(
        missing.is_empty(),
        "nobody runs the commands of {missing:?}: add the pages to the trials"
    );
    Ok(())
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(())
}

/// Why a line of commands is not run here; also of blank lines and comments.
fn elsewhere(line: &str) -> Option<&'static str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Some("nothing to run");
    }
    ELSEWHERE
        .iter()
        .find(|(beginning, _)| line.starts_with(beginning))
        .map(|(_, reason)| *reason)
}

async fn follow(reader: &Reader, folder: &Folder, trial: &Trial, root: &Path) -> Result<()> {
    let what = match trial.section {
        Some(section) => format!("{}, {section}", trial.page),
        None => trial.page.to_owned(),
    };
    let text = std::fs::read_to_string(root.join(trial.page))?;
    let steps = page::steps(&text, trial.section).map_err(|told| anyhow::anyhow!("{what}: {told}"))?;
    ensure!(!steps.is_empty(), "{what} has nothing to do");
    let mut script = format!("{}\n", trial.before);
    let mut count = 0;
    for step in steps {
        match step {
            Step::File { name, content } => folder.write(&name, &reader.in_this_cluster(&content))?,
            Step::Commands { line, text } => {
                script.push_str(&format!("# line {line}\n"));
                for line in text.lines().filter(|line| elsewhere(line).is_none()) {
                    count += usize::from(!line.starts_with(' '));
                    script.push_str(line);
                    script.push('\n');
                }
            }
        }
    }
    let printed = folder.run(&script).await.with_context(|| what.clone())?;
    for expected in trial.prints {
        ensure!(
            printed.contains(expected),
            "{what}: {expected} is not in {printed}"
        );
    }
    report::seen(format!("{what}: {count} commands"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_documented_that_nobody_tries() {
        every_page_is_followed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    }
}
