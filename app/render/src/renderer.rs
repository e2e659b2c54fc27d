//! The door: textures, and slices of them painted into whatever pass the caller has.

use crate::chunk_textures::{ChunkTextures, TextureStats};
use crate::context::{Context, UNIFORM_STRIDE_BYTES};
use crate::resample::{PlaneStyle, ResamplePlan, ResampleRefusal, ResampledPlane, Resampler};
use crate::slice::{LayerUniform, QuadInstance, SliceDraw, SliceLayer};
use crate::texels::TexelKind;
use crate::turned_instance::TurnedInstance;
use crate::{RenderError, SliceView, draw_list, turned_list};

/// Draws slices on one device into one target format.
///
/// Each frame: [`Self::begin_frame`] once, uploads through [`Self::textures_mut`], [`Self::prepare`] once per view,
/// then [`Self::paint`] inside the caller's render pass. Pipelines and textures live as long as the renderer.
#[derive(Debug)]
pub struct SliceRenderer {
    context: Context,
    textures: ChunkTextures,
    resampler: Resampler,
    slots: Vec<Slot>,
    used: usize,
    draws: u64,
}

/// A prepared view, good until the next [`SliceRenderer::begin_frame`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaintHandle(usize);

/// What one frame cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FrameStats {
    /// Views prepared in this frame.
    pub views: usize,
    /// Draw calls prepared in this frame.
    pub draws: u64,
    /// Texture memory and uploads.
    pub textures: TextureStats,
}

/// Buffers of one view, kept for the next frame.
#[derive(Debug)]
struct Slot {
    instances: wgpu::Buffer,
    uniforms: wgpu::Buffer,
    layer_group: wgpu::BindGroup,
    layers: Vec<PreparedLayer>,
    /// Bytes of an instance.
    stride: u64,
    is_turned: bool,
}

#[derive(Debug)]
struct PreparedLayer {
    kind: TexelKind,
    uniform_offset: u32,
    /// In the order of the instances. They keep textures alive that are evicted before the view is painted.
    chunks: Vec<wgpu::BindGroup>,
}

/// Bytes of an instance of a view.
const fn instance_bytes(view: &SliceView) -> u64 {
    (if view.turned.is_some() { size_of::<TurnedInstance>() } else { size_of::<QuadInstance>() }) as u64
}

impl SliceRenderer {
    /// Builds the pipelines for targets of `target_format` without depth and without multisampling, and an empty set
    /// of textures that may take `texture_budget_bytes`.
    #[must_use]
    pub fn new(
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        target_format: wgpu::TextureFormat,
        texture_budget_bytes: u64,
    ) -> Self {
        let textures = ChunkTextures::new(device, queue, texture_budget_bytes);
        let context = Context::new(device, queue, target_format, textures.layouts());
        let resampler = Resampler::new(device, target_format, &textures);
        Self { context, textures, resampler, slots: Vec::new(), used: 0, draws: 0 }
    }

    /// Starts a frame: the handles of the last one are void, what it drew may be evicted after this one.
    pub fn begin_frame(&mut self) {
        self.textures.begin_frame();
        self.used = 0;
        self.draws = 0;
    }

    /// The textures: what is resident, and what they take.
    #[must_use]
    pub const fn textures(&self) -> &ChunkTextures {
        &self.textures
    }

    /// The textures, to upload into.
    pub const fn textures_mut(&mut self) -> &mut ChunkTextures {
        &mut self.textures
    }

    /// The format that [`Self::paint`] draws into.
    #[must_use]
    pub const fn target_format(&self) -> wgpu::TextureFormat {
        self.context.target_format
    }

    /// What this frame has cost so far.
    #[must_use]
    pub fn stats(&self) -> FrameStats {
        FrameStats { views: self.used, draws: self.draws, textures: self.textures.stats() }
    }

    /// Plans a view with what is resident now and writes its buffers.
    pub fn prepare(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, draw: &SliceDraw) -> PaintHandle {
        let mut instances: Vec<u8> = Vec::new();
        let mut uniforms = vec![0_u8; draw.layers.len() * UNIFORM_STRIDE_BYTES as usize];
        let mut layers = Vec::with_capacity(draw.layers.len());
        let linear_target = self.context.target_format.is_srgb();
        for (layer, bytes) in draw.layers.iter().zip(uniforms.chunks_exact_mut(UNIFORM_STRIDE_BYTES as usize)) {
            let uniform = LayerUniform::new(&draw.view, &layer.style, linear_target);
            bytes[..size_of::<LayerUniform>()].copy_from_slice(bytemuck::bytes_of(&uniform));
            let uniform_offset = layers.len() as u32 * UNIFORM_STRIDE_BYTES as u32;
            let chunks = self.plan_layer(&draw.view, layer, &mut instances);
            layers.push(PreparedLayer { kind: layer.style.kind(), uniform_offset, chunks });
        }
        let stride = instance_bytes(&draw.view);
        self.draws += instances.len() as u64 / stride;
        let slot = self.slot(device, instances.len() as u64, draw.layers.len() as u64);
        slot.layers = layers;
        (slot.stride, slot.is_turned) = (stride, draw.view.turned.is_some());
        if !instances.is_empty() {
            queue.write_buffer(&slot.instances, 0, &instances);
            queue.write_buffer(&slot.uniforms, 0, &uniforms);
        }
        self.used += 1;
        PaintHandle(self.used - 1)
    }

    /// Paints a prepared view into the pass's current viewport and scissor, which the caller has set; the viewport
    /// has to be as large as the view's. A handle of an older frame paints nothing or another view.
    pub fn paint(&self, pass: &mut wgpu::RenderPass<'_>, handle: PaintHandle) {
        let Some(slot) = self.slots[..self.used].get(handle.0) else { return };
        let mut instance = 0;
        for layer in &slot.layers {
            pass.set_pipeline(self.context.pipeline(layer.kind, slot.is_turned));
            pass.set_bind_group(0, &slot.layer_group, &[layer.uniform_offset]);
            for chunk in &layer.chunks {
                // An offset instead of a first instance: OpenGL ES has none.
                let offset = instance * slot.stride;
                pass.set_vertex_buffer(0, slot.instances.slice(offset..offset + slot.stride));
                pass.set_bind_group(1, chunk, &[]);
                pass.draw(0..6, 0..1);
                instance += 1;
            }
        }
    }

    /// Whether a sample can be made on the device now.
    ///
    /// # Errors
    /// Why not.
    pub fn can_resample(&self, plan: &ResamplePlan) -> Result<(), ResampleRefusal> {
        self.resampler.check(&self.textures, plan)
    }

    /// Makes the plane of a sample, to be painted by [`Self::paint_resampled`] in the same submission.
    ///
    /// # Errors
    /// As [`Self::can_resample`].
    pub fn resample(
        &mut self,
        device: (&wgpu::Device, &wgpu::Queue),
        encoder: &mut wgpu::CommandEncoder,
        plan: &ResamplePlan,
        style: &PlaneStyle,
    ) -> Result<(), ResampleRefusal> {
        self.resampler.make(device, encoder, &mut self.textures, plan)?;
        self.resampler.set_style(device, plan, style, self.context.target_format.is_srgb());
        Ok(())
    }

    /// Paints the plane that was made last over the pass's current viewport.
    pub fn paint_resampled(&self, pass: &mut wgpu::RenderPass<'_>) {
        self.resampler.paint(pass);
    }

    /// Makes the plane of a sample and waits for its numbers.
    ///
    /// # Errors
    /// [`RenderError::Readback`] if the device fails; within, as [`Self::can_resample`].
    pub fn read_resampled(
        &mut self,
        device: (&wgpu::Device, &wgpu::Queue),
        plan: &ResamplePlan,
    ) -> Result<Result<ResampledPlane, ResampleRefusal>, RenderError> {
        self.resampler.read(device, &mut self.textures, plan)
    }

    fn plan_layer(&mut self, view: &SliceView, layer: &SliceLayer, instances: &mut Vec<u8>) -> Vec<wgpu::BindGroup> {
        let kind = layer.style.kind();
        if view.turned.is_some() {
            return self.plan_turned(view, layer, instances);
        }
        let quads = draw_list(view, &layer.levels, |level, chunk| {
            self.textures.is_drawable(&layer.chunk_id(level, chunk), kind)
        });
        let mut chunks = Vec::with_capacity(quads.len());
        for quad in quads {
            if let Some(chunk) = self.textures.used(&layer.chunk_id(quad.level, quad.chunk)) {
                let instance = QuadInstance::new(view, &quad, chunk.fill_bits, chunk.value_scale);
                instances.extend_from_slice(bytemuck::bytes_of(&instance));
                chunks.push(chunk.bind_group.clone());
            }
        }
        chunks
    }

    fn plan_turned(&mut self, view: &SliceView, layer: &SliceLayer, instances: &mut Vec<u8>) -> Vec<wgpu::BindGroup> {
        let kind = layer.style.kind();
        let quads = turned_list(view, &layer.levels, |level, chunk| {
            self.textures.is_drawable(&layer.chunk_id(level, chunk), kind)
        });
        let mut chunks = Vec::with_capacity(quads.len());
        for quad in quads {
            if let Some(chunk) = self.textures.used(&layer.chunk_id(quad.level, quad.chunk)) {
                let instance = TurnedInstance::new(view, &layer.levels, &quad, chunk.fill_bits, chunk.value_scale);
                instances.extend_from_slice(bytemuck::bytes_of(&instance));
                chunks.push(chunk.bind_group.clone());
            }
        }
        chunks
    }

    /// The next free slot, its buffers large enough.
    fn slot(&mut self, device: &wgpu::Device, instance_bytes: u64, layers: u64) -> &mut Slot {
        const LEAST_BYTES: u64 = 4096;
        let instance_bytes = instance_bytes.max(LEAST_BYTES).next_power_of_two();
        let uniform_bytes = (layers.max(4) * UNIFORM_STRIDE_BYTES).next_power_of_two();
        let fits = |slot: &Slot| slot.instances.size() >= instance_bytes && slot.uniforms.size() >= uniform_bytes;
        if !self.slots.get(self.used).is_some_and(fits) {
            let slot = new_slot(device, &self.context, instance_bytes, uniform_bytes);
            if self.used < self.slots.len() {
                self.slots[self.used] = slot;
            } else {
                self.slots.push(slot);
            }
        }
        &mut self.slots[self.used]
    }
}

fn new_slot(device: &wgpu::Device, context: &Context, instance_bytes: u64, uniform_bytes: u64) -> Slot {
    let buffer = |label, size, usage| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage: usage | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    };
    let uniforms = buffer("slice layers", uniform_bytes, wgpu::BufferUsages::UNIFORM);
    let layer_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("slice layers"),
        layout: &context.layer_layout,
        entries: &[
            wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &uniforms,
                    offset: 0,
                    size: std::num::NonZeroU64::new(size_of::<LayerUniform>() as u64),
                }),
            },
            wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(&context.colors) },
        ],
    });
    let instances = buffer("slice quads", instance_bytes, wgpu::BufferUsages::VERTEX);
    Slot { instances, uniforms, layer_group, layers: Vec::new(), stride: 0, is_turned: false }
}
