//! `bench-limits ARRAY…`: what the machine can do at best, told as one line of JSON: memory bandwidth, and how fast the
//! arrays' chunks decode from memory.

use std::borrow::Cow;
use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde_json::json;
use zarrs::array::{Array, ArrayToBytesCodecTraits as _, CodecOptions};
use zarrs::filesystem::FilesystemStore;

/// Of each buffer and thread, bytes: more than the processor's caches hold.
const BUFFER_BYTES: usize = 128 << 20;
/// Chunks of an array that are decoded over and over, spread evenly over it.
const CHUNKS: usize = 48;
/// Each figure is the best of so many.
const REPEATS: usize = 5;
/// How long one takes, at least.
const LONG: Duration = Duration::from_millis(150);

/// Measures the machine's limits.
#[derive(Parser)]
struct Args {
    /// Zarr arrays, all chunks of which take one file
    arrays: Vec<PathBuf>,
    /// Threads at a time, as many as the loader has
    #[arg(long)]
    threads: usize,
}

fn main() -> anyhow::Result<()> {
    let Args { arrays, threads } = Args::parse();
    let decode: anyhow::Result<serde_json::Map<_, _>> = arrays
        .iter()
        .map(|path| {
            let rate = decode_rate(path, threads).with_context(|| path.display().to_string())?;
            Ok((path.display().to_string(), json!(rate)))
        })
        .collect();
    let said = json!({
        "threads": threads,
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

/// The best rate of all threads together at `work`, which answers how many bytes it did, on what `prepare` gives each thread.
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
    let (began, mut bytes) = (Instant::now(), 0);
    while began.elapsed() < LONG {
        bytes += work(buffers);
    }
    bytes as f64 / began.elapsed().as_secs_f64()
}
