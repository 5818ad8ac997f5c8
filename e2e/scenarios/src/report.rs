//! What a run tells: a line for each thing seen, and the state of the cluster when something failed.

use crate::kubectl;

/// A thing that was seen to be so.
pub fn seen(what: impl AsRef<str>) {
    println!("  {}", what.as_ref());
}

/// A duration beside the limit that the project aims at.
pub fn duration(what: &str, seconds: f64, limit: f64) {
    let verdict = if seconds <= limit { "within" } else { "OVER" };
    println!(
        "  {what}: {seconds:.1} s ({verdict} the limit of {limit} s, ratio {:.2})",
        seconds / limit
    );
}

/// Prints what is in the cluster, to tell why a scenario failed.
pub async fn state() {
    let questions: [&[&str]; 4] = [
        &["get", "nodes,pods,jobs", "--all-namespaces", "--output=wide"],
        &[
            "get",
            "fhirservices,iotconnectors,roleassignments",
            "--all-namespaces",
            "--output=yaml",
        ],
        &["get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"],
        &[
            "logs",
            "--namespace=brazier-system",
            "--selector=app.kubernetes.io/name=brazier-operator",
            "--tail=40",
        ],
    ];
    for question in questions {
        println!("--- kubectl {}", question.join(" "));
        match kubectl::run(question).await {
            Ok(answer) => println!("{}", last_lines(&answer, 150)),
            Err(error) => println!("{error:#}"),
        }
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
