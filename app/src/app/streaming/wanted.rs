//! Which chunks the views on the screen want.

use microtome_core::geometry::Axis;
use microtome_render::{ChunkId, choose_display_level, wanted_chunks};

use crate::background::Want;
use crate::state::{LayerKind, Side, State};

/// What the visible views want.
#[derive(Default)]
pub struct Wanted {
    /// Coarsest levels, each view's most urgent first in turn.
    pub coarse: Vec<(usize, Want)>,
    /// The levels on display.
    pub fine: Vec<(usize, Want)>,
    /// Chunks of the EM on display.
    pub shown: Vec<ChunkId>,
    /// The same of the dataset beside it.
    pub shown_beside: Vec<ChunkId>,
}

impl Wanted {
    /// Of the views as they are now.
    pub fn by_views(state: &State) -> Self {
        let mut wanted = Self::default();
        for normal in Axis::ALL.into_iter().filter(|normal| state.views.viewport[*normal].visible) {
            for side in state.views.arrangement.sides() {
                wanted.add(state, normal, *side);
            }
        }
        wanted.fine.sort_by_key(|(rank, _)| *rank);
        wanted.coarse.sort_by_key(|(rank, _)| *rank);
        wanted
    }

    fn add(&mut self, state: &State, normal: Axis, side: Side) {
        let view = state.views.slice_view(normal);
        let layers = state.layers_in(normal, side);
        // What stands in for what the network sees need not be fine.
        let coarse_will_do = layers.iter().any(|layer| layer.seen.is_some()) && !state.display.show_chunks;
        for layer in layers {
            let on_display = choose_display_level(&layer.levels, &view);
            let is_shown = layer.kind == LayerKind::Raw && layer.seen.is_none();
            let is_wanted_fine = layer.seen.is_some() || !coarse_will_do || layer.levels.len() == 1;
            for (rank, (level, chunk)) in wanted_chunks(&view, &layer.levels).into_iter().enumerate() {
                let want = Want::new(layer, level, chunk);
                if level != on_display {
                    self.coarse.push((rank, want));
                    continue;
                }
                if is_shown {
                    let shown = if state.is_beside(side) { &mut self.shown_beside } else { &mut self.shown };
                    shown.push(want.id);
                }
                if is_wanted_fine {
                    self.fine.push((rank, want));
                }
            }
        }
    }
}
