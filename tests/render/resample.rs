//! Samples that the device makes against those that the loader makes, under random augmentation.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use microtome::state::preview::{Resampling, resampling};
use microtome_core::catalog::Catalog;
use microtome_core::geometry::Zyx;
use microtome_core::loader::{ArraySpec, Augment, Batch, Encoding, Loader, LoaderConfig};
use microtome_core::phantom::{PhantomSpec, write};
use microtome_core::sample::Request;
use microtome_core::volume::{Buffer, Caches, Volume, Voxel};
use microtome_core::with_buffer;
use microtome_render::reference::{ReferenceChunk, resample};
use microtome_render::{ChunkId, Fill, ResampledPlane, SliceRenderer, Texels};

use crate::device::{Gpu, gpu};
use crate::scene::Random;

/// Augmentations of one grid.
const DRAWS: u64 = 24;

fn catalog() -> Arc<Catalog> {
    static PHANTOM: OnceLock<(tempfile::TempDir, Arc<Catalog>)> = OnceLock::new();
    let (_, catalog) = PHANTOM.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("phantom.zarr");
        let spec = PhantomSpec { shape: Zyx::splat(96), voxel_size_nm: Zyx::new(12.0, 8.0, 8.0), ..Default::default() };
        write(&path, &spec, |_| ()).expect("written");
        (folder, Arc::new(Catalog::open(&path).expect("opens")))
    });
    Arc::clone(catalog)
}

/// Voxel sizes and encodings of input and target.
pub const GRIDS: [(&str, &str, &str, &str); 4] = [
    ("[12, 8, 8]", "f32", "[12, 8, 8]", "ids"),
    ("[16, 8, 8]", "u8", "[16, 8, 8]", "u8"),
    ("[13, 19, 11]", "f32", "[24, 16, 16]", "f32"),
    ("[6, 5, 4]", "f32", "[12, 8, 8]", "ids"),
];

pub fn loader((size, encoding, label_size, labels): (&str, &str, &str, &str)) -> Loader {
    let text = format!(
        "[data]\nclasses = [\"mito\", \"er\", \"nuc\"]\n[input.raw]\nshape = [14, 18, 23]\nvoxel_size_nm = {size}\n\
         encoding = \"{encoding}\"\n[target.labels]\nshape = [14, 18, 23]\nvoxel_size_nm = {label_size}\n\
         encoding = \"{labels}\"\n[loader]\nbatch_size = 1\nmemory = \"256 MiB\"\nthreads = 1\n"
    );
    Loader::new(catalog(), LoaderConfig::from_toml(&text).expect("valid")).expect("starts")
}

/// Every key of `[augment]` that the device knows, each now and then.
fn random_augment(random: &mut Random, is_u8: bool) -> Augment {
    let lines = [
        "mirror = { z = 0.5, y = 0.5, x = 0.5 }",
        "transpose = { axes = [\"z\", \"y\", \"x\"], probability = 1.0 }",
        "rotate = { z = [-180, 180], y = [-30, 30], x = [-30, 30], probability = 1.0 }",
        "scale = { range = [0.8, 1.3], probability = 1.0 }",
        "shear = { zy = [-0.3, 0.3], zx = [-0.3, 0.3], yx = [-0.3, 0.3], probability = 1.0 }",
        "elastic = { spacing_nm = [90, 80, 70], sigma_nm = [2, 9, 9], probability = 1.0 }",
        "misalign = { jitter_nm = [0, 9], slip = 0.2, shift = 0.1, largest_nm = 20, probability = 1.0 }",
    ];
    let intensity = [
        "contrast = { range = [0.3, 2.0], probability = 1.0 }",
        "brightness = { range = [-0.2, 0.2], probability = 1.0 }",
        "gamma = { range = [0.5, 2.0], probability = 1.0 }",
        "noise = { sigma = [0.0, 0.2], probability = 1.0 }",
        "section_shift = { scale = [0.5, 1.5], shift = [-0.2, 0.2], probability = 1.0 }",
        "missing_sections = { fraction = 0.3, fill = \"mean\", probability = 1.0 }",
        "low_contrast = { fraction = 0.5, range = [0.1, 0.5], probability = 1.0 }",
        "charging = { fraction = 0.5, amplitude = [-0.4, 0.4], radius_nm = [10, 60], tail_nm = [20, 200], probability = 1.0 }",
        "cutout = { boxes = [1, 3], size_nm = [30, 90], fill = \"mean\", probability = 1.0 }",
    ];
    let last = ["normalise = { range = [0.1, 0.8] }", "normalise = { mean = 0.5, std = 0.2 }"];
    let mut chosen: Vec<&str> = lines.into_iter().filter(|_| random.chance(35)).collect();
    let mut order = intensity.to_vec();
    for at in (1..order.len()).rev() {
        order.swap(at, random.below(at as u64 + 1) as usize);
    }
    chosen.extend(order.into_iter().filter(|_| random.chance(25)));
    if random.chance(20) {
        // Bytes hold no z-scores.
        chosen.push(if is_u8 { last[0] } else { random.pick(&last) });
    }
    toml::from_str(&chosen.join("\n")).expect("valid")
}

fn fill_of(volume: &Volume, level: u32, is_raw: bool) -> Fill {
    let value = volume.levels()[level as usize].fill_value;
    if is_raw { Fill::Intensity(value as f32) } else { Fill::Id(value as u32) }
}

/// Hands the device every chunk that a plan needs.
pub fn upload(gpu: &Gpu, renderer: &mut SliceRenderer, made: &Resampling, caches: &Caches) {
    for id in made.plan.chunks() {
        if renderer.textures().contains(&id) {
            continue;
        }
        let (volume, is_raw) = made.volume(id.volume).expect("named");
        let chunk = volume.chunk(id.level as usize, id.chunk, &caches.chunks).expect("read");
        let fill = || fill_of(volume, id.level, is_raw);
        let textures = renderer.textures_mut();
        let Some(chunk) = chunk else {
            textures.mark_absent(id, fill());
            continue;
        };
        let texels = if is_raw { Texels::intensities(&chunk.data) } else { Texels::ids(&chunk.data) };
        let shape = chunk.shape.map(|n| n as u32);
        textures.upload(&gpu.device, &gpu.queue, id, shape, &texels).expect("room");
    }
}

/// What [`upload`] hands over, for the CPU twin.
fn chunks_of(made: &Resampling, caches: &Caches) -> HashMap<ChunkId, ReferenceChunk> {
    let chunk = |id: ChunkId| {
        let (volume, is_raw) = made.volume(id.volume).expect("named");
        let chunk = volume.chunk(id.level as usize, id.chunk, &caches.chunks).expect("read");
        let Some(chunk) = chunk else {
            return (id, ReferenceChunk::Absent(fill_of(volume, id.level, is_raw)));
        };
        let texels = if is_raw { Texels::intensities(&chunk.data) } else { Texels::ids(&chunk.data) };
        (id, ReferenceChunk::Texels(chunk.shape.map(|n| n as u32), texels.into_owned()))
    };
    made.plan.chunks().into_iter().map(chunk).collect()
}

/// The intensities of a plane of the loader's own sample.
fn raw_of(batch: &Batch, slice: usize) -> Vec<f32> {
    let input = batch.array("raw").expect("the input");
    let plane = input.shape[3] * input.shape[4];
    let scale = if matches!(input.data, Buffer::U8(_)) { 255.0 } else { 1.0 };
    with_buffer!(&input.data, data => {
        data[slice * plane..(slice + 1) * plane].iter().map(|value| value.to_f64() as f32 / scale).collect()
    })
}

/// The ids of a class in a plane of the loader's own sample; `None` where unknown.
fn labels_of(batch: &Batch, slice: usize, class: usize) -> Vec<Option<u32>> {
    let target = batch.array("labels").expect("the target");
    let [_, _, depth, height, width] = target.shape;
    let plane = height * width;
    let range = (class * depth + slice) * plane..(class * depth + slice + 1) * plane;
    with_buffer!(&target.data, data => {
        let id = |at: usize| {
            let value = data[at];
            let known = target.known.as_ref().is_none_or(|known| known[at] == 1) && !value.to_f64().is_nan();
            known.then(|| value.to_f64() as u32)
        };
        range.map(id).collect()
    })
}

/// Of z-scores in intensities.
fn tolerance(request: &Request) -> f32 {
    use microtome_core::sample::intensity::{NormaliseStep, Step};
    let std = request.intensity.steps.iter().find_map(|step| match step {
        Step::Normalise(NormaliseStep::ZScore { std, .. }) => Some(*std as f32),
        _ => None,
    });
    1.0 / 255.0 / std.unwrap_or(1.0)
}

fn compare(
    made: &Resampling,
    found: &ResampledPlane,
    batch: &Batch,
    request: &Request,
    slice: usize,
    words: &str,
) -> f32 {
    let expected = raw_of(batch, slice);
    assert_eq!(found.raw.len(), expected.len());
    let scale = tolerance(request) * 255.0;
    let off = |(found, expected): (&f32, &f32)| (found - expected).abs() / scale;
    let largest = found.raw.iter().zip(&expected).map(off).fold(0.0, f32::max);
    let at = found.raw.iter().zip(&expected).position(|pair| off(pair) > 1.0 / 255.0);
    assert!(at.is_none(), "{words}: voxel {at:?} is off by {largest}: {:?} {:?}", request.grid, request.intensity);
    if let Some(labels) = &made.plan.labels {
        let plane = (labels.size[0] * labels.size[1]) as usize;
        let target = batch.array("labels").expect("the target");
        // Both arrays have as many planes, and one middle.
        let z = label_slice(slice, target.shape[2], words);
        for class in 0..labels.classes.len() {
            let of_device = (0..plane).map(|at| found.known[class][at].then(|| found.ids[class][at]));
            assert_eq!(
                of_device.collect::<Vec<_>>(),
                labels_of(batch, z, class),
                "{words}: class {class} {:?}",
                request.grid
            );
        }
    }
    largest
}

fn label_slice(slice: usize, _depth: usize, words: &str) -> usize {
    let config = GRIDS.iter().find(|grid| words.starts_with(grid.0)).expect("a grid");
    let spec = |size: &str| {
        let sizes: Vec<f64> = serde_json::from_str(size).expect("a list");
        let size = Zyx::new(sizes[0], sizes[1], sizes[2]);
        ArraySpec::new(Zyx::new(14, 18, 23), size, Encoding::U8)
    };
    microtome::state::preview::same_slice(slice, &spec(config.0), &spec(config.2)).expect("there are labels")
}

#[test]
fn the_device_makes_samples_as_the_loader_does() {
    let gpu = gpu();
    let mut renderer = gpu.renderer(wgpu::TextureFormat::Rgba8Unorm);
    let caches = Caches::new(1 << 26, 1 << 22);
    let (mut seen, mut largest, mut outside, mut labelled) = (BTreeSet::new(), 0.0_f32, 0, 0);
    for (number, grid) in GRIDS.into_iter().enumerate() {
        let loader = loader(grid);
        let mut random = Random(number as u64);
        for index in 0..DRAWS {
            let mut place = loader.draw(0, index).expect("drawn");
            if random.chance(30) {
                // Half beyond the volume.
                place.grid.center_nm = place.grid.center_nm + Zyx::from_fn(|_| random.between(-300.0, 300.0));
            }
            let augment = random_augment(&mut random, grid.1 == "u8");
            let request = loader.plan(&place, &augment, (0, index)).expect("planned").applied_to(&place);
            let slice = random.below(14) as usize;
            let words = format!("{} draw {index}, slice {slice}", grid.0);
            let sources = loader.look_sources(&request).expect("its own data");
            let made = resampling(&sources, &request, slice, &caches).unwrap_or_else(|why| panic!("{words}: {why}"));
            renderer.begin_frame();
            upload(&gpu, &mut renderer, &made, &caches);
            let found = renderer.read_resampled((&gpu.device, &gpu.queue), &made.plan).expect("the device works");
            let found = found.unwrap_or_else(|why| panic!("{words}: {why:?}"));
            let batch = loader.look(&request).expect("looked at");
            let off = compare(&made, &found, &batch, &request, slice, &words);
            // Bytes are rounded.
            largest = largest.max(if grid.1 == "u8" { off - 0.5 / 255.0 } else { off });
            let twin = resample(&made.plan, &chunks_of(&made, &caches));
            compare(&made, &twin, &batch, &request, slice, &format!("{words}, the twin"));
            seen.extend(request.intensity.steps.iter().map(|step| step.key()));
            outside += found.known.iter().flatten().filter(|known| !**known).count();
            labelled += found.ids.iter().flatten().filter(|id| **id > 0).count();
        }
    }
    assert_eq!(seen.len(), 10, "{seen:?}");
    assert!(largest < 0.1 / 255.0, "{}", largest * 255.0);
    assert!(outside > 1000 && labelled > 1000, "{outside} {labelled}");
}
