//! A small window about one line of text, which is forgotten when the window is closed.

use egui::{Align2, Id, Ui, Window};

/// The line that is being typed.
pub struct Line<'a> {
    /// As it is so far.
    pub text: &'a mut String,
    /// The window was not there in the last frame: the line wants the keyboard.
    pub just_opened: bool,
}

/// Draws the window `title` if it `is_open`; `contents_ui` draws what is in it. True if the user closed it.
pub fn text_window_ui(ui: &Ui, title: &str, is_open: bool, contents_ui: impl FnOnce(&mut Ui, Line<'_>)) -> bool {
    let id = Id::unique(title);
    if !is_open {
        ui.data_mut(|data| data.remove::<String>(id));
        return false;
    }
    let known = ui.data_mut(|data| data.get_temp::<String>(id));
    let just_opened = known.is_none();
    let mut text = known.unwrap_or_default();
    let mut stays_open = true;
    let window = Window::new(title).open(&mut stays_open).collapsible(false).resizable(false);
    window.anchor(Align2::CENTER_TOP, [0.0, 90.0]).show(ui, |ui| {
        contents_ui(ui, Line { text: &mut text, just_opened });
    });
    ui.data_mut(|data| data.insert_temp(id, text));
    !stays_open
}
