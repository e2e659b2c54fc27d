//! The one error of the core: what went wrong, where, and what to do about it, in named fields.

use std::path::PathBuf;
use std::sync::Arc;

/// Result of the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong in the core. Messages are one line; the path comes last.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing at a path.
    #[error("no such file or folder; check the path: {}", plain(path))]
    NotFound {
        /// What was asked for.
        path: String,
    },
    /// A URL where only local paths can be read.
    #[error("remote stores cannot be read yet; copy the data to a local disk and name that folder: {}", plain(url))]
    Remote {
        /// What was asked for.
        url: String,
    },
    /// A folder is there, but it is no Zarr hierarchy.
    #[error(
        "not a Zarr group or array (no zarr.json, .zgroup, .zarray or .zattrs in it); {}: {}",
        plain(hint),
        plain(path)
    )]
    NotZarr {
        /// The folder.
        path: String,
        /// What the user may have meant.
        hint: String,
    },
    /// A Zarr hierarchy is there, but nothing in it that can be trained on.
    #[error("no image here; {}: {}", plain(hint), plain(path))]
    NoImage {
        /// The folder.
        path: String,
        /// What is there instead, or what the user may have meant.
        hint: String,
    },
    /// A crop lacks a class that was asked for.
    #[error("no labels of class {class:?}; this crop has {}: {}", plain(found), plain(path))]
    NoClass {
        /// The crop.
        path: String,
        /// What was asked for.
        class: String,
        /// What there is.
        found: String,
    },
    /// A metadata file is not JSON.
    #[error(
        "broken JSON at line {line}, column {column} ({}); restore or rewrite the file: {}",
        plain(reason),
        plain(path)
    )]
    Json {
        /// The file.
        path: String,
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
        /// The parser's words.
        reason: String,
    },
    /// Metadata is JSON, but does not say what it has to.
    #[error("{}: expected {}, got {}: {}", plain(field), plain(expected), plain(got), plain(path))]
    Metadata {
        /// The group or array.
        path: String,
        /// Dotted path of the field, such as `multiscales[0].axes`.
        field: String,
        /// What the format asks for.
        expected: String,
        /// What is there.
        got: String,
    },
    /// The array's element type cannot be read.
    #[error(
        "data type {} is not supported; supported are bool, u8…u64, i8…i64, f16, f32, f64: {}",
        plain(got),
        plain(path)
    )]
    DataType {
        /// The array.
        path: String,
        /// The type's name in the metadata.
        got: String,
    },
    /// A codec is unknown or not built in.
    #[error(
        "unsupported array encoding ({}); rewrite the array with a codec of the Zarr specification: {}",
        plain(reason),
        plain(path)
    )]
    Codec {
        /// The array.
        path: String,
        /// zarrs' words.
        reason: String,
    },
    /// A chunk is there but cannot be decoded.
    #[error("chunk {chunk:?} is damaged ({}); fetch or write it again: {}", plain(reason), plain(path))]
    ChunkDamaged {
        /// The array.
        path: String,
        /// Position in the array's chunk grid, in the array's own axis order.
        chunk: Vec<u64>,
        /// The codec's words.
        reason: String,
    },
    /// Raw that a sample needs is not in the store, and that is not to be masked.
    #[error(
        "{absent_chunks} of the {chunks} chunks of raw that a sample needs are not in the store; fetch them, or set \
         sampling.absent_chunks = \"mask\": {}",
        plain(path)
    )]
    AbsentChunks {
        /// The raw volume.
        path: String,
        /// How many are not there.
        absent_chunks: usize,
        /// How many are needed.
        chunks: usize,
    },
    /// The operating system refused a read or write.
    #[error("cannot {action} ({}): {}", plain(reason), plain(path))]
    Io {
        /// What was attempted: `read`, `list`, `create`, …
        action: &'static str,
        /// Where.
        path: String,
        /// The system's reason; in the message, and so not the error's source, which whoever prints chains would repeat.
        reason: Arc<std::io::Error>,
    },
    /// A place that cannot be written to.
    #[error("nothing was written: {problem}: {}", plain(path))]
    Target {
        /// Where it was to be written.
        path: String,
        /// What is wrong and what would be right.
        problem: &'static str,
    },
    /// A configuration says something impossible.
    #[error("{}{}: {}", location(file.as_ref(), *line), plain(key), plain(problem))]
    Config {
        /// The file, if the configuration came from one.
        file: Option<PathBuf>,
        /// 1-based line, if known.
        line: Option<usize>,
        /// Dotted key, such as `loader.batch_size`.
        key: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The memory budget is too small for what must be held at once.
    #[error(
        "loader.memory: {} are less than the {} of {what}; raise it, or make patches (shape) or batches (batch_size) smaller",
        binary(*budget_bytes),
        binary(*needed_bytes)
    )]
    Budget {
        /// What must be held.
        what: &'static str,
        /// Its bytes.
        needed_bytes: u64,
        /// The budget.
        budget_bytes: u64,
    },
    /// A box of voxels that no memory holds.
    #[error("a box of {shape:?} voxels does not fit into memory; read a smaller one: {}", plain(path))]
    TooLarge {
        /// The volume.
        path: String,
        /// Voxels, z, y, x.
        shape: [u64; 3],
    },
    /// A thread of the loader ran into a mistake in Microtome itself.
    #[error("{what} failed ({}); this is a mistake in Microtome, please report it with the log", plain(reason))]
    Panicked {
        /// What was being done.
        what: String,
        /// The panic's words.
        reason: String,
    },
    /// The memory handed in for a patch does not have the patch's size.
    #[error("memory for {got} voxels was given for a patch of {shape:?}: {}", plain(path))]
    PatchSize {
        /// The volume.
        path: String,
        /// Voxels of the patch, z, y, x.
        shape: [usize; 3],
        /// Elements given.
        got: usize,
    },
    /// Processes that cannot share an epoch.
    #[error("rank {rank} of {world_size}: {problem}")]
    Share {
        /// The process.
        rank: u64,
        /// How many there are.
        world_size: u64,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A saved state that does not fit what is to go on from it.
    #[error(
        "this saved state does not fit ({differs}); go on with the configuration, data and ranks that it was saved with, \
         or begin without it"
    )]
    State {
        /// What differs, with the old and the new value.
        differs: String,
    },
    /// What came over a connection, or stands in a recording, is no telemetry that can be read.
    #[error("{}: {}", plain(problem), plain(place))]
    Wire {
        /// Address or file.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A loader does not let itself be looked at.
    #[error("the loader refuses ({}): {}", plain(reason), plain(address))]
    Refused {
        /// Where it is.
        address: String,
        /// Its words.
        reason: String,
    },
    /// The loader was stopped while somebody waited for it.
    #[error("the loader was stopped")]
    Stopped,
}

/// Words of a file, a library or the system inside a message: what would break the line is written out.
fn plain(words: &impl ToString) -> String {
    words.to_string().chars().fold(String::new(), |mut plain, c| {
        if c.is_control() {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
        plain
    })
}

/// Bytes in the largest binary unit of which there is at least one, rounded up: what is missing must not look enough.
fn binary(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let unit = (bytes.max(1).ilog2() / 10).min(5);
    let tenths = (u128::from(bytes) * 10).div_ceil(1 << (10 * unit));
    if tenths.is_multiple_of(10) || unit == 0 {
        format!("{} {}", tenths / 10, UNITS[unit as usize])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit as usize])
    }
}

fn location(file: Option<&PathBuf>, line: Option<usize>) -> String {
    match (file, line) {
        (Some(file), Some(line)) => format!("{}:{line}: ", plain(&file.display())),
        (Some(file), None) => format!("{}: ", plain(&file.display())),
        (None, Some(line)) => format!("line {line}: "),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_files_do_not_break_the_line() {
        let key = "input.a\r\nb".to_owned();
        let error =
            Error::Config { file: Some("a\nb.toml".into()), line: Some(2), key, problem: "no\tnumber".to_owned() };
        assert_eq!(error.to_string(), "a\\nb.toml:2: input.a\\r\\nb: no\\tnumber");
        let error = Error::Codec { path: "µ/\u{7f}.zarr".to_owned(), reason: "\"quoted\"".to_owned() };
        assert!(error.to_string().ends_with("Zarr specification: µ/\\u{7f}.zarr"), "{error}");
    }
}
