//! What the device keeps for resampling: pipelines, their layouts, and buffers that grow.

use crate::chunk_textures::TexelLayouts;
use crate::ids::HASH_FACTORS;

/// Distance of two uniforms in their buffer; every device allows dynamic offsets of this multiple.
pub(super) const UNIFORM_STRIDE_BYTES: u64 = 256;
/// Storage buffers that one entry point reads or writes.
const STORAGE_BUFFERS: u32 = 4;

/// The entry points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Resample,
    LookUpLabels,
    Change,
    SectionMeans,
    PatchMean,
}

/// Pipelines and layouts.
#[derive(Debug)]
pub(super) struct Pipelines {
    /// Of every entry point: a uniform, tables, and two buffers that are written.
    pub work_layout: wgpu::BindGroupLayout,
    pub show_layout: wgpu::BindGroupLayout,
    works: [wgpu::ComputePipeline; 5],
    pub show: wgpu::RenderPipeline,
}

impl Pipelines {
    /// `None` if the device cannot compute.
    pub fn new(device: &wgpu::Device, target_format: wgpu::TextureFormat, texels: &TexelLayouts) -> Option<Self> {
        let limits = device.limits();
        if limits.max_compute_workgroups_per_dimension == 0
            || limits.max_compute_invocations_per_workgroup < 256
            || limits.max_storage_buffers_per_shader_stage < STORAGE_BUFFERS
        {
            return None;
        }
        let work_layout = work_layout(device);
        let show_layout = show_layout(device);
        let resample = device.create_shader_module(wgpu::include_wgsl!("resample.wgsl"));
        let intensity = device.create_shader_module(wgpu::include_wgsl!("intensity.wgsl"));
        let work = |module: &wgpu::ShaderModule, entry_point: &str, texels: Option<&wgpu::BindGroupLayout>| {
            let layouts: Vec<_> = std::iter::once(Some(&work_layout)).chain(texels.map(Some)).collect();
            let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(entry_point),
                bind_group_layouts: &layouts,
                immediate_size: 0,
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(entry_point),
                layout: Some(&layout),
                module,
                entry_point: Some(entry_point),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
        };
        let works = [
            work(&resample, "resample", Some(&texels.intensities)),
            work(&resample, "look_up_labels", Some(&texels.ids)),
            work(&intensity, "change_voxels", None),
            work(&intensity, "section_means", None),
            work(&intensity, "patch_mean", None),
        ];
        let show = show_pipeline(device, &show_layout, target_format);
        Some(Self { work_layout, show_layout, works, show })
    }

    pub const fn work(&self, work: Work) -> &wgpu::ComputePipeline {
        &self.works[work as usize]
    }
}

fn buffer_entry(binding: u32, stages: wgpu::ShaderStages, ty: wgpu::BufferBindingType) -> wgpu::BindGroupLayoutEntry {
    let has_dynamic_offset = ty == wgpu::BufferBindingType::Uniform && stages == wgpu::ShaderStages::COMPUTE;
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: stages,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
        count: None,
    }
}

fn work_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry = |binding, ty| buffer_entry(binding, wgpu::ShaderStages::COMPUTE, ty);
    let written = wgpu::BufferBindingType::Storage { read_only: false };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("resampling"),
        entries: &[
            entry(0, wgpu::BufferBindingType::Uniform),
            entry(1, wgpu::BufferBindingType::Storage { read_only: true }),
            entry(2, written),
            entry(3, written),
        ],
    })
}

fn show_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry = |binding, ty| buffer_entry(binding, wgpu::ShaderStages::FRAGMENT, ty);
    let read = wgpu::BufferBindingType::Storage { read_only: true };
    let entries =
        [entry(0, wgpu::BufferBindingType::Uniform), entry(1, read), entry(2, read), entry(3, read), entry(4, read)];
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("resampled plane"),
        entries: &entries,
    })
}

fn show_pipeline(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    target_format: wgpu::TextureFormat,
) -> wgpu::RenderPipeline {
    let module = device.create_shader_module(wgpu::include_wgsl!("preview.wgsl"));
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("resampled plane"),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    let constants = [("HASH_FACTOR_0", f64::from(HASH_FACTORS[0])), ("HASH_FACTOR_1", f64::from(HASH_FACTORS[1]))];
    let compilation_options =
        wgpu::PipelineCompilationOptions { constants: &constants, ..wgpu::PipelineCompilationOptions::default() };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("resampled plane"),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("vs_preview"),
            compilation_options: compilation_options.clone(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("fs_preview"),
            compilation_options,
            targets: &[Some(target_format.into())],
        }),
        multiview_mask: None,
        cache: None,
    })
}

/// A buffer that is made anew when it is too small.
#[derive(Debug)]
pub(super) struct Growing {
    label: &'static str,
    usage: wgpu::BufferUsages,
    buffer: Option<wgpu::Buffer>,
}

impl Growing {
    pub const fn new(label: &'static str, usage: wgpu::BufferUsages) -> Self {
        Self { label, usage, buffer: None }
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> u64 {
        self.buffer.as_ref().map_or(0, wgpu::Buffer::size)
    }

    /// A buffer of at least so many bytes. What was in it may be lost.
    pub fn of(&mut self, device: &wgpu::Device, bytes: u64) -> wgpu::Buffer {
        const LEAST_BYTES: u64 = 1024;
        let size = bytes.max(LEAST_BYTES).next_multiple_of(LEAST_BYTES);
        let kept = self.buffer.take().filter(|buffer| buffer.size() >= size);
        let buffer = kept.unwrap_or_else(|| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(self.label),
                size,
                usage: self.usage,
                mapped_at_creation: false,
            })
        });
        self.buffer.insert(buffer).clone()
    }

    /// With this in it.
    pub fn with(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, contents: &[u8]) -> wgpu::Buffer {
        let buffer = self.of(device, contents.len() as u64);
        queue.write_buffer(&buffer, 0, contents);
        buffer
    }

    /// What is there.
    pub const fn get(&self) -> Option<&wgpu::Buffer> {
        self.buffer.as_ref()
    }
}
