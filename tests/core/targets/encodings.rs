//! Bits, distances, affinities and boundaries against their definitions, at crop borders and in every orientation.

use microtome_core::Error;
use microtome_core::geometry::Zyx;
use microtome_core::loader::{Batch, Loader, LoaderConfig, Provenance};
use microtome_core::volume::Buffer;

use super::oracle::{Around, Whole, batches, known, phantom, range, values};

const CLASSES: [&str; 4] = ["mito", "er", "cell", "nuc"];

/// Targets of 10 × 12 × 9 voxels, mirrored and transposed, in a catalog of which one crop lacks some classes.
fn text(targets: &[(&str, &str)], more: &str) -> String {
    let table = |(name, keys): &(&str, &str)| {
        format!("[target.{name}]\nshape = [10, 12, 9]\nvoxel_size_nm = [16, 8, 8]\n{keys}\n")
    };
    let targets: String = targets.iter().map(table).collect();
    format!(
        "[data]\nclasses = [\"mito\", \"er\", \"cell\", \"nuc\"]\n{targets}
         [augment]\nmirror = {{ z = 0.5, y = 0.5, x = 0.5 }}
         transpose = {{ axes = [\"z\", \"y\", \"x\"], probability = 1.0 }}
         [sampling]\nsamples_per_epoch = 18
         [loader]\nbatch_size = 6\nmemory = \"64 MiB\"\n{more}\n"
    )
}

/// Runs `check` on each class of each sample: the labels around it, its place in `batch`, and its place in the classes.
fn for_every_class(all: &[Batch], mut check: impl FnMut(&Batch, usize, usize, &Around<'_>)) {
    let catalog = phantom();
    for batch in all {
        for (sample, provenance) in batch.provenance.iter().enumerate() {
            let crop =
                catalog.datasets[0].crops.iter().find(|crop| Some(&crop.name) == provenance.crop.as_ref()).unwrap();
            for (index, class) in CLASSES.into_iter().enumerate() {
                let whole = crop.labels(class).map(Whole::of);
                check(batch, sample, index, &Around { whole: whole.as_ref(), grid: provenance.grid });
            }
        }
    }
}

#[test]
fn bits_say_what_bytes_say_for_every_class() {
    let targets = [("bits", "encoding = \"bits\""), ("bytes", "encoding = \"u8\"")];
    let relations = "[data.relations]\nnuc = [\"er\", \"mito\"]";
    let mut seen = [0_u32; 3];
    for batch in batches(&phantom(), &text(&targets, relations), 3) {
        let (bits, bytes) = (batch.array("bits").unwrap(), batch.array("bytes").unwrap());
        assert_eq!((bits.shape[1], bytes.shape[1]), (1, CLASSES.len()));
        assert_eq!(&*bits.classes, CLASSES);
        let Buffer::U64(words) = &bits.data else { panic!("{:?}", bits.data.dtype()) };
        let known_words = bits.known_bits.as_ref().unwrap();
        assert!(words.iter().chain(known_words).all(|word| word >> CLASSES.len() == 0), "no bit beyond the classes");
        for sample in 0..batch.provenance.len() {
            let (words, known_words) = (&words[range(bits, sample, 0)], &known_words[range(bits, sample, 0)]);
            for class in 0..CLASSES.len() {
                let (present, known) = (values(bytes, sample, class), known(bytes, sample, class));
                for voxel in 0..words.len() {
                    let bit = |words: &[u64]| words[voxel] >> class & 1;
                    assert_eq!((bit(words), bit(known_words)), (present[voxel] as u64, u64::from(known[voxel])));
                    seen[if known[voxel] == 0 { 2 } else { present[voxel] as usize }] += 1;
                }
            }
        }
        let both = |provenance: &Provenance| {
            let of = |name: &str| -> Vec<_> {
                let mut said: Vec<_> = provenance.sources.iter().filter(|said| said.array == name).cloned().collect();
                said.iter_mut().for_each(|said| said.array.clear());
                said
            };
            assert_eq!(of("bits"), of("bytes"), "either way every class says where it was read");
        };
        batch.provenance.iter().for_each(both);
    }
    assert!(seen.iter().all(|&n| n > 100), "absent, present, unknown: {seen:?}");
}

#[test]
fn threads_change_no_byte_of_any_encoding() {
    let targets = [
        ("bits", "encoding = \"bits\""),
        ("distance", "encoding = \"distance\"\nclip_nm = 20\ntanh_nm = 10"),
        ("affinity", "encoding = \"affinity\"\noffsets = [[-1, 0, 0], [0, 3, -2]]"),
        ("boundary", "encoding = \"boundary\""),
    ];
    let rotated = "rotate = { z = [-180, 180], probability = 1.0 }";
    let text = |threads: &str| text(&targets, threads).replace("[sampling]", &format!("{rotated}\n[sampling]"));
    let reference = batches(&phantom(), &text("threads = 1"), 3);
    for more in ["threads = 2", "threads = 8", "threads = 3\non_error = \"fail\""] {
        for (got, expected) in batches(&phantom(), &text(more), 3).iter().zip(&reference) {
            assert_eq!(got.provenance, expected.provenance);
            for (got, expected) in got.arrays.iter().zip(&expected.arrays) {
                // As bytes, because NaN is not equal to itself.
                assert!(got.data.as_bytes() == expected.data.as_bytes(), "{more}: {}", got.name);
                assert!(
                    (&got.known, &got.known_bits) == (&expected.known, &expected.known_bits),
                    "{more}: {}",
                    got.name
                );
            }
        }
    }
}

/// The distance as it is defined, in nm, from the labels within `clip_nm`; `None` if it is not certain.
fn distance_nm(around: &Around<'_>, voxel: Zyx<i64>, clip_nm: f64) -> Option<f64> {
    let size_nm = around.grid.voxel_size_nm;
    let reach = size_nm.map(|size| (clip_nm / size).ceil() as i64);
    let is_class = around.at(voxel)? != 0;
    let (mut border, mut unknown) = (clip_nm, f64::INFINITY);
    for z in -reach.z..=reach.z {
        for y in -reach.y..=reach.y {
            for x in -reach.x..=reach.x {
                let step = Zyx::new(z, y, x);
                let gap = step.map(|d| (d.abs() as f64 - 0.5).max(0.0)) * size_nm;
                let gap_nm = (gap * gap).to_array().into_iter().sum::<f64>().sqrt();
                match around.at(voxel + step) {
                    None => unknown = unknown.min(gap_nm),
                    Some(id) if (id != 0) != is_class => border = border.min(gap_nm),
                    Some(_) => {}
                }
            }
        }
    }
    (border <= unknown).then_some(if is_class { border } else { -border })
}

#[test]
fn distances_are_exact_up_to_the_clip_also_at_the_rim_of_the_patch() {
    let target = [("distance", "encoding = \"distance\"\nclip_nm = 20")];
    let mut seen = [0_u32; 4];
    for_every_class(&batches(&phantom(), &text(&target, ""), 2), |batch, sample, class, around| {
        let array = batch.array("distance").unwrap();
        assert!(array.known.is_none() && matches!(array.data, Buffer::F32(_)));
        for (found, voxel) in values(array, sample, class).into_iter().zip(around.voxels()) {
            let expected = distance_nm(around, voxel, 20.0);
            let same = expected.map_or(found.is_nan(), |expected| (found - expected).abs() < 1e-4);
            assert!(same, "{found} instead of {expected:?} at {voxel}, {:?}", around.grid);
            seen[match expected {
                None => 0,
                Some(nm) if nm.abs() == 20.0 => 1,
                Some(nm) => 2 + usize::from(nm > 0.0),
            }] += 1;
        }
    });
    assert!(seen.iter().all(|&n| n > 50), "unknown, clipped, outside, inside: {seen:?}");
}

#[test]
fn affinities_and_boundaries_compare_ids_across_the_rim_of_the_patch() {
    let offsets = [[-1, 0, 0], [0, -1, 0], [0, 0, -1], [0, 4, -3]];
    let keys = format!("encoding = \"affinity\"\noffsets = {offsets:?}");
    let targets = [("affinity", keys.as_str()), ("boundary", "encoding = \"boundary\"")];
    let (mut affine, mut borders) = ([0_u32; 3], [0_u32; 3]);
    for_every_class(&batches(&phantom(), &text(&targets, ""), 3), |batch, sample, class, around| {
        let array = batch.array("affinity").unwrap();
        assert_eq!((array.shape[1], &array.classes[class][..]), (CLASSES.len() * offsets.len(), CLASSES[class]));
        for (index, offset) in offsets.into_iter().enumerate() {
            let channel = class * offsets.len() + index;
            let found = values(array, sample, channel).into_iter().zip(known(array, sample, channel));
            for (found, voxel) in found.zip(around.voxels()) {
                let pair = around.at(voxel).zip(around.at(voxel + Zyx::from(offset)));
                let same = pair.map(|(a, b)| a != 0 && a == b);
                assert_eq!(found, (f64::from(u8::from(same == Some(true))), &u8::from(same.is_some())), "{voxel}");
                affine[same.map_or(2, usize::from)] += 1;
            }
        }
        let array = batch.array("boundary").unwrap();
        let found = values(array, sample, class).into_iter().zip(known(array, sample, class));
        for (found, voxel) in found.zip(around.voxels()) {
            let faces = [[-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1], [0, 0, 1]];
            let neighbours = faces.map(|step| around.at(voxel + Zyx::from(step)));
            let is_border = around.at(voxel).and_then(|id| {
                let differs = neighbours.iter().flatten().any(|other| *other != id);
                (differs || neighbours.iter().all(Option::is_some)).then_some(differs)
            });
            assert_eq!(
                found,
                (f64::from(u8::from(is_border == Some(true))), &u8::from(is_border.is_some())),
                "{voxel}"
            );
            borders[is_border.map_or(2, usize::from)] += 1;
        }
    });
    assert!(affine.iter().chain(&borders).all(|&n| n > 100), "{affine:?} {borders:?}");
}

#[test]
fn a_class_that_another_excludes_is_known_to_be_absent_in_every_encoding() {
    let keys = "encoding = \"affinity\"\noffsets = [[0, 0, -1]]";
    let targets =
        [("affinity", keys), ("bytes", "encoding = \"u8\""), ("distance", "encoding = \"distance\"\nclip_nm = 8")];
    let lacking = phantom();
    let crop = lacking.datasets[0].crops.iter().find(|crop| crop.name == "crop2").unwrap();
    let lacks: Vec<_> = CLASSES.into_iter().filter(|class| crop.labels(class).is_none()).collect();
    let has: Vec<_> = CLASSES.into_iter().filter(|class| crop.labels(class).is_some()).collect();
    assert!(!lacks.is_empty() && !has.is_empty(), "{lacks:?} {has:?}");
    let relations: String = lacks.iter().map(|class| format!("{class} = {has:?}\n")).collect();
    let mut inferred = [0; 2];
    for batch in batches(&phantom(), &text(&targets, &format!("[data.relations]\n{relations}")), 30) {
        let [affinity, bytes, distance] = ["affinity", "bytes", "distance"].map(|name| batch.array(name).unwrap());
        for (sample, provenance) in batch.provenance.iter().enumerate() {
            let channel = CLASSES.iter().position(|class| *class == lacks[0]).unwrap();
            if provenance.crop.as_deref() != Some("crop2") {
                continue;
            }
            assert!(values(affinity, sample, channel).iter().all(|value| *value == 0.0));
            for (index, voxel) in known(bytes, sample, channel).iter().enumerate() {
                let width = bytes.shape[4];
                if index % width > 0 {
                    let pair = voxel & known(bytes, sample, channel)[index - 1];
                    assert_eq!(known(affinity, sample, channel)[index], pair);
                    inferred[usize::from(pair)] += 1;
                }
                let nm = values(distance, sample, channel)[index];
                assert!(nm.is_nan() || (nm == -8.0 && *voxel == 1), "{nm}");
            }
        }
    }
    assert!(inferred.iter().all(|&n| n > 0), "{inferred:?}");
}

#[test]
fn a_target_has_its_own_shape_voxels_and_classes_about_the_same_centre() {
    let text = "
        [data]\nclasses = [\"mito\", \"cell\"]
        [input.context]\nshape = [6, 6, 6]\nvoxel_size_nm = [32, 32, 32]\nencoding = \"f32\"
        [input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"
        [target.coarse]\nshape = [6, 5, 4]\nvoxel_size_nm = [16, 16, 16]\nencoding = \"u8\"\nclasses = [\"cell\"]
        [target.plane]\nshape = [16, 12]\nvoxel_size_nm = [8, 8]\nencoding = \"boundary\"\nclasses = [\"cell\", \"mito\"]
        [loader]\nbatch_size = 4\nmemory = \"64 MiB\"\n";
    let catalog = phantom();
    for batch in batches(&catalog, text, 3) {
        let shapes: Vec<_> = batch.arrays.iter().map(|array| (array.name.as_str(), array.shape)).collect();
        let expected = [
            ("context", [4, 1, 6, 6, 6]),
            ("raw", [4, 1, 16, 16, 16]),
            ("coarse", [4, 1, 6, 5, 4]),
            ("plane", [4, 2, 1, 16, 12]),
        ];
        assert_eq!(shapes, expected);
        let plane = batch.array("plane").unwrap();
        assert_eq!(&*plane.classes, ["cell", "mito"]);
        for (sample, provenance) in batch.provenance.iter().enumerate() {
            let crop =
                catalog.datasets[0].crops.iter().find(|crop| Some(&crop.name) == provenance.crop.as_ref()).unwrap();
            let whole = crop.labels("cell").map(Whole::of);
            let grid = microtome_core::geometry::PatchGrid {
                shape: Zyx::new(1, 16, 12),
                voxel_size_nm: Zyx::splat(8.0),
                ..provenance.grid
            };
            let around = Around { whole: whole.as_ref(), grid };
            for (found, voxel) in values(plane, sample, 0).into_iter().zip(around.voxels()) {
                let steps = [[0, -1, 0], [0, 1, 0], [0, 0, -1], [0, 0, 1]];
                let other = |step: &[i64; 3]| {
                    around.at(voxel + Zyx::from(*step)).is_some_and(|id| Some(id) != around.at(voxel))
                };
                let differs = around.at(voxel).is_some() && steps.iter().any(other);
                assert_eq!(found, f64::from(u8::from(differs)), "{voxel}: neighbours in the plane, and no others");
            }
        }
    }
}

#[test]
fn classes_that_do_not_fit_are_named() {
    let config = |keys: &str| LoaderConfig::from_toml(&text(&[("labels", keys)], "")).unwrap();
    let error = Loader::new(phantom(), config("encoding = \"bits\"\nclasses = [\"mitos\"]")).unwrap_err();
    assert!(
        matches!(&error, Error::Config { key, problem, .. } if key == "target.labels.classes" && problem.contains("\"mito\"")),
        "{error}"
    );
}
