//! The page's style: the window's own colours, light and dark.

use std::fmt::Write as _;

use egui::Color32;
use microtome_core::telemetry::Stage;

use crate::options::ThemeName;
use crate::theme::Theme;

const RULES: &str = "\
body { margin: 0; background: var(--panel); color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
header, main { max-width: 1140px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 24px; }
h1, h2 { color: var(--strong); font-weight: 600; margin: 0 0 4px; }
h1 { font-size: 24px; } h2 { font-size: 17px; }
header p, .note, .axis { color: var(--weak); }
section { background: var(--deep); border: 1px solid var(--line); border-radius: 8px; padding: 14px 18px; margin: 16px 0; }
.figures { display: flex; flex-wrap: wrap; gap: 10px 36px; }
.figures div { display: flex; flex-direction: column-reverse; }
.figures dt { color: var(--weak); font-size: 13px; } .figures dd { margin: 0; color: var(--strong); font-size: 21px; }
dl { margin: 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: 3px 10px; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
th { color: var(--weak); font-weight: normal; } th:first-child, td:first-child { text-align: left; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--weak); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--line); stroke-width: 1; } .curve { fill: none; stroke-width: 1.6; }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin: 0 6px 0 0; }
.legend span { margin-right: 18px; white-space: nowrap; }
pre { overflow-x: auto; margin: 0; font: 13px/1.4 ui-monospace, monospace; }
@media print { section { break-inside: avoid; } }
";

/// Every rule.
pub(super) fn css() -> String {
    let (light, dark) = (variables(ThemeName::Light), variables(ThemeName::Dark));
    format!(
        ":root {{ color-scheme: light dark; {light}}}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark}}} }}\n{RULES}"
    )
}

/// The colour of a stage, as a variable of the page.
pub(super) fn stage(stage: Stage) -> String {
    format!("var(--stage-{})", stage.name())
}

/// The n-th colour of curves.
pub(super) fn series(index: usize) -> String {
    format!("var(--series-{index})")
}

fn variables(name: ThemeName) -> String {
    let theme = Theme::new(name);
    let named = [
        ("panel", theme.panel),
        ("deep", theme.deep),
        ("line", theme.line),
        ("text", theme.text),
        ("weak", theme.weak),
        ("strong", theme.strong),
        ("scope", theme.scope),
        ("risk", theme.risk),
        ("loss", theme.loss),
    ];
    let mut text = String::new();
    let mut put = |name: &str, color: Color32| {
        // Writing into a string cannot fail.
        let _written = write!(text, "--{name}: #{:02x}{:02x}{:02x}; ", color.r(), color.g(), color.b());
    };
    named.into_iter().for_each(|(name, color)| put(name, color));
    theme.series.into_iter().enumerate().for_each(|(index, color)| put(&format!("series-{index}"), color));
    Stage::ALL.into_iter().for_each(|stage| put(&format!("stage-{}", stage.name()), theme.stage(stage)));
    text
}
