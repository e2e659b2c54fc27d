//! What a pane gets: the state to read, a sender for commands, and the theme.

use std::cell::RefCell;

use crate::command::Command;
use crate::state::State;
use crate::theme::Theme;

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
}

impl PaneContext<'_> {
    /// Queues a command.
    pub fn send(&self, command: Command) {
        self.commands.send(command);
    }
}
