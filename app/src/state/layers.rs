//! The volumes of the shown dataset as layers of the slices: the EM below, labels above.

use std::sync::Arc;

use microtome_core::catalog::Dataset;
use microtome_core::loader::Seen;
use microtome_core::volume::Volume;
use microtome_render::LevelGeometry;

use super::network::voxel_text;
use super::{NetworkPhase, State};

/// What a layer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LayerKind {
    /// The EM.
    Raw,
    /// One class of one label crop.
    Labels {
        /// Index of the crop in the dataset.
        crop: usize,
        /// Index of the class in the crop.
        class: usize,
        /// Index of the class among all classes of the dataset: chooses its colour.
        color: usize,
    },
}

/// One volume as the slices draw it.
#[derive(Debug, Clone)]
pub struct Layer {
    /// What it shows.
    pub kind: LayerKind,
    /// The data.
    pub volume: Arc<Volume>,
    /// Its levels as drawing sees them, finest first.
    pub levels: Arc<[LevelGeometry]>,
    /// As the network sees it, if it does: then there is one level, of which the chunks are tiles.
    pub seen: Option<Arc<Seen>>,
    /// Its number among the textures; a volume shown as EM and as labels has two.
    pub slot: u64,
}

/// True for the classes of the CellMap table that fill space around organelles: over everything else they are a veil,
/// so they are not drawn until asked for.
#[must_use]
pub fn fills_space(class: &str) -> bool {
    matches!(class, "cell" | "cyto" | "ecs")
}

/// The number of a volume among the textures; shown as EM and as labels it has two.
pub(super) fn slot_of(volume: &Volume, kind: LayerKind) -> u64 {
    u64::from(volume.id().0) * 2 + u64::from(kind != LayerKind::Raw)
}

impl Layer {
    fn new(kind: LayerKind, volume: &Arc<Volume>) -> Self {
        let geometry = volume.levels().iter().map(|level| LevelGeometry {
            shape: level.shape,
            chunk_shape: level.chunk_shape,
            world_from_voxel: level.world_from_voxel,
        });
        let slot = slot_of(volume, kind);
        Self { kind, volume: Arc::clone(volume), levels: geometry.collect(), seen: None, slot }
    }

    /// What the network sees of a volume.
    pub(super) fn of_seen(kind: LayerKind, volume: Arc<Volume>, seen: Arc<Seen>, slot: u64) -> Self {
        let geometry = LevelGeometry {
            shape: seen.shape,
            chunk_shape: seen.tile.map(|n| n as u64),
            world_from_voxel: seen.world_from_voxel,
        };
        Self { kind, volume, levels: Arc::from([geometry]), seen: Some(seen), slot }
    }

    /// What a level is called, such as `s1`; as the network sees it, its voxels, such as `8 nm`.
    #[must_use]
    pub fn level_name(&self, level: usize) -> String {
        match &self.seen {
            Some(seen) => voxel_text(seen.world_from_voxel.voxel_size_nm),
            None => self.volume.levels().get(level).map_or_else(String::new, |level| level.path.clone()),
        }
    }

    /// Every layer of a dataset, in drawing order; `names` are the classes of the whole catalog, in order of colours.
    #[must_use]
    pub fn of_dataset(dataset: &Dataset, names: &[String]) -> Vec<Self> {
        let mut layers = vec![Self::new(LayerKind::Raw, &dataset.raw)];
        for (crop, labels) in dataset.crops.iter().enumerate() {
            for (class, labels) in labels.classes.iter().enumerate() {
                let color = names.iter().position(|name| *name == labels.class).unwrap_or(0);
                layers.push(Self::new(LayerKind::Labels { crop, class, color }, &labels.volume));
            }
        }
        layers
    }
}

impl State {
    /// The layers of what is stored that are drawn now, in drawing order.
    pub fn visible_layers(&self) -> impl Iterator<Item = &Layer> {
        let layers = self.session.open().map_or(&[][..], |data| &data.layers);
        layers.iter().filter(|layer| self.is_shown(layer))
    }

    /// The layer of a number among the textures.
    #[must_use]
    pub fn layer_of(&self, slot: u64) -> Option<&Layer> {
        let stored = self.session.open().map_or(&[][..], |data| &data.layers);
        let seen = match &self.network.phase {
            NetworkPhase::Ready(layers) => &layers[..],
            _ => &[],
        };
        let beside = self.session.open().map_or(&[][..], |data| &data.beside_layers);
        stored.iter().chain(seen).chain(beside).find(|layer| layer.slot == slot)
    }

    pub(super) fn is_shown(&self, layer: &Layer) -> bool {
        let display = &self.display;
        match layer.kind {
            LayerKind::Raw => display.show_raw,
            LayerKind::Labels { crop, class, color } => {
                let names = self.session.open().map_or(&[][..], |data| &data.class_names);
                let name = names.get(color).map_or("", String::as_str);
                let wanted = match &display.isolated {
                    Some(isolated) => isolated == name,
                    None => display.is_class_visible(crop, class),
                };
                wanted && display.show_labels && display.label_opacity * display.look(name).opacity > 0.0
            }
        }
    }

    /// Whether a class is drawn in the crops of the shown dataset, all (`Some(true)`) or none; `None`: in some.
    #[must_use]
    pub fn class_visibility(&self, class: &str) -> Option<bool> {
        let crops = self.session.open().and_then(|data| data.dataset()).map_or(&[][..], |set| &set.crops);
        let mut visible = crops.iter().enumerate().flat_map(|(crop, labels)| {
            let of_class = labels.classes.iter().enumerate().filter(|(_, labels)| labels.class == class);
            of_class.map(move |(index, _)| self.display.is_class_visible(crop, index))
        });
        let first = visible.next().unwrap_or(false);
        visible.all(|other| other == first).then_some(first)
    }
}
