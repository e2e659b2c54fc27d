//! What the app is started with; the same for the window, the offscreen host and the tests.

use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What to open first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Start {
    /// Nothing: the window says how to go on.
    #[default]
    Empty,
    /// An image group, a CellMap dataset or a folder of them.
    Path(PathBuf),
    /// A configuration file (TOML).
    Config(PathBuf),
    /// A training script for cellmap-data (Python), whose settings are taken over.
    Script(PathBuf),
    /// What a loader was recorded to do.
    Recording(PathBuf),
    /// A loader that runs in another process and serves.
    Loader {
        /// Where, `HOST:PORT`.
        address: String,
        /// What its viewers have to know.
        token: Option<String>,
    },
}

impl Start {
    /// A path is a configuration if it is named `….toml`, a script if `….py`, a recording if `….microtome`, else data.
    #[must_use]
    pub fn from_path(path: PathBuf) -> Self {
        let is_named =
            |path: &Path, wanted| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted));
        match path {
            path if is_named(&path, "toml") => Self::Config(path),
            path if is_named(&path, "py") => Self::Script(path),
            path if is_named(&path, "microtome") => Self::Recording(path),
            path => Self::Path(path),
        }
    }

    /// The path, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&PathBuf> {
        match self {
            Self::Empty | Self::Loader { .. } => None,
            Self::Path(path) | Self::Config(path) | Self::Script(path) | Self::Recording(path) => Some(path),
        }
    }

    /// In words: the path, or where the loader is.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Loader { address, .. } => address.clone(),
            other => other.path().map(|path| path.display().to_string()).unwrap_or_default(),
        }
    }
}

/// The looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeName {
    /// Light text on dark ground.
    #[default]
    Dark,
    /// Dark text on light ground.
    Light,
    /// White and yellow on black.
    #[serde(rename = "high-contrast")]
    HighContrast,
}

impl ThemeName {
    /// The other one of dark and light.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Dark | Self::HighContrast => Self::Light,
            Self::Light => Self::Dark,
        }
    }

    /// The one of high contrast; from there the dark one.
    #[must_use]
    pub const fn high_contrast_or_dark(self) -> Self {
        match self {
            Self::HighContrast => Self::Dark,
            Self::Dark | Self::Light => Self::HighContrast,
        }
    }

    /// Light text on dark ground.
    #[must_use]
    pub const fn is_dark(self) -> bool {
        !matches!(self, Self::Light)
    }
}

impl FromStr for ThemeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "dark" => Ok(Self::Dark),
            "light" => Ok(Self::Light),
            "high-contrast" => Ok(Self::HighContrast),
            _ => Err(format!("expected dark, light or high-contrast, got {text}")),
        }
    }
}

impl std::fmt::Display for ThemeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
        })
    }
}

/// How to start the app.
#[derive(Debug, Clone, Default)]
pub struct AppOptions {
    /// What to open first.
    pub start: Start,
    /// Where layout, theme and recent datasets are remembered; `None` remembers nothing.
    pub settings_dir: Option<PathBuf>,
    /// Overrides the remembered theme.
    pub theme: Option<ThemeName>,
    /// Start the loader as soon as something is open.
    pub run_loader: bool,
}

impl AppOptions {
    /// The user's own settings folder, if the system has one.
    #[must_use]
    pub fn user_settings_dir() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "microtome").map(|dirs| dirs.config_dir().to_path_buf())
    }
}
