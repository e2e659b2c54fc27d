//! Commands that change the configuration, and copy it.

use microtome_core::loader::params::{PRESETS, Preset};

use super::{Command, CommandSpec, Key, Menu, Shortcut, is_open};

pub(super) fn edit() -> Vec<CommandSpec> {
    use Menu::Edit;
    let spec = CommandSpec::new;
    let commands = vec![
        spec(Edit, Command::Undo, "Undo", "Take the last edit of the configuration back.")
            .key(Shortcut::ctrl(Key::Char('Z')))
            .when(|state| state.session.open().is_some_and(|data| data.draft.can_undo())),
        spec(Edit, Command::Redo, "Redo", "Do again what was taken back.")
            .key(Shortcut::ctrl_shift(Key::Char('Z')))
            .when(|state| state.session.open().is_some_and(|data| data.draft.can_redo())),
        spec(Edit, Command::RevertConfig, "Revert", "The configuration as it was opened or last saved.")
            .when(|state| state.session.open().is_some_and(|data| !data.draft.changes().is_empty())),
        spec(Edit, Command::SaveConfig, "Save configuration", "Write it into its file; comments and order are kept.")
            .key(Shortcut::ctrl(Key::Char('S')))
            .when(is_open),
        spec(Edit, Command::ToggleSaveField, "Save configuration as…", "Write it into another file.").when(is_open),
        spec(Edit, Command::CopyPython, "Copy as Python", "The configuration as keywords, on the clipboard.")
            .when(is_open),
        spec(
            Edit,
            Command::CopyCellmap,
            "Copy as Python for cellmap-data",
            "The configuration as calls of cellmap-data, on the clipboard; what it cannot say stands there as comments.",
        )
        .when(is_open),
    ];
    let preset = |(index, preset): (usize, &Preset)| {
        spec(Edit, Command::UsePreset(index), preset.command, preset.meaning).when(is_open)
    };
    commands.into_iter().chain(PRESETS.iter().enumerate().map(preset)).collect()
}
