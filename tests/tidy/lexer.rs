//! Rust text to tokens, just exactly enough for the rules: words, signs, strings and comments, with their lines.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Identifier, keyword or number.
    Word,
    /// One punctuation character.
    Sign,
    /// String or character literal, with its quotes.
    Text,
    /// Comment of any sort, with its marks.
    Comment,
}

/// A piece of source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// 1-based, of its first character.
    pub line: usize,
}

/// All tokens; white space falls away. Never fails: what is no Rust becomes signs.
pub fn lex(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(first) = text[at..].chars().next() {
        let (kind, len) = next(&text[at..], first);
        let piece = &text[at..at + len];
        if let Some(kind) = kind {
            tokens.push(Token { kind, text: piece, line });
        }
        line += piece.matches('\n').count();
        at += len;
    }
    tokens
}

fn next(rest: &str, first: char) -> (Option<Kind>, usize) {
    if first.is_whitespace() {
        (None, first.len_utf8())
    } else if rest.starts_with("//") {
        (Some(Kind::Comment), rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        (Some(Kind::Comment), block_comment(rest))
    } else if let Some(len) = string(rest).or_else(|| character(rest)) {
        (Some(Kind::Text), len)
    } else if is_word(first) {
        (Some(Kind::Word), rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
    } else {
        (Some(Kind::Sign), first.len_utf8())
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Length of a block comment; they nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Length of a string literal of any prefix, if one starts here.
fn string(rest: &str) -> Option<usize> {
    let prefix = rest.find(|c| !matches!(c, 'b' | 'c' | 'r')).filter(|len| *len <= 2)?;
    let raw = rest[..prefix].contains('r');
    let hashes = if raw { rest[prefix..].len() - rest[prefix..].trim_start_matches('#').len() } else { 0 };
    let open = prefix + hashes;
    if !rest[open..].starts_with('"') {
        return None;
    }
    let body = &rest[open + 1..];
    let len = if raw {
        let close = format!("\"{}", "#".repeat(hashes));
        body.find(&close).map_or(body.len(), |at| at + close.len())
    } else {
        escaped(body, '"')
    };
    Some(open + 1 + len)
}

/// Length of a character literal, if one starts here and not a lifetime.
fn character(rest: &str) -> Option<usize> {
    let open = rest.find('\'').filter(|at| *at == 0 || (*at == 1 && rest.starts_with('b')))?;
    let body = &rest[open + 1..];
    let mut chars = body.chars();
    let is_literal = match chars.next()? {
        '\\' => true,
        _ => chars.next() == Some('\''),
    };
    is_literal.then(|| open + 1 + escaped(body, '\''))
}

/// Length up to and with the closing quote, minding backslashes.
fn escaped(body: &str, quote: char) -> usize {
    let mut skip = false;
    for (at, c) in body.char_indices() {
        if skip {
            skip = false;
        } else if c == '\\' {
            skip = true;
        } else if c == quote {
            return at + c.len_utf8();
        }
    }
    body.len()
}

/// Words and signs only.
pub fn code<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    tokens.iter().copied().filter(|token| matches!(token.kind, Kind::Word | Kind::Sign)).collect()
}

/// The tokens without items that are only compiled for tests (`#[cfg(test)]`, `#[cfg(all(test, …))]`, `#[test]`).
pub fn outside_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    const MARKS: [&[&str]; 3] =
        [&["#", "[", "cfg", "(", "test", ")"], &["#", "[", "cfg", "(", "all", "(", "test"], &["#", "[", "test", "]"]];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if MARKS.iter().any(|mark| starts_with(&tokens[at..], mark)) {
            at = end_of_item(tokens, at);
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// True if the tokens begin with these texts.
pub fn starts_with(tokens: &[Token<'_>], texts: &[&str]) -> bool {
    tokens.len() >= texts.len() && tokens.iter().zip(texts).all(|(token, text)| token.text == *text)
}

/// Index behind the item whose first attribute starts at `at`: behind its `;` or its outermost `}`.
fn end_of_item(tokens: &[Token<'_>], at: usize) -> usize {
    let (mut braces, mut others) = (0, 0);
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match (token.kind, token.text) {
            (Kind::Sign, "{") => braces += 1,
            (Kind::Sign, "}") => {
                braces -= 1;
                if braces == 0 && others == 0 {
                    return index + 1;
                }
            }
            (Kind::Sign, "(" | "[") => others += 1,
            (Kind::Sign, ")" | "]") => others -= 1,
            (Kind::Sign, ";") if braces == 0 && others == 0 => return index + 1,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tokens: &[Token<'_>]) -> Vec<String> {
        tokens.iter().map(|token| token.text.to_owned()).collect()
    }

    #[test]
    fn strings_comments_and_lifetimes_are_told_apart() {
        let source = "fn f<'a>(s: &'a str) { g('x', '\\'', \"a // b\", r#\"c \" d\"#); /* e /* f */ */ } // g";
        let tokens = lex(source);
        let of = |kind| texts(&tokens.iter().copied().filter(|t| t.kind == kind).collect::<Vec<_>>());
        assert_eq!(of(Kind::Text), ["'x'", "'\\''", "\"a // b\"", "r#\"c \" d\"#"]);
        assert_eq!(of(Kind::Comment), ["/* e /* f */ */", "// g"]);
        assert_eq!(of(Kind::Word), ["fn", "f", "a", "s", "a", "str", "g"]);
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let tokens = lex("\"a\nb\"\n/* c\n */ d");
        assert_eq!(tokens.iter().map(|t| t.line).collect::<Vec<_>>(), [1, 3, 4]);
    }

    #[test]
    fn test_items_fall_away_and_the_rest_stays() {
        let source = "fn a() {} #[cfg(test)] mod tests { fn b() {} } fn c() {} #[cfg(test)] use d; fn e(x: [u8; 3]) {}";
        let kept = texts(&outside_tests(&lex(source)));
        for name in ["a", "c", "e"] {
            assert!(kept.contains(&name.to_owned()), "{name} was dropped");
        }
        for name in ["b", "d", "tests"] {
            assert!(!kept.contains(&name.to_owned()), "{name} was kept");
        }
    }

    #[test]
    fn unfinished_text_does_not_hang_or_panic() {
        for text in ["\"open", "r##\"open\"#", "/* open", "'", "b'", "'\\", "é'é"] {
            lex(text);
        }
    }
}
