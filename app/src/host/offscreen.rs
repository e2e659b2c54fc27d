//! The app without a window: frames from events, pictures from frames. For `shot`, tests and notebooks.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use egui_wgpu::{RenderState, RendererOptions, ScreenDescriptor, WgpuConfiguration, wgpu};

use crate::command::Command;
use crate::state::State;
use crate::{App, AppOptions};

/// A picture, 8-bit RGBA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbaImage {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// `width · height · 4` bytes, top row first.
    pub data: Vec<u8>,
}

impl RgbaImage {
    /// Writes a PNG.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_png(&self, path: &std::path::Path) -> anyhow::Result<()> {
        let cannot = || format!("cannot write {}", path.display());
        let file = std::fs::File::create(path).with_context(cannot)?;
        let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), self.width, self.height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().and_then(|mut w| w.write_image_data(&self.data)).with_context(cannot)
    }
}

/// The app without a window.
pub struct Offscreen {
    app: App,
    ctx: egui::Context,
    render_state: RenderState,
    size_points: egui::Vec2,
    pixels_per_point: f32,
    started: Instant,
    output: Option<egui::FullOutput>,
}

impl Offscreen {
    /// Starts the app at `size` pixels (width, height).
    ///
    /// # Errors
    /// No graphics adapter (a software one will do), or a background thread cannot be started.
    pub fn new(options: AppOptions, size: [u32; 2], pixels_per_point: f32) -> anyhow::Result<Self> {
        let config = WgpuConfiguration::default();
        let instance = pollster::block_on(config.wgpu_setup.new_instance());
        let render_state =
            pollster::block_on(RenderState::create(&config, &instance, None, RendererOptions::PREDICTABLE)).context(
                "no graphics adapter was found; on Debian or Ubuntu `apt-get install mesa-vulkan-drivers` brings a software one",
            )?;
        let ctx = egui::Context::default();
        let app = App::new(&ctx, &render_state, options)?;
        let size_points = egui::vec2(size[0] as f32, size[1] as f32) / pixels_per_point;
        Ok(Self { app, ctx, render_state, size_points, pixels_per_point, started: Instant::now(), output: None })
    }

    /// Everything the window shows.
    #[must_use]
    pub const fn state(&self) -> &State {
        self.app.state()
    }

    /// Runs a command at once.
    pub fn run(&mut self, command: Command) {
        self.app.run(command);
    }

    /// One frame: `events` in, `logic`, `ui`; nothing is drawn until [`Offscreen::screenshot`].
    pub fn frame(&mut self, events: Vec<egui::Event>) {
        let mut input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, self.size_points)),
            time: Some(self.started.elapsed().as_secs_f64()),
            max_texture_side: Some(self.render_state.device.limits().max_texture_dimension_2d as usize),
            focused: true,
            events,
            ..Default::default()
        };
        if let Some(viewport) = input.viewports.get_mut(&egui::ViewportId::ROOT) {
            viewport.native_pixels_per_point = Some(self.pixels_per_point);
        }
        let app = &mut self.app;
        let mut output = self.ctx.run_ui(input, |ui| {
            app.logic(ui.ctx());
            app.ui(ui);
        });
        self.apply_textures(&mut output.textures_delta);
        self.output = Some(output);
    }

    /// Frames until `settled` says so; false if `timeout` passes first.
    pub fn run_until(&mut self, mut settled: impl FnMut(&State) -> bool, timeout: Duration) -> bool {
        const FRAME: Duration = Duration::from_millis(10);
        let deadline = Instant::now() + timeout;
        loop {
            self.frame(Vec::new());
            if settled(self.state()) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(FRAME);
        }
    }

    /// The last frame as triangles, the last that is done for it on this thread before the graphics card has it.
    #[must_use]
    pub fn paint_jobs(&self) -> Vec<egui::ClippedPrimitive> {
        let shapes = self.output.as_ref().map(|output| output.shapes.clone()).unwrap_or_default();
        self.ctx.tessellate(shapes, self.pixels_per_point)
    }

    /// What draws the pictures, as its driver names it.
    #[must_use]
    pub fn adapter(&self) -> String {
        let info = self.render_state.adapter.get_info();
        format!("{} ({})", info.name, info.driver_info)
    }

    /// Draws the last frame.
    ///
    /// # Errors
    /// The graphics device fails.
    pub fn screenshot(&mut self) -> anyhow::Result<RgbaImage> {
        if self.output.is_none() {
            self.frame(Vec::new());
        }
        let primitives = self.paint_jobs();
        let size = self.size_points * self.pixels_per_point;
        let screen = ScreenDescriptor {
            size_in_pixels: [size.x.round() as u32, size.y.round() as u32],
            pixels_per_point: self.pixels_per_point,
        };
        let texture = self.draw(&primitives, &screen);
        read_back(&self.render_state, &texture, screen.size_in_pixels)
    }

    fn apply_textures(&self, delta: &mut egui::TexturesDelta) {
        let RenderState { device, queue, renderer, .. } = &self.render_state;
        let mut renderer = renderer.write();
        for (id, images) in delta.set.drain() {
            for image in images {
                renderer.update_texture(device, queue, id, &image);
            }
        }
        for id in delta.free.drain() {
            renderer.free_texture(&id);
        }
    }

    fn draw(&self, primitives: &[egui::ClippedPrimitive], screen: &ScreenDescriptor) -> wgpu::Texture {
        let RenderState { device, queue, renderer, .. } = &self.render_state;
        let mut renderer = renderer.write();
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let extra = renderer.update_buffers(device, queue, &mut encoder, primitives, screen);
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("offscreen frame"),
            size: wgpu::Extent3d {
                width: screen.size_in_pixels[0],
                height: screen.size_in_pixels[1],
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: self.render_state.target_format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        {
            let attachment = wgpu::RenderPassColorAttachment {
                view: &view,
                resolve_target: None,
                depth_slice: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
            };
            let mut pass = encoder
                .begin_render_pass(&wgpu::RenderPassDescriptor {
                    label: Some("offscreen frame"),
                    color_attachments: &[Some(attachment)],
                    ..Default::default()
                })
                .forget_lifetime();
            renderer.render(&mut pass, primitives, screen);
        }
        queue.submit(extra.into_iter().chain(std::iter::once(encoder.finish())));
        texture
    }
}

fn read_back(render_state: &RenderState, texture: &wgpu::Texture, size: [u32; 2]) -> anyhow::Result<RgbaImage> {
    const TIMEOUT: Duration = Duration::from_secs(30);
    let [width, height] = size;
    let row_bytes = width * 4;
    let padded_row_bytes = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = render_state.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("offscreen read-back"),
        size: u64::from(padded_row_bytes) * u64::from(height),
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = render_state.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded_row_bytes), rows_per_image: None };
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
        wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
    );
    let submission = render_state.queue.submit(std::iter::once(encoder.finish()));
    let (sender, receiver) = crossbeam_channel::bounded(1);
    buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| drop(sender.send(result)));
    render_state
        .device
        .poll(wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(TIMEOUT) })
        .context("the graphics device did not finish the frame")?;
    receiver.recv_timeout(TIMEOUT).context("the frame was not read back")?.context("the frame was not read back")?;
    let mapped = buffer.slice(..).get_mapped_range().context("the frame was not read back")?;
    let rows = mapped.chunks_exact(padded_row_bytes as usize);
    let mut data: Vec<u8> = rows.flat_map(|row| row[..row_bytes as usize].iter().copied()).collect();
    if matches!(texture.format(), wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb) {
        data.chunks_exact_mut(4).for_each(|pixel| pixel.swap(0, 2));
    }
    // The frame's ground is opaque; what blending left in alpha means nothing outside.
    data.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
    Ok(RgbaImage { width, height, data })
}
