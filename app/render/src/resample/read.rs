//! Planes as numbers in memory: for those who compare them.

use super::Resampler;
use super::plan::{ResamplePlan, ResampleRefusal};
use crate::RenderError;
use crate::chunk_textures::ChunkTextures;
use crate::readback::mapped;

/// A plane as it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct ResampledPlane {
    /// Intensities in C order.
    pub raw: Vec<f32>,
    /// For each class the ids, 0 where absent or unknown.
    pub ids: Vec<Vec<u32>>,
    /// For each class whether that is known.
    pub known: Vec<Vec<bool>>,
}

impl Resampler {
    /// Makes a plane and waits for it.
    ///
    /// # Errors
    /// [`RenderError::Readback`] if the device fails; within, why the plan cannot be done.
    pub(crate) fn read(
        &mut self,
        (device, queue): (&wgpu::Device, &wgpu::Queue),
        textures: &mut ChunkTextures,
        plan: &ResamplePlan,
    ) -> Result<Result<ResampledPlane, ResampleRefusal>, RenderError> {
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        if let Err(refusal) = self.make((device, queue), &mut encoder, textures, plan) {
            return Ok(Err(refusal));
        }
        let voxels = u64::from(plan.raw.shape.y) * u64::from(plan.raw.shape.x);
        let label_bytes = plan.labels.as_ref().map_or(0, |labels| labels.bytes());
        let bytes = [voxels * 4, label_bytes, label_bytes];
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("resampled plane"),
            size: bytes.iter().sum::<u64>().max(4),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut at = 0;
        for (from, bytes) in [&self.plane, &self.ids, &self.known].into_iter().zip(bytes) {
            if let (Some(from), true) = (from.get(), bytes > 0) {
                encoder.copy_buffer_to_buffer(from, 0, &buffer, at, bytes);
            }
            at += bytes;
        }
        queue.submit([encoder.finish()]);
        let words: Vec<u32> = mapped(device, &buffer, bytemuck::pod_collect_to_vec)?;
        let (raw, labels) = words.split_at(voxels as usize);
        let (ids, known) = labels.split_at(label_bytes as usize / 4);
        let of_class = plan.labels.as_ref().map_or(1, |labels| labels.size.iter().product::<u32>()).max(1) as usize;
        Ok(Ok(ResampledPlane {
            raw: raw.iter().map(|word| f32::from_bits(*word)).collect(),
            ids: ids.chunks_exact(of_class).map(<[u32]>::to_vec).collect(),
            known: known.chunks_exact(of_class).map(|known| known.iter().map(|word| *word == 1).collect()).collect(),
        }))
    }
}
