//! No file is dead: every Rust file belongs to a registered target, directly or through `mod` lines.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::lexer::{Kind, Token, lex};
use crate::repository::{Finding, SourceFile, root};

/// Rust files that no target of the workspace reaches.
pub fn unregistered(files: &[SourceFile]) -> Vec<Finding> {
    unreached(&target_roots(), files)
}

/// Root file of every target of every package, relative to the repository. The fuzzer is a workspace of its own.
fn target_roots() -> Vec<String> {
    ["Cargo.toml", "tests/fuzz/Cargo.toml"].into_iter().flat_map(target_roots_of).collect()
}

fn target_roots_of(manifest: &str) -> Vec<String> {
    let answer = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path", manifest])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&answer.stdout).expect("cargo metadata answers JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().expect("a list of targets"));
    targets.map(|target| relative(target["src_path"].as_str().expect("a path"))).collect()
}

fn relative(path: &str) -> String {
    let path = normal(Path::new(path));
    path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().replace('\\', "/")
}

/// The path without `.` and `..`, by name only.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

fn unreached(roots: &[String], files: &[SourceFile]) -> Vec<Finding> {
    let sources: HashMap<&str, &SourceFile> =
        files.iter().filter(|file| file.path.ends_with(".rs")).map(|file| (file.path.as_str(), file)).collect();
    let mut reached: HashSet<String> = roots.iter().cloned().collect();
    let mut open: Vec<(String, bool)> = roots.iter().map(|path| (path.clone(), true)).collect();
    while let Some((path, is_root)) = open.pop() {
        let Some(file) = sources.get(path.as_str()) else { continue };
        let found = modules(file, is_root).into_iter().filter(|candidate| sources.contains_key(candidate.as_str()));
        open.extend(found.filter(|candidate| reached.insert(candidate.clone())).map(|candidate| (candidate, false)));
    }
    let mut dead: Vec<_> = sources.values().filter(|file| !reached.contains(&file.path)).collect();
    dead.sort_by(|a, b| a.path.cmp(&b.path));
    dead.into_iter()
        .map(|file| Finding::new(file, 1, "belongs to no target: register it in Cargo.toml or declare it with `mod`"))
        .collect()
}

/// Files that the `mod name;` lines of a file may mean.
fn modules(file: &SourceFile, is_root: bool) -> Vec<String> {
    let path = Path::new(&file.path);
    let folder = path.parent().unwrap_or(Path::new(""));
    let stem = path.file_stem().unwrap_or_default();
    let home = if is_root || stem == "mod" { folder.to_path_buf() } else { folder.join(stem) };
    let tokens: Vec<_> = lex(&file.text).into_iter().filter(|token| token.kind != Kind::Comment).collect();
    let mut found = Vec::new();
    for (at, words) in tokens.windows(3).enumerate() {
        if words[0].text == "mod" && words[2].text == ";" {
            let name = words[1].text;
            match path_attribute(&tokens[..at]) {
                Some(given) => found.push(folder.join(given)),
                None => found.extend([home.join(format!("{name}.rs")), home.join(name).join("mod.rs")]),
            }
        }
    }
    found.iter().map(|path| normal(path).to_string_lossy().replace('\\', "/")).collect()
}

/// The `…` of a `#[path = "…"]` right before (perhaps with `pub` between).
fn path_attribute<'a>(before: &[Token<'a>]) -> Option<&'a str> {
    let before = match before {
        [rest @ .., last] if last.text == "pub" => rest,
        other => other,
    };
    let [.., name, equals, value, close] = before else { return None };
    (name.text == "path" && equals.text == "=" && close.text == "]").then(|| value.text.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::snippet;

    #[test]
    fn a_file_that_nobody_declares_is_found() {
        let files = [
            snippet("tests/tidy/main.rs", "mod a; // mod dead;\npub mod b;"),
            snippet("tests/tidy/a.rs", "mod deep;"),
            snippet("tests/tidy/a/deep.rs", ""),
            snippet("tests/tidy/b/mod.rs", "#[path = \"../c.rs\"] mod other;"),
            snippet("tests/tidy/c.rs", ""),
            snippet("tests/tidy/dead.rs", ""),
            snippet("tests/forgotten.rs", ""),
        ];
        let dead = unreached(&["tests/tidy/main.rs".to_owned()], &files);
        let paths: Vec<_> = dead.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, ["tests/forgotten.rs", "tests/tidy/dead.rs"]);
    }

    #[test]
    fn the_roots_of_the_workspace_are_known() {
        let roots = target_roots();
        assert!(roots.iter().any(|path| path == "core/src/lib.rs"), "{roots:?}");
    }
}
