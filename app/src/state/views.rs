//! Where the three linked slices look: one cursor, one centre, one zoom.

use microtome_core::geometry::{Axis, BoxNm, Zyx};

/// The linked slices. The slice across an axis lies at the cursor's position on that axis; panning moves the shared
/// centre, zooming the shared scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Views {
    /// The shared cursor, nm: where the crosshair is.
    pub cursor_nm: Zyx<f64>,
    /// What is in the middle of each view, nm.
    pub center_nm: Zyx<f64>,
    /// Nanometres per point on the screen (a point is a pixel on an ordinary screen).
    pub nm_per_point: f64,
    /// The slice that keys act on: the last one that the pointer was over, by its normal.
    pub active: Axis,
    /// The pointer's position in the world and the slice it is over.
    pub hover_nm: Option<Zyx<f64>>,
    /// Size of each slice on the screen, points [width, height], by normal; as last drawn.
    pub viewport: Zyx<[f32; 2]>,
    /// A new dataset wants to be fitted as soon as the viewports are known.
    pub fit_pending: bool,
}

impl Default for Views {
    fn default() -> Self {
        Self {
            cursor_nm: Zyx::splat(0.0),
            center_nm: Zyx::splat(0.0),
            nm_per_point: 8.0,
            active: Axis::Z,
            hover_nm: None,
            viewport: Zyx::splat([0.0; 2]),
            fit_pending: false,
        }
    }
}

impl Views {
    /// The world axes to the right and down in the slice across `normal`: xy, xz, and for yz z to the right, so that y
    /// lines up with the xy slice beside it.
    #[must_use]
    pub const fn plane_axes(normal: Axis) -> (Axis, Axis) {
        match normal {
            Axis::Z => (Axis::X, Axis::Y),
            Axis::Y => (Axis::X, Axis::Z),
            Axis::X => (Axis::Z, Axis::Y),
        }
    }

    /// Centres everything on `target` and chooses the zoom at which it fits every slice with a margin.
    pub fn fit(&mut self, target: &BoxNm) {
        const MARGIN: f64 = 1.06;
        self.cursor_nm = target.center_nm();
        self.center_nm = self.cursor_nm;
        let extent_nm = target.extent_nm();
        let mut needed = 0.0_f64;
        for normal in Axis::ALL {
            let (right, down) = Self::plane_axes(normal);
            let [width, height] = self.viewport[normal].map(f64::from);
            if width > 1.0 && height > 1.0 {
                needed = needed.max(extent_nm[right] / width).max(extent_nm[down] / height);
            }
        }
        if needed > 0.0 {
            self.nm_per_point = needed * MARGIN;
        }
    }

    /// Changes the zoom only if a box would not fit, or would be a speck: then it fills a part of the smallest slice.
    pub fn show_whole(&mut self, target: &BoxNm) {
        const SHARE: f64 = 0.5;
        const SPECK: f64 = 0.1;
        let smallest = self.viewport.to_array().into_iter().flatten().fold(f32::MAX, f32::min);
        let extent_nm = target.extent_nm().to_array().into_iter().fold(0.0, f64::max);
        let points = extent_nm / self.nm_per_point;
        let room = f64::from(smallest);
        if room > 1.0 && extent_nm > 0.0 && !(room * SPECK..=room).contains(&points) {
            self.nm_per_point = extent_nm / (room * SHARE);
        }
    }
}
