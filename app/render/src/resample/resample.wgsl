// Makes one channel of a patch from a window of stored voxels, and looks labels up. Vectors of positions are z, y, x.
// Numbers are interpolated here, never by the sampler: that of software rasterisers counts in 8 bits.

struct Resample {
    // Voxels of the patch z, y, x; the first plane that is made.
    shape: vec4<u32>,
    // Control points along the patch's axes; -.
    counts: vec4<u32>,
    // First stored voxel of the window; which way (AXES, PLACES, WARP).
    window_lo: vec4<i32>,
    // Stored voxels of the level; how many samples a voxel is the mean of.
    level: vec4<i32>,
    // The stored voxel that positions count from; the patch axis across sections, 3: none.
    anchor: vec4<i32>,
    // Position of patch voxel 0; what a texel is multiplied with.
    origin: vec4<f32>,
    step_z: vec4<f32>,
    step_y: vec4<f32>,
    step_x: vec4<f32>,
    // Where in the tables: axes or places, samples, knots, control points.
    at: vec4<u32>,
    // Where in the tables: sections; the patch axis along the volume's z, y, x.
    slips: vec4<u32>,
}

// Of labels, which are looked up chunk by chunk.
struct Labels {
    // First entry of the list, entries, element of the first voxel of this class, 1: say 1 for every id.
    range: vec4<u32>,
    // Ids that mean present, absent, unknown.
    codes: vec4<u32>,
    // Whether there are such; whether the chunk is absent from the store.
    has: vec4<u32>,
    // The id of an absent chunk.
    fill: vec4<u32>,
}

const AXES: i32 = 0;
const PLACES: i32 = 1;
const OUTSIDE: i32 = -2147483647;
// As the loader rounds: of two voxels that are as near the one with the larger index, also if it is so but for rounding.
const NOISE: f32 = 1.5e-6;
// Weights that add up to less are rounding.
const NOTHING: f32 = 1e-6;

@group(0) @binding(0) var<uniform> plan: Resample;
@group(0) @binding(0) var<uniform> labels: Labels;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(0) @binding(2) var<storage, read_write> voxels: array<f32>;
@group(0) @binding(2) var<storage, read_write> found_ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> found_known: array<u32>;
@group(1) @binding(0) var window: texture_3d<f32>;
@group(1) @binding(0) var chunk_ids: texture_3d<u32>;

fn number(at: u32) -> f32 {
    return bitcast<f32>(tables[at]);
}

fn whole(at: u32) -> i32 {
    return bitcast<i32>(tables[at]);
}

fn three_numbers(at: u32) -> vec3<f32> {
    return vec3(number(at), number(at + 1u), number(at + 2u));
}

// A stored voxel, as the texture has it.
fn load(voxel: vec3<i32>) -> f32 {
    let last = vec3<i32>(textureDimensions(window).zyx) - 1;
    let at = clamp(voxel - plan.window_lo.xyz, vec3(0), last);
    return textureLoad(window, at.zyx, 0).r;
}

// A position: a voxel and what is beyond it.
struct Place {
    base: vec3<i32>,
    part: vec3<f32>,
    inside: bool,
}

fn nearest(place: Place) -> vec3<i32> {
    return place.base + vec3<i32>(floor(place.part + (0.5 + NOISE)));
}

// How far the control points move a voxel of the patch.
fn field(voxel: vec3<u32>) -> vec3<f32> {
    let n = plan.counts.xyz;
    if n.x == 0u {
        return vec3(0.0);
    }
    let knots_y = plan.at.z + plan.shape.x * 5u;
    let knots_x = knots_y + plan.shape.y * 5u;
    let z = plan.at.z + voxel.x * 5u;
    let y = knots_y + voxel.y * 5u;
    let x = knots_x + voxel.z * 5u;
    var sum = vec3(0.0);
    for (var a = 0u; a < 4u; a++) {
        for (var b = 0u; b < 4u; b++) {
            let weight = number(z + 1u + a) * number(y + 1u + b);
            let row = ((tables[z] + a) * n.y + tables[y] + b) * n.z + tables[x];
            for (var c = 0u; c < 4u; c++) {
                sum += weight * number(x + 1u + c) * three_numbers(plan.at.w + (row + c) * 3u);
            }
        }
    }
    return sum;
}

fn warped(voxel: vec3<u32>) -> Place {
    let v = vec3<f32>(voxel);
    var position = plan.origin.xyz + v.x * plan.step_z.xyz + v.y * plan.step_y.xyz + v.z * plan.step_x.xyz + field(voxel);
    let across = plan.anchor.w;
    if across < 3 {
        position += three_numbers(plan.slips.w + voxel[across] * 3u);
    }
    let low = floor(position);
    var place = Place(plan.anchor.xyz + vec3<i32>(low), position - low, true);
    let near = nearest(place);
    place.inside = all(near >= vec3(0)) && all(near < plan.level.xyz);
    return place;
}

// Where a voxel lies by the list, which holds the places of one plane.
fn listed(pixel: u32) -> Place {
    let at = plan.at.x + pixel * 6u;
    let base = vec3(whole(at), whole(at + 1u), whole(at + 2u));
    return Place(base, three_numbers(at + 3u), base.x != OUTSIDE);
}

// The mean of the samples about a place; stored voxels outside of the level count for nothing.
fn mean_about(place: Place) -> f32 {
    var sum = 0.0;
    var total = 0.0;
    for (var i = 0u; i < u32(plan.level.w); i++) {
        let position = place.part + three_numbers(plan.at.y + i * 3u);
        let low = floor(position);
        let part = position - low;
        let base = place.base + vec3<i32>(low);
        let is_low = vec3<f32>(base >= vec3(0)) * vec3<f32>(base < plan.level.xyz);
        let is_high = vec3<f32>(base >= vec3(-1)) * vec3<f32>(base < plan.level.xyz - 1);
        let near = (1.0 - part) * is_low;
        let far = part * is_high;
        for (var corner = 0u; corner < 8u; corner++) {
            let side = vec3<i32>(vec3(corner >> 2u, (corner >> 1u) & 1u, corner & 1u));
            let weights = select(near, far, side == vec3(1));
            let weight = weights.x * weights.y * weights.z;
            if weight > 0.0 {
                sum += weight * load(base + side);
                total += weight;
            }
        }
    }
    if total > NOTHING {
        return sum / total;
    }
    return load(nearest(place));
}

// An entry of an axis's table: first stored voxel, how many, where their weights are.
fn axis_entry(axis: u32, voxel: vec3<u32>) -> vec3<i32> {
    let at = plan.at.x + tables[plan.at.x + axis] + voxel[plan.slips[axis]] * 3u;
    return vec3(whole(at), whole(at + 1u), whole(at + 2u));
}

fn weight_of(entry: vec3<i32>, tap: i32) -> f32 {
    return number(plan.at.y + u32(entry.z + tap));
}

// The weighted mean of a box of stored voxels.
fn along_axes(voxel: vec3<u32>) -> f32 {
    let z = axis_entry(0u, voxel);
    let y = axis_entry(1u, voxel);
    let x = axis_entry(2u, voxel);
    if z.y == 0 || y.y == 0 || x.y == 0 {
        return 0.0;
    }
    var sum = 0.0;
    for (var a = 0; a < z.y; a++) {
        for (var b = 0; b < y.y; b++) {
            let weight = weight_of(z, a) * weight_of(y, b);
            for (var c = 0; c < x.y; c++) {
                sum += weight * weight_of(x, c) * load(vec3(z.x + a, y.x + b, x.x + c));
            }
        }
    }
    return sum;
}

@compute @workgroup_size(64)
fn resample(@builtin(global_invocation_id) id: vec3<u32>) {
    let plane = plan.shape.y * plan.shape.z;
    if id.x >= plane {
        return;
    }
    let voxel = vec3(plan.shape.w + id.y, id.x / plan.shape.z, id.x % plan.shape.z);
    var value = 0.0;
    if plan.window_lo.w == AXES {
        value = along_axes(voxel);
    } else {
        var place: Place;
        if plan.window_lo.w == PLACES {
            place = listed(id.x);
        } else {
            place = warped(voxel);
        }
        if place.inside {
            value = mean_about(place);
        }
    }
    voxels[id.y * plane + id.x] = value * plan.origin.w;
}

// Present 1, absent 0, unknown 2.
fn presence(id: u32) -> u32 {
    if labels.has.z == 1u && id == labels.codes.z {
        return 2u;
    }
    if labels.has.x == 1u && id == labels.codes.x {
        return 1u;
    }
    if labels.has.y == 1u && id == labels.codes.y {
        return 0u;
    }
    if labels.has.x == 1u {
        return select(0u, 2u, labels.has.y == 1u);
    }
    return select(1u, 2u, id == 0u);
}

// The list has four words an entry: the pixel, and x, y, z of the texel in the chunk.
@compute @workgroup_size(64)
fn look_up_labels(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= labels.range.y {
        return;
    }
    let at = (labels.range.x + id.x) * 4u;
    var found = labels.fill.x;
    if labels.has.w == 0u {
        found = textureLoad(chunk_ids, vec3(tables[at + 1u], tables[at + 2u], tables[at + 3u]), 0).r;
    }
    let means = presence(found);
    let element = labels.range.z + tables[at];
    found_ids[element] = select(0u, select(found, 1u, labels.range.w == 1u), means == 1u);
    found_known[element] = select(1u, 0u, means == 2u);
}
