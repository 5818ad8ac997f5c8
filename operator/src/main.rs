//! The program: reads its arguments and runs the operator, or prints the CustomResourceDefinitions.

use std::process::ExitCode;

use brazier_operator::{
    arguments::{Arguments, Command},
    run,
};
use brazier_service::telemetry;
use clap::Parser;

/// Memory comes back to the system when caches shrink only with few arenas; two threads are plenty here.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Crds => print_crds(),
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
