//! The native window.

use anyhow::anyhow;
use eframe::egui;

use crate::{App, AppOptions};

struct Window(App);

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.0.logic(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.0.ui(ui);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// There is no display, no graphics adapter, or a background thread cannot be started.
pub fn run(options: AppOptions) -> anyhow::Result<()> {
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Microtome")
            .with_app_id("microtome")
            .with_inner_size([1600.0, 1000.0])
            .with_min_inner_size([720.0, 480.0])
            .with_drag_and_drop(true),
        persist_window: false,
        ..Default::default()
    };
    let create = move |cc: &eframe::CreationContext<'_>| {
        let render_state = cc.wgpu_render_state.as_ref().ok_or("the window has no wgpu device")?;
        let app = App::new(&cc.egui_ctx, render_state, options)?;
        Ok(Box::new(Window(app)) as Box<dyn eframe::App>)
    };
    eframe::run_native("microtome", native, Box::new(create))
        .map_err(|error| anyhow!("the window cannot be opened ({error})"))
}
