//! Wrong arguments: one line that says what would be right.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::output;

/// Arguments that clap accepts but that make no sense together or on this machine.
#[derive(Debug)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Prints what clap has to say: help as it is, anything else as one line.
pub fn answer(error: &clap::Error, args: &[OsString]) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Fails only if nobody reads it.
        let _unread = error.print();
        return ExitCode::SUCCESS;
    }
    output::complain(&one_line(&error.to_string(), &asked(args)));
    ExitCode::from(2)
}

/// `microtome VERB` if the arguments name a verb, else `microtome`.
fn asked(args: &[OsString]) -> String {
    let command = super::Cli::command();
    let verb = args.get(1).and_then(|first| first.to_str()).filter(|first| command.find_subcommand(first).is_some());
    verb.map_or_else(|| "microtome".to_owned(), |verb| format!("microtome {verb}"))
}

/// Clap's message without its frame: `error:` goes, `tip:`s and lists are joined, the usage is one pointer.
fn one_line(message: &str, command: &str) -> String {
    let body = message.split("\n\nUsage:").next().unwrap_or(message);
    let body = body.split("\n\nFor more information").next().unwrap_or(body);
    let mut line = String::new();
    for piece in body.lines().map(str::trim).filter(|piece| !piece.is_empty()) {
        let (joint, piece) = match piece.strip_prefix("tip: ") {
            Some(tip) => ("; ", tip),
            None => (" ", piece.strip_prefix("error: ").unwrap_or(piece)),
        };
        if !line.is_empty() {
            line.push_str(joint);
        }
        line.push_str(piece);
    }
    format!("{line} (see `{command} --help`)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn complaint(args: &[&str]) -> String {
        let args: Vec<OsString> = ["microtome"].iter().chain(args).map(OsString::from).collect();
        let error = super::super::Cli::try_parse_from(&args).expect_err("wrong arguments");
        one_line(&error.to_string(), &asked(&args))
    }

    #[test]
    fn every_complaint_is_one_line_that_says_what_would_be_right() {
        for (args, parts) in [
            (&["shot", "a.zarr"][..], &["--out <FILE>", "see `microtome shot --help`"][..]),
            (&["shot", "a.zarr", "--out", "b.png", "--size", "big"], &["big", "1600x1000"]),
            (&["bench", "a.zarr", "--second", "3"], &["--second", "--seconds"]),
            (&["bench", "a.zarr", "--seconds", "-3"], &["-3"]),
            (&["bench", "a.zarr", "--seconds", "soon"], &["soon", "seconds"]),
            (&["demo", "--format", "v4"], &["v4", "v2", "v3"]),
            (&["demo", "--size", "256x256"], &["256x256", "ZxYxX"]),
            (&["shot", "a.zarr", "--out", "b.png", "--theme", "pink"], &["pink", "dark", "light"]),
            (&["sample", "a.toml"], &["--out <DIR>"]),
            (&["--nonsense"], &["--nonsense", "see `microtome --help`"]),
        ] {
            let line = complaint(args);
            assert!(!line.contains('\n'), "{args:?}: {line}");
            for part in parts {
                assert!(line.contains(part), "{args:?}: no {part} in: {line}");
            }
        }
    }
}
