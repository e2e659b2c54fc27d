//! Painting the plane that was made.

use bytemuck::{Pod, Zeroable};

use super::Resampler;
use super::plan::ResamplePlan;
use crate::colormap::{LUT_WIDTH, label_palette};

/// How a plane is painted.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaneStyle {
    /// Intensities that are black and white.
    pub window: [f32; 2],
    /// Opacity of labels, 0–1.
    pub label_opacity: f32,
    /// For each class of the plan its sRGB colour; `None`: it is not drawn.
    pub classes: Vec<Option<[u8; 3]>>,
    /// Whether ids choose colours.
    pub by_id: bool,
    /// sRGB of the hatch where nobody annotated.
    pub unknown: [u8; 3],
    /// How large the labels are beside the plane (right, down): 1 if they cover the same part of the world.
    pub label_share: [f32; 2],
}

/// See `Show` in `preview.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct ShowUniform {
    sizes: [u32; 4],
    window: [f32; 4],
    counts: [u32; 4],
    unknown: [f32; 4],
    share: [f32; 4],
}

impl Resampler {
    /// Sets how the plane that was made is painted.
    pub(crate) fn set_style(
        &mut self,
        (device, queue): (&wgpu::Device, &wgpu::Queue),
        plan: &ResamplePlan,
        style: &PlaneStyle,
        linear_target: bool,
    ) {
        let color = |[r, g, b]: [u8; 3], a: f32| [f32::from(r) / 255.0, f32::from(g) / 255.0, f32::from(b) / 255.0, a];
        let size = plan.labels.as_ref().map_or([0; 2], |labels| labels.size);
        let classes = if plan.labels.is_some() { style.classes.len() } else { 0 };
        let uniform = ShowUniform {
            sizes: [plan.raw.shape.x, plan.raw.shape.y, size[0], size[1]],
            window: [style.window[0], style.window[1], style.label_opacity, f32::from(u8::from(linear_target))],
            counts: [classes as u32, u32::from(style.by_id), LUT_WIDTH as u32, (size[0] / 16).clamp(4, 12)],
            unknown: color(style.unknown, 1.0),
            share: [style.label_share[0], style.label_share[1], 0.0, 0.0],
        };
        let of_classes = style.classes.iter().take(classes).map(|class| class.map_or([0.0; 4], |rgb| color(rgb, 1.0)));
        let colors: Vec<_> = of_classes.chain(label_palette().iter().map(|rgb| color(*rgb, 1.0))).collect();
        let colors = self.colors.with(device, queue, bytemuck::cast_slice(&colors));
        let show = self.show.with(device, queue, bytemuck::bytes_of(&uniform));
        let (Some(pipelines), Some(plane)) = (&self.pipelines, self.plane.get()) else { return };
        let (Some(ids), Some(known)) = (self.ids.get(), self.known.get()) else { return };
        let buffers = [&show, plane, ids, known, &colors];
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        self.shown = Some(device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("resampled plane"),
            layout: &pipelines.show_layout,
            entries: &entries,
        }));
    }

    /// Paints the plane over the pass's current viewport.
    pub(crate) fn paint(&self, pass: &mut wgpu::RenderPass<'_>) {
        let (Some(pipelines), Some(shown)) = (&self.pipelines, &self.shown) else { return };
        pass.set_pipeline(&pipelines.show);
        pass.set_bind_group(0, shown, &[]);
        pass.draw(0..3, 0..1);
    }
}
