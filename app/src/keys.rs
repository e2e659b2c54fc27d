//! From the keys that egui reports to the shortcuts of the command table.

use egui::{Event, Key as EguiKey};

use crate::command::{Command, Key, Shortcut, by_key};
use crate::panes::focus;
use crate::state::{Place, State};

/// The commands whose keys were pressed in this frame, and that of a pasted position. Keys typed into a text field stay
/// there, but for those with Ctrl, Escape and function keys; Space and arrows are of the widget that has the keyboard, unless
/// that is a view.
#[must_use]
pub fn pressed(ctx: &egui::Context, state: &State) -> Vec<Command> {
    let typing = ctx.text_edit_focused();
    let focused = ctx.egui_wants_keyboard_input() && !focus::is_on_view(ctx);
    let shortcuts = ctx.input(|input| input.events.iter().filter_map(shortcut).collect::<Vec<_>>());
    let allowed = |shortcut: &Shortcut| {
        // A text field undoes its own typing.
        let of_text = typing && shortcut.key == Key::Char('Z');
        let always = shortcut.ctrl && !of_text || matches!(shortcut.key, Key::Escape | Key::F(_));
        let moves_focus = matches!(shortcut.key, Key::Space | Key::Left | Key::Right | Key::Up | Key::Down);
        always || !(typing || state.palette_open || focused && moves_focus)
    };
    let pasted = if typing { None } else { ctx.input(|input| input.events.iter().find_map(place)) };
    let commands = shortcuts.into_iter().filter(allowed).filter_map(by_key);
    commands.filter(|spec| (spec.enabled)(state)).map(|spec| spec.command.clone()).chain(pasted).collect()
}

/// A position that is pasted outside of any text field.
fn place(event: &Event) -> Option<Command> {
    let Event::Paste(text) = event else { return None };
    Place::parse(text).map(Command::GoTo)
}

fn shortcut(event: &Event) -> Option<Shortcut> {
    let Event::Key { key, pressed: true, modifiers, .. } = event else { return None };
    if modifiers.alt {
        return None;
    }
    let key = named(*key)?;
    // On many keyboards + is a shifted key; its shift says nothing.
    let shift = modifiers.shift && key != Key::Char('+');
    Some(Shortcut { ctrl: modifiers.command, shift, key })
}

fn named(key: EguiKey) -> Option<Key> {
    Some(match key {
        EguiKey::Space => Key::Space,
        EguiKey::Escape => Key::Escape,
        EguiKey::ArrowLeft => Key::Left,
        EguiKey::ArrowRight => Key::Right,
        EguiKey::ArrowUp => Key::Up,
        EguiKey::ArrowDown => Key::Down,
        EguiKey::Comma => Key::Char(','),
        EguiKey::Period => Key::Char('.'),
        EguiKey::Plus | EguiKey::Equals => Key::Char('+'),
        EguiKey::Minus => Key::Char('-'),
        EguiKey::F1 => Key::F(1),
        EguiKey::F11 => Key::F(11),
        other => {
            // Letters and digits are named by themselves.
            let mut name = other.name().chars();
            match (name.next(), name.next()) {
                (Some(c), None) if c.is_ascii_alphanumeric() => Key::Char(c),
                _ => return None,
            }
        }
    })
}
