//! JSON documents out of a store, and errors that point into them.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;
use zarrs::storage::{ReadableStorageTraits, StorageError, StoreKey};

use crate::{Error, Result};

/// The JSON document at `key`, or `None` if there is none. `path` is the document's path in messages.
///
/// # Errors
/// [`Error::Json`] with line and column if it is no JSON, [`Error::Io`] if it cannot be read.
pub fn read_json<S: ReadableStorageTraits + ?Sized>(store: &S, key: &str, path: &str) -> Result<Option<Value>> {
    let io = |error: StorageError| {
        let source = match error {
            StorageError::IOError(source) => source,
            other => Arc::new(std::io::Error::other(other.to_string())),
        };
        Error::Io { action: "read", path: path.to_owned(), reason: source }
    };
    let key = StoreKey::new(key).map_err(|error| io(error.into()))?;
    let Some(bytes) = store.get(&key).map_err(io)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::Json {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
        reason: reason_of(&error),
    })
}

/// The parser's words without its own "at line 1 column 2".
fn reason_of(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split(" at line ").next().unwrap_or(&words).to_owned()
}

/// A value inside a document, and where it stands: errors made here name the field.
#[derive(Clone)]
pub(super) struct Field<'a> {
    /// `None`: the field is missing.
    pub(super) value: Option<&'a Value>,
    /// Dotted path, such as `multiscales[0].axes`.
    pub(super) name: String,
    /// The group or array, in messages.
    pub(super) path: &'a str,
}

impl<'a> Field<'a> {
    /// The value `name` of a document's top level; with no name, the document itself.
    pub(super) fn root(value: Option<&'a Value>, name: &str, path: &'a str) -> Self {
        Self { value, name: name.to_owned(), path }
    }

    /// A member of this object; missing if this is no object or has no such member.
    pub(super) fn get(&self, key: &str) -> Self {
        let name = if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
        Self { value: self.value.and_then(|v| v.get(key)), name, path: self.path }
    }

    /// The elements of this list.
    pub(super) fn items(&self, expected: &str) -> Result<Vec<Self>> {
        let items = self.value.and_then(Value::as_array).ok_or_else(|| self.error(expected))?;
        let item =
            |(index, value)| Self { value: Some(value), name: format!("{}[{index}]", self.name), path: self.path };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// The text of this field.
    pub(super) fn text(&self, expected: &str) -> Result<&'a str> {
        self.value.and_then(Value::as_str).ok_or_else(|| self.error(expected))
    }

    /// True if the field is not there, or null.
    pub(super) fn is_missing(&self) -> bool {
        self.value.is_none_or(Value::is_null)
    }

    /// "`name`: expected `expected`, got (what is there)".
    pub(super) fn error(&self, expected: &str) -> Error {
        let got = self.value.map_or_else(|| "nothing".to_owned(), brief);
        Error::Metadata { path: self.path.to_owned(), field: self.name.clone(), expected: expected.to_owned(), got }
    }
}

/// A value on one short line.
pub(super) fn brief(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        let _ = write!(short, "…");
    }
    short
}
