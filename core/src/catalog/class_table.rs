//! The class table: which id of a combined label array (`all`) is which class, and which classes are groups of others.
//!
//! As `classes.csv` of the CellMap segmentation challenge (cellmap reference 5.3): `name,id,"included ids"`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::volume::{IdMeanings, Presence};
use crate::{Error, Result};

/// One class of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ClassRow {
    name: String,
    id: u64,
    /// The ids that it is made of, down to classes that are no groups; its own id for such a class.
    parts: BTreeSet<u64>,
}

/// Classes by name and id. A class is a group if it includes ids other than its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassTable {
    rows: Vec<ClassRow>,
}

impl ClassTable {
    /// Reads a CSV file of `name,id,"included ids"` without a header; a first row without a digit in its id is skipped as
    /// a header, and lines that begin with `#` are, too. Included ids are separated by commas, semicolons or blanks, may
    /// stand in brackets and may be left out; an included group stands for what it includes, and an included id without a
    /// row of its own for itself.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::Io`] for a file that cannot be read; [`Error::Config`] with file, line and column
    /// for a row that is not as above, a name or id that stands there twice, or the id 0, which is no class.
    pub fn read(file: &Path) -> Result<Self> {
        Self::parse(&super::rows::read(file)?, file)
    }

    /// As [`ClassTable::read`], from text; `file` is only named in errors.
    ///
    /// # Errors
    /// [`Error::Config`] as there.
    pub fn parse(text: &str, file: &Path) -> Result<Self> {
        let wrong = |line: usize, key: &str, problem: String| Error::Config {
            file: Some(file.to_owned()),
            line: Some(line),
            key: key.to_owned(),
            problem,
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut listed: Vec<(String, u64, Vec<u64>)> = Vec::new();
        for (index, record) in reader.records().enumerate() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(1, |position| position.line() as usize);
                wrong(line, "CSV", format!("this row cannot be read: {error}"))
            })?;
            let line = record.position().map_or(1, |position| position.line() as usize);
            let (name, id) = (record.get(0).unwrap_or_default(), record.get(1).unwrap_or_default());
            let number = match id.parse::<u64>() {
                Err(_) if index == 0 && !id.contains(|letter: char| letter.is_ascii_digit()) => continue,
                Err(_) | Ok(0) => {
                    return Err(wrong(line, "column 2 (id)", format!("expected a whole number from 1, got {id:?}")));
                }
                Ok(number) => number,
            };
            if name.is_empty() || listed.iter().any(|(other, _, _)| other == name) {
                let problem = format!("{name:?} is missing or stands here twice; every class needs a name of its own");
                return Err(wrong(line, "column 1 (name)", problem));
            }
            if let Some((other, _, _)) = listed.iter().find(|(_, other, _)| *other == number) {
                return Err(wrong(line, "column 2 (id)", format!("{number} is the id of {other} already")));
            }
            let included = included_ids(record.iter().skip(2)).map_err(|cell| {
                wrong(line, "column 3 (included ids)", format!("expected whole numbers such as \"3,4\", got {cell:?}"))
            })?;
            listed.push((name.to_owned(), number, included));
        }
        if listed.is_empty() {
            let problem = "there is no class in this table; write rows of name,id,\"included ids\"".to_owned();
            return Err(wrong(1, "CSV", problem));
        }
        Ok(Self::new(&listed))
    }

    fn new(listed: &[(String, u64, Vec<u64>)]) -> Self {
        let includes: BTreeMap<u64, &[u64]> = listed.iter().map(|(_, id, included)| (*id, &included[..])).collect();
        let row = |(name, id, _): &(String, u64, Vec<u64>)| {
            let (mut parts, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![*id]);
            while let Some(id) = open.pop() {
                if !seen.insert(id) {
                    continue;
                }
                let others = || includes.get(&id).into_iter().copied().flatten().filter(|other| **other != id);
                open.extend(others());
                if others().next().is_none() {
                    parts.insert(id);
                }
            }
            ClassRow { name: name.clone(), id: *id, parts }
        };
        Self { rows: listed.iter().map(row).collect() }
    }

    /// The names, in the table's order.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.name.as_str())
    }

    /// Whether there is such a class.
    #[must_use]
    pub fn contains(&self, class: &str) -> bool {
        self.row(class).is_some()
    }

    /// What every id of the table, included ones among them, says about `class`, if there is such a class.
    ///
    /// A voxel of some class is of `class` if all that it may be made of belongs to `class`; it is not if nothing of it
    /// does. A voxel of a group that `class` is only a part of says nothing, and neither does an id that is not in the table.
    #[must_use]
    pub fn meanings(&self, class: &str) -> Option<IdMeanings> {
        let wanted = &self.row(class)?.parts;
        // Included ids need no row; where they have one, it comes later and counts.
        let parts = self.rows.iter().flat_map(|row| &row.parts);
        let parts = parts.map(|id| (*id, if wanted.contains(id) { Presence::Present } else { Presence::Absent }));
        Some(IdMeanings::new(parts.chain(self.rows.iter().map(|row| {
            let presence = if row.parts.is_subset(wanted) {
                Presence::Present
            } else if row.parts.is_disjoint(wanted) {
                Presence::Absent
            } else {
                Presence::Unknown
            };
            (row.id, presence)
        }))))
    }

    /// From each class to those with which it shares no part: where one of them is, it is not (`get_class_relations` of the
    /// challenge, cellmap reference 2.7).
    #[must_use]
    pub fn exclusive(&self) -> BTreeMap<String, Vec<String>> {
        let others = |row: &ClassRow| {
            let disjoint = self.rows.iter().filter(|other| other.parts.is_disjoint(&row.parts));
            disjoint.map(|other| other.name.clone()).collect()
        };
        self.rows.iter().map(|row| (row.name.clone(), others(row))).collect()
    }

    /// Whether whoever annotated `listed` annotated `class`: it is among them, or every part of it is.
    pub(super) fn covers(&self, listed: &[String], class: &str) -> bool {
        let is_listed = |id: &u64| self.rows.iter().any(|row| row.id == *id && listed.contains(&row.name));
        listed.iter().any(|name| name == class) || self.row(class).is_some_and(|row| row.parts.iter().all(is_listed))
    }

    fn row(&self, class: &str) -> Option<&ClassRow> {
        self.rows.iter().find(|row| row.name == class)
    }
}

/// The ids in the cells from the third on; a list that is not quoted falls into several.
fn included_ids<'a>(cells: impl Iterator<Item = &'a str>) -> Result<Vec<u64>, &'a str> {
    let mut ids = Vec::new();
    for cell in cells {
        let separators = [',', ';', ' ', '[', ']', '(', ')', '{', '}'];
        for number in cell.split(separators).filter(|number| !number.is_empty()) {
            ids.push(number.parse().map_err(|_| cell)?);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "ecs,1,\"1\"\nmito_mem,3,3\nmito_lum,4,\"4\"\nmito,16,\"3,4\"\nribo,5\norganelle,40,\"[16, 5]\"\n";

    fn parse(text: &str) -> Result<ClassTable> {
        ClassTable::parse(text, Path::new("classes.csv"))
    }

    fn said(table: &ClassTable, class: &str) -> String {
        let meanings = table.meanings(class).unwrap();
        let letter = |id| match meanings.of(id) {
            Presence::Absent => 'a',
            Presence::Present => 'p',
            Presence::Unknown => 'u',
        };
        [0, 1, 3, 4, 5, 16, 40, 7].map(letter).iter().collect()
    }

    #[test]
    fn groups_hold_their_parts_and_a_group_says_nothing_about_one_of_them() {
        let table = parse(TABLE).unwrap();
        // Of the ids 0 (no class), 1, 3, 4, 5, 16 (mito), 40 (organelle) and 7 (not in the table).
        assert_eq!(said(&table, "mito_mem"), "uapaauuu");
        assert_eq!(said(&table, "mito"), "uappapuu");
        assert_eq!(said(&table, "organelle"), "uappppp".to_owned() + "u");
        assert_eq!(said(&table, "ecs"), "upaaaaau");
        assert_eq!(table.meanings("golgi"), None);
        assert_eq!(table.classes().collect::<Vec<_>>(), ["ecs", "mito_mem", "mito_lum", "mito", "ribo", "organelle"]);
    }

    #[test]
    fn included_ids_need_no_row_of_their_own() {
        let table = parse("ecs,1,1\ncell,60,\"2,3,4,5\"\n").unwrap();
        // Of the ids 0, 1, 3, 4, 5, 16, 40 and 7.
        assert_eq!(said(&table, "cell"), "uapppuuu");
        assert_eq!(said(&table, "ecs"), "upaaauuu");
    }

    #[test]
    fn classes_that_share_no_part_exclude_each_other() {
        let exclusive = parse(TABLE).unwrap().exclusive();
        assert_eq!(exclusive["ecs"], ["mito_mem", "mito_lum", "mito", "ribo", "organelle"]);
        assert_eq!(exclusive["mito"], ["ecs", "ribo"]);
        assert_eq!(exclusive["mito_mem"], ["ecs", "mito_lum", "ribo"]);
        assert_eq!(exclusive["organelle"], ["ecs"]);
    }

    #[test]
    fn a_group_is_annotated_where_its_parts_are() {
        let table = parse(TABLE).unwrap();
        let listed = ["mito_mem", "mito_lum", "ecs"].map(str::to_owned);
        assert!(table.covers(&listed, "mito") && table.covers(&listed, "ecs"));
        assert!(!table.covers(&listed, "organelle") && !table.covers(&listed[1..], "mito"));
    }

    #[test]
    fn a_header_is_skipped_and_a_circle_of_groups_ends() {
        assert_eq!(parse(&format!("# c\nname,id,included\n{TABLE}")).unwrap(), parse(TABLE).unwrap());
        let circle = parse("a,1,2\nb,2,\"1;3\"\nc,3\n").unwrap();
        assert_eq!(circle.rows.iter().map(|row| row.parts.len()).collect::<Vec<_>>(), [1, 1, 1]);
    }

    #[test]
    fn mistakes_name_file_line_and_column() {
        for (text, expected) in [
            ("a,1\na,2\n", "classes.csv:2: column 1 (name): \"a\" is missing or"),
            ("a,1\n,2\n", "classes.csv:2: column 1 (name): \"\" is missing or"),
            ("a,1\nb,1\n", "classes.csv:2: column 2 (id): 1 is the id of a already"),
            ("a,1\nb,x\n", "classes.csv:2: column 2 (id): expected a whole number from 1, got \"x\""),
            ("a,1x,1\nb,2\n", "classes.csv:1: column 2 (id): expected a whole number from 1, got \"1x\""),
            ("a,-1\nb,2\n", "classes.csv:1: column 2 (id): expected a whole number from 1, got \"-1\""),
            ("name,id\n", "classes.csv:1: CSV: there is no class in this table"),
            ("", "classes.csv:1: CSV: there is no class in this table"),
            ("a,0\n", "classes.csv:1: column 2 (id): expected a whole number from 1, got \"0\""),
            ("a,1,\"2,x\"\n", "classes.csv:1: column 3 (included ids): expected whole numbers"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}\nexpected {expected}");
        }
    }
}
