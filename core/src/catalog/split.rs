//! CellMap's datasplit CSV, taken apart: which raw volume and which labels are trained on, and which validate.
//!
//! The form is the one of cellmap reference 1.9 and 5.3: no header, cells in quotes, lines that begin with `#` skipped.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What data are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// To learn from.
    #[default]
    Train,
    /// To measure on.
    Validate,
}

/// A path of a row, and the column that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// As it is written; two columns are joined by `/`.
    pub path: String,
    /// Such as `column 4 (gt_container)`.
    pub column: &'static str,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// 1-based.
    pub line: usize,
    pub split: Split,
    pub raw: Cell,
    /// `None`: raw only.
    pub labels: Option<Cell>,
}

const SPLIT: &str = "column 1 (split)";
const RAW_CONTAINER: &str = "column 2 (raw_container)";
const RAW_DATASET: &str = "column 3 (raw_dataset)";
const GT_CONTAINER: &str = "column 4 (gt_container)";
const GT_DATASET: &str = "column 5 (gt_dataset)";
const RAW_PATH: &str = "column 2 (raw_path)";
const GT_PATH: &str = "column 3 (gt_path)";

/// Where a row stands, for errors.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a Path,
    line: usize,
}

impl Place<'_> {
    fn wrong(self, column: &str, problem: impl Into<String>) -> Error {
        Error::Config {
            file: Some(PathBuf::from(self.file)),
            line: Some(self.line),
            key: column.to_owned(),
            problem: problem.into(),
        }
    }
}

/// The rows of a file's text.
///
/// # Errors
/// [`Error::Config`] with file, line and column.
pub(crate) fn parse(text: &str, file: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut first = true;
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
    for (index, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let place = Place { file, line: index + 1 };
        let cells = cells_of(line, place)?;
        if !(first && is_header(&cells)) {
            rows.push(row_of(&cells, place)?);
        }
        first = false;
    }
    Ok(rows)
}

/// The cells of one line. A path never runs over a line's end, so that a line is a record.
fn cells_of(line: &str, place: Place<'_>) -> Result<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(line.as_bytes());
    let record = reader.records().next().transpose().map_err(|error| place.wrong("CSV", error.to_string()))?;
    let mut cells: Vec<String> = record.iter().flatten().map(str::to_owned).collect();
    if line.matches('"').count() % 2 == 1 {
        return Err(place.wrong("CSV", "a quote does not close; write \"…\" around each cell"));
    }
    // Cells that a spreadsheet left behind.
    while cells.len() > 3 && cells.last().is_some_and(String::is_empty) && cells.len() != 5 {
        cells.pop();
    }
    match cells.iter().position(|cell| cell.contains("/[") && !cell.contains(']')) {
        Some(index) => {
            let problem = "the commas in this bracket end the cell; put it into quotes: \"…/crop1/[mito,er]\"";
            Err(place.wrong(&format!("column {}", index + 1), problem))
        }
        None => Ok(cells),
    }
}

/// A header row says what its columns are, and names no place.
fn is_header(cells: &[String]) -> bool {
    const FIRST: [&str; 4] = ["split", "usage", "set", "type"];
    const OTHERS: [&str; 7] = ["raw", "raw_container", "raw_path", "raw_dataset", "gt", "gt_path", "gt_container"];
    let is = |cell: Option<&String>, words: &[&str]| {
        cell.is_some_and(|cell| words.iter().any(|word| cell.eq_ignore_ascii_case(word)))
    };
    is(cells.first(), &FIRST) || (is(cells.get(1), &OTHERS) && is(cells.get(2), &OTHERS))
}

fn row_of(cells: &[String], place: Place<'_>) -> Result<Row> {
    let split = match cells.first().map(String::as_str) {
        Some("train") => Split::Train,
        Some("validate") => Split::Validate,
        other => {
            let problem = format!("expected train or validate, got {:?}", other.unwrap_or_default());
            return Err(place.wrong(SPLIT, problem));
        }
    };
    let (raw, labels) = match cells {
        [_, container, dataset] => three_columns(container, dataset),
        [_, raw_container, raw_dataset, gt_container, gt_dataset] => {
            (joined(raw_container, raw_dataset, RAW_DATASET), five_columns(gt_container, gt_dataset, place)?)
        }
        _ => {
            let problem = format!(
                "expected 5 columns (split, raw_container, raw_dataset, gt_container, gt_dataset) or 3, got {}",
                cells.len()
            );
            return Err(place.wrong("CSV", problem));
        }
    };
    if cells[1].is_empty() {
        return Err(place.wrong(RAW_CONTAINER, "it is empty; name the raw volume"));
    }
    Ok(Row { line: place.line, split, raw, labels })
}

/// The labels of a row of five columns: both cells, or neither.
fn five_columns(container: &str, dataset: &str, place: Place<'_>) -> Result<Option<Cell>> {
    match (container.is_empty(), dataset.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(joined(container, dataset, GT_DATASET))),
        (true, false) => Err(place.wrong(GT_CONTAINER, "it is empty; name it, or leave gt_dataset empty, too")),
        (false, true) => Err(place.wrong(GT_DATASET, "it is empty; name it, or leave gt_container empty, too")),
    }
}

/// Three columns mean `raw_container, raw_dataset` without labels in cellmap-data before 2026.3, and `raw_path, gt_path`
/// since (cellmap reference 1.9). The third column tells: a dataset inside a container is a relative path without a
/// container and without a bracket of classes of its own; anything else is a path to labels. Empty means raw only.
fn three_columns(second: &str, third: &str) -> (Cell, Option<Cell>) {
    let raw = || Cell { path: second.to_owned(), column: RAW_PATH };
    let names_container =
        |text: &str| text.split(['/', '\\']).any(|part| [".zarr", ".n5"].iter().any(|ending| part.ends_with(ending)));
    let is_whole_path = third.starts_with(['/', '\\', '.', '~'])
        || third.contains("://")
        || third.ends_with(']')
        || (names_container(third) && names_container(second));
    if third.is_empty() {
        (raw(), None)
    } else if is_whole_path {
        (raw(), Some(Cell { path: third.to_owned(), column: GT_PATH }))
    } else {
        (joined(second, third, RAW_DATASET), None)
    }
}

fn joined(container: &str, dataset: &str, column: &'static str) -> Cell {
    let path = match dataset.trim_matches('/') {
        "" => container.to_owned(),
        dataset => format!("{}/{dataset}", container.trim_end_matches('/')),
    };
    Cell { path, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(usize, Split, String, Option<String>)> {
        let rows = parse(text, Path::new("datasplit.csv")).unwrap();
        rows.into_iter().map(|row| (row.line, row.split, row.raw.path, row.labels.map(|cell| cell.path))).collect()
    }

    #[test]
    fn five_columns_are_joined_and_empty_labels_are_raw_only() {
        let text = "\u{feff}# made by hand\r\n\"train\",\"a.zarr\",\"recon-1/em/fibsem-uint8\",\"a.zarr\",\
                    \"recon-1/labels/groundtruth/crop1/[nuc,er]\"\r\n\n  # between\nvalidate, b.zarr/ , em,,\n";
        let labels = "a.zarr/recon-1/labels/groundtruth/crop1/[nuc,er]";
        assert_eq!(
            rows(text),
            [
                (2, Split::Train, "a.zarr/recon-1/em/fibsem-uint8".to_owned(), Some(labels.to_owned())),
                (5, Split::Validate, "b.zarr/em".to_owned(), None),
            ]
        );
    }

    #[test]
    fn three_columns_are_told_apart_by_the_third() {
        for (second, third, raw, labels) in [
            ("a.zarr", "recon-1/em/fibsem-uint8", "a.zarr/recon-1/em/fibsem-uint8", None),
            ("data/a", "a.zarr/em", "data/a/a.zarr/em", None),
            ("a.zarr/em", "", "a.zarr/em", None),
            ("a.zarr/em", "gt.zarr/crop1/mito", "a.zarr/em", Some("gt.zarr/crop1/mito")),
            ("a.zarr/em", "\"gt.zarr/[a,b]\"", "a.zarr/em", Some("gt.zarr/[a,b]")),
            ("a/em", "/data/gt/crop1", "a/em", Some("/data/gt/crop1")),
            ("a/em", "../gt/crop1", "a/em", Some("../gt/crop1")),
            ("a.zarr/em", "s3://b/gt.zarr/crop1", "a.zarr/em", Some("s3://b/gt.zarr/crop1")),
        ] {
            let expected = (1, Split::Train, raw.to_owned(), labels.map(str::to_owned));
            assert_eq!(rows(&format!("train,{second},{third}")), [expected]);
        }
    }

    #[test]
    fn a_header_is_recognised_in_the_first_row_only() {
        for header in ["split,raw_container,raw_dataset,gt_container,gt_dataset", "Usage,raw_path,gt_path", ",raw,gt"] {
            assert_eq!(rows(&format!("# c\n{header}\ntrain,a.zarr,em,,\n")).len(), 1);
            assert!(parse(&format!("train,a.zarr,em,,\n{header}\n"), Path::new("x")).is_err());
        }
    }

    #[test]
    fn errors_name_file_line_and_column() {
        for (text, expected) in [
            (
                "train,a.zarr,em,,\ntest,a.zarr,em,,",
                "s.csv:2: column 1 (split): expected train or validate, got \"test\"",
            ),
            ("train,,em,b.zarr,x", "s.csv:1: column 2 (raw_container): it is empty"),
            ("train,a.zarr,em,b.zarr,", "s.csv:1: column 5 (gt_dataset): it is empty"),
            ("train,a.zarr,em,,x", "s.csv:1: column 4 (gt_container): it is empty"),
            ("# c\n\ntrain,a.zarr", "s.csv:3: CSV: expected 5 columns"),
            ("train,a.zarr,em,b.zarr,crop1/[mito,er]", "s.csv:1: column 5: the commas in this bracket end the cell"),
            ("train,\"a.zarr,em,,", "s.csv:1: CSV: a quote does not close"),
        ] {
            let message = parse(text, Path::new("s.csv")).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}\nexpected {expected}");
        }
    }
}
