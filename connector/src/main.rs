//! The program `brazier-connector`.

use std::process::ExitCode;

use brazier_connector::arguments::Arguments;
use clap::Parser;

fn main() -> ExitCode {
    brazier_connector::run(Arguments::parse())
}
