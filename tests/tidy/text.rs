//! Rules about words: no printing, no unwrapping, nothing unfinished, nothing that only one machine knows.

use crate::lexer::{Kind, code, lex, outside_tests, starts_with};
use crate::repository::{Finding, SourceFile};

/// No `println!`, `eprintln!`, `print!`, `eprint!` or `dbg!`.
pub fn no_printing(file: &SourceFile) -> Vec<Finding> {
    const MACROS: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];
    let tokens = code(&outside_tests(&lex(&file.text)));
    tokens
        .windows(2)
        .filter(|pair| MACROS.contains(&pair[0].text) && pair[1].text == "!")
        .map(|pair| {
            Finding::new(file, pair[0].line, format!("`{}!` here; return the value or use tracing", pair[0].text))
        })
        .collect()
}

/// No `.unwrap()`, `.expect(…)`, `panic!`, `todo!` or `unimplemented!` outside of tests. A file named `tests.rs` is one.
pub fn no_unwrap(file: &SourceFile) -> Vec<Finding> {
    if file.path.ends_with("/tests.rs") || file.path.contains("/tests/") {
        return Vec::new();
    }
    const BAD: [&[&str]; 5] =
        [&[".", "unwrap", "("], &[".", "expect", "("], &["panic", "!"], &["todo", "!"], &["unimplemented", "!"]];
    let tokens = code(&outside_tests(&lex(&file.text)));
    (0..tokens.len())
        .filter_map(|at| BAD.iter().find(|bad| starts_with(&tokens[at..], bad)).map(|bad| (at, bad)))
        .map(|(at, bad)| Finding::new(file, tokens[at].line, format!("`{}`: return an error instead", bad.concat())))
        .collect()
}

/// A note of unfinished work says why it may stay: `TODO(the reason): …`.
pub fn unfinished_has_a_reason(file: &SourceFile) -> Vec<Finding> {
    let marks = ["TO", "FIX", "HA", "XX"].into_iter().zip(["DO", "ME", "CK", "X"]).map(|(a, b)| format!("{a}{b}"));
    let marks: Vec<String> = marks.collect();
    let tokens = lex(&file.text);
    let comments = tokens.iter().filter(|token| token.kind == Kind::Comment);
    comments
        .flat_map(|token| token.text.lines().enumerate().map(|(index, line)| (token.line + index, line)))
        .filter(|(_, line)| marks.iter().any(|mark| lacks_reason(line, mark)))
        .map(|(line, _)| Finding::new(file, line, "unfinished: do it, or give the reason as `MARK(reason): …`"))
        .collect()
}

fn lacks_reason(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let rest = &line[at + mark.len()..];
        let whole = !line[..at].ends_with(is_word) && !rest.starts_with(is_word);
        let reason = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or("", |(reason, _)| reason);
        whole && reason.trim().is_empty()
    })
}

/// No absolute path of somebody's machine and no host that only a workplace knows, in any text file.
pub fn no_machine(file: &SourceFile) -> Vec<Finding> {
    // In pieces, so that this file obeys its own rule.
    let folders =
        [["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"], ["/Us", "ers/"], ["C:\\", "Users"]].map(|p| p.concat());
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if let Some(folder) = folders.iter().find(|folder| begins_a_path(line, folder)) {
            findings.push(Finding::new(file, index + 1, format!("names a path of one machine ({folder}…)")));
        }
        if let Some(host) = hosts(line).find(|host| is_private(host)) {
            findings.push(Finding::new(
                file,
                index + 1,
                format!("names a host that only one workplace knows ({host})"),
            ));
        }
    }
    findings
}

/// True if `folder` occurs as the start of an absolute path rather than inside a relative one.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-~$}/".contains(c)))
}

fn hosts(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("http").filter_map(|(at, _)| {
        let rest = line[at + 4..].trim_start_matches('s').strip_prefix("://")?;
        let end = rest.find(|c: char| !(c.is_alphanumeric() || ".-_@".contains(c))).unwrap_or(rest.len());
        rest[..end].rsplit('@').next()
    })
}

/// Private names and numbers; the loopback is everybody's.
fn is_private(host: &str) -> bool {
    const ENDINGS: [&str; 5] = [".internal", ".local", ".lan", ".corp", ".intranet"];
    let is_loopback = host == "localhost" || host == "127.0.0.1";
    let is_number = host.contains('.') && host.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_bare = !host.is_empty() && !host.contains('.');
    !is_loopback && (is_number || is_bare || ENDINGS.iter().any(|ending| host.ends_with(ending)))
}

/// `Cargo.lock` takes packages from crates.io only, under its public name.
pub fn one_registry(file: &SourceFile) -> Vec<Finding> {
    const PUBLIC: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let lines = file.text.lines().enumerate().filter(|(_, line)| line.starts_with("source = ") && *line != PUBLIC);
    lines.map(|(index, line)| Finding::new(file, index + 1, format!("not from crates.io: {line}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::snippet;

    #[test]
    fn printing_is_found_but_not_in_tests_or_words() {
        let count = |text| no_printing(&snippet("core/src/a.rs", text)).len();
        assert_eq!(count("fn f() { println!(\"a\"); dbg!(1); }"), 2);
        assert_eq!(count("// println!\nfn f() { g(\"println!\") }\n#[test] fn t() { println!() }"), 0);
    }

    #[test]
    fn unwrapping_is_found_but_not_in_tests_or_look_alikes() {
        let count = |text| no_unwrap(&snippet("core/src/a.rs", text)).len();
        assert_eq!(count("fn f() { a.unwrap(); b.expect(\"c\"); panic!(); todo!() }"), 4);
        assert_eq!(count("fn f() { a.unwrap_or(1) } #[cfg(test)] mod tests { fn t() { a.unwrap() } }"), 0);
    }

    #[test]
    fn unfinished_notes_need_a_reason() {
        let mark = ["TO", "DO"].concat();
        let count = |text: String| unfinished_has_a_reason(&snippet("a.rs", &text)).len();
        assert_eq!(count(format!("// {mark}: later")), 1);
        assert_eq!(count(format!("/* a\n{mark}() */")), 1);
        assert_eq!(count(format!("// {mark}(zarrs 0.24 brings it): use it\nlet x = \"{mark}\"; // {mark}S")), 0);
    }

    #[test]
    fn paths_and_hosts_of_one_machine_are_found() {
        let count = |text: &str| no_machine(&snippet("a.md", text)).len();
        assert_eq!(count(&["see /ho", "me/ann/x.zarr"].concat()), 1);
        assert_eq!(count(&["\"/wo", "rk/a\""].concat()), 1);
        assert_eq!(count(&["htt", "p://10.1.2.3/simple"].concat()), 1);
        assert_eq!(count(&["htt", "ps://crates.corp/x"].concat()), 1);
        assert_eq!(count(&["htt", "p://mirror:8080/x"].concat()), 1);
        assert_eq!(count("https://crates.io http://localhost:1 http://127.0.0.1/a ../frame/work/a $HOME/x"), 0);
    }

    #[test]
    fn a_foreign_registry_is_found() {
        let count = |text| one_registry(&snippet("Cargo.lock", text)).len();
        assert_eq!(count("source = \"registry+https://example.org/index\""), 1);
        assert_eq!(count("source = \"registry+https://github.com/rust-lang/crates.io-index\""), 0);
    }
}
