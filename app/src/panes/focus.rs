//! What the keyboard does beyond the library's own: views and plots keep the arrow keys, lists scroll to where it is.

use egui::{Context, EventFilter, Id, Response, Ui};

/// Lets a widget that has the keyboard keep the arrow keys, which else go on to the next widget.
pub fn keep_arrows(response: &Response) -> bool {
    if !response.has_focus() {
        return false;
    }
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    response.ctx.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    true
}

/// As [`keep_arrows`], for a view that the keys of the command table move.
pub fn hold_view(response: &Response) -> bool {
    let has_keyboard = keep_arrows(response);
    if has_keyboard {
        response.ctx.data_mut(|data| data.insert_temp(view_id(), response.id));
    }
    has_keyboard
}

/// Whether a view has the keyboard: arrow keys and Space are then commands.
#[must_use]
pub fn is_on_view(ctx: &Context) -> bool {
    let view = ctx.data(|data| data.get_temp::<Id>(view_id()));
    view.is_some() && view == ctx.memory(egui::Memory::focused)
}

/// Scrolls to what the keyboard has just come to, if it is in this scroll area. Call it last in the area's contents.
pub fn follow_focus(ui: &Ui) {
    let id = ui.scope_id().with("followed");
    let focused = ui.memory(egui::Memory::focused);
    let followed = ui.data(|data| data.get_temp::<Option<Id>>(id)).flatten();
    if focused == followed {
        return;
    }
    ui.data_mut(|data| data.insert_temp(id, focused));
    let Some(response) = focused.and_then(|focused| ui.ctx().read_response(focused)) else { return };
    if response.layer_id == ui.layer_id() && ui.min_rect().contains_rect(response.rect) {
        ui.scroll_to_rect(response.rect, None);
    }
}

fn view_id() -> Id {
    Id::unique("view with the keyboard")
}
