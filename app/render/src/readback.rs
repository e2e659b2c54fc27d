//! A view as an image in memory: what the offscreen host and the tests look at.

use std::sync::mpsc;

use crate::slice::SliceDraw;
use crate::{RenderError, SliceRenderer};

impl SliceRenderer {
    /// Draws a view over `background` (RGBA, premultiplied) and waits for it. Counts as one more view of this frame.
    ///
    /// Answers the viewport's rows from top to bottom, four bytes a pixel (RGBA).
    ///
    /// # Errors
    /// [`RenderError::ViewportSize`] if the viewport is empty or larger than the device's textures,
    /// [`RenderError::ReadbackFormat`] if the target format is not 8-bit RGBA or BGRA, [`RenderError::Readback`] if
    /// the device fails.
    pub fn render_to_rgba(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        draw: &SliceDraw,
        background: [u8; 4],
    ) -> Result<Vec<u8>, RenderError> {
        let [width, height] = draw.view.viewport;
        let limit = device.limits().max_texture_dimension_2d;
        if width == 0 || height == 0 || width > limit || height > limit {
            return Err(RenderError::ViewportSize { width, height, limit });
        }
        let swap = swaps_red_and_blue(self.target_format())?;
        let handle = self.prepare(device, queue, draw);
        let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let target = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("slice image"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: self.target_format(),
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let view = target.create_view(&wgpu::TextureViewDescriptor::default());
            let mut pass = clear_pass(&mut encoder, &view, background);
            self.paint(&mut pass, handle);
        }
        let mut rgba = copy_back(device, queue, encoder, &target, size)?;
        if swap {
            rgba.chunks_exact_mut(4).for_each(|pixel| pixel.swap(0, 2));
        }
        Ok(rgba)
    }
}

fn swaps_red_and_blue(format: wgpu::TextureFormat) -> Result<bool, RenderError> {
    match format {
        wgpu::TextureFormat::Rgba8Unorm | wgpu::TextureFormat::Rgba8UnormSrgb => Ok(false),
        wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb => Ok(true),
        other => Err(RenderError::ReadbackFormat { format: format!("{other:?}") }),
    }
}

fn clear_pass<'a>(
    encoder: &'a mut wgpu::CommandEncoder,
    view: &wgpu::TextureView,
    background: [u8; 4],
) -> wgpu::RenderPass<'a> {
    let [r, g, b, a] = background.map(|c| f64::from(c) / 255.0);
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("slice image"),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations {
                load: wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a }),
                store: wgpu::StoreOp::Store,
            },
        })],
        ..wgpu::RenderPassDescriptor::default()
    })
}

fn copy_back(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    mut encoder: wgpu::CommandEncoder,
    target: &wgpu::Texture,
    size: wgpu::Extent3d,
) -> Result<Vec<u8>, RenderError> {
    let row_bytes = size.width * 4;
    let padded_row_bytes = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("slice image"),
        size: u64::from(padded_row_bytes) * u64::from(size.height),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded_row_bytes), rows_per_image: None };
    encoder.copy_texture_to_buffer(target.as_image_copy(), wgpu::TexelCopyBufferInfo { buffer: &buffer, layout }, size);
    queue.submit([encoder.finish()]);
    mapped(device, &buffer, |padded| {
        let rows = padded.chunks_exact(padded_row_bytes as usize);
        rows.flat_map(|row| &row[..row_bytes as usize]).copied().collect()
    })
}

/// What `take` makes of the bytes of a buffer that can be mapped, once the device is done with all that was submitted.
///
/// # Errors
/// [`RenderError::Readback`] if the device is lost or the buffer cannot be mapped.
pub(crate) fn mapped<T>(
    device: &wgpu::Device,
    buffer: &wgpu::Buffer,
    take: impl FnOnce(&[u8]) -> T,
) -> Result<T, RenderError> {
    let (sender, receiver) = mpsc::sync_channel(1);
    buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
        // The receiver outlives the wait below; if it is gone, nobody asks any more.
        let _ = sender.send(result);
    });
    let failed = |reason: String| RenderError::Readback { reason };
    device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| failed(e.to_string()))?;
    let mapped = receiver.try_recv().map_err(|e| failed(e.to_string()))?;
    mapped.map_err(|e| failed(e.to_string()))?;
    let bytes = buffer.slice(..).get_mapped_range().map_err(|e| failed(e.to_string()))?;
    Ok(take(&bytes))
}
