//! The import law: which room of the core may see which, and which walls stand inside the app.

use crate::lexer::{Kind, Token, code, lex, outside_tests, starts_with};
use crate::repository::{Finding, SourceFile};

/// Each room of the core and what it may import. What is not listed here is not a room yet: add it with its law.
const ROOMS: [(&str, &[&str]); 15] = [
    ("sync", &[]),
    ("geometry", &[]),
    ("error", &["geometry"]),
    ("telemetry", &["error"]),
    ("store", &["geometry", "error", "telemetry"]),
    ("ome", &["geometry", "error", "telemetry", "store"]),
    ("volume", &["sync", "geometry", "error", "telemetry", "store", "ome"]),
    ("catalog", &["sync", "geometry", "error", "telemetry", "store", "ome", "volume"]),
    ("sample", &["sync", "geometry", "error", "telemetry", "store", "ome", "volume", "catalog"]),
    ("loader", &["sync", "geometry", "error", "telemetry", "store", "ome", "volume", "catalog", "sample"]),
    ("write", &["sync", "geometry", "error", "telemetry", "store", "ome", "volume", "catalog", "sample", "loader"]),
    ("diagnose", &["geometry", "error", "telemetry"]),
    ("phantom", EVERYTHING),
    ("doctor", EVERYTHING),
    ("testing", EVERYTHING),
];

/// All rooms but `testing`, which nobody imports.
const EVERYTHING: &[&str] = &[
    "sync",
    "geometry",
    "error",
    "telemetry",
    "store",
    "ome",
    "volume",
    "catalog",
    "sample",
    "loader",
    "write",
    "diagnose",
    "phantom",
    "doctor",
];

/// What `lib.rs` and macros give a name at the crate's root, and the room it belongs to.
const ROOT_NAMES: [(&str, &str); 4] =
    [("Error", "error"), ("Result", "error"), ("with_buffer", "volume"), ("with_dtype", "volume")];

/// A room of the core imports only from its left.
pub fn core_law(file: &SourceFile) -> Vec<Finding> {
    let Some(module) = module_path(&file.path, "core/src/") else { return Vec::new() };
    let Some(room) = module.first() else { return Vec::new() };
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| name == room) else {
        return vec![Finding::new(
            file,
            1,
            format!("`{room}` has no place in the import law of tests/tidy/imports.rs"),
        )];
    };
    let names = root_imports(&lex(&file.text), module.len());
    let rooms = names.into_iter().filter_map(|(name, line)| Some((room_of(name)?, line)));
    rooms
        .filter(|(other, _)| other != room && !allowed.contains(other))
        .map(|(other, line)| Finding::new(file, line, format!("`{room}` must not import `{other}` (import law)")))
        .collect()
}

fn room_of(name: &str) -> Option<&'static str> {
    let alias = ROOT_NAMES.iter().find(|(alias, _)| *alias == name).map(|(_, room)| *room);
    alias.or_else(|| ROOMS.iter().find(|(room, _)| *room == name).map(|(room, _)| *room))
}

/// `command`, `state` and `background` hold no egui; panes see only the context, the state, commands and the theme.
pub fn app_law(file: &SourceFile) -> Vec<Finding> {
    let Some(module) = module_path(&file.path, "app/src/") else { return Vec::new() };
    let tokens = lex(&file.text);
    match module.first().map(String::as_str) {
        Some(room @ ("command" | "state" | "background")) => gui_words(&tokens)
            .map(|token| Finding::new(file, token.line, format!("`{room}` must not know `{}`", token.text)))
            .collect(),
        Some("panes") => root_imports(&tokens, module.len())
            .into_iter()
            .filter(|(name, _)| !PANES_MAY_SEE.contains(name))
            .map(|(name, line)| Finding::new(file, line, format!("a pane must not import `{name}` (import law)")))
            .collect(),
        _ => Vec::new(),
    }
}

/// `format` is words and units; it knows nothing of the app.
const PANES_MAY_SEE: [&str; 6] = ["panes", "context", "command", "state", "theme", "format"];

fn gui_words<'a>(tokens: &[Token<'a>]) -> impl Iterator<Item = Token<'a>> {
    const TOOLKIT: [&str; 7] = ["egui", "eframe", "egui_wgpu", "egui_plot", "egui_tiles", "winit", "wgpu"];
    code(&outside_tests(tokens)).into_iter().filter(|token| TOOLKIT.contains(&token.text))
}

/// `core/src/volume/cache.rs` → `["volume", "cache"]`; `None` for the crate's root and its binary.
fn module_path(path: &str, source_root: &str) -> Option<Vec<String>> {
    let inner = path.strip_prefix(source_root)?.strip_suffix(".rs")?;
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    (inner != "lib" && inner != "main").then(|| inner.split('/').map(str::to_owned).collect())
}

/// Names taken from the crate's root outside of tests: behind `crate::`, or behind as many `super::` as the module is
/// deep. Groups (`crate::{a, b::c}`) are looked into.
fn root_imports<'a>(tokens: &[Token<'a>], depth: usize) -> Vec<(&'a str, usize)> {
    let tokens = code(&outside_tests(tokens));
    let up: Vec<&str> = ["super", ":", ":"].into_iter().cycle().take(3 * depth).collect();
    let mut names = Vec::new();
    for at in 0..tokens.len() {
        let rest = &tokens[at..];
        let goes_on = at >= 3 && starts_with(&tokens[at - 3..], &["super", ":", ":"]);
        if starts_with(rest, &["crate", ":", ":"]) || starts_with(rest, &["$", "crate", ":", ":"]) {
            let skip = if rest[0].text == "$" { 4 } else { 3 };
            first_names(&rest[skip..], &mut names);
        } else if !goes_on && starts_with(rest, &up) {
            first_names(&rest[up.len()..], &mut names);
        }
    }
    names
}

/// The first name of each path of a use tree.
fn first_names<'a>(tree: &[Token<'a>], names: &mut Vec<(&'a str, usize)>) {
    let Some(first) = tree.first() else { return };
    if first.kind == Kind::Word {
        names.push((first.text, first.line));
        return;
    }
    let (mut depth, mut at_start) = (0, false);
    for token in tree {
        match token.text {
            "{" => (depth, at_start) = (depth + 1, depth == 0),
            "}" => depth -= 1,
            "," => at_start = depth == 1,
            _ if at_start => {
                names.push((token.text, token.line));
                at_start = false;
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::snippet;

    fn core_breaks(path: &str, text: &str) -> usize {
        core_law(&snippet(path, text)).len()
    }

    #[test]
    fn an_import_from_the_right_is_found_however_it_is_written() {
        for text in [
            "use crate::loader::Loader;",
            "use crate::{geometry::Zyx, loader::{Loader, Batch}};",
            "fn f() { crate::loader::run(); }",
            "use super::loader::Loader;",
        ] {
            assert_eq!(core_breaks("core/src/volume/mod.rs", text), 1, "{text}");
        }
        assert_eq!(core_breaks("core/src/volume/deep/cache.rs", "use super::super::super::loader::X;"), 1);
        assert_eq!(core_breaks("core/src/error.rs", "use crate::with_buffer;"), 1);
    }

    #[test]
    fn imports_from_the_left_and_from_within_are_free() {
        let text = "use crate::{Result, geometry::Zyx}; use crate::telemetry::Stats; use super::loader::X; use crate::volume::Y;";
        assert_eq!(core_breaks("core/src/volume/cache.rs", text), 0);
    }

    #[test]
    fn nobody_imports_testing_but_tests_may() {
        assert_eq!(core_breaks("core/src/phantom/mod.rs", "use crate::testing::oracle;"), 1);
        assert_eq!(core_breaks("core/src/volume/mod.rs", "#[cfg(test)] mod tests { use crate::testing::oracle; }"), 0);
    }

    #[test]
    fn a_room_without_a_law_is_found() {
        assert_eq!(core_breaks("core/src/utils/mod.rs", ""), 1);
    }

    #[test]
    fn egui_in_a_command_and_foreign_rooms_in_a_pane_are_found() {
        let breaks = |path, text| app_law(&snippet(path, text)).len();
        assert_eq!(breaks("app/src/state.rs", "use egui::Pos2;"), 1);
        assert_eq!(breaks("app/src/background/opener.rs", "fn f(c: &egui::Context) {}"), 1);
        assert_eq!(breaks("app/src/command.rs", "// egui is drawn elsewhere\nfn f() { g(\"egui\") }"), 0);
        assert_eq!(breaks("app/src/panes/log.rs", "use crate::background::Opener;"), 1);
        assert_eq!(breaks("app/src/panes/log.rs", "use crate::{context::PaneContext, theme::Theme};"), 0);
    }
}
