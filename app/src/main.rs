//! The binary: arguments to a verb, and what becomes of its result.

mod verbs;

use std::process::ExitCode;

fn main() -> ExitCode {
    verbs::main(std::env::args_os().collect())
}
