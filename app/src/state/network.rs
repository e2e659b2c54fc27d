//! What the network sees, over the slices: asked for, on its way, there, or not to be had.

use std::sync::Arc;

use microtome_core::geometry::{Axis, Zyx};
use microtome_core::loader::{LoaderConfig, Seen, SeenRange};

use super::{Layer, LayerKind, State, Views};

/// Texels that a slice may take, bytes: beyond it the plain view stays. A large window at one voxel per pixel takes less.
const MOST_BYTES: f64 = (256_u64 << 20) as f64;

/// Whether the slices show the data as the network sees them, and what there is of that.
#[derive(Debug, Clone, Default)]
pub struct NetworkView {
    /// The user wants it.
    pub is_on: bool,
    /// The input that was chosen; `None`: the first.
    pub input: Option<String>,
    /// What there is.
    pub phase: NetworkPhase,
}

/// What there is of what the network sees.
#[derive(Debug, Clone, Default)]
pub enum NetworkPhase {
    /// Nobody asked.
    #[default]
    Off,
    /// Images are opened, intensities measured.
    Opening,
    /// The EM first, then the labels.
    Ready(Vec<Layer>),
    /// Why not.
    Failed(String),
}

/// What a look through the eyes of the network depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkAsk {
    /// The dataset, by its index in the catalog.
    pub dataset_index: usize,
    /// The input, by its name.
    pub input: String,
    /// Arrays, classes and normalisation; nothing else of it counts.
    pub config: LoaderConfig,
}

/// What a slice says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkWords {
    /// In short.
    pub words: String,
    /// In full.
    pub tooltip: String,
}

impl NetworkAsk {
    fn of(state: &State) -> Option<Self> {
        let data = state.session.open()?;
        let mut config = LoaderConfig { data: data.config.data.clone(), ..LoaderConfig::default() };
        config.input.clone_from(&data.config.input);
        config.target.clone_from(&data.config.target);
        config.augment.intensity.clone_from(&data.config.augment.intensity);
        Some(Self { dataset_index: data.dataset_index, input: state.network_input()?.to_owned(), config })
    }
}

impl State {
    /// The input whose eyes the slices can look through: the chosen one, if it is there, else the first.
    #[must_use]
    pub fn network_input(&self) -> Option<&str> {
        let inputs = &self.session.open()?.config.input;
        let chosen = self.network.input.as_ref().filter(|name| inputs.contains_key(*name));
        chosen.or_else(|| inputs.keys().next()).map(String::as_str)
    }

    /// What is to be seen through the eyes of the network now, if anything is.
    #[must_use]
    pub fn network_ask(&self) -> Option<NetworkAsk> {
        if self.network.is_on { NetworkAsk::of(self) } else { None }
    }

    /// What the network sees in the slice across `normal`: nothing while it is not there, or too far away.
    #[must_use]
    pub fn network_layers(&self, normal: Axis) -> &[Layer] {
        match &self.network.phase {
            NetworkPhase::Ready(layers) if self.network.is_on && self.is_near(layers, normal) => layers,
            _ => &[],
        }
    }

    fn is_near(&self, layers: &[Layer], normal: Axis) -> bool {
        let raw = layers.iter().find(|layer| layer.kind == LayerKind::Raw).and_then(|layer| layer.seen.as_ref());
        raw.is_some_and(|seen| texel_bytes(seen, &self.views, normal) <= MOST_BYTES)
    }

    /// What the slice across `normal` says about it; `None` while nobody asks.
    #[must_use]
    pub fn network_words(&self, normal: Axis) -> Option<NetworkWords> {
        const HEAD: &str = "as the network sees it";
        if !self.network.is_on {
            return None;
        }
        let (words, tooltip) = match &self.network.phase {
            NetworkPhase::Off => return None,
            NetworkPhase::Opening => {
                (format!("{HEAD} · preparing…"), "Its images are opened, and measured where that is needed.".to_owned())
            }
            NetworkPhase::Failed(reason) => ("cannot be seen as the network does".to_owned(), reason.clone()),
            NetworkPhase::Ready(layers) => {
                let seen = layers.iter().find_map(|layer| layer.seen.as_ref())?;
                let size = voxel_text(seen.world_from_voxel.voxel_size_nm);
                if self.is_near(layers, normal) {
                    (format!("{HEAD} · {size} · {}", values_text(seen)), purpose(seen))
                } else {
                    let why = "From here it would be more voxels than the graphics card should hold.";
                    (format!("zoom in to see it as the network does · {size}"), why.to_owned())
                }
            }
        };
        Some(NetworkWords { words, tooltip })
    }
}

/// Texels of all tiles that a slice meets, bytes.
fn texel_bytes(seen: &Seen, views: &Views, normal: Axis) -> f64 {
    let view = views.slice_view(normal);
    let size_nm = seen.world_from_voxel.voxel_size_nm;
    let tile_nm = seen.tile.map(|n| n as f64) * size_nm;
    let whole_nm = seen.shape.map(|n| n as f64) * size_nm;
    let tiles = [(view.right(), 0), (view.down(), 1)].map(|(axis, side): (Axis, usize)| {
        let shown_nm = f64::from(view.viewport[side]) * view.nm_per_pixel;
        (shown_nm.min(whole_nm[axis]) / tile_nm[axis]).ceil()
    });
    let texel_bytes = size_of::<f32>() as f64;
    tiles[0] * tiles[1] * seen.tile.map(|n| n as f64).product() * texel_bytes
}

/// `8 nm`, or `40 × 4 × 4 nm` for z, y, x.
pub(super) fn voxel_text(size_nm: Zyx<f64>) -> String {
    let [z, y, x] = size_nm.map(|nm| (nm * 100.0).round() / 100.0).to_array();
    if (z - y).abs() < 1e-9 && (y - x).abs() < 1e-9 { format!("{z} nm") } else { format!("{z} × {y} × {x} nm") }
}

/// `f32 0…1`
fn values_text(seen: &Seen) -> String {
    let encoding = seen.array().1.encoding.name();
    match seen.range {
        SeenRange::Between(from, to) => format!("{encoding} {from}…{to}"),
        SeenRange::ZScores => format!("{encoding} z-scores −3…3"),
        SeenRange::Ids => format!("{encoding} ids"),
    }
}

fn purpose(seen: &Seen) -> String {
    let name = seen.array().0;
    let how = if seen.is_by_percentiles() {
        "Every tile is a patch, normalised by its own percentiles."
    } else {
        "Resampled to the voxels of training, clipped and normalised, without what augmentation varies."
    };
    format!("Input {name}: black and white are the ends of the range. {how} Labels are the classes of the targets.")
}

/// The input and the targets as layers: the EM first. `volumes` are what they are read from, `slot` is the first free one.
#[must_use]
pub fn network_layers(
    layers: Vec<(LayerKind, Arc<microtome_core::volume::Volume>, Seen)>,
    first_slot: u64,
) -> Vec<Layer> {
    let numbered = layers.into_iter().zip(first_slot..);
    numbered.map(|((kind, volume, seen), slot)| Layer::of_seen(kind, volume, Arc::new(seen), slot)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voxel_that_is_no_cube_says_all_its_sides() {
        assert_eq!(voxel_text(Zyx::splat(8.0)), "8 nm");
        assert_eq!(voxel_text(Zyx::new(40.0, 5.24, 5.24)), "40 × 5.24 × 5.24 nm");
    }
}
