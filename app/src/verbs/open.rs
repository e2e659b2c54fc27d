//! `microtome open` and `microtome [PATH]`: the window.

use std::path::PathBuf;

use anyhow::bail;
use microtome::{AppOptions, Start, ThemeName};

use super::input;
use super::usage::UsageError;

/// Open the window on a dataset or a configuration
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome open jrc_hela-2.zarr                                  a CellMap dataset\n  \
    microtome open jrc_hela-2.zarr/recon-1/em/fibsem-uint8          one image group\n  \
    microtome open train.toml --paused                              a configuration, the loader at rest\n\n\
    In the window: Ctrl-O opens another one, Ctrl-P lists every command, F1 the keys.")]
pub struct Args {
    /// Dataset (OME-Zarr, CellMap, or a folder of them) or configuration (.toml)
    #[arg(value_name = "PATH|CONFIG")]
    path: PathBuf,
    /// Leave the loader at rest
    #[arg(long)]
    paused: bool,
    /// dark, light or high-contrast; as last time if left out
    #[arg(long, value_name = "THEME")]
    theme: Option<ThemeName>,
}

/// `microtome open PATH`.
pub fn run(args: Args) -> anyhow::Result<()> {
    window(options(input::start(&args.path)?, args.theme, !args.paused))
}

/// `microtome` or `microtome PATH`.
pub fn run_bare(path: Option<PathBuf>) -> anyhow::Result<()> {
    let start = match path {
        None => Start::Empty,
        Some(path) => input::start(&path).map_err(|error| match path.to_str() {
            // One bare word that is no path was meant as a verb.
            Some(word) if !path.exists() && !word.contains(['/', '\\', '.']) => UsageError(format!(
                "`{word}` is neither a verb (demo, open, info, bench, attach, report, shot, sample, config) nor a path here (see `microtome --help`)"
            ))
            .into(),
            _ => error,
        })?,
    };
    window(options(start, None, true))
}

/// Options of a window that remembers its layout.
pub fn options(start: Start, theme: Option<ThemeName>, run_loader: bool) -> AppOptions {
    AppOptions { start, settings_dir: AppOptions::user_settings_dir(), theme, run_loader }
}

/// Opens the window and returns when it is closed.
pub fn window(options: AppOptions) -> anyhow::Result<()> {
    if let Err(reason) = display() {
        bail!("{reason}; `microtome shot PATH --out FILE.png` draws the window without one");
    }
    native(options)
}

#[cfg(feature = "window")]
fn native(options: AppOptions) -> anyhow::Result<()> {
    microtome::host::window::run(options)
}

#[cfg(not(feature = "window"))]
fn native(_options: AppOptions) -> anyhow::Result<()> {
    bail!("this microtome was built without a window; `microtome shot PATH --out FILE.png` draws one")
}

/// Whether a window could be shown, else why not.
pub fn display() -> Result<(), &'static str> {
    if cfg!(not(feature = "window")) {
        return Err("this microtome was built without a window");
    }
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let needs_server = cfg!(all(unix, not(target_os = "macos")));
    if needs_server && !["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set) {
        return Err("there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)");
    }
    Ok(())
}
