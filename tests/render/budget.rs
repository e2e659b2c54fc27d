//! Texture memory never exceeds its budget, and what is on the screen stays.

use std::collections::HashMap;

use microtome_core::geometry::Zyx;
use microtome_render::{ChunkId, Fill, RenderError, Residency, Texels};
use proptest::prelude::*;

use crate::device::gpu;
use crate::scene::{Random, Scene};

#[derive(Debug, Clone)]
enum Step {
    Frame,
    Touch(u64),
    Admit(u64, u64),
    Budget(u64),
    RemoveVolume(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Frame),
        4 => (0..40_u64).prop_map(Step::Touch),
        8 => (0..40_u64, 0..60_u64).prop_map(|(id, bytes)| Step::Admit(id, bytes)),
        1 => (0..300_u64).prop_map(Step::Budget),
        1 => (0..2_u64).prop_map(Step::RemoveVolume),
    ]
}

fn id(n: u64) -> ChunkId {
    ChunkId { volume: n % 2, level: 0, chunk: Zyx::new(0, 0, n / 2) }
}

/// Bytes and the frame of last use of what should be resident.
type Model = HashMap<ChunkId, (u64, u64)>;

fn apply(step: &Step, residency: &mut Residency, model: &mut Model, frame: &mut u64) -> Result<(), TestCaseError> {
    match *step {
        Step::Frame => {
            residency.begin_frame();
            *frame += 1;
        }
        Step::Touch(n) => {
            residency.touch(&id(n));
            model.entry(id(n)).and_modify(|entry| entry.1 = *frame);
        }
        Step::Admit(n, bytes) => match residency.admit(id(n), bytes) {
            Ok(evicted) => {
                model.insert(id(n), (bytes, *frame));
                for gone in evicted {
                    let (_, used) = model.remove(&gone).expect("what is evicted was resident");
                    prop_assert!(used + 1 < *frame, "{gone:?} was on the screen");
                }
            }
            Err(RenderError::OverBudget { in_use_bytes, budget_bytes, .. }) => {
                let in_use = model.iter().filter(|(other, (_, used))| **other != id(n) && used + 1 >= *frame);
                prop_assert_eq!(in_use.map(|(_, (bytes, _))| bytes).sum::<u64>(), in_use_bytes);
                prop_assert!(in_use_bytes + bytes > budget_bytes, "refused although there was room");
            }
            Err(other) => prop_assert!(false, "{other}"),
        },
        Step::Budget(bytes) => {
            for gone in residency.set_budget_bytes(bytes) {
                prop_assert!(model.remove(&gone).is_some());
            }
        }
        Step::RemoveVolume(volume) => {
            for gone in residency.remove_volume(volume) {
                prop_assert!(model.remove(&gone).is_some());
            }
            prop_assert!(model.keys().all(|id| id.volume != volume));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_hold_whatever_happens(steps in prop::collection::vec(step(), 1..200)) {
        let mut residency = Residency::new(200);
        let (mut model, mut frame) = (Model::new(), 0);
        for step in &steps {
            apply(step, &mut residency, &mut model, &mut frame)?;
            prop_assert!(residency.bytes() <= residency.budget_bytes());
            prop_assert_eq!(residency.bytes(), model.values().map(|(bytes, _)| bytes).sum::<u64>());
            prop_assert!((0..40).all(|n| residency.contains(&id(n)) == model.contains_key(&id(n))));
        }
    }
}

#[test]
fn textures_obey_a_small_budget_and_keep_what_is_drawn() {
    let gpu = gpu();
    let mut renderer = gpu.renderer(wgpu::TextureFormat::Rgba8Unorm);
    const BUDGET_BYTES: u64 = 40_000;
    renderer.textures_mut().set_budget_bytes(BUDGET_BYTES);
    let (mut refused, mut stored) = (0, 0);
    for seed in 300..340 {
        let mut scene = Scene::random(seed);
        let volume = seed * 2;
        for (offset, layer) in scene.draw.layers.iter_mut().enumerate() {
            layer.volume = volume + offset as u64;
        }
        renderer.begin_frame();
        for (id, chunk) in &scene.chunks {
            let id = ChunkId { volume: volume + id.volume - 1, ..*id };
            match chunk {
                microtome_render::reference::ReferenceChunk::Absent(fill) => {
                    renderer.textures_mut().mark_absent(id, *fill);
                }
                microtome_render::reference::ReferenceChunk::Texels(shape, texels) => {
                    match renderer.textures_mut().upload(&gpu.device, &gpu.queue, id, *shape, texels) {
                        Ok(()) => stored += 1,
                        Err(RenderError::OverBudget { .. }) => refused += 1,
                        Err(other) => panic!("{other}"),
                    }
                }
            }
            assert!(renderer.textures().stats().bytes <= BUDGET_BYTES);
        }
        // Drawing with whatever fitted, twice in a frame, is no error.
        for _ in 0..2 {
            let image = renderer.render_to_rgba(&gpu.device, &gpu.queue, &scene.draw, [0; 4]).unwrap();
            assert_eq!(image.len() as u32, scene.draw.view.viewport.iter().product::<u32>() * 4);
        }
    }
    let stats = renderer.textures().stats();
    assert!(refused > 0 && stored > 0 && stats.evictions > 0, "{refused} {stored} {stats:?}");
    assert_eq!(stats.uploads, stored);
}

#[test]
fn counts_say_what_was_uploaded_and_drawn() {
    let gpu = gpu();
    let mut renderer = gpu.renderer(wgpu::TextureFormat::Rgba8Unorm);
    let mut random = Random(7);
    let chunk = |x| ChunkId { volume: 5, level: 0, chunk: Zyx::new(0, 0, x) };
    let texels = Texels::U8((0..64).map(|_| random.next() as u8).collect::<Vec<_>>().into());
    renderer.begin_frame();
    renderer.textures_mut().set_frame_upload_limit_bytes(100);
    let mut room = Vec::new();
    for x in 0..2 {
        let textures = renderer.textures_mut();
        textures.upload(&gpu.device, &gpu.queue, chunk(x), Zyx::splat(4), &texels).unwrap();
        room.push(textures.upload_room_bytes());
    }
    renderer.textures_mut().mark_absent(chunk(2), Fill::Intensity(3.0));
    assert_eq!(room, [36, 0]);
    let stats = renderer.textures().stats();
    assert_eq!((stats.bytes, stats.textures, stats.absent, stats.uploads), (128, 2, 1, 2));
    assert!(renderer.textures().contains(&chunk(2)) && !renderer.textures().contains(&chunk(3)));
    renderer.begin_frame();
    assert_eq!(renderer.textures().upload_room_bytes(), 100);
    assert_eq!(renderer.stats().views, 0);
}
