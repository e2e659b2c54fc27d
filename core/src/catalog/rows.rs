//! The rows of a datasplit, opened: every error says file, line and column.

use std::path::Path;

use super::source::{Alone, Part, add_entry};
use super::split::{Row, parse};
use super::{Catalog, Split};
use crate::{Error, Result};

/// See [`Catalog::add_split`].
pub(super) fn add_split(catalog: &mut Catalog, file: &Path, split: Split) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    for row in parse(&read(file)?, file)?.into_iter().filter(|row| row.split == split) {
        let labels = row.labels.as_ref().map(|cell| placed(folder, &cell.path));
        let added = add_entry(catalog, Path::new(&placed(folder, &row.raw.path)), labels.as_deref(), Alone::RawOnly);
        added.map_err(|(part, error)| in_row(file, &row, part, &error))?;
    }
    Ok(())
}

/// The text of a CSV file.
pub(super) fn read(file: &Path) -> Result<String> {
    let path = || file.display().to_string();
    let bytes = std::fs::read(file).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound { path: path() },
        _ => Error::Io { action: "read", path: path(), reason: source.into() },
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        Error::Config {
            file: Some(file.to_owned()),
            line: Some(valid.iter().filter(|&&byte| byte == b'\n').count() + 1),
            key: "CSV".to_owned(),
            problem: "this line is not UTF-8; save the file as UTF-8".to_owned(),
        }
    })
}

/// A path of the file, from the file's folder; a URL stays as it is.
fn placed(folder: &Path, path: &str) -> String {
    if path.contains("://") { path.to_owned() } else { folder.join(path).to_string_lossy().into_owned() }
}

fn in_row(file: &Path, row: &Row, part: Part, error: &Error) -> Error {
    let cell = row.labels.as_ref().filter(|_| part == Part::Labels).unwrap_or(&row.raw);
    let problem = match error {
        Error::Config { problem, .. } => problem.clone(),
        error => error.to_string(),
    };
    Error::Config { file: Some(file.to_owned()), line: Some(row.line), key: cell.column.to_owned(), problem }
}
