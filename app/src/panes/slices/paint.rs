//! The image of a slice: which layers with which look, handed to the renderer from egui's own render pass.

use std::sync::Arc;

use egui::{Rect, Shape};
use egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor, wgpu};
use microtome_core::loader::SeenRange;
use microtome_render::{
    ImageStyle, Interpolation, LabelColors, LabelStyle, LayerStyle, PaintHandle, SliceDraw, SliceLayer, SliceRenderer,
};
use parking_lot::Mutex;

use super::Screen;
use crate::context::PaneContext;
use crate::state::{Layer, LayerKind};

/// The physical pixels that egui gives a callback in `rect`.
pub fn pixels_of(rect: Rect, pixels_per_point: f32) -> [u32; 2] {
    let edge = |points: f32| (points * pixels_per_point).round().max(0.0);
    let side = |lo: f32, hi: f32| (edge(hi) - edge(lo)).max(1.0) as u32;
    [side(rect.min.x, rect.max.x), side(rect.min.y, rect.max.y)]
}

/// The shape that draws the image.
pub fn callback(ctx: &PaneContext<'_>, screen: &Screen, renderer: &Arc<Mutex<SliceRenderer>>) -> Shape {
    let layers = ctx.state.layers_in(screen.normal(), screen.side).into_iter();
    let layers = layers.map(|layer| slice_layer(ctx, layer, screen)).collect();
    let paint = Paint {
        renderer: Arc::clone(renderer),
        draw: SliceDraw { view: screen.view, layers },
        handle: Mutex::new(None),
    };
    Shape::Callback(egui_wgpu::Callback::new_paint_callback(screen.rect, paint))
}

fn slice_layer(ctx: &PaneContext<'_>, layer: &Layer, screen: &Screen) -> SliceLayer {
    let display = &ctx.state.display;
    let style = match layer.kind {
        LayerKind::Raw => LayerStyle::Image(ImageStyle {
            window: window(ctx, layer, screen),
            color_map: display.color_map,
            invert: display.invert,
            interpolation: if display.smooth { Interpolation::Linear } else { Interpolation::Nearest },
            opacity: 1.0,
        }),
        LayerKind::Labels { color, .. } => {
            let names = ctx.state.session.open().map_or(&[][..], |data| &data.class_names);
            let class = names.get(color).map_or("", String::as_str);
            let own = || LabelColors::Uniform(ctx.color_of_class(class));
            LayerStyle::Labels(LabelStyle {
                colors: if display.color_by_object { LabelColors::PerId } else { own() },
                opacity: display.label_opacity * display.look(class).opacity,
                highlight: None,
            })
        }
    };
    SliceLayer { volume: layer.slot, levels: Arc::clone(&layer.levels), style }
}

/// The values that are black and white: as the network sees it, the ends of the range that it gets.
fn window(ctx: &PaneContext<'_>, layer: &Layer, screen: &Screen) -> [f32; 2] {
    let display = &ctx.state.display;
    let beside = display.beside_contrast.filter(|_| ctx.state.is_beside(screen.side));
    let contrast = beside.unwrap_or_else(|| display.contrast_of(screen.normal()));
    match layer.seen.as_ref().map(|seen| seen.range) {
        Some(SeenRange::Between(from, to)) => [from, to],
        Some(SeenRange::ZScores) => [-3.0, 3.0],
        Some(SeenRange::Ids) | None => [contrast.lo as f32, contrast.hi as f32],
    }
}

struct Paint {
    renderer: Arc<Mutex<SliceRenderer>>,
    draw: SliceDraw,
    handle: Mutex<Option<PaintHandle>>,
}

impl CallbackTrait for Paint {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        _resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        *self.handle.lock() = Some(self.renderer.lock().prepare(device, queue, &self.draw));
        Vec::new()
    }

    fn paint(
        &self,
        _info: egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        _resources: &CallbackResources,
    ) {
        if let Some(handle) = *self.handle.lock() {
            self.renderer.lock().paint(pass, handle);
        }
    }
}
