//! `bench-limits --image IMAGE ARRAY…`: what the machine can do at best, told as one line of JSON: memory bandwidth, how fast
//! the arrays' chunks decode from memory, and the arithmetic of rotation on voxels that lie in the processor's caches.

use std::borrow::Cow;
use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use microtome_core::geometry::{Affine, Orientation, PatchGrid, Warp, Zyx};
use microtome_core::volume::{Caches, PatchOut, Resample, Volume, read_patch};
use serde_json::json;
use zarrs::array::{Array, ArrayToBytesCodecTraits as _, CodecOptions};
use zarrs::filesystem::FilesystemStore;

/// Of each buffer and thread, bytes: more than the processor's caches hold.
const BUFFER_BYTES: usize = 128 << 20;
/// Chunks of an array that are decoded over and over, spread evenly over it.
const CHUNKS: usize = 48;
/// Voxels a side of the patch that is rotated: with what it is made of, it fits the caches of a core.
const PATCH_SIDE: usize = 32;
/// Each figure is the best of so many.
const REPEATS: usize = 5;
/// How long one takes, at least.
const LONG: Duration = Duration::from_millis(150);

/// Measures the machine's limits.
#[derive(Parser)]
struct Args {
    /// Zarr arrays, all chunks of which take one file
    arrays: Vec<PathBuf>,
    /// An image group whose second chunk along each axis is there and 64³ at least
    #[arg(long)]
    image: PathBuf,
    /// Threads at a time, as many as the loader has
    #[arg(long)]
    threads: usize,
}

fn main() -> anyhow::Result<()> {
    let Args { arrays, image, threads } = Args::parse();
    let decode: anyhow::Result<serde_json::Map<_, _>> = arrays
        .iter()
        .map(|path| {
            let rate = decode_rate(path, threads).with_context(|| path.display().to_string())?;
            Ok((path.display().to_string(), json!(rate)))
        })
        .collect();
    let (interpolate, nearest) = rotation_rates(&image, threads)?;
    let said = json!({
        "threads": threads,
        "interpolate_voxels_per_s": interpolate,
        "nearest_voxels_per_s": nearest,
        "decode_bytes_per_s": decode?,
        "copy_bytes_per_s": copy_rate(threads),
        "fill_bytes_per_s": fill_rate(threads),
        "convert_bytes_per_s": convert_rate(threads),
    });
    writeln!(std::io::stdout(), "{said}")?;
    Ok(())
}

/// Decoded bytes per second of all threads together: their chunks are in memory, encoded.
fn decode_rate(path: &Path, threads: usize) -> anyhow::Result<f64> {
    let array = Array::open(Arc::new(FilesystemStore::new(path)?), "/")?;
    let encoded = encoded_chunks(&array)?;
    let shape = array.chunk_shape(&[0, 0, 0])?;
    let (codecs, options) = (array.codecs(), CodecOptions::default().with_concurrent_target(1));
    let decode = |chunk: &[u8]| -> anyhow::Result<usize> {
        let decoded = codecs.decode(Cow::Borrowed(chunk), &shape, array.data_type(), array.fill_value(), &options)?;
        Ok(black_box(decoded.into_fixed()?).len())
    };
    for chunk in &encoded {
        decode(chunk)?;
    }
    // Every chunk decoded a moment ago: an error would be counted as 0 bytes.
    Ok(best(threads, || (), |()| encoded.iter().map(|chunk| decode(chunk).unwrap_or(0)).sum()))
}

/// The bytes of chunks that are there.
fn encoded_chunks(array: &Array<FilesystemStore>) -> anyhow::Result<Vec<Vec<u8>>> {
    let grid = array.chunk_grid_shape().to_vec();
    let [z, y, x] = grid[..] else { anyhow::bail!("the array has {} axes, not 3", grid.len()) };
    let all = z * y * x;
    let step = (all / CHUNKS as u64).max(1);
    let mut found = Vec::new();
    for at in (0..all).step_by(step as usize) {
        found.extend(array.retrieve_encoded_chunk(&[at / (y * x), at / x % y, at % x])?);
    }
    ensure!(!found.is_empty(), "none of the chunks that were looked for is there");
    Ok(found)
}

/// Bytes copied per second; each is read and written.
fn copy_rate(threads: usize) -> f64 {
    let buffers = || (vec![1_u8; BUFFER_BYTES], vec![2_u8; BUFFER_BYTES]);
    best(threads, buffers, |(from, to)| {
        to.copy_from_slice(black_box(from));
        black_box(to).len()
    })
}

/// Bytes written per second, nothing being read.
fn fill_rate(threads: usize) -> f64 {
    best(
        threads,
        || vec![1_u8; BUFFER_BYTES],
        |to| {
            to.fill(black_box(3));
            black_box(to).len()
        },
    )
}

/// Bytes of `f32` written per second, made of `u8`.
fn convert_rate(threads: usize) -> f64 {
    let buffers = || (vec![1_u8; BUFFER_BYTES / 4], vec![2_f32; BUFFER_BYTES / 4]);
    best(threads, buffers, |(from, to)| {
        for (to, from) in to.iter_mut().zip(black_box(from).iter()) {
            *to = f32::from(*from) / 255.0;
        }
        size_of_val(&black_box(to)[..])
    })
}

/// Voxels per second of a patch rotated about z, in the middle of a chunk: `u8` interpolated to `f32`, and nearest ids.
fn rotation_rates(image: &Path, threads: usize) -> anyhow::Result<(f64, f64)> {
    let volume = Volume::open(image)?;
    let level = &volume.levels()[0];
    let affine = Affine { rotate_degrees: Zyx::new(30.0, 0.0, 0.0), ..Affine::IDENTITY };
    let grid = PatchGrid {
        center_nm: level.world_from_voxel.world_from_voxel(level.chunk_shape.map(|n| n as f64 * 1.5)),
        shape: Zyx::splat(PATCH_SIDE),
        voxel_size_nm: level.voxel_size_nm(),
        orientation: Orientation::IDENTITY,
        warp: Warp::of_affine(affine),
    };
    let voxels = grid.shape.product();
    let read = |caches: &Caches, out: PatchOut<'_>| read_patch(&volume, &grid, Resample::Area, caches, out, None);
    read(&caches(), PatchOut::F32(&mut vec![0.0; voxels]))?;
    let interpolate = best(
        threads,
        || (caches(), vec![0.0; voxels]),
        |(caches, out)| read(caches, PatchOut::F32(out)).map_or(0, |_| voxels),
    );
    let nearest = best(
        threads,
        || (caches(), vec![0; voxels]),
        |(caches, out)| read(caches, PatchOut::Ids8(out)).map_or(0, |_| voxels),
    );
    Ok((interpolate, nearest))
}

/// Of one thread: room for the one chunk and its plan.
fn caches() -> Caches {
    Caches::new(64 << 20, 64 << 20)
}

/// The best rate of all threads together at `work`, which answers how much it did, on what `prepare` gives each thread.
fn best<T>(threads: usize, prepare: impl Fn() -> T + Sync, work: impl Fn(&mut T) -> usize + Sync) -> f64 {
    let start = std::sync::Barrier::new(threads);
    let thread = || {
        let mut buffers = prepare();
        (0..REPEATS)
            .map(|_| {
                start.wait();
                rate(&mut buffers, &work)
            })
            .collect::<Vec<_>>()
    };
    let all: Vec<Vec<f64>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(thread)).collect();
        handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
    });
    (0..REPEATS).map(|repeat| all.iter().map(|rates| rates[repeat]).sum()).fold(0.0, f64::max)
}

fn rate<T>(buffers: &mut T, work: impl Fn(&mut T) -> usize) -> f64 {
    let (began, mut done) = (Instant::now(), 0);
    while began.elapsed() < LONG {
        done += work(buffers);
    }
    done as f64 / began.elapsed().as_secs_f64()
}
