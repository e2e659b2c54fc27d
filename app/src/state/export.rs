//! The box on display as something to write: which volume, which level, how much that is.

use std::path::PathBuf;
use std::sync::Arc;

use microtome_core::geometry::{Axis, BoxNm, Zyx};
use microtome_core::volume::Volume;
use microtome_core::write::{Export, Progress};
use microtome_render::choose_display_level;

use super::{Layer, LayerKind, State, Views};

/// What is chosen in the window that exports, and what is being written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExportState {
    /// The window is open.
    pub open: bool,
    /// Which layer of the shown dataset, counted in [`super::OpenData::layers`].
    pub layer: usize,
    /// The level; `None`: the one on display.
    pub level: Option<usize>,
    /// What is being written.
    pub running: Option<ExportRun>,
}

/// Something that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRun {
    /// Where.
    pub path: PathBuf,
    /// How far it is.
    pub progress: Progress,
}

/// A box that can be written.
#[derive(Debug, Clone)]
pub struct ExportPlan {
    /// The volume.
    pub volume: Arc<Volume>,
    /// Level and voxels.
    pub what: Export,
}

impl Views {
    /// The box of the world that the slices on the screen show, nm: along each axis as far as any of them reaches. An axis
    /// that none of them has in its plane counts from the cursor half of `thickness_nm` each way.
    #[must_use]
    pub fn visible_box(&self, thickness_nm: f64) -> Option<BoxNm> {
        let mut shown: Option<BoxNm> = None;
        for normal in Axis::ALL {
            let viewport = self.viewport[normal];
            if !viewport.visible {
                continue;
            }
            if self.turned[normal].is_some() {
                let view = self.slice_view(normal);
                let [width, height] = view.viewport.map(f64::from);
                for at in [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]] {
                    let corner = BoxNm::about(view.world_from_pixel(at), Zyx::splat(thickness_nm));
                    shown = Some(shown.map_or(corner, |shown| shown.union(&corner)));
                }
                continue;
            }
            let (right, down) = Self::plane_axes(normal);
            let (mut lo, mut hi) = (self.center_nm, self.center_nm);
            for (axis, points) in [(right, viewport.points[0]), (down, viewport.points[1])] {
                let half_nm = f64::from(points) * self.nm_per_point / 2.0;
                (lo[axis], hi[axis]) = (self.center_nm[axis] - half_nm, self.center_nm[axis] + half_nm);
            }
            (lo[normal], hi[normal]) =
                (self.cursor_nm[normal] - thickness_nm / 2.0, self.cursor_nm[normal] + thickness_nm / 2.0);
            let slice = BoxNm::new(lo, hi);
            shown = Some(shown.map_or(slice, |shown| shown.union(&slice)));
        }
        shown
    }
}

impl State {
    /// What a layer is called: `EM`, or crop and class.
    #[must_use]
    pub fn layer_name(&self, layer: &Layer) -> String {
        match layer.kind {
            LayerKind::Raw => "EM".to_owned(),
            LayerKind::Labels { crop, class, .. } => {
                let known = self.session.open().and_then(|data| data.dataset()).and_then(|set| set.crops.get(crop));
                let class = known.and_then(|crop| Some((crop, crop.classes.get(class)?)));
                class.map_or_else(String::new, |(crop, labels)| format!("{} {}", crop.name, labels.class))
            }
        }
    }

    /// The level that would be written of a layer: the one that is asked for, else the one on display.
    #[must_use]
    pub fn export_level(&self, layer: &Layer) -> usize {
        let on_display = || choose_display_level(&layer.levels, &self.views.slice_view(self.views.active));
        self.export.level.map_or_else(on_display, |level| level.min(layer.levels.len().saturating_sub(1)))
    }

    /// What would be written now; `None` if the slices show nothing of it.
    #[must_use]
    pub fn export_plan(&self) -> Option<ExportPlan> {
        let layer = self.session.open()?.layers.get(self.export.layer)?;
        let level = self.export_level(layer);
        let voxel_nm = layer.volume.levels().get(level)?.voxel_size_nm();
        let thickness_nm = voxel_nm.z.max(voxel_nm.y).max(voxel_nm.x);
        let what = Export::of(&layer.volume, level, &self.views.visible_box(thickness_nm)?)?;
        Some(ExportPlan { volume: Arc::clone(&layer.volume), what })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Viewport;
    use super::*;

    #[test]
    fn the_visible_box_is_what_any_slice_shows() {
        let hidden = Viewport { points: [400.0, 300.0], pixels: [400, 300], visible: false };
        let mut views = Views {
            cursor_nm: Zyx::new(50.0, 60.0, 70.0),
            center_nm: Zyx::new(100.0, 200.0, 300.0),
            nm_per_point: 2.0,
            viewport: Zyx::splat(hidden),
            ..Views::default()
        };
        assert_eq!(views.visible_box(8.0), None);
        views.viewport.z.visible = true;
        let of_one = BoxNm::new(Zyx::new(46.0, -100.0, -100.0), Zyx::new(54.0, 500.0, 700.0));
        assert_eq!(views.visible_box(8.0), Some(of_one));
        // The slice across y shows z downwards, and the cursor's y.
        views.viewport.y.visible = true;
        let of_two = BoxNm::new(Zyx::new(-200.0, -100.0, -100.0), Zyx::new(400.0, 500.0, 700.0));
        assert_eq!(views.visible_box(8.0), Some(of_two));
    }
}
