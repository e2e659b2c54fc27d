//! How the views are laid out: four, one, or one as two halves that share a camera.

use microtome_core::geometry::Axis;

use super::{Layer, LayerKind, PaneKind, State, fills_space};

/// Which views there are, and what they show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Arrangement {
    /// The three slices and the overview.
    #[default]
    Four,
    /// One slice alone.
    One,
    /// One slice, twice: the EM, and the EM with its labels.
    Labels,
    /// One slice of two datasets, at the same place in the world.
    Datasets,
}

/// A part of a slice's pane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// All of it.
    #[default]
    Whole,
    /// Its left half.
    Left,
    /// Its right half.
    Right,
}

impl Arrangement {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 4] = [Self::Four, Self::One, Self::Labels, Self::Datasets];

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Four => "Four views",
            Self::One => "One view",
            Self::Labels => "EM beside EM with labels",
            Self::Datasets => "Two datasets side by side",
        }
    }

    /// What it shows, in a sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Four => "The three slices and the overview.",
            Self::One => "Only the slice that the pointer was last over, with all the room of the four.",
            Self::Labels => "The slice that the pointer was last over, twice: without and with its labels.",
            Self::Datasets => "The same place of another dataset beside this one: they move and zoom together.",
        }
    }

    /// The halves of a slice, from the left.
    #[must_use]
    pub const fn sides(self) -> &'static [Side] {
        match self {
            Self::Four | Self::One => &[Side::Whole],
            Self::Labels | Self::Datasets => &[Side::Left, Side::Right],
        }
    }
}

impl State {
    /// True if a pane has its place among the others; of the views not all may have.
    #[must_use]
    pub fn has_room(&self, kind: PaneKind) -> bool {
        let views = &self.views;
        match kind.normal() {
            Some(normal) => views.arrangement == Arrangement::Four || normal == views.single,
            None => kind != PaneKind::Overview || views.arrangement == Arrangement::Four,
        }
    }

    /// Lays the views out anew; the active slice is the one that stays.
    pub fn arrange(&mut self, arrangement: Arrangement) {
        self.maximised = None;
        self.views.arrangement = arrangement;
        self.views.single = self.views.active;
        self.views.hover_side = arrangement.sides()[0];
        if arrangement == Arrangement::Datasets
            && let Some(data) = self.session.open()
        {
            let others = data.catalog.datasets.len();
            let next = (data.dataset_index + 1) % others.max(1);
            let index = data.beside_index().filter(|index| *index != data.dataset_index).unwrap_or(next);
            self.show_beside(index);
        }
    }

    /// Puts a dataset into the right halves.
    pub fn show_beside(&mut self, dataset_index: usize) {
        if let super::Session::Open(data) = &mut self.session {
            data.show_beside(dataset_index);
            self.display.beside_contrast = None;
        }
    }

    /// The dataset in a part of a slice, by its index in the catalog.
    #[must_use]
    pub fn dataset_in(&self, side: Side) -> Option<usize> {
        let data = self.session.open()?;
        if self.is_beside(side) { data.beside_index() } else { Some(data.dataset_index) }
    }

    /// True for the half that shows another dataset.
    #[must_use]
    pub fn is_beside(&self, side: Side) -> bool {
        side == Side::Right && self.views.arrangement == Arrangement::Datasets
    }

    /// The part of a slice whose values are read out: of a bare half those of the whole, its labels included.
    #[must_use]
    pub fn side_read_out(&self) -> Side {
        if self.is_beside(self.views.hover_side) { Side::Right } else { Side::Whole }
    }

    /// The layers of a part of the slice across `normal`, in drawing order: what is stored, and over it what the network
    /// sees of it, so that the one stands in for the other while that is on its way.
    #[must_use]
    pub fn layers_in(&self, normal: Axis, side: Side) -> Vec<&Layer> {
        if self.is_beside(side) {
            let layers = self.session.open().map_or(&[][..], |data| &data.beside_layers);
            return layers.iter().filter(|layer| self.is_shown_beside(layer)).collect();
        }
        let bare = side == Side::Left && self.views.arrangement == Arrangement::Labels;
        let seen = self.network_layers(normal).iter().filter(|layer| self.is_shown(layer));
        let layers = self.visible_layers().chain(seen);
        layers.filter(|layer| !bare || layer.kind == LayerKind::Raw).collect()
    }

    /// What is hidden by hand is of the other dataset; here the classes that fill space are.
    fn is_shown_beside(&self, layer: &Layer) -> bool {
        let LayerKind::Labels { color, .. } = layer.kind else { return self.display.show_raw };
        let names = self.session.open().map_or(&[][..], |data| &data.class_names);
        let name = names.get(color).map_or("", String::as_str);
        let is_veil = fills_space(name) && !names.iter().all(|name| fills_space(name));
        let wanted = self.display.isolated.as_ref().map_or(!is_veil, |isolated| isolated == name);
        wanted && self.display.show_labels && self.display.label_opacity * self.display.look(name).opacity > 0.0
    }

    /// What a part of a slice is called beside the other; `None` for the whole.
    #[must_use]
    pub fn side_name(&self, side: Side) -> Option<String> {
        match (self.views.arrangement, side) {
            (Arrangement::Labels, Side::Left) => Some("EM".to_owned()),
            (Arrangement::Labels, Side::Right) => Some("EM with labels".to_owned()),
            (Arrangement::Datasets, Side::Left | Side::Right) => {
                let index = self.dataset_in(side)?;
                self.session.open()?.catalog.datasets.get(index).map(|dataset| dataset.name.clone())
            }
            _ => None,
        }
    }
}
