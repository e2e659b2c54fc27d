//! The arrangements that the app offers: for looking, for tuning, for finding what is slow.

use egui_tiles::{Container, Linear, LinearDir, TileId, Tiles, Tree};

use crate::state::{PaneKind, Preset};

/// The arrangement of a preset. Every pane is in it once: those that a preset does not place are tabs of its last
/// group.
pub fn tree_of(preset: Preset) -> Tree<PaneKind> {
    let mut build = Build { tiles: Tiles::default() };
    let root = match preset {
        Preset::Explore => build.explore(),
        Preset::Tune => build.tune(),
        Preset::Diagnose => build.diagnose(),
    };
    Tree::new(egui::Id::unique("panes"), root, build.tiles)
}

use PaneKind as P;

/// The panes of figures, in the order of their tabs.
const FIGURES: [P; 8] =
    [P::Timeline, P::Throughput, P::Sampling, P::Classes, P::Cache, P::Memory, P::Diagnosis, P::Log];

struct Build {
    tiles: Tiles<PaneKind>,
}

impl Build {
    fn explore(&mut self) -> TileId {
        let data = self.tabs(&[P::Data]);
        let views = self.views();
        let right = self.tabs(&[P::Tune, P::Preview]);
        let bottom = self.tabs_with_rest(&[&[P::Crops], &FIGURES[..]].concat());
        let middle = self.split(LinearDir::Horizontal, &[(data, 0.18), (views, 0.57), (right, 0.25)]);
        self.split(LinearDir::Vertical, &[(middle, 0.72), (bottom, 0.28)])
    }

    fn tune(&mut self) -> TileId {
        let data = self.tabs(&[P::Data]);
        let views = self.views();
        let bottom =
            self.tabs(&[P::Crops, P::Classes, P::Timeline, P::Throughput, P::Cache, P::Memory, P::Diagnosis, P::Log]);
        let preview = self.tabs(&[P::Preview]);
        let right = self.tabs_with_rest(&[P::Tune, P::Sampling]);
        let parts = [(data, 0.17), (views, 0.28), (preview, 0.28), (right, 0.27)];
        let middle = self.split(LinearDir::Horizontal, &parts);
        self.split(LinearDir::Vertical, &[(middle, 0.74), (bottom, 0.26)])
    }

    fn diagnose(&mut self) -> TileId {
        let timeline = self.tabs(&[P::Timeline]);
        let curves = self.tabs(&[P::Throughput]);
        let left = self.split(LinearDir::Vertical, &[(timeline, 0.5), (curves, 0.5)]);
        let views = self.tabs(&[P::Crops, P::SliceXy, P::SliceXz, P::SliceYz, P::Overview, P::Data]);
        let figures = self.tabs_with_rest(&[P::Diagnosis, P::Cache, P::Memory, P::Sampling, P::Log]);
        let right = self.split(LinearDir::Vertical, &[(figures, 0.5), (views, 0.5)]);
        self.split(LinearDir::Horizontal, &[(left, 0.62), (right, 0.38)])
    }

    /// Rows, and no grid: a row whose pane is closed gives the room to the other.
    fn views(&mut self) -> TileId {
        let rows = [[P::SliceXy, P::SliceXz], [P::SliceYz, P::Overview]].map(|row| {
            let row = row.map(|kind| (self.tabs(&[kind]), 0.5));
            (self.split(LinearDir::Horizontal, &row), 0.5)
        });
        self.split(LinearDir::Vertical, &rows)
    }

    fn tabs(&mut self, kinds: &[PaneKind]) -> TileId {
        let children = kinds.iter().map(|kind| self.tiles.insert_pane(*kind)).collect();
        self.tiles.insert_tab_tile(children)
    }

    /// As [`Self::tabs`], with every pane that has no place yet behind them.
    fn tabs_with_rest(&mut self, kinds: &[PaneKind]) -> TileId {
        let is_free = |kind: &PaneKind| !kinds.contains(kind) && self.tiles.find_pane(kind).is_none();
        let rest: Vec<PaneKind> = PaneKind::ALL.into_iter().filter(is_free).collect();
        self.tabs(&[kinds, &rest].concat())
    }

    fn split(&mut self, direction: LinearDir, parts: &[(TileId, f32)]) -> TileId {
        let mut linear = Linear::new(direction, parts.iter().map(|(tile, _)| *tile).collect());
        for (tile, share) in parts {
            linear.shares.set_share(*tile, *share);
        }
        self.tiles.insert_new(Container::Linear(linear).into())
    }
}
