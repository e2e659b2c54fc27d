//! The names of the panes and of their arrangements.

use microtome_core::geometry::Axis;
use serde::{Deserialize, Serialize};

/// One pane of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaneKind {
    /// Datasets, levels, crops and classes.
    Data,
    /// Slice across z: x to the right, y down.
    SliceXy,
    /// Slice across y: x to the right, z down.
    SliceXz,
    /// Slice across x: z to the right, y down.
    SliceYz,
    /// The volume, its slices and boxes, in three dimensions.
    Overview,
    /// The last batch.
    Crops,
    /// Where samples are drawn, and what is left out.
    Sampling,
    /// Every key of the configuration as a control.
    Tune,
    /// One sample under the augmentation that is being edited.
    Preview,
    /// How much there is of each class.
    Classes,
    /// Samples and bytes per second.
    Throughput,
    /// Spans per thread.
    Timeline,
    /// Hit rates and sizes of the caches.
    Cache,
    /// Memory by owner against the budget.
    Memory,
    /// What limits the loader, and what to change.
    Diagnosis,
    /// What happened, in words.
    Log,
}

impl PaneKind {
    /// All panes, in the order of the View menu.
    pub const ALL: [Self; 16] = [
        Self::Data,
        Self::SliceXy,
        Self::SliceXz,
        Self::SliceYz,
        Self::Overview,
        Self::Crops,
        Self::Tune,
        Self::Preview,
        Self::Sampling,
        Self::Classes,
        Self::Timeline,
        Self::Throughput,
        Self::Cache,
        Self::Memory,
        Self::Diagnosis,
        Self::Log,
    ];

    /// The words on its tab.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::SliceXy => "xy",
            Self::SliceXz => "xz",
            Self::SliceYz => "yz",
            Self::Overview => "Overview",
            Self::Crops => "Crops",
            Self::Sampling => "Sampling",
            Self::Classes => "Classes",
            Self::Tune => "Tune",
            Self::Preview => "Preview",
            Self::Throughput => "Throughput",
            Self::Timeline => "Timeline",
            Self::Cache => "Cache",
            Self::Memory => "Memory",
            Self::Diagnosis => "Diagnosis",
            Self::Log => "Log",
        }
    }

    /// What it shows, in one sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Data => "What is open: datasets, levels, crops and classes, and how they look.",
            Self::SliceXy => "The slice across z: x to the right, y down.",
            Self::SliceXz => "The slice across y: x to the right, z down.",
            Self::SliceYz => "The slice across x: z to the right, y down.",
            Self::Overview => "The volume, its slices, crops and samples in space.",
            Self::Crops => "The samples of the last batch.",
            Self::Sampling => "From where samples are drawn, and what is left out, and why.",
            Self::Classes => "How much there is of each class in the data, in the draws and in the targets.",
            Self::Tune => "Every key of the configuration as a control.",
            Self::Preview => "What the settings make of a sample.",
            Self::Throughput => "Samples and bytes per second, and the stages of the loader.",
            Self::Timeline => "What each thread did in the last seconds.",
            Self::Cache => "Hit rates and sizes of the caches.",
            Self::Memory => "Memory by owner, against the budget.",
            Self::Diagnosis => "What limits the loader, and what a change would bring.",
            Self::Log => "What happened, in words.",
        }
    }

    /// The axis that a slice cuts across; `None` for the other panes.
    #[must_use]
    pub const fn normal(self) -> Option<Axis> {
        match self {
            Self::SliceXy => Some(Axis::Z),
            Self::SliceXz => Some(Axis::Y),
            Self::SliceYz => Some(Axis::X),
            _ => None,
        }
    }

    /// The slice pane across `normal`.
    #[must_use]
    pub const fn slice(normal: Axis) -> Self {
        match normal {
            Axis::Z => Self::SliceXy,
            Axis::Y => Self::SliceXz,
            Axis::X => Self::SliceYz,
        }
    }
}

/// An arrangement of the panes for a purpose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Views large.
    #[default]
    Explore,
    /// The settings beside a sample that shows what they do, and views.
    Tune,
    /// Timeline and curves large.
    Diagnose,
}

impl Preset {
    /// All presets, in the order of the View menu.
    pub const ALL: [Self; 3] = [Self::Explore, Self::Tune, Self::Diagnose];

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Explore => "Explore",
            Self::Tune => "Tune",
            Self::Diagnose => "Diagnose",
        }
    }

    /// As arguments name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Explore => "explore",
            Self::Tune => "tune",
            Self::Diagnose => "diagnose",
        }
    }

    /// What it is for, in a sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Explore => "Arrange the panes to look at data: the views large.",
            Self::Tune => "Arrange the panes to tune the loader: views, a sample under the settings, the settings.",
            Self::Diagnose => "Arrange the panes to find what is slow: timeline, curves and verdict large.",
        }
    }
}

impl std::str::FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|preset| preset.name() == text.to_ascii_lowercase());
        named.ok_or_else(|| format!("expected explore, tune or diagnose, got {text}"))
    }
}

impl std::fmt::Display for Preset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
