//! The stored voxels that a patch uses, put together from the textures of their chunks.

use microtome_core::geometry::{VoxelBox, Zyx};

use super::plan::RawPlan;
use crate::chunk_textures::ChunkTextures;

/// One texture with a box of stored voxels.
#[derive(Debug)]
pub(super) struct Window {
    pub texture: wgpu::Texture,
    pub bind_group: wgpu::BindGroup,
}

impl Window {
    /// Bytes that it takes.
    pub fn bytes(&self) -> u64 {
        bytes_of(Zyx::new(self.texture.depth_or_array_layers(), self.texture.height(), self.texture.width()), {
            self.texture.format()
        })
    }

    /// One that holds at least `extent` voxels of `format`, this one if it does.
    pub fn of(
        kept: Option<Self>,
        device: &wgpu::Device,
        layout: &wgpu::BindGroupLayout,
        (extent, format): (Zyx<u32>, wgpu::TextureFormat),
    ) -> Self {
        let fits = |window: &Self| {
            let texture = &window.texture;
            let holds = texture.depth_or_array_layers() >= extent.z
                && texture.height() >= extent.y
                && texture.width() >= extent.x;
            // One that is much too large goes.
            texture.format() == format && holds && window.bytes() <= bytes_of(extent, format).max(1 << 20) * 4
        };
        if let Some(window) = kept.filter(fits) {
            return window;
        }
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("resampling window"),
            size: wgpu::Extent3d { width: extent.x, height: extent.y, depth_or_array_layers: extent.z },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D3,
            format,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("resampling window"),
            layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&view) }],
        });
        Self { texture, bind_group }
    }

    /// Copies what lies in `voxels` from the chunks of a patch. Between chunks that the patch does not reach is anything.
    pub fn fill(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        textures: &mut ChunkTextures,
        raw: &RawPlan,
        voxels: &VoxelBox,
    ) {
        for chunk in &raw.chunks {
            let of_chunk = raw.source.geometry.chunk_voxels(*chunk);
            let part = of_chunk.intersection(voxels);
            let texture = textures.used(&raw.source.id(*chunk)).and_then(|chunk| chunk.texture.clone());
            let Some(texture) = texture.filter(|_| !part.is_empty()) else { continue };
            let origin = |from: Zyx<i64>| {
                let at = (part.lo - from).map(|v| v as u32);
                wgpu::Origin3d { x: at.x, y: at.y, z: at.z }
            };
            let extent = (part.hi - part.lo).map(|n| n as u32);
            encoder.copy_texture_to_texture(
                wgpu::TexelCopyTextureInfo { origin: origin(of_chunk.lo), ..texture.as_image_copy() },
                wgpu::TexelCopyTextureInfo { origin: origin(voxels.lo), ..self.texture.as_image_copy() },
                wgpu::Extent3d { width: extent.x, height: extent.y, depth_or_array_layers: extent.z },
            );
        }
    }
}

/// Bytes of so many texels.
pub(super) fn bytes_of(extent: Zyx<u32>, format: wgpu::TextureFormat) -> u64 {
    extent.map(u64::from).product() * u64::from(format.block_copy_size(None).unwrap_or(4))
}
