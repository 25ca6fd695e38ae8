//! The `sockyard` program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sockyard::run::main()
}
