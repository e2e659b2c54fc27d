//! The device that the tests draw on: whatever there is, usually the software rasteriser.

use std::sync::{Mutex, MutexGuard, OnceLock};

use microtome_render::SliceRenderer;

/// A device with the adapter's own limits.
pub struct Gpu {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
}

const BUDGET_BYTES: u64 = 64 << 20;

impl Gpu {
    fn open() -> Self {
        let instance = wgpu::Instance::default();
        let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))
            .expect("no graphics adapter: install the software rasteriser, on Debian the package mesa-vulkan-drivers");
        let descriptor = wgpu::DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).expect("the adapter's own limits");
        Self { device, queue }
    }

    pub fn renderer(&self, format: wgpu::TextureFormat) -> SliceRenderer {
        SliceRenderer::new(&self.device, &self.queue, format, BUDGET_BYTES)
    }
}

/// One device for all tests of this process, used by one at a time: opening it takes seconds.
pub fn gpu() -> MutexGuard<'static, Gpu> {
    static GPU: OnceLock<Mutex<Gpu>> = OnceLock::new();
    let gpu = GPU.get_or_init(|| Mutex::new(Gpu::open()));
    gpu.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
