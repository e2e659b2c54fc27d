//! From TOML text to a checked configuration: every error names file, line and key, and what would be right.

use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::LoaderConfig;
use super::nearest::nearest;
use crate::{Error, Result};

/// Parses and checks. `file` is only named in errors.
pub(super) fn parse(text: &str, file: Option<&Path>) -> Result<LoaderConfig> {
    let file = file.map(Path::to_path_buf);
    let config: LoaderConfig = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Error::Config {
            file: file.clone(),
            line: Some(line_of(text, span.start)),
            key: key_at(text, &span).or_else(|| word_at(text, &span)).unwrap_or_else(|| "TOML".to_owned()),
            problem: in_plain_words(error.message()),
        }
    })?;
    config.validate().map_err(|error| match error {
        Error::Config { key, problem, .. } => {
            Error::Config { file, line: span_of(text, &key).map(|span| line_of(text, span.start)), key, problem }
        }
        other => other,
    })?;
    Ok(config)
}

/// An error about a key, found after parsing, with the file and line of the key; other errors as they are.
pub(super) fn located(file: &Path, error: Error) -> Error {
    let (key, problem) = match error {
        Error::Config { file: None, line: None, key, problem } => (key, problem),
        // Of all that a configuration may ask too much of, only the memory has an error of its own.
        Error::Budget { .. } => {
            let words = error.to_string();
            let problem = words.strip_prefix(&format!("{MEMORY}: ")).unwrap_or(&words).to_owned();
            (MEMORY.to_owned(), problem)
        }
        other => return other,
    };
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = span_of(&text, &key).map(|span| line_of(&text, span.start));
    Error::Config { file: Some(file.to_path_buf()), line, key, problem }
}

/// The key that [`Error::Budget`] is about.
const MEMORY: &str = "loader.memory";

/// 1-based line of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}

/// The dotted key whose name or value lies at `span`.
fn key_at(text: &str, span: &Range<usize>) -> Option<String> {
    let around = |candidate: &Range<usize>| candidate.start <= span.start && span.end <= candidate.end;
    let found = entries(text).into_iter().filter(|entry| around(&entry.name) || around(&entry.value));
    found
        .min_by_key(|entry| {
            let len = |range: &Range<usize>| if around(range) { range.len() } else { usize::MAX };
            // The innermost wins; of a table and a key in it that has the same span, the longer path.
            (len(&entry.name).min(len(&entry.value)), usize::MAX - entry.path.len())
        })
        .map(|entry| entry.path)
}

/// The bare word at `span`, such as a key that stands there twice.
fn word_at(text: &str, span: &Range<usize>) -> Option<String> {
    let word = text.get(span.clone())?;
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_word.then(|| word.to_owned())
}

/// Where a dotted key, or the nearest table around it, stands.
fn span_of(text: &str, key: &str) -> Option<Range<usize>> {
    let is_around =
        |path: &str| key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let around = entries(text).into_iter().filter(|entry| is_around(&entry.path));
    around.max_by_key(|entry| entry.path.len()).map(|entry| entry.name)
}

/// A key of the document: its dotted path, and the bytes of its name and of its value.
pub(super) struct Entry {
    pub(super) path: String,
    name: Range<usize>,
    value: Range<usize>,
}

/// Every key of the document, also of one with mistakes as far as it can be read.
pub(super) fn entries(text: &str) -> Vec<Entry> {
    let (document, _) = DeTable::parse_recoverable(text);
    let mut found = Vec::new();
    walk(document.get_ref(), "", &mut found);
    found
}

fn walk(table: &DeTable<'_>, prefix: &str, found: &mut Vec<Entry>) {
    for (name, value) in table {
        let path = if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
        found.push(Entry { path: path.clone(), name: name.span(), value: value.span() });
        match value.get_ref() {
            DeValue::Table(inner) => walk(inner, &path, found),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    found.push(Entry { path: path.clone(), name: item.span(), value: item.span() });
                    if let DeValue::Table(inner) = item.get_ref() {
                        walk(inner, &path, found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The parser's message in the words of the configuration, on one line; an unknown word names the nearest known one.
fn in_plain_words(message: &str) -> String {
    for (unknown, what) in [("unknown field `", "key"), ("unknown variant `", "value")] {
        if let Some(rest) = message.strip_prefix(unknown) {
            let mut quoted = rest.split('`').step_by(2);
            let word = quoted.next().unwrap_or_default();
            let known: Vec<_> = rest.split('`').skip(2).step_by(2).collect();
            return unknown_word(what, word, &known);
        }
    }
    const WORDS: [(&str, &str); 10] = [
        ("expected usize", "expected a whole number, 0 or more"),
        ("expected u64", "expected a whole number, 0 or more"),
        ("expected f64", "expected a number"),
        ("expected an array of length 3", "expected three values: [z, y, x]"),
        ("expected an array of length 2", "expected two values: [smallest, largest]"),
        ("expected a sequence", "expected a list: [...]"),
        ("expected struct", "expected the table"),
        ("expected a map", "expected a table"),
        ("expected path string", "expected a path in quotes"),
        ("missing field", "missing key"),
    ];
    let plain = WORDS.iter().fold(message.to_owned(), |text, (from, to)| text.replace(from, to));
    plain.lines().collect::<Vec<_>>().join("; ")
}

fn unknown_word(what: &str, word: &str, known: &[&str]) -> String {
    if ["rank", "world_size"].contains(&word) {
        return format!("`{word}` comes from the launcher, not from the file; give it to the loader when it starts");
    }
    match nearest(word, known) {
        Some(best) => {
            format!("unknown {what} `{word}`; the nearest known is `{best}` (known here: {})", known.join(", "))
        }
        None => format!("unknown {what} `{word}`; none is known here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[input.raw]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n";

    fn error_of(text: &str) -> String {
        let error = parse(text, Some(Path::new("train.toml"))).unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error:?}");
        let message = error.to_string();
        assert!(!message.contains('\n'), "{message}");
        message
    }

    #[test]
    fn what_only_the_data_or_the_machine_refuses_is_located_too() {
        let folder = std::env::temp_dir().join(format!("microtome-located-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("train.toml");
        std::fs::write(&file, format!("{GOOD}[loader]\nseed = 1\nmemory = \"1 MiB\"\n")).unwrap();
        let config = LoaderConfig::from_file(&file).unwrap();
        let said = |error| config.locate(error).to_string();
        let budget = said(Error::Budget { what: "one batch", needed_bytes: 443_520, budget_bytes: 1024 });
        assert!(
            budget.contains("train.toml:7: loader.memory: 1 KiB are less than the 433.2 KiB of one batch"),
            "{budget}"
        );
        let other =
            |key: &str| said(Error::Config { file: None, line: None, key: key.to_owned(), problem: "no".to_owned() });
        assert!(other("loader.seed").contains("train.toml:6: loader.seed: no"));
        assert!(other("sampling.small_crops").contains("train.toml: sampling.small_crops: no"), "left out: no line");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn unknown_keys_name_the_nearest_known_one() {
        for (text, expected) in [
            (
                "[loader]\nseed = 3\nbatchsize = 4\n",
                "train.toml:7: loader.batchsize: unknown key `batchsize`; the nearest known is `batch_size`",
            ),
            ("[laoder]\n", "train.toml:5: laoder: unknown key `laoder`; the nearest known is `loader`"),
            (
                "[augment]\nrotat = { z = [-180, 180], probability = 0.5 }\n",
                "train.toml:6: augment.rotat: unknown key `rotat`; the nearest known is `rotate`",
            ),
            (
                "[sampling]\nstrategy = \"uniforn\"\n",
                "train.toml:6: sampling.strategy: unknown value `uniforn`; the nearest known is `uniform`",
            ),
            (
                "[loader]\nworld_size = 2\n",
                "train.toml:6: loader.world_size: `world_size` comes from the launcher, not from the file",
            ),
            (
                "[sampling]\nstrategy = \"balanced\"\n",
                "train.toml:6: sampling.strategy: unknown value `balanced`; the nearest known is `class_balanced`",
            ),
            (
                "[sampling]\nsubset = { counts = 3 }\n",
                "train.toml:6: sampling.subset.counts: unknown key `counts`; the nearest known is `count`",
            ),
            (
                "[data]\nsplits = \"datasplit.csv\"\n",
                "train.toml:6: data.splits: unknown key `splits`; the nearest known is `split`",
            ),
            (
                "[augment]\nmirror = { z = 0.5, w = 0.5 }\n",
                "train.toml:6: augment.mirror.w: unknown key `w`; the nearest known is",
            ),
            (
                "[target.l]\nshap = [8, 8, 8]\n",
                "train.toml:6: target.l.shap: unknown key `shap`; the nearest known is `shape`",
            ),
            (
                "[[data.train]]\nraw = \"a\"\n[[data.train]]\nraws = \"b\"\n",
                "train.toml:8: data.train[1].raws: unknown key `raws`; the nearest known is `raw`",
            ),
        ] {
            let message = error_of(&format!("{GOOD}{text}"));
            assert!(message.starts_with(expected), "{message}\nexpected {expected}");
        }
    }

    #[test]
    fn wrong_types_name_line_and_key_and_what_would_be_right() {
        for (text, expected) in [
            (
                "[loader]\nbatch_size = \"four\"\n",
                "train.toml:6: loader.batch_size: invalid type: string \"four\", expected a whole number",
            ),
            ("[loader]\nbatch_size = -1\n", "train.toml:6: loader.batch_size: "),
            ("[loader]\nmemory = \"4 GiBi\"\n", "train.toml:6: loader.memory: \"4 GiBi\" is no size"),
            (
                "[loader]\nmemory = -4\n",
                "train.toml:6: loader.memory: invalid value: integer `-4`, expected a size such as",
            ),
            (
                "[target.l]\nshape = [8]\n",
                "train.toml:6: target.l.shape: invalid length 1, expected three values: [z, y, x], or two for a plane",
            ),
            ("[target.l]\nshape = [8, 8, 8]\n", "train.toml:5: target.l: missing key `voxel_size_nm`"),
            ("[target.l]\nshape = 8\n", "train.toml:6: target.l.shape: "),
            (
                "[augment.transpose]\naxes = [\"t\"]\n",
                "train.toml:6: augment.transpose.axes[0]: unknown value `t`; the nearest known is",
            ),
            ("[loader\n", "train.toml:5: "),
            ("[loader]\nseed = 1\nseed = 2\n", "train.toml:7: seed: duplicate key"),
        ] {
            let message = error_of(&format!("{GOOD}{text}"));
            assert!(message.starts_with(expected), "{message}\nexpected {expected}");
        }
    }

    #[test]
    fn impossible_values_name_line_and_key() {
        let target = "[target.l]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 8, 8]\n";
        for (text, expected) in [
            ("[loader]\nbatch_size = 0\n".to_owned(), "train.toml:6: loader.batch_size: "),
            ("[loader]\nthreads = 100000\n".to_owned(), "train.toml:6: loader.threads: "),
            ("[loader]\nretries = 1000\n".to_owned(), "train.toml:6: loader.retries: 1000 are too many"),
            ("[augment]\nmirror = { y = 1.5 }\n".to_owned(), "train.toml:6: augment.mirror.y: 1.5 is no probability"),
            ("[augment]\nmirror = { y = nan }\n".to_owned(), "train.toml:6: augment.mirror.y: "),
            (
                "[augment.transpose]\naxes = [\"z\", \"z\"]\nprobability = 1\n".to_owned(),
                "train.toml:6: augment.transpose.axes: \"z\" is listed twice",
            ),
            ("[data]\nclasses = [\"a\", \"a\"]\n".to_owned(), "train.toml:6: data.classes: \"a\" is listed twice"),
            (
                "[data.relations]\ner = [\"mito\", \"er\"]\n".to_owned(),
                "train.toml:6: data.relations.er: \"er\" excludes",
            ),
            (
                "[data.search]\npath = \"{dataset}.zarr\"\n".to_owned(),
                "train.toml:6: data.search.path: {name} is missing",
            ),
            (
                "[data.search]\ncrop_name = \"crop1\"\n".to_owned(),
                "train.toml:6: data.search.crop_name: \"crop1\" does not end in {crop}/{label}",
            ),
            (
                "[data.search]\nvalidation_probability = 2\n".to_owned(),
                "train.toml:6: data.search.validation_probability: 2 is no probability",
            ),
            (
                "[data]\nrelations = { er = [\"a\", \"a\"] }\n".to_owned(),
                "train.toml:6: data.relations.er: \"a\" is listed twice",
            ),
            (
                format!("{target}encoding = \"f16\"\n"),
                "train.toml:8: target.l.encoding: \"f16\" does not suit a target; one of ids, bits, u8, f32, distance",
            ),
            (
                format!("{}encoding = \"ids\"\n", target.replace("8, 8, 8", "8, 0, 8")),
                "train.toml:6: target.l.shape: (8, 0, 8) has no voxel",
            ),
            (
                format!(
                    "{}encoding = \"ids\"\n",
                    target.replace("= [8, 8, 8]\nvoxel", "= [900000, 900000, 900000]\nvoxel")
                ),
                "train.toml:6: target.l.shape: ",
            ),
            (
                format!("{}encoding = \"ids\"\n", target.replace("nm = [8, 8, 8]", "nm = [8, -8, 8]")),
                "train.toml:7: target.l.voxel_size_nm: (8, -8, 8) nm",
            ),
            (
                format!("{}encoding = \"ids\"\n", target.replace("target.l", "target.raw")),
                "train.toml:5: target.raw: there is an input of that name",
            ),
        ] {
            let message = error_of(&format!("{GOOD}{text}"));
            assert!(message.starts_with(expected), "{message}\nexpected {expected}");
        }
        let message = error_of("[loader]\n");
        assert!(message.starts_with("train.toml: input: there is no array to fill"), "{message}");
    }

    #[test]
    fn a_batch_that_cannot_fit_is_a_matter_of_the_budget() {
        let error = parse(&format!("{GOOD}[loader]\nmemory = 1000\n"), None).unwrap_err();
        assert!(matches!(error, Error::Budget { needed_bytes: 8192, budget_bytes: 1000, .. }), "{error:?}");
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let folder = std::env::temp_dir().join(format!("microtome-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("train.toml");
        std::fs::write(
            &file,
            format!("{GOOD}[data]\npath = \"a.zarr\"\nsplit = \"s.csv\"\n[[data.validate]]\nraw = \"s3://b/c\"\n[[data.train]]\nraw = \"b\"\nlabels = \"c/[x,y]\"\n"),
        )
        .unwrap();
        let config = LoaderConfig::from_file(&file).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(config.data.path, Some(folder.join("a.zarr")));
        assert_eq!(config.data.split, Some(folder.join("s.csv")));
        assert_eq!(config.data.validate[0].raw, Path::new("s3://b/c"));
        assert_eq!(config.data.train[0].raw, folder.join("b"));
        assert_eq!(config.data.train[0].labels.as_deref(), folder.join("c/[x,y]").to_str());
        assert!(matches!(LoaderConfig::from_file(&file), Err(Error::NotFound { .. })));
    }
}
