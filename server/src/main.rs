//! The program `brazier-server`: command line in, exit code out.

use std::process::ExitCode;

use brazier_server::arguments::Arguments;
use brazier_server::command;
use brazier_service::telemetry;
use clap::Parser;
use mimalloc::MiMalloc;

/// Gives memory back after a large request, which the system's allocator keeps: five times less at rest after an import.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    telemetry::start();
    match command::run(arguments.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("brazier-server: {error}");
            error.exit_code()
        }
    }
}
