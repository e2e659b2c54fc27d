//! The documented example, written out of the description.

use std::fmt::Write as _;

use super::kind::Kind;
use super::{Param, SECTIONS, Section};

/// Columns of the example.
const WIDTH: usize = 118;

const OPENING: &str = "Microtome configuration. Every key is here with its default or a typical value; `#` before a key \
    marks an alternative or a key that may be left out. Sizes and positions are z, y, x; world units are nanometres; paths \
    are relative to this file. An unknown key is an error.";

/// The documented example: every key with its meaning, itself a valid configuration.
#[must_use]
pub fn example() -> String {
    let mut text = String::new();
    comment(&mut text, "", OPENING);
    for section in SECTIONS {
        text.push('\n');
        write_section(&mut text, section);
    }
    text
}

fn write_section(text: &mut String, section: &Section) {
    comment(text, "", section.meaning);
    let mark = if section.usual { "" } else { "# " };
    put_line(text, &format!("{mark}{}", section.header));
    let params: Vec<_> = section.all().collect();
    for (index, param) in params.iter().enumerate() {
        if param.table().is_some() {
            continue;
        }
        if param.examples.is_empty() {
            comment(text, "  ", &format!("{}: {}", param.name(), param.meaning));
            continue;
        }
        let within = params[index + 1..].iter().take_while(|next| next.table().is_some_and(|table| table == *param));
        write_param(text, param, within.copied());
    }
    text.push_str(section.more);
}

fn write_param<'a>(text: &mut String, param: &Param, within: impl Iterator<Item = &'a Param>) {
    comment(text, "", param.meaning);
    if let Kind::Choice(choices) = param.kind {
        for (choice, meaning) in choices {
            comment(text, "  ", &format!("{choice}: {meaning}"));
        }
    }
    for inner in within {
        comment(text, "  ", &format!("{}: {}", inner.name(), inner.meaning));
    }
    for (index, example) in param.examples.iter().enumerate() {
        let mark = if param.usual && index == 0 { "" } else { "# " };
        put_line(text, &format!("{mark}{} = {example}", param.name()));
    }
}

/// Words behind `#`, broken into lines; those after the first stand further in if the first does.
fn comment(text: &mut String, indent: &str, words: &str) {
    let mut line = format!("#{indent}");
    for word in words.split_whitespace() {
        // A line that begins with a bracket would look like a table.
        if line.chars().count() + 1 + word.chars().count() > WIDTH && !word.starts_with('[') {
            put_line(text, &line);
            line = format!("#{indent}{indent}");
        }
        line.push(' ');
        line.push_str(word);
    }
    put_line(text, &line);
}

fn put_line(text: &mut String, line: &str) {
    // Writing into a string cannot fail.
    let _written = writeln!(text, "{line}");
}
