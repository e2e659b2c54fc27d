//! The command line: arguments to a verb.

fn main() {}
