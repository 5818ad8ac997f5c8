//! Scenarios on a whole cluster: what a tenant does and what may go wrong, on real Kubernetes with the operator
//! installed by the chart. `KUBECONFIG` names the cluster; each scenario has namespaces of its own and removes them.

mod audit_trail;
mod cluster;
mod database;
mod fhir_client;
mod kubectl;
mod network_policy;
mod page;
mod reader;
mod release;
mod report;
mod route;
mod scenario;
mod tenant;
mod traffic;
mod wait;

use std::{process::ExitCode, time::Instant};

use clap::Parser;

/// Runs the scenarios, all or those named.
#[derive(Debug, Parser)]
struct Arguments {
    /// Names of scenarios; all of them when none is given.
    scenarios: Vec<String>,
    /// Lists the scenarios instead of running them.
    #[arg(long)]
    list: bool,
    /// Leaves namespaces as they are after a failure, for a look at what went wrong.
    #[arg(long, env = "KEEP")]
    keep: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        for scenario in scenario::ALL {
            println!("{:<12} {}", scenario.name, scenario.shows);
        }
        return ExitCode::SUCCESS;
    }
    match run(&arguments).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("scenarios: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// How many scenarios failed.
async fn run(arguments: &Arguments) -> anyhow::Result<usize> {
    let chosen = scenario::choose(&arguments.scenarios)?;
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another TLS provider is installed"))?;
    tenant::remove_all().await?;
    release::install().await?;
    let (mut passed, mut failed) = (0, 0);
    for scenario in chosen {
        println!("scenario {}: {}", scenario.name, scenario.shows);
        let begun = Instant::now();
        match scenario.run().await {
            Ok(()) => {
                passed += 1;
                println!(
                    "scenario {}: passed in {} s",
                    scenario.name,
                    begun.elapsed().as_secs()
                );
            }
            Err(error) => {
                failed += 1;
                println!(
                    "scenario {}: FAILED after {} s: {error:#}",
                    scenario.name,
                    begun.elapsed().as_secs()
                );
                report::state().await;
            }
        }
        if failed == 0 || !arguments.keep {
            // They go while the next scenario runs.
            tenant::begin_to_remove_all().await?;
        }
    }
    if failed == 0 || !arguments.keep {
        tenant::remove_all().await?;
    }
    println!("scenarios: {passed} passed, {failed} failed");
    Ok(failed)
}
