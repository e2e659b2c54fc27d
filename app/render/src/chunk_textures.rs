//! One 3-D texture per decoded chunk, within a budget of texture memory.

use std::collections::HashMap;

use microtome_core::geometry::Zyx;

use crate::RenderError;
use crate::residency::{ChunkId, Residency};
use crate::texels::{Fill, TexelKind, Texels};

/// What the textures take and what happened to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextureStats {
    /// Bytes of all texels, and of what resampling takes; the driver may round up.
    pub bytes: u64,
    /// Never exceeded by `bytes`.
    pub budget_bytes: u64,
    /// Chunks with a texture.
    pub textures: usize,
    /// Chunks known to be absent from the store: drawn as fill value, without a texture.
    pub absent: usize,
    /// Chunks dropped to make room, since the start.
    pub evictions: u64,
    /// Chunks uploaded, since the start.
    pub uploads: u64,
    /// Bytes uploaded in this frame.
    pub frame_upload_bytes: u64,
}

/// The textures of decoded chunks.
#[derive(Debug)]
pub struct ChunkTextures {
    residency: Residency,
    chunks: HashMap<ChunkId, Resident>,
    layouts: TexelLayouts,
    /// Bound where a chunk is absent, never read.
    placeholders: [wgpu::BindGroup; 2],
    uploads: u64,
    frame_upload_bytes: u64,
    frame_upload_limit_bytes: u64,
    /// Of textures and of what is reserved for others.
    budget_bytes: u64,
    reserved_bytes: u64,
    largest_side: u32,
}

/// How textures are bound, by [`TexelKind`].
#[derive(Debug, Clone)]
pub(crate) struct TexelLayouts {
    pub intensities: wgpu::BindGroupLayout,
    pub ids: wgpu::BindGroupLayout,
}

/// What is known of one chunk. A bind group keeps its texture alive.
#[derive(Debug, Clone)]
pub(crate) struct Resident {
    pub kind: TexelKind,
    pub bind_group: wgpu::BindGroup,
    /// `None` where the chunk is absent.
    pub texture: Option<wgpu::Texture>,
    pub fill_bits: Option<u32>,
    pub value_scale: f32,
}

/// At most so many bytes are uploaded per frame unless told otherwise, so that scrubbing never stalls a frame.
const FRAME_UPLOAD_LIMIT_BYTES: u64 = 32 << 20;

impl ChunkTextures {
    pub(crate) fn new(device: &wgpu::Device, queue: &wgpu::Queue, budget_bytes: u64) -> Self {
        let layouts = TexelLayouts {
            intensities: texel_layout(device, wgpu::TextureSampleType::Float { filterable: false }),
            ids: texel_layout(device, wgpu::TextureSampleType::Uint),
        };
        let placeholder = |texels: &Texels<'_>| bind_texture(device, queue, &layouts, Zyx::splat(1), texels).1;
        let placeholders = [placeholder(&Texels::U8(vec![0].into())), placeholder(&Texels::Ids(vec![0].into()))];
        Self {
            residency: Residency::new(budget_bytes),
            chunks: HashMap::new(),
            layouts,
            placeholders,
            uploads: 0,
            frame_upload_bytes: 0,
            frame_upload_limit_bytes: FRAME_UPLOAD_LIMIT_BYTES,
            budget_bytes,
            reserved_bytes: 0,
            largest_side: device.limits().max_texture_dimension_3d,
        }
    }

    pub(crate) fn begin_frame(&mut self) {
        self.residency.begin_frame();
        self.frame_upload_bytes = 0;
    }

    /// Uploads a chunk of `shape` voxels. A chunk that is there already is replaced.
    ///
    /// # Errors
    /// [`RenderError::ChunkLength`] if the texels do not fill the shape, [`RenderError::ChunkTooLarge`] if the device
    /// has no such texture, [`RenderError::OverBudget`] if what is drawn now leaves no room. Nothing changes then.
    pub fn upload(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        id: ChunkId,
        shape: Zyx<u32>,
        texels: &Texels<'_>,
    ) -> Result<(), RenderError> {
        check_shape(shape, texels, device.limits().max_texture_dimension_3d)?;
        let bytes = texels.as_bytes().len() as u64;
        for gone in self.residency.admit(id, bytes)? {
            self.chunks.remove(&gone);
        }
        let (texture, bind_group) = bind_texture(device, queue, &self.layouts, shape, texels);
        let (kind, value_scale) = (texels.kind(), texels.value_scale());
        let resident = Resident { kind, bind_group, texture: Some(texture), fill_bits: None, value_scale };
        self.chunks.insert(id, resident);
        self.uploads += 1;
        self.frame_upload_bytes += bytes;
        Ok(())
    }

    /// Notes that a chunk is absent from the store: it is drawn as `fill` from now on.
    pub fn mark_absent(&mut self, id: ChunkId, fill: Fill) {
        // Zero bytes always fit, unless the budget was lowered below what is in use: then it comes again later.
        let Ok(evicted) = self.residency.admit(id, 0) else { return };
        for gone in evicted {
            self.chunks.remove(&gone);
        }
        let bind_group = match fill.kind() {
            TexelKind::Intensity => self.placeholders[0].clone(),
            TexelKind::Id => self.placeholders[1].clone(),
        };
        let (kind, fill_bits) = (fill.kind(), Some(fill.bits()));
        let resident = Resident { kind, bind_group, texture: None, fill_bits, value_scale: 1.0 };
        self.chunks.insert(id, resident);
    }

    /// True if the chunk can be drawn: it has a texture or is known to be absent.
    #[must_use]
    pub fn contains(&self, id: &ChunkId) -> bool {
        self.residency.contains(id)
    }

    /// True if the chunk is known to be absent from the store.
    #[must_use]
    pub fn is_absent(&self, id: &ChunkId) -> bool {
        self.chunks.get(id).is_some_and(|chunk| chunk.fill_bits.is_some())
    }

    /// Bytes that may still be uploaded in this frame. Stop when it is 0; the first chunk of a frame always may.
    #[must_use]
    pub const fn upload_room_bytes(&self) -> u64 {
        self.frame_upload_limit_bytes.saturating_sub(self.frame_upload_bytes)
    }

    /// Sets how many bytes may be uploaded per frame before [`Self::upload_room_bytes`] answers 0.
    pub const fn set_frame_upload_limit_bytes(&mut self, limit_bytes: u64) {
        self.frame_upload_limit_bytes = limit_bytes;
    }

    /// Changes the budget of texture memory; a smaller one holds at once.
    pub fn set_budget_bytes(&mut self, budget_bytes: u64) {
        self.budget_bytes = budget_bytes;
        for gone in self.residency.set_budget_bytes(budget_bytes.saturating_sub(self.reserved_bytes)) {
            self.chunks.remove(&gone);
        }
    }

    /// Leaves so much of the budget to others on the device.
    pub(crate) fn set_reserved_bytes(&mut self, reserved_bytes: u64) {
        if self.reserved_bytes != reserved_bytes {
            self.reserved_bytes = reserved_bytes;
            self.set_budget_bytes(self.budget_bytes);
        }
    }

    /// Drops all chunks of a volume that is shown no more.
    pub fn remove_volume(&mut self, volume: u64) {
        for gone in self.residency.remove_volume(volume) {
            self.chunks.remove(&gone);
        }
    }

    /// Counts and sizes.
    #[must_use]
    pub fn stats(&self) -> TextureStats {
        let absent = self.chunks.values().filter(|chunk| chunk.fill_bits.is_some()).count();
        TextureStats {
            bytes: self.residency.bytes() + self.reserved_bytes,
            budget_bytes: self.budget_bytes,
            textures: self.chunks.len() - absent,
            absent,
            evictions: self.residency.evictions(),
            uploads: self.uploads,
            frame_upload_bytes: self.frame_upload_bytes,
        }
    }

    /// True if the chunk can be drawn by a layer of this kind.
    pub(crate) fn is_drawable(&self, id: &ChunkId, kind: TexelKind) -> bool {
        self.chunks.get(id).is_some_and(|chunk| chunk.kind == kind)
    }

    /// How the texels of a chunk are kept, if it has a texture.
    pub(crate) fn format_of(&self, id: Option<&ChunkId>) -> Option<wgpu::TextureFormat> {
        Some(self.chunks.get(id?)?.texture.as_ref()?.format())
    }

    /// Largest side of a 3-D texture of this device.
    pub(crate) const fn largest_side(&self) -> u32 {
        self.largest_side
    }

    /// The chunk, marked as used in this frame.
    pub(crate) fn used(&mut self, id: &ChunkId) -> Option<&Resident> {
        self.residency.touch(id);
        self.chunks.get(id)
    }

    pub(crate) const fn layouts(&self) -> &TexelLayouts {
        &self.layouts
    }
}

fn check_shape(shape: Zyx<u32>, texels: &Texels<'_>, limit: u32) -> Result<(), RenderError> {
    if shape.any(|n| n > limit) {
        return Err(RenderError::ChunkTooLarge { shape, limit });
    }
    let expected = shape.map(u64::from).product();
    if expected != texels.len() as u64 || expected == 0 {
        return Err(RenderError::ChunkLength { shape, expected, got: texels.len() as u64 });
    }
    Ok(())
}

fn texel_layout(device: &wgpu::Device, sample_type: wgpu::TextureSampleType) -> wgpu::BindGroupLayout {
    let can_compute = device.limits().max_compute_workgroups_per_dimension > 0;
    let compute = if can_compute { wgpu::ShaderStages::COMPUTE } else { wgpu::ShaderStages::NONE };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("chunk texels"),
        entries: &[wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::FRAGMENT | compute,
            ty: wgpu::BindingType::Texture {
                sample_type,
                view_dimension: wgpu::TextureViewDimension::D3,
                multisampled: false,
            },
            count: None,
        }],
    })
}

fn bind_texture(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    layouts: &TexelLayouts,
    shape: Zyx<u32>,
    texels: &Texels<'_>,
) -> (wgpu::Texture, wgpu::BindGroup) {
    let (format, layout) = match texels {
        Texels::U8(_) => (wgpu::TextureFormat::R8Unorm, &layouts.intensities),
        Texels::F32(_) => (wgpu::TextureFormat::R32Float, &layouts.intensities),
        Texels::Ids(_) => (wgpu::TextureFormat::R32Uint, &layouts.ids),
    };
    let size = wgpu::Extent3d { width: shape.x, height: shape.y, depth_or_array_layers: shape.z };
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("chunk"),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D3,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    let rows = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(shape.x * texels.texel_bytes()),
        rows_per_image: Some(shape.y),
    };
    queue.write_texture(texture.as_image_copy(), texels.as_bytes(), rows, size);
    let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("chunk"),
        layout,
        entries: &[wgpu::BindGroupEntry {
            binding: 0,
            resource: wgpu::BindingResource::TextureView(&texture.create_view(&wgpu::TextureViewDescriptor::default())),
        }],
    });
    (texture, bind_group)
}
