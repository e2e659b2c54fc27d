//! Samples made on the device: a plane of a patch and its labels, from the chunks that are there, with what is done to
//! intensities. The same as the loader makes, but for single precision.

mod device;
mod labels;
mod plan;
mod read;
mod show;
mod tables;
mod window;

pub use plan::{
    AxisWay, ChainStep, ClassFrom, ClassPlan, FieldWay, LabelPlan, LevelSource, NearestVoxels, RawPlan, ResamplePlan,
    ResampleRefusal, WarpWay, Way,
};
pub use read::ResampledPlane;
pub use show::PlaneStyle;

use microtome_core::geometry::{Axis, VoxelBox, Zyx};

use crate::chunk_textures::ChunkTextures;
use crate::texels::TexelKind;
use device::{Growing, Pipelines, UNIFORM_STRIDE_BYTES, Work};
use tables::Tables;
use window::{Window, bytes_of};

/// Voxels of a workgroup.
const GROUP: u32 = 64;
/// One buffer, or the window, takes no more.
const MOST_BYTES: u64 = 128 << 20;

/// Voxels of a patch of which a software rasteriser makes all, at most.
const MOST_SOFTWARE_VOXELS: u64 = 1 << 16;

/// Makes planes of samples on one device.
#[derive(Debug)]
pub(crate) struct Resampler {
    /// `None`: the device cannot compute.
    pipelines: Option<Pipelines>,
    is_software: bool,
    window: Option<Window>,
    uniforms: Growing,
    tables: Growing,
    /// Intensities of the plane that is shown.
    plane: Growing,
    /// Those of the whole patch, where means of it are needed.
    patch: Growing,
    means: Growing,
    ids: Growing,
    known: Growing,
    colors: Growing,
    show: Growing,
    /// What is painted.
    shown: Option<wgpu::BindGroup>,
}

/// What a dispatch writes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Plane,
    Patch,
    Labels,
}

/// One dispatch.
#[derive(Debug)]
struct Step {
    work: Work,
    target: Target,
    groups: [u32; 2],
    /// The window, or the chunk of labels.
    texels: Option<wgpu::BindGroup>,
}

/// The dispatches of a frame, their uniforms and tables.
#[derive(Debug, Default)]
struct Steps {
    steps: Vec<Step>,
    uniforms: Vec<u8>,
    tables: Tables,
}

impl Steps {
    fn push(&mut self, step: Step, uniform: &[u8]) {
        self.uniforms.extend_from_slice(uniform);
        self.steps.push(step);
        self.uniforms.resize(self.steps.len() * UNIFORM_STRIDE_BYTES as usize, 0);
    }
}

impl Resampler {
    pub fn new(device: &wgpu::Device, target_format: wgpu::TextureFormat, textures: &ChunkTextures) -> Self {
        let storage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
        let read = storage | wgpu::BufferUsages::COPY_SRC;
        let uniform = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        Self {
            pipelines: Pipelines::new(device, target_format, textures.layouts()),
            is_software: device.adapter_info().device_type == wgpu::DeviceType::Cpu,
            window: None,
            uniforms: Growing::new("resampling steps", uniform),
            tables: Growing::new("resampling tables", storage),
            plane: Growing::new("resampled plane", read),
            patch: Growing::new("resampled patch", storage),
            means: Growing::new("resampled means", storage),
            ids: Growing::new("looked-up ids", read),
            known: Growing::new("looked-up masks", read),
            colors: Growing::new("label colours", storage),
            show: Growing::new("resampled plane's look", uniform),
            shown: None,
        }
    }

    /// Bytes that it takes on the device.
    pub fn bytes(&self) -> u64 {
        let buffers =
            [&self.uniforms, &self.tables, &self.plane, &self.patch, &self.means, &self.ids, &self.known, &self.colors];
        buffers.into_iter().map(Growing::bytes).sum::<u64>() + self.window.as_ref().map_or(0, Window::bytes)
    }

    /// Whether a plan can be done now.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, textures: &ChunkTextures, plan: &ResamplePlan) -> Result<(), ResampleRefusal> {
        if self.pipelines.is_none() {
            return Err(ResampleRefusal::NoCompute);
        }
        let missing = |kind: TexelKind, ids: Vec<crate::ChunkId>| {
            ids.into_iter().filter(move |id| !textures.is_drawable(id, kind))
        };
        let raw: Vec<_> = plan.raw.chunks.iter().map(|chunk| plan.raw.source.id(*chunk)).collect();
        let all = plan.chunks();
        let missing: Vec<_> = missing(TexelKind::Intensity, raw.clone())
            .chain(missing(TexelKind::Id, all[raw.len()..].to_vec()))
            .collect();
        if !missing.is_empty() {
            return Err(ResampleRefusal::Missing(missing));
        }
        if raw.iter().any(|id| textures.is_absent(id)) {
            return Err(ResampleRefusal::Absent);
        }
        if self.is_software && plan.needs_patch() && plan.raw.shape.map(u64::from).product() > MOST_SOFTWARE_VOXELS {
            return Err(ResampleRefusal::Slow);
        }
        let format = textures.format_of(raw.first()).unwrap_or(wgpu::TextureFormat::R32Float);
        let extent = extent_of(&plan.raw.window(plan.needs_patch()));
        let patch = if plan.needs_patch() { plan.raw.shape.map(u64::from).product() * 4 } else { 0 };
        let labels = plan.labels.as_ref().map_or(0, LabelPlan::bytes);
        if bytes_of(extent, format).max(patch).max(labels) > MOST_BYTES || extent.any(|n| n > textures.largest_side()) {
            return Err(ResampleRefusal::TooLarge);
        }
        Ok(())
    }

    /// Records everything that makes a plan's plane.
    ///
    /// # Errors
    /// As [`Resampler::check`].
    pub fn make(
        &mut self,
        (device, queue): (&wgpu::Device, &wgpu::Queue),
        encoder: &mut wgpu::CommandEncoder,
        textures: &mut ChunkTextures,
        plan: &ResamplePlan,
    ) -> Result<(), ResampleRefusal> {
        self.check(textures, plan)?;
        let (raw, with_patch) = (&plan.raw, plan.needs_patch());
        let voxels = raw.window(with_patch);
        let format = textures.format_of(raw.chunks.first().map(|chunk| raw.source.id(*chunk)).as_ref());
        let format = format.unwrap_or(wgpu::TextureFormat::R32Float);
        let kept = self.window.take();
        let window = Window::of(kept, device, &textures.layouts().intensities, (extent_of(&voxels), format));
        window.fill(encoder, textures, raw, &voxels);
        let value_scale = if format == wgpu::TextureFormat::R8Unorm { 255.0 } else { 1.0 };

        let mut steps = Steps::default();
        let targets: &[Target] = if with_patch { &[Target::Patch, Target::Plane] } else { &[Target::Plane] };
        for target in targets {
            let uniform = steps.tables.resample(raw, *target == Target::Patch, &voxels, value_scale);
            let texels = Some(window.bind_group.clone());
            let groups = groups_of(raw, *target);
            steps.push(Step { work: Work::Resample, target: *target, groups, texels }, bytemuck::bytes_of(&uniform));
        }
        self.window = Some(window);
        chain(plan, &mut steps);
        if let Some(labels) = &plan.labels {
            labels.steps(textures, &mut steps);
        }
        self.record((device, queue), encoder, plan, &steps);
        textures.set_reserved_bytes(self.bytes());
        Ok(())
    }

    fn record(
        &mut self,
        (device, queue): (&wgpu::Device, &wgpu::Queue),
        encoder: &mut wgpu::CommandEncoder,
        plan: &ResamplePlan,
        steps: &Steps,
    ) {
        let Zyx { z, y, x } = plan.raw.shape.map(u64::from);
        let label_bytes = plan.labels.as_ref().map_or(0, LabelPlan::bytes);
        let uniforms = self.uniforms.with(device, queue, &steps.uniforms);
        let tables = self.tables.with(device, queue, bytemuck::cast_slice(&steps.tables.0));
        let plane = self.plane.of(device, y * x * 4);
        let patch = self.patch.of(device, if plan.needs_patch() { z * y * x * 4 } else { 0 });
        let means = self.means.of(device, (z.max(y).max(x) + 1) * 4);
        let (ids, known) = (self.ids.of(device, label_bytes), self.known.of(device, label_bytes));
        encoder.clear_buffer(&ids, 0, None);
        encoder.clear_buffer(&known, 0, None);
        let Some(pipelines) = &self.pipelines else { return };
        let group = |written: [&wgpu::Buffer; 2]| {
            let uniform = wgpu::BufferBinding {
                buffer: &uniforms,
                offset: 0,
                size: std::num::NonZeroU64::new(UNIFORM_STRIDE_BYTES),
            };
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("resampling"),
                layout: &pipelines.work_layout,
                entries: &[
                    wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(uniform) },
                    wgpu::BindGroupEntry { binding: 1, resource: tables.as_entire_binding() },
                    wgpu::BindGroupEntry { binding: 2, resource: written[0].as_entire_binding() },
                    wgpu::BindGroupEntry { binding: 3, resource: written[1].as_entire_binding() },
                ],
            })
        };
        let groups = [group([&plane, &means]), group([&patch, &means]), group([&ids, &known])];
        let mut pass = encoder
            .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("resampling"), timestamp_writes: None });
        for (index, step) in steps.steps.iter().enumerate() {
            pass.set_pipeline(pipelines.work(step.work));
            let offset = index as u32 * UNIFORM_STRIDE_BYTES as u32;
            pass.set_bind_group(0, &groups[step.target as usize], &[offset]);
            if let Some(texels) = &step.texels {
                pass.set_bind_group(1, texels, &[]);
            }
            pass.dispatch_workgroups(step.groups[0], step.groups[1], 1);
        }
    }
}

/// The steps of the chain, for the plane and, as long as later steps take means of it, for the whole patch.
fn chain(plan: &ResamplePlan, steps: &mut Steps) {
    let raw = &plan.raw;
    let last_mean = plan.chain.iter().rposition(ChainStep::needs_patch);
    for (index, step) in plan.chain.iter().enumerate() {
        let uniform = steps.tables.change(step, raw.shape);
        let mut push = |work: Work, target: Target, groups: [u32; 2], axis: Option<Axis>| {
            let mut uniform = uniform;
            uniform.shape[3] = if target == Target::Plane { raw.plane } else { 0 };
            uniform.kind[1] = axis.map_or(uniform.kind[1], |axis| axis.index() as u32);
            steps.push(Step { work, target, groups, texels: None }, bytemuck::bytes_of(&uniform));
        };
        let changes_patch = last_mean.is_some_and(|last| index < last);
        match step {
            ChainStep::Sections { axis: Axis::Z, .. } if !changes_patch => {
                push(Work::SectionMeans, Target::Plane, [1, 1], None);
            }
            ChainStep::Sections { axis, .. } => {
                push(Work::SectionMeans, Target::Patch, [raw.shape[*axis], 1], None);
            }
            step if step.needs_patch() => {
                push(Work::SectionMeans, Target::Patch, [raw.shape.z, 1], Some(Axis::Z));
                push(Work::PatchMean, Target::Patch, [1, 1], None);
            }
            _ => {}
        }
        if changes_patch {
            push(Work::Change, Target::Patch, groups_of(raw, Target::Patch), None);
        }
        push(Work::Change, Target::Plane, groups_of(raw, Target::Plane), None);
    }
}

fn groups_of(raw: &RawPlan, target: Target) -> [u32; 2] {
    let planes = if target == Target::Patch { raw.shape.z } else { 1 };
    [(raw.shape.y * raw.shape.x).div_ceil(GROUP), planes]
}

/// Voxels of a box along each axis, at least one.
fn extent_of(voxels: &VoxelBox) -> Zyx<u32> {
    voxels.shape().map(|n| u32::try_from(n.max(1)).unwrap_or(u32::MAX))
}
