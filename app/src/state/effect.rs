//! What commands want done outside the state; whoever hosts it carries them out.

use std::path::PathBuf;

use microtome_core::geometry::Axis;

use super::{CountJob, ExportPlan, PaneKind, Preset};
use crate::options::Start;

/// What a command wants done outside the state.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Open data or a configuration on the opener thread.
    Open(Start),
    /// Ask the loader elsewhere to set a key of its configuration, to a value as TOML has it.
    TuneElsewhere {
        /// Such as `loader.memory`.
        key: String,
        /// Such as `"8 GiB"`, with its quotes.
        value: String,
    },
    /// Show the desktop's folder dialog.
    ChooseFolder,
    /// Show the desktop's file dialog for configurations.
    ChooseConfig,
    /// Close the catalog and stop the loader.
    Close,
    /// Start the loader on what is open.
    StartLoader,
    /// Stop taking batches.
    PauseLoader,
    /// Take batches again.
    ResumeLoader,
    /// Look for loaders that serve on this machine.
    FindLoaders,
    /// Record the loader into this file; `None`: no more.
    Record(Option<PathBuf>),
    /// Stop the loader and start it anew.
    RestartLoader,
    /// End the loader.
    StopLoader,
    /// Work out what so many draws of the running loader would cover; `None`: stop that.
    Simulate(Option<u64>),
    /// Ask the loader for batches as often as a training would.
    SetTrainingStep,
    /// Go on with the configuration that was edited, with all that is decoded.
    ApplyConfig,
    /// Write the configuration that is being edited into this file.
    SaveConfig(PathBuf),
    /// Write a box of a volume into this file.
    Export {
        /// A new file.
        path: PathBuf,
        /// What to write.
        plan: ExportPlan,
    },
    /// Measure what the slice across this axis shows, for a contrast of its own.
    Gauge(Axis),
    /// Break off what is being measured for a contrast.
    StopGauge,
    /// Break off what is being drawn for the preview.
    StopPreview,
    /// Break off what is being written.
    CancelExport,
    /// Count something in the background.
    Count(CountJob),
    /// Stop a count.
    StopCount(CountJob),
    /// Pictures get the colours that classes have now.
    Recolor,
    /// Put this on the clipboard.
    CopyText(String),
    /// Bring a pane to the front.
    ShowPane(PaneKind),
    /// Arrange the panes anew.
    SetLayout(Preset),
    /// Window state follows [`State::fullscreen`](super::State::fullscreen).
    Fullscreen,
    /// End the app.
    Quit,
}
