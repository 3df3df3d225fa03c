//! Reads the arguments and starts; everything else is in the library.

use clap::Parser;
use collectoscope::cli::{self, Cli};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
