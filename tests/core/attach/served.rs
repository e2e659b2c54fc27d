//! A small loader that serves, and what its batches are when nobody looks.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use microtome_core::catalog::Catalog;
use microtome_core::geometry::Zyx;
use microtome_core::loader::{Batch, Loader, LoaderConfig};
use microtome_core::phantom::{PhantomSpec, write};
use microtome_core::telemetry::Client;
use microtome_core::telemetry::wire::{Message, Wants};

/// How long anything may take that must come; far longer than it takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A synthetic dataset, made once.
pub fn catalog() -> Arc<Catalog> {
    static PHANTOM: OnceLock<(tempfile::TempDir, Arc<Catalog>)> = OnceLock::new();
    let (_, catalog) = PHANTOM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phantom.zarr");
        write(&path, &PhantomSpec { shape: Zyx::splat(64), ..PhantomSpec::default() }, |_| ()).unwrap();
        let catalog = Catalog::open(&path).unwrap();
        (folder, Arc::new(catalog))
    });
    Arc::clone(catalog)
}

/// Patches of 16 × 20 × 24 voxels, two at a time, with these keys of `[telemetry]`.
pub fn config(telemetry: &str) -> LoaderConfig {
    let text = "
        [input.raw]
        shape = [16, 20, 24]
        voxel_size_nm = [8, 8, 8]
        encoding = \"u8\"
        [target.labels]
        shape = [16, 20, 24]
        voxel_size_nm = [8, 8, 8]
        encoding = \"ids\"
        [augment]
        mirror = { z = 0.5, y = 0.5, x = 0.5 }
        [loader]
        batch_size = 2
        memory = \"64 MiB\"
        threads = 2
        [telemetry]
        ";
    LoaderConfig::from_toml(&format!("{text}{telemetry}")).unwrap()
}

/// A loader that serves on this machine, and where.
pub fn serving(more: &str) -> (Loader, SocketAddr) {
    let loader = Loader::new(catalog(), config(&format!("serve = \"127.0.0.1:0\"\n{more}"))).unwrap();
    let address = loader.served_at().expect("it serves");
    (loader, address)
}

/// The first batches of a loader that nobody looks at.
pub fn unwatched(count: usize) -> Vec<Batch> {
    let loader = Loader::new(catalog(), config("")).unwrap();
    (0..count).map(|_| loader.next_batch().unwrap()).collect()
}

/// Takes the next batches and compares them with those that nobody looked at, from `from` on.
pub fn check(loader: &Loader, expected: &[Batch]) {
    for expected in expected {
        let got = loader.next_batch().unwrap();
        assert_eq!(got.provenance, expected.provenance);
        assert!(got == *expected, "batch {} differs", expected.number);
    }
}

/// A viewer of everything.
pub fn viewer(address: SocketAddr) -> Client {
    Client::connect(&address.to_string(), None, Wants { spans: true, slices: true }).unwrap()
}

/// What the loader says until `is_it` is among it; batches are taken meanwhile, so that there is something to say.
pub fn hear(client: &mut Client, loader: &Loader, is_it: impl Fn(&Message) -> bool) -> Message {
    let until = std::time::Instant::now() + PATIENCE;
    loop {
        assert!(std::time::Instant::now() < until, "it was never said");
        loader.next_batch().unwrap();
        while let Some(message) = client.next(Duration::from_millis(5)).unwrap() {
            if is_it(&message) {
                return message;
            }
        }
    }
}
