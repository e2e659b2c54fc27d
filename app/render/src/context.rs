//! What the device keeps from frame to frame: pipelines, the colour table and the layouts that bind them.

use crate::chunk_textures::TexelLayouts;
use crate::colormap::{ColorMap, LUT_WIDTH, lut_rgba};
use crate::ids::HASH_FACTORS;
use crate::slice::{QUAD_ATTRIBUTES, QuadInstance};
use crate::texels::TexelKind;
use crate::turned_instance::{TURNED_ATTRIBUTES, TurnedInstance};

/// Distance of two layers in a uniform buffer; every device allows dynamic offsets of this multiple.
pub(crate) const UNIFORM_STRIDE_BYTES: u64 = 256;

/// Pipelines and colours, built once per target format.
#[derive(Debug)]
pub(crate) struct Context {
    pub target_format: wgpu::TextureFormat,
    pub layer_layout: wgpu::BindGroupLayout,
    pub colors: wgpu::TextureView,
    image: wgpu::RenderPipeline,
    labels: wgpu::RenderPipeline,
    turned_image: wgpu::RenderPipeline,
    turned_labels: wgpu::RenderPipeline,
}

impl Context {
    pub fn new(
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        target_format: wgpu::TextureFormat,
        texels: &TexelLayouts,
    ) -> Self {
        let layer_layout = layer_layout(device);
        let module = device.create_shader_module(wgpu::include_wgsl!("slice.wgsl"));
        let pipeline = |texels: &wgpu::BindGroupLayout, entry_point: &str| {
            let instances = wgpu::VertexBufferLayout {
                array_stride: size_of::<QuadInstance>() as u64,
                step_mode: wgpu::VertexStepMode::Instance,
                attributes: &QUAD_ATTRIBUTES,
            };
            build_pipeline(device, &module, [&layer_layout, texels], ["vs_quad", entry_point], instances, target_format)
        };
        let turned = |texels: &wgpu::BindGroupLayout, entry_point: &str| {
            let instances = wgpu::VertexBufferLayout {
                array_stride: size_of::<TurnedInstance>() as u64,
                step_mode: wgpu::VertexStepMode::Instance,
                attributes: &TURNED_ATTRIBUTES,
            };
            build_pipeline(
                device,
                &module,
                [&layer_layout, texels],
                ["vs_turned", entry_point],
                instances,
                target_format,
            )
        };
        Self {
            target_format,
            image: pipeline(&texels.intensities, "fs_image"),
            labels: pipeline(&texels.ids, "fs_labels"),
            turned_image: turned(&texels.intensities, "fs_turned_image"),
            turned_labels: turned(&texels.ids, "fs_turned_labels"),
            colors: color_table(device, queue),
            layer_layout,
        }
    }

    pub const fn pipeline(&self, kind: TexelKind, is_turned: bool) -> &wgpu::RenderPipeline {
        match (kind, is_turned) {
            (TexelKind::Intensity, false) => &self.image,
            (TexelKind::Id, false) => &self.labels,
            (TexelKind::Intensity, true) => &self.turned_image,
            (TexelKind::Id, true) => &self.turned_labels,
        }
    }
}

fn layer_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let uniform = wgpu::BindGroupLayoutEntry {
        binding: 0,
        visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: true,
            min_binding_size: None,
        },
        count: None,
    };
    let colors = wgpu::BindGroupLayoutEntry {
        binding: 1,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable: false },
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        },
        count: None,
    };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("slice layer"),
        entries: &[uniform, colors],
    })
}

fn build_pipeline(
    device: &wgpu::Device,
    module: &wgpu::ShaderModule,
    layouts: [&wgpu::BindGroupLayout; 2],
    [vertex, fragment]: [&str; 2],
    instances: wgpu::VertexBufferLayout<'_>,
    target_format: wgpu::TextureFormat,
) -> wgpu::RenderPipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(fragment),
        bind_group_layouts: &layouts.map(Some),
        immediate_size: 0,
    });
    let constants = [("HASH_FACTOR_0", f64::from(HASH_FACTORS[0])), ("HASH_FACTOR_1", f64::from(HASH_FACTORS[1]))];
    let compilation_options =
        wgpu::PipelineCompilationOptions { constants: &constants, ..wgpu::PipelineCompilationOptions::default() };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(fragment),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module,
            entry_point: Some(vertex),
            compilation_options: compilation_options.clone(),
            buffers: &[Some(instances)],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some(fragment),
            compilation_options,
            targets: &[Some(wgpu::ColorTargetState {
                format: target_format,
                blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        multiview_mask: None,
        cache: None,
    })
}

fn color_table(device: &wgpu::Device, queue: &wgpu::Queue) -> wgpu::TextureView {
    let rows = ColorMap::ALL.len() as u32 + 1;
    let size = wgpu::Extent3d { width: LUT_WIDTH as u32, height: rows, depth_or_array_layers: 1 };
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("colour maps"),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(size.width * 4),
        rows_per_image: Some(size.height),
    };
    queue.write_texture(texture.as_image_copy(), &lut_rgba(), layout, size);
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}
