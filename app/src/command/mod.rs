//! Every action once: what it is called, which key runs it, when it may run, and what it does to the state.
//!
//! Menus, palette and shortcuts are generated from [`table()`]. What an action needs outside the state (open a path, quit)
//! it leaves in [`State::effects`](crate::state::State::effects) for the app.

mod apply;
mod attach;
mod data;
mod export;
mod offers;
mod overview;
mod places;
mod preview;
mod shortcut;
mod table;
mod tune;
mod views;

use std::path::PathBuf;
use std::time::Duration;

use microtome_core::diagnose::Remedy;
use microtome_core::geometry::{Axis, BoxNm, Zyx};
use microtome_core::loader::params::Value;

pub use apply::{apply, auto_contrast, reset_view};
pub use data::DataCommand;
pub use offers::{Offer, offers};
pub use shortcut::{Key, Shortcut};
pub use table::{CommandSpec, Menu, by_command, by_key, table};

use crate::options::{Start, ThemeName};
use crate::state::timeline::RangeNs;
use microtome_render::ColorMap;

use crate::state::preview::PreviewMode;
use crate::state::{Arrangement, Contrast, CropColor, Hint, PaneKind, Place, Preset, Side};

/// One action.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Open data or a configuration.
    Open(Start),
    /// Ask the desktop for a folder and open it.
    ChooseFolder,
    /// Ask the desktop for a configuration file and open it.
    ChooseConfig,
    /// Show or hide the in-app path field.
    TogglePathField,
    /// Show or hide the window in which a loader of another process is chosen.
    ToggleAttach,
    /// Look for loaders that serve on this machine.
    FindLoaders,
    /// Show or hide the field that asks where to record the loader.
    ToggleRecordField,
    /// Record the loader into this new file.
    Record(PathBuf),
    /// End the recording.
    StopRecording,
    /// Close what is open.
    Close,
    /// Forget the recent datasets.
    ForgetRecent,
    /// End the app.
    Quit,
    /// Start the loader, pause it, or let it go on.
    PlayPause,
    /// Stop the loader and start it anew.
    RestartLoader,
    /// Take batches as a training would whose steps take so long; 0: as fast as they come.
    SetTrainingStep(Duration),
    /// End the loader, and give back its memory.
    StopLoader,
    /// Set a dotted key of the configuration, or leave it out.
    SetParam {
        /// Such as `augment.mirror.z`.
        key: String,
        /// As TOML has it.
        value: Option<Value>,
    },
    /// Set the keys of a remedy, and see what that brings.
    ApplyRemedy(Box<Remedy>),
    /// The slider was let go: the next edit is a step of its own.
    SettleParam,
    /// Take the last edit of the configuration back.
    Undo,
    /// Do it again.
    Redo,
    /// The configuration as it is in the file.
    RevertConfig,
    /// Write the configuration into its file, or ask for one.
    SaveConfig,
    /// Write the configuration into this file, which is its own from then on.
    SaveConfigAs(PathBuf),
    /// Show or hide the field that asks where to save the configuration.
    ToggleSaveField,
    /// This hint was read.
    DismissHint(Hint),
    /// All hints for first steps again, or none any more.
    ToggleHints,
    /// Put the configuration on the clipboard as Python.
    CopyPython,
    /// Put it there in cellmap-data's words.
    CopyCellmap,
    /// Augment as this one of [`params::PRESETS`](microtome_core::loader::params::PRESETS) does.
    UsePreset(usize),
    /// The pane Preview is on the screen; sent in every frame that paints it.
    WatchPreview,
    /// Choose what the preview shows.
    SetPreviewMode(PreviewMode),
    /// Break off what is being drawn for the preview.
    StopPreview,
    /// Another sample in the preview: what is not kept is drawn again.
    RedrawPreview,
    /// A redraw keeps the place, or not.
    ToggleKeepPlace,
    /// A redraw keeps the random numbers of the augmentation, or not.
    ToggleKeepNumbers,
    /// How far through the patch the preview's slice lies, 0–1.
    SetPreviewSlice(f32),
    /// So many draws side by side.
    SetPreviewDraws(u64),
    /// Sweep this dotted key; `None`: the first that can be.
    SetSweptKey(Option<String>),
    /// Sweep at so many values.
    SetSweepValues(usize),
    /// Hold the timeline still, or let it run.
    ToggleTimelinePause,
    /// Show this stretch of the timeline and hold it still.
    ShowTimeline(RangeNs),
    /// Show everything that the timeline holds.
    FitTimeline,
    /// Say what happened in a stretch of the timeline; `None`: of none.
    SelectTimeline(Option<RangeNs>),
    /// Say what happened in what the timeline shows.
    SelectShownTimeline,
    /// Keep that, to compare other stretches with it.
    KeepTimeline,
    /// Show what happened as a flame, or as a table.
    ToggleFlame,
    /// Look for spans by name and by what they worked on.
    FindSpans(String),
    /// Go to the next span that was found, or with a negative number back.
    StepSpans(i64),
    /// Labels over the slices.
    ToggleLabels,
    /// Opacity of the labels, 0–1.
    SetLabelOpacity(f32),
    /// Crop boxes over the slices.
    ToggleBoxes,
    /// Choose what the colour of a crop says.
    SetCropColor(CropColor),
    /// How densely draws cover the data, over the slices.
    ToggleDensity,
    /// Work out what so many draws would cover, and show it.
    SimulateDraws(u64),
    /// Stop working that out; what was counted stays.
    StopSimulation,
    /// Spread these grey values over black to white.
    SetContrast(Contrast),
    /// Spread what is on display over black to white.
    AutoContrast,
    /// Spread what the slice that keys act on shows over black to white, in that slice alone.
    AutoContrastActive,
    /// Break off what is being measured for that.
    StopContrast,
    /// Every slice with the same contrast again.
    CommonContrast,
    /// Show or hide the raw volume.
    ToggleRaw,
    /// Show or hide one class of one label crop of the shown dataset.
    SetClassVisible {
        /// Index of the crop in the dataset.
        crop: usize,
        /// Index of the class in the crop.
        class: usize,
        /// Shown.
        visible: bool,
    },
    /// Something about what is open: search, looks of classes, counts.
    Data(DataCommand),
    /// Show another dataset in the slices.
    ShowDataset(usize),
    /// Move the slice across `axis` by whole voxels of the finest level.
    StepSlice {
        /// The slice's normal.
        axis: Axis,
        /// Voxels.
        voxels: i64,
    },
    /// Move the slice that keys act on.
    StepActive(i64),
    /// Move the slice that keys act on sideways: points to the right and down.
    PanActive(f64, f64),
    /// Move what is in the middle of every slice, nm.
    Pan(Zyx<f64>),
    /// Zoom by a factor (> 1 is closer) so that `about_nm` stays where it is in the slice across `normal`.
    Zoom {
        /// The slice's normal.
        normal: Axis,
        /// The point that stays.
        about_nm: Zyx<f64>,
        /// How much closer.
        factor: f64,
    },
    /// Zoom about the middle.
    ZoomActive(f64),
    /// Move the shared cursor, nm.
    MoveCursor(Zyx<f64>),
    /// The pointer is over this point of this part of the slice across the axis, or over no slice.
    Hover(Option<(Axis, Side, Zyx<f64>)>),
    /// Keep the pictures of the last batch as they are: the pointer is over them. Or let them follow the loader again.
    HoldBatch(bool),
    /// A slice pane says where it is on the screen; sent in every frame that paints it.
    SetViewport {
        /// The slice's normal.
        normal: Axis,
        /// Width and height, points.
        points: [f32; 2],
        /// Width and height, physical pixels.
        pixels: [u32; 2],
    },
    /// Colour labels by object, or by class.
    ToggleColorByObject,
    /// Smooth the EM between voxels, or show every voxel as a square.
    ToggleSmooth,
    /// Fit the whole dataset.
    ResetView,
    /// Look at a box of a dataset.
    FlyTo {
        /// Index of the dataset.
        dataset: usize,
        /// The box, nm.
        target: BoxNm,
    },
    /// Pick a sample of the last batch and look at it, in the slices and in the preview.
    SelectCrop(usize),
    /// One pane fills the middle, or the layout is back.
    ToggleMaximise(PaneKind),
    /// Bring a pane to the front, opening it if it was closed.
    ShowPane(PaneKind),
    /// Arrange the panes anew.
    SetLayout(Preset),
    /// The arrangement chosen last, as it was at first.
    ResetLayout,
    /// Keys act on the slice across this axis.
    ActivateSlice(Axis),
    /// The pointer is over the 3-D overview: keys act on it.
    ActivateOverview,
    /// Turn the overview by a drag of points (right, down).
    DragOverview([f64; 2]),
    /// Move the overview sideways by points (right, down).
    MoveOverview([f64; 2]),
    /// Zoom the overview by a factor (> 1 is closer).
    ZoomOverview {
        /// What stays where it is, points right of and below the middle.
        about: [f64; 2],
        /// How much closer.
        factor: f64,
    },
    /// Choose a look.
    SetTheme(ThemeName),
    /// The other of the dark and the light look.
    ToggleTheme,
    /// The look of high contrast, or back to the dark one.
    ToggleHighContrast,
    /// Everything so many steps larger (smaller if negative), but for the data.
    ScaleUi(i8),
    /// Everything as large as at first.
    ResetUiScale,
    /// Show or hide the command palette.
    TogglePalette,
    /// Show or hide the page of keys.
    ToggleHelp,
    /// Fill the screen, or leave it.
    ToggleFullscreen,
    /// Take a notice down (index in the log).
    DismissNotice(usize),
    /// Empty the log.
    ClearLog,
    /// Copy the cursor's position as text.
    CopyPosition,
    /// Copy this position (nm) as text.
    CopyPositionAt(Zyx<f64>),
    /// Copy a link that opens the cursor's place in neuroglancer.
    CopyNeuroglancerLink,
    /// Show or hide the field that takes a position.
    ToggleGoTo,
    /// Look at a place.
    GoTo(Place),
    /// Measure a distance in a slice, in place of the last one.
    Measure {
        /// The slice's normal.
        normal: Axis,
        /// Where it begins, nm.
        from_nm: Zyx<f64>,
        /// Where it ends, nm.
        to_nm: Zyx<f64>,
    },
    /// Give the EM these colours.
    SetColorMap(ColorMap),
    /// The chunk grid over the slices.
    ToggleChunks,
    /// Show the data as the network sees them, or as they are stored.
    ToggleNetwork,
    /// Show the data as this input of the configuration sees them.
    SetNetworkInput(String),
    /// Turn a slice about the cursor.
    Turn {
        /// The axis that it was across at first.
        normal: Axis,
        /// Degrees about what points down on the screen.
        about_down_degrees: f64,
        /// Degrees about what points right on the screen.
        about_right_degrees: f64,
    },
    /// Turn the slice that keys act on, by degrees about what points down and about what points right.
    TurnActive(f64, f64),
    /// Lay every slice along the axes again.
    ResetTurns,
    /// Lay the views out in this way.
    Arrange(Arrangement),
    /// Show this dataset (index) beside the one in the slices.
    ShowBeside(usize),
    /// Draw low values as high ones.
    ToggleInvert,
    /// Show or hide the window that writes the box on display into a file.
    ToggleExport,
    /// Export this layer of the shown dataset (index).
    SetExportLayer(usize),
    /// Export this level; `None`: the one on display.
    SetExportLevel(Option<usize>),
    /// Write the box on display into this new file.
    Export(PathBuf),
    /// Break off the export.
    CancelExport,
    /// Close what is on top: palette, path field, help, maximised pane.
    Escape,
}
