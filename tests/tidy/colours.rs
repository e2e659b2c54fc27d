//! Colours of the window are named in one file, so that a theme is one table.

use crate::lexer::{Kind, Token, code, lex, outside_tests, starts_with};
use crate::repository::{Finding, SourceFile};

/// Constructors that name a colour.
const TYPES: [&str; 4] = ["Color32", "Rgba", "Hsva", "HsvaGamma"];

/// No colour literal outside `theme`: no `Color32::RED`, no `Color32::from_…`, no `hex_color!`, no `"#rrggbb"`.
pub fn only_in_theme(file: &SourceFile) -> Vec<Finding> {
    if file.path == "app/src/theme.rs" || file.path.starts_with("app/src/theme/") {
        return Vec::new();
    }
    let tokens = outside_tests(&lex(&file.text));
    let words = code(&tokens);
    let named = (0..words.len()).filter(|at| names_colour(&words[*at..])).map(|at| words[at]);
    let strings = tokens.iter().copied().filter(|token| token.kind == Kind::Text && is_hex_colour(token.text));
    named
        .chain(strings)
        .map(|token| Finding::new(file, token.line, "names a colour; give it a name in the theme and use that"))
        .collect()
}

fn names_colour(tokens: &[Token<'_>]) -> bool {
    if tokens[0].text == "hex_color" {
        return true;
    }
    let is_path = TYPES.iter().any(|name| starts_with(tokens, &[name, ":", ":"]));
    // No paint at all is not a colour.
    is_path && tokens.get(3).is_some_and(|next| !matches!(next.text, "TRANSPARENT" | "PLACEHOLDER"))
}

fn is_hex_colour(literal: &str) -> bool {
    let inner = literal.trim_matches('"');
    let digits = inner.strip_prefix('#').unwrap_or_default();
    matches!(digits.len(), 6 | 8) && digits.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::snippet;

    fn breaks(path: &str, text: &str) -> usize {
        only_in_theme(&snippet(path, text)).len()
    }

    #[test]
    fn colours_outside_the_theme_are_found() {
        for text in ["egui::Color32::RED", "Color32::from_rgb(1, 2, 3)", "hex_color!(\"#fff\")", "let c = \"#ff00aa\";"]
        {
            assert_eq!(breaks("app/src/panes/log.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn the_theme_itself_and_no_paint_at_all_are_free() {
        assert_eq!(breaks("app/src/theme.rs", "Color32::RED"), 0);
        assert_eq!(breaks("app/src/panes/log.rs", "fn f(c: Color32) { g(Color32::TRANSPARENT, \"#3\") }"), 0);
    }
}
