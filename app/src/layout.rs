//! The arrangement of the panes: what a preset gives, what the user makes of it, and its shape on disk.

mod presets;

use egui::{Response, Role, Ui, WidgetText};
use egui_tiles::{Behavior, EditAction, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles, Tree, UiResponse};

use crate::context::PaneContext;
use crate::panes::pane_ui;
use crate::state::{PaneKind, Preset};

/// The arrangement of the panes.
pub struct Layout {
    tree: Tree<PaneKind>,
    changed: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self { tree: presets::tree_of(Preset::default()), changed: false }
    }
}

impl Layout {
    /// From its shape on disk; `None` if it is no arrangement of the panes of this version.
    #[must_use]
    pub fn from_value(value: serde_json::Value) -> Option<Self> {
        let tree: Tree<PaneKind> = serde_json::from_value(value).ok()?;
        let panes = |kind| tree.tiles.tiles().filter(|tile| matches!(tile, Tile::Pane(k) if *k == kind)).count();
        let sane = tree.root().is_some() && PaneKind::ALL.into_iter().all(|kind| panes(kind) <= 1);
        sane.then_some(Self { tree, changed: false })
    }

    /// Its shape on disk.
    #[must_use]
    pub fn to_value(&self) -> Option<serde_json::Value> {
        serde_json::to_value(&self.tree).ok()
    }

    /// True if the user changed it since the last call.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The arrangement of a preset, as it is at first.
    pub fn arrange(&mut self, preset: Preset) {
        *self = Self { tree: presets::tree_of(preset), changed: true };
    }

    /// Brings a pane to the front; one that was closed comes back at the root.
    pub fn show(&mut self, kind: PaneKind) {
        self.changed = true;
        if self.tree.tiles.find_pane(&kind).is_none() {
            let pane = self.tree.tiles.insert_pane(kind);
            match self.tree.root() {
                Some(root) => self.tree.move_tile_to_container(pane, root, usize::MAX, false),
                None => self.tree.root = Some(pane),
            }
        }
        self.tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == kind));
    }

    /// Draws all panes into `ui`.
    pub fn layout_ui(&mut self, ui: &mut Ui, ctx: &PaneContext<'_>) {
        for kind in PaneKind::ALL {
            if let Some(tile) = self.tree.tiles.find_pane(&kind) {
                self.tree.set_visible(tile, ctx.state.has_room(kind));
            }
        }
        let mut behavior = Panes { ctx, edited: false };
        self.tree.ui(&mut behavior, ui);
        self.changed |= behavior.edited;
        name_the_rest(ui);
    }
}

/// Names what the library leaves without: the lines between panes, and the grounds of their tabs.
fn name_the_rest(ui: &Ui) {
    /// Points across a line, with the room in which it is gripped.
    const LINE: f32 = 8.0;
    let layer = ui.layer_id();
    let controls: Vec<(egui::Id, bool)> = ui.ctx().viewport(|viewport| {
        let controls = viewport.this_pass.widgets.get_layer(layer).filter(|widget| widget.sense.interactive());
        controls.map(|widget| (widget.id, widget.rect.width().min(widget.rect.height()) < LINE)).collect()
    });
    for (id, is_line) in controls {
        ui.ctx().accesskit_node_builder(id, |node| {
            if node.role() == Role::Unknown && node.label().is_none() {
                node.set_role(if is_line { Role::Splitter } else { Role::TabList });
                node.set_label(if is_line { "Line between panes" } else { "Tabs" });
            }
        });
    }
}

struct Panes<'a> {
    ctx: &'a PaneContext<'a>,
    edited: bool,
}

impl Behavior<PaneKind> for Panes<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut PaneKind) -> UiResponse {
        framed_pane_ui(ui, *pane, self.ctx);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &PaneKind) -> WidgetText {
        pane.title().into()
    }

    fn on_tab_button(&mut self, tiles: &mut Tiles<PaneKind>, tile: TileId, button: Response) -> Response {
        match tiles.get(tile) {
            Some(Tile::Pane(kind)) => button.on_hover_text(kind.purpose()),
            _ => button,
        }
    }

    fn is_tab_closable(&self, tiles: &Tiles<PaneKind>, tile: TileId) -> bool {
        matches!(tiles.get(tile), Some(Tile::Pane(_)))
    }

    fn on_tab_close(&mut self, _tiles: &mut Tiles<PaneKind>, _tile: TileId) -> bool {
        self.edited = true;
        true
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }

    fn min_size(&self) -> f32 {
        90.0
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        3.0
    }

    fn tab_bar_color(&self, _visuals: &egui::Visuals) -> egui::Color32 {
        self.ctx.theme.raised
    }

    fn tab_outline_stroke(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<PaneKind>,
        _tile: TileId,
        _state: &TabState,
    ) -> egui::Stroke {
        egui::Stroke::NONE
    }

    fn tab_text_color(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<PaneKind>,
        _tile: TileId,
        state: &TabState,
    ) -> egui::Color32 {
        if state.active { self.ctx.theme.strong } else { self.ctx.theme.weak }
    }

    fn is_tab_bar_visible(&self, _tile: TileId, _tabs: &Tabs) -> bool {
        true
    }

    fn on_edit(&mut self, action: EditAction) {
        // A drag in progress is not an arrangement yet.
        self.edited |= action != EditAction::TileDragged;
    }
}

/// A pane with the margin that suits it: views go to the very edge.
pub fn framed_pane_ui(ui: &mut Ui, kind: PaneKind, ctx: &PaneContext<'_>) {
    let is_view = kind.normal().is_some() || kind == PaneKind::Overview;
    let frame = egui::Frame::new()
        .fill(if is_view { ctx.theme.image_ground } else { ctx.theme.panel })
        .inner_margin(if is_view { 0 } else { 8 });
    frame.show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        pane_ui(ui, kind, ctx);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(layout: &Layout) -> usize {
        layout.tree.tiles.tiles().filter(|tile| matches!(tile, Tile::Pane(_))).count()
    }

    #[test]
    fn every_pane_is_there_and_survives_the_disk() {
        for preset in Preset::ALL {
            let mut layout = Layout::default();
            layout.arrange(preset);
            assert_eq!(kinds(&layout), PaneKind::ALL.len(), "{preset:?}");
            for kind in PaneKind::ALL {
                assert!(layout.tree.tiles.find_pane(&kind).is_some(), "{preset:?} {kind:?}");
            }
            let back = Layout::from_value(layout.to_value().unwrap()).unwrap();
            assert_eq!(back.to_value(), layout.to_value());
        }
    }

    #[test]
    fn nonsense_on_disk_is_no_layout() {
        for text in ["null", "[]", "{}", r#"{"root": 7}"#] {
            assert!(Layout::from_value(serde_json::from_str(text).unwrap()).is_none(), "{text}");
        }
    }

    #[test]
    fn a_closed_pane_comes_back() {
        let mut layout = Layout::default();
        let log = layout.tree.tiles.find_pane(&PaneKind::Log).unwrap();
        layout.tree.remove_recursively(log);
        assert_eq!(kinds(&layout), PaneKind::ALL.len() - 1);
        layout.show(PaneKind::Log);
        assert_eq!(kinds(&layout), PaneKind::ALL.len());
        assert!(layout.take_changed() && !layout.take_changed());
    }
}
