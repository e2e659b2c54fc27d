//! Standard output that may be closed by its reader, and one line of complaint on standard error.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write};

/// Where a verb writes its answer.
pub struct Output {
    writer: BufWriter<Stdout>,
}

/// The reader of standard output went away (`microtome info … | head`): not an error.
#[derive(Debug)]
struct ReaderLeft;

impl std::fmt::Display for ReaderLeft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody reads standard output any more")
    }
}

impl std::error::Error for ReaderLeft {}

impl Output {
    /// The process's own standard output.
    pub fn stdout() -> Self {
        Self { writer: BufWriter::new(io::stdout()) }
    }

    /// Writes text as it is.
    pub fn text(&mut self, text: &str) -> anyhow::Result<()> {
        self.writer.write_all(text.as_bytes()).map_err(failure)
    }

    /// Writes a line, and shows it at once.
    pub fn line(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.writer, "{line}").and_then(|()| self.writer.flush()).map_err(failure)
    }

    /// Writes a value as indented JSON.
    pub fn json(&mut self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        self.line(&serde_json::to_string_pretty(value)?)
    }

    /// Writes what is still held back.
    pub fn finish(&mut self) -> anyhow::Result<()> {
        self.writer.flush().map_err(failure)
    }
}

fn failure(error: io::Error) -> anyhow::Error {
    if error.kind() == ErrorKind::BrokenPipe {
        ReaderLeft.into()
    } else {
        anyhow::Error::new(error).context("cannot write to standard output")
    }
}

/// True if a verb ended because its reader had enough.
pub fn reader_left(error: &anyhow::Error) -> bool {
    error.is::<ReaderLeft>()
}

/// One line on standard error, however many the message has.
pub fn complain(message: &str) {
    let line = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    // Nobody is left to tell if this fails.
    let _untold = writeln!(io::stderr(), "microtome: {line}");
}

/// A remark beside the answer, on standard error so that the answer can be piped.
pub fn remark(message: &str) {
    let _untold = writeln!(io::stderr(), "{message}");
}
