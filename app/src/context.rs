//! What a pane gets: the state to read, a sender for commands, and the theme.

use std::cell::RefCell;
use std::sync::Arc;

use microtome_render::SliceRenderer;
use parking_lot::Mutex;

use crate::command::Command;
use crate::state::{CropColor, CropTone, State, Viewport};
use crate::theme::{Theme, color_of_class};

/// Where panes put what the user wants; applied after painting, before the next frame.
#[derive(Debug, Default)]
pub struct CommandSender {
    queue: RefCell<Vec<Command>>,
}

impl CommandSender {
    /// Queues a command.
    pub fn send(&self, command: Command) {
        self.queue.borrow_mut().push(command);
    }

    /// True if something is queued that changes what the next frame shows.
    #[must_use]
    pub fn wants_frame(&self, state: &State) -> bool {
        let views = &state.views;
        self.queue.borrow().iter().any(|command| match command {
            Command::SetViewport { normal, points, pixels } => {
                views.viewport[*normal] != Viewport { points: *points, pixels: *pixels, visible: true }
            }
            Command::Hover(Some((normal, side, at_nm))) => {
                let same = (views.active, views.hover_side) == (*normal, *side);
                views.hover_nm != Some(*at_nm) || !same || views.overview_active
            }
            Command::Hover(None) => views.hover_nm.is_some(),
            Command::WatchPreview => !state.preview.is_watched,
            _ => true,
        })
    }

    /// Takes what was queued, in order.
    #[must_use]
    pub fn take(&self) -> Vec<Command> {
        self.queue.take()
    }
}

/// What a pane gets. Anything a pane remembers for itself (zoom, filters) lives in egui's temporary memory
/// (`ui.data_mut`) under the pane's own id; anything others care about is state, changed by a command.
#[derive(Debug, Clone, Copy)]
pub struct PaneContext<'a> {
    /// Everything there is to show.
    pub state: &'a State,
    /// Takes what the user wants.
    pub commands: &'a CommandSender,
    /// Names every colour.
    pub theme: &'a Theme,
    /// Draws the slices from chunks that are resident; without it they show only what is drawn over the image.
    pub slices: Option<&'a Arc<Mutex<SliceRenderer>>>,
}

impl PaneContext<'_> {
    /// The colour of a class of what is open, sRGB.
    #[must_use]
    pub fn color_of_class(&self, class: &str) -> [u8; 3] {
        color_of_class(self.state.session.class_names(), &self.state.display.looks, class)
    }

    /// The colour of a crop, by what its colour says.
    #[must_use]
    pub fn color_of_crop(&self, tone: &CropTone) -> egui::Color32 {
        match tone {
            // The colour of fresh samples is near that of a class.
            CropTone::Plain if self.state.display.crop_color == CropColor::Class => self.theme.chunk_absent,
            CropTone::Plain => self.theme.sample,
            CropTone::Class(name) => Theme::rgb(self.color_of_class(name)),
            CropTone::Dataset(index) => self.theme.series[index % self.theme.series.len()],
            CropTone::SomeMissing => self.theme.risk,
            CropTone::MuchMissing => self.theme.loss,
        }
    }

    /// Queues a command.
    pub fn send(&self, command: Command) {
        self.commands.send(command);
    }
}
