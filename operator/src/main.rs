//! The program: reads its arguments and runs the operator, or prints the CustomResourceDefinitions.

use std::process::ExitCode;

use brazier_operator::{
    arguments::{Arguments, Command},
    run, uninstall,
};
use brazier_service::{telemetry, trust};
use clap::Parser;

/// Memory comes back to the system when caches shrink only with few arenas; two threads are plenty here.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Crds => print_crds(),
        Command::Left => print_left().await,
        Command::Run(options) => {
            telemetry::start_with(&options.log);
            match run::run(options).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    tracing::error!(error = %telemetry::chain(&error), "the operator ended");
                    ExitCode::FAILURE
                }
            }
        }
    }
}

/// Exit code 1 with a line for each object that would be left behind, 0 if there is none.
async fn print_left() -> ExitCode {
    trust::install_crypto_provider();
    let left = match kube::Client::try_default().await {
        Ok(client) => uninstall::left(&client)
            .await
            .map_err(|error| telemetry::chain(&error).to_string()),
        Err(error) => Err(telemetry::chain(&error).to_string()),
    };
    match left {
        Ok(left) if left.is_empty() => ExitCode::SUCCESS,
        Ok(left) => {
            eprintln!(
                "without an operator nobody looks after these, and they cannot be deleted: delete them first"
            );
            left.iter().for_each(|line| eprintln!("  {line}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("failed to look for what would be left: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_crds() -> ExitCode {
    let printed = brazier_crds::definitions()
        .map_err(|error| error.to_string())
        .and_then(|definitions| {
            definitions
                .iter()
                .map(|one| serde_yaml_ng::to_string(one).map_err(|error| error.to_string()))
                .collect()
        });
    match printed {
        Ok::<Vec<String>, String>(documents) => {
            documents.iter().for_each(|document| print!("---\n{document}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("failed to print the CustomResourceDefinitions: {error}");
            ExitCode::FAILURE
        }
    }
}
