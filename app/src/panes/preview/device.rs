//! The picture that the graphics card makes, handed to it from egui's own render pass.

use std::sync::Arc;

use egui::{Rect, Shape};
use egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor, wgpu};
use microtome_render::{PlaneStyle, ResamplePlan, SliceRenderer};
use parking_lot::Mutex;

use crate::context::PaneContext;
use crate::state::fills_space;
use crate::state::preview::{DevicePicture, PreviewView};
use crate::theme;

/// The shape that draws it; `None` in a context that draws nothing.
pub(super) fn callback(
    ctx: &PaneContext<'_>,
    view: &PreviewView,
    picture: &DevicePicture,
    rect: Rect,
) -> Option<Shape> {
    let paint = Paint {
        renderer: Arc::clone(ctx.slices?),
        plan: Arc::clone(&picture.resampling.plan),
        style: style(ctx, view, picture),
        is_made: Mutex::new(false),
    };
    Some(Shape::Callback(egui_wgpu::Callback::new_paint_callback(rect, paint)))
}

fn style(ctx: &PaneContext<'_>, view: &PreviewView, picture: &DevicePicture) -> PlaneStyle {
    let display = &ctx.state.display;
    let names = &picture.resampling.classes;
    let all_fill = names.iter().all(|name| fills_space(name));
    let color = |name: &String| (all_fill || !fills_space(name)).then(|| ctx.color_of_class(name));
    PlaneStyle {
        window: picture.window,
        label_opacity: if display.show_labels { display.label_opacity } else { 0.0 },
        classes: names.iter().map(color).collect(),
        by_id: names.len() == 1,
        unknown: theme::palette(&[], &display.looks).unknown,
        label_share: view.label_share,
    }
}

struct Paint {
    renderer: Arc<Mutex<SliceRenderer>>,
    plan: Arc<ResamplePlan>,
    style: PlaneStyle,
    is_made: Mutex<bool>,
}

impl CallbackTrait for Paint {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        encoder: &mut wgpu::CommandEncoder,
        _resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let made = self.renderer.lock().resample((device, queue), encoder, &self.plan, &self.style);
        *self.is_made.lock() = made.is_ok();
        Vec::new()
    }

    fn paint(
        &self,
        _info: egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        _resources: &CallbackResources,
    ) {
        if *self.is_made.lock() {
            self.renderer.lock().paint_resampled(pass);
        }
    }
}
