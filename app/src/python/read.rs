//! The settings of a training script: names at the top of the module, and keywords of cellmap-data's calls.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use microtome_core::loader::cellmap::{Imported, Setting, Settings, import, is_known};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, ModModule, Stmt};

use super::evaluate::Evaluator;

/// Training scripts are some kilobytes long.
const LARGEST_BYTES: u64 = 256 << 10;
/// A tree as deep as such a text can make it is walked and dropped on a stack of this size, of which only what is used is
/// ever there.
const STACK_BYTES: usize = 512 << 20;

/// The configuration of a script for cellmap-data.
///
/// # Errors
/// A file that cannot be read, is no Python, or says no arrays to load; a setting that is not what it should be.
pub fn config(file: &Path) -> anyhow::Result<Imported> {
    let length = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
    if length > LARGEST_BYTES {
        bail!("{} bytes are too much for a training script ({LARGEST_BYTES} at most): {}", length, file.display());
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let settings = settings(&text).with_context(|| format!("not taken over: {}", file.display()))?;
    Ok(import(&settings, Some(file))?)
}

/// What a script says to cellmap-data: what its module assigns under the names that cellmap-data and the segmentation
/// challenge know, and the keywords of calls such as `CellMapDataSplit(…)`, which count more. Text that is one dictionary
/// is that of the settings.
///
/// # Errors
/// Text that is no Python: the line and what is wrong there.
pub fn settings(text: &str) -> anyhow::Result<Settings> {
    stacker::grow(STACK_BYTES, || {
        let parsed = ruff_python_parser::parse_module(text).map_err(|error| {
            let line = line_of(text, error.location.start().to_usize());
            anyhow::anyhow!("line {line}: {}", error.error)
        })?;
        Ok(of_module(parsed.syntax(), text))
    })
}

/// 1-based.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn of_module(module: &ModModule, text: &str) -> Settings {
    let mut evaluator = Evaluator { text, names: BTreeMap::new() };
    let mut alone = None;
    for statement in &module.body {
        match statement {
            Stmt::Assign(assign) => {
                let value = evaluator.value(&assign.value);
                for target in &assign.targets {
                    evaluator.assign(target, &value);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let value = evaluator.value(value);
                    evaluator.assign(&assign.target, &value);
                }
            }
            Stmt::Expr(statement) => alone = alone.or(Some(evaluator.value(&statement.value))),
            _ => {}
        }
    }
    let mut calls = Calls { evaluator: &evaluator, found: Settings::new() };
    calls.visit_body(&module.body);
    let found = calls.found;
    let mut settings: Settings = evaluator.names.into_iter().filter(|(name, _)| is_known(name)).collect();
    if let Some(Setting::Map(entries)) = alone {
        settings.extend(entries);
    }
    settings.extend(found);
    settings
}

/// Calls that make datasets and loaders, wherever they stand.
struct Calls<'a> {
    evaluator: &'a Evaluator<'a>,
    found: Settings,
}

/// A call's name, and the names of its first arguments (cellmap reference 1.2, 1.7 and 1.8).
const CALLS: [(&str, &[&str]); 4] = [
    ("CellMapDataSplit", &["input_arrays", "target_arrays", "classes"]),
    ("CellMapDataset", &["raw_path", "target_path", "classes", "input_arrays", "target_arrays"]),
    ("CellMapDataLoader", &["dataset", "classes", "batch_size"]),
    ("get_dataloader", &["config", "datasplit_path", "classes", "batch_size", "input_array_info", "target_array_info"]),
];

impl Visitor<'_> for Calls<'_> {
    fn visit_expr(&mut self, expr: &Expr) {
        if let Expr::Call(call) = expr {
            self.take(call);
        }
        walk_expr(self, expr);
    }
}

impl Calls<'_> {
    fn take(&mut self, call: &ExprCall) {
        let name = match &*call.func {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return,
        };
        let Some((_, places)) = CALLS.iter().find(|(known, _)| *known == name) else { return };
        let arguments = &call.arguments;
        // The loader of what is validated on has other keywords.
        let is_validation = |first: &Expr| self.evaluator.source(first).contains("valid");
        if name == "CellMapDataLoader" && arguments.args.first().is_some_and(is_validation) {
            return;
        }
        let by_place = places.iter().zip(&arguments.args).map(|(name, value)| ((*name).to_owned(), value));
        let by_name = arguments.keywords.iter().filter_map(|keyword| {
            let name = keyword.arg.as_ref()?;
            Some((name.as_str().to_owned(), &keyword.value))
        });
        let entries: Vec<_> =
            by_place.chain(by_name).map(|(name, value)| (name, self.evaluator.value(value))).collect();
        // `config` is the module's names themselves.
        self.found.extend(entries.into_iter().filter(|(name, _)| name != "config"));
    }
}
