// Changes the intensities of a patch, or of one plane of it, step by step. Positions are z, y, x.

struct Change {
    // Voxels of the patch z, y, x; the first plane that is held.
    shape: vec4<u32>,
    // Which change (see `changed`), the patch axis across sections, where its table begins, whether it takes the mean.
    kind: vec4<u32>,
    // Factor, summand; σ; exponent; mean, standard deviation.
    numbers: vec4<f32>,
    // Of a ChaCha stream.
    key_low: vec4<u32>,
    key_high: vec4<u32>,
}

const UNIT: u32 = 0u;
const LINEAR: u32 = 1u;
const POWER: u32 = 2u;
const NOISE: u32 = 3u;
const Z_SCORE: u32 = 4u;
const SECTIONS: u32 = 5u;
const MISSING: u32 = 6u;
const BOXES: u32 = 7u;
const SPOTS: u32 = 8u;

const LANES: u32 = 256u;
const LARGEST: f32 = 3.4028234e38;

@group(0) @binding(0) var<uniform> change: Change;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(0) @binding(2) var<storage, read_write> voxels: array<f32>;
// The mean of the patch, then those of its sections.
@group(0) @binding(3) var<storage, read_write> means: array<f32>;

var<workgroup> partial: array<f32, LANES>;

fn number(at: u32) -> f32 {
    return bitcast<f32>(tables[at]);
}

// Into 0–1; NaN becomes 0.
fn unit(value: f32) -> f32 {
    return clamp(select(0.0, value, value == value), 0.0, 1.0);
}

fn log_2(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let exponent = bitcast<i32>(bits - 0x3f3504f3u) >> 23u;
    let m = bitcast<f32>(bits - bitcast<u32>(exponent << 23u));
    let t = (m - 1.0) / (m + 1.0);
    let s = t * t;
    let series = 1.0 + s * (1.0 / 3.0 + s * (1.0 / 5.0 + s * (1.0 / 7.0 + s * (1.0 / 9.0))));
    return f32(exponent) + 2.0 * 1.44269504 * t * series;
}

fn exp_2(y: f32) -> f32 {
    let clamped = clamp(y, -127.0, 127.0);
    let nearest = round(clamped);
    let f = (clamped - nearest) * 0.69314718;
    let series = 1.0 + f * (1.0 + f * (1.0 / 2.0 + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0 + f / 720.0)))));
    let scale = bitcast<f32>(bitcast<u32>((i32(nearest) + 127) << 23u));
    return select(series * scale, 0.0, y < -126.0);
}

fn power(x: f32, y: f32) -> f32 {
    const SMALLEST: f32 = 1.1754944e-38;
    return select(exp_2(y * log_2(max(x, SMALLEST))), 0.0, x < SMALLEST);
}

fn quarter(state: ptr<function, array<u32, 16>>, a: u32, b: u32, c: u32, d: u32) {
    (*state)[a] += (*state)[b];
    (*state)[d] = rotated((*state)[d] ^ (*state)[a], 16u);
    (*state)[c] += (*state)[d];
    (*state)[b] = rotated((*state)[b] ^ (*state)[c], 12u);
    (*state)[a] += (*state)[b];
    (*state)[d] = rotated((*state)[d] ^ (*state)[a], 8u);
    (*state)[c] += (*state)[d];
    (*state)[b] = rotated((*state)[b] ^ (*state)[c], 7u);
}

fn rotated(word: u32, by: u32) -> u32 {
    return (word << by) | (word >> (32u - by));
}

// A word of a ChaCha8 stream (Bernstein 2008), counted from its beginning.
fn word(stream: u32, at: u32) -> u32 {
    let low = change.key_low;
    let high = change.key_high;
    var first = array<u32, 16>(
        0x61707865u, 0x3320646eu, 0x79622d32u, 0x6b206574u,
        low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w,
        at / 16u, 0u, stream, 0u,
    );
    var state = first;
    for (var round = 0u; round < 4u; round++) {
        quarter(&state, 0u, 4u, 8u, 12u);
        quarter(&state, 1u, 5u, 9u, 13u);
        quarter(&state, 2u, 6u, 10u, 14u);
        quarter(&state, 3u, 7u, 11u, 15u);
        quarter(&state, 0u, 5u, 10u, 15u);
        quarter(&state, 1u, 6u, 11u, 12u);
        quarter(&state, 2u, 7u, 8u, 13u);
        quarter(&state, 3u, 4u, 9u, 14u);
    }
    return state[at % 16u] + first[at % 16u];
}

// Cosine and sine of a turn by `of` / 2³².
fn cos_sin_of_turn(of_turn: u32) -> vec2<f32> {
    let quadrant = (of_turn + (1u << 29u)) >> 30u;
    let angle = f32(bitcast<i32>(of_turn - (quadrant << 30u))) * (1.57079633 / 1073741824.0);
    let s = angle * angle;
    let sine = angle * (1.0 - s * (1.0 / 6.0 - s * (1.0 / 120.0 - s * (1.0 / 5040.0 - s / 362880.0))));
    let cosine = 1.0 - s * (1.0 / 2.0 - s * (1.0 / 24.0 - s * (1.0 / 720.0 - s / 40320.0)));
    let swapped = select(vec2(cosine, sine), vec2(-sine, cosine), (quadrant & 1u) == 1u);
    return select(swapped, -swapped, (quadrant & 2u) == 2u);
}

// The normal draw of voxel x of a row.
fn normal(row: u32, x: u32) -> f32 {
    let half = (change.shape.z + 1u) / 2u;
    let is_second = x >= half;
    let pair = select(x, x - half, is_second);
    let open = (f32(word(row, pair)) + 0.5) * (1.0 / 4294967296.0);
    let radius = sqrt(max(-2.0 * 0.69314718 * log_2(open), 0.0));
    let turn = cos_sin_of_turn(word(row, half + pair));
    return radius * select(turn.x, turn.y, is_second);
}

fn z_score(value: f32) -> f32 {
    let finite = select(0.0, value, abs(value) <= LARGEST);
    return clamp((finite - change.numbers.x) / change.numbers.y, -LARGEST, LARGEST);
}

fn linear(value: f32, mean: f32, factor: f32, summand: f32) -> f32 {
    return unit(mean + factor * (value - mean) + summand);
}

fn mean_or_0() -> f32 {
    return select(0.0, means[0], change.kind.w == 1u);
}

fn in_section(value: f32, section: u32) -> f32 {
    let at = change.kind.z + section * 3u;
    if tables[at] == 0u {
        return value;
    }
    return linear(value, means[1u + section], number(at + 1u), number(at + 2u));
}

// Boxes: how many, then first and end along z, y, x.
fn is_in_a_box(voxel: vec3<u32>) -> bool {
    var found = false;
    for (var i = 0u; i < tables[change.kind.z]; i++) {
        let at = change.kind.z + 1u + i * 6u;
        let lo = vec3(tables[at], tables[at + 2u], tables[at + 4u]);
        let end = vec3(tables[at + 1u], tables[at + 3u], tables[at + 5u]);
        found = found || (all(voxel >= lo) && all(voxel < end));
    }
    return found;
}

// Spots: for each section where its lines are in the table, 0: it has none.
fn with_spot(value: f32, voxel: vec3<u32>) -> f32 {
    let axis = change.kind.y;
    let lines = tables[change.kind.z + voxel[axis]];
    if lines == 0u {
        return value;
    }
    let row_axis = select(0u, 1u, axis == 0u);
    let column_axis = select(2u, 1u, axis == 2u);
    let at = change.kind.z + lines;
    return unit(value + number(at + voxel[row_axis]) * number(at + change.shape[row_axis] + voxel[column_axis]));
}

fn changed(value: f32, voxel: vec3<u32>) -> f32 {
    let section = voxel[min(change.kind.y, 2u)];
    switch change.kind.x {
        case UNIT: { return unit(value); }
        case LINEAR: { return linear(value, mean_or_0(), change.numbers.x, change.numbers.y); }
        case POWER: { return unit(power(unit(value), change.numbers.x)); }
        case NOISE: {
            return unit(value + change.numbers.x * normal(voxel.x * change.shape.y + voxel.y, voxel.z));
        }
        case Z_SCORE: { return z_score(value); }
        case SECTIONS: { return in_section(value, section); }
        case MISSING: { return select(value, mean_or_0(), tables[change.kind.z + section] == 1u); }
        case BOXES: { return select(value, mean_or_0(), is_in_a_box(voxel)); }
        case SPOTS: { return with_spot(value, voxel); }
        default: { return value; }
    }
}

@compute @workgroup_size(64)
fn change_voxels(@builtin(global_invocation_id) id: vec3<u32>) {
    let plane = change.shape.y * change.shape.z;
    if id.x >= plane {
        return;
    }
    let voxel = vec3(change.shape.w + id.y, id.x / change.shape.z, id.x % change.shape.z);
    let element = id.y * plane + id.x;
    voxels[element] = changed(voxels[element], voxel);
}

// Adds up what the workgroup's lanes have.
fn total(lane: u32, sum: f32) -> f32 {
    partial[lane] = sum;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        if lane < half {
            partial[lane] += partial[lane + half];
        }
        workgroupBarrier();
    }
    return partial[0];
}

// The mean of one section per workgroup; the first is `shape.w` along z.
@compute @workgroup_size(256)
fn section_means(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let axis = change.kind.y;
    let shape = change.shape;
    let counts = select(vec2(shape.x, select(shape.z, shape.y, axis == 2u)), shape.yz, axis == 0u);
    var strides = vec2(shape.y * shape.z, select(1u, shape.z, axis == 2u));
    var first = group.x * select(shape.z, 1u, axis == 2u);
    if axis == 0u {
        strides = vec2(shape.z, 1u);
        first = group.x * shape.y * shape.z;
    }
    let count = counts.x * counts.y;
    var sum = 0.0;
    for (var i = lane; i < count; i += LANES) {
        sum += voxels[first + i / counts.y * strides.x + i % counts.y * strides.y];
    }
    let all_lanes = total(lane, sum);
    if lane == 0u {
        means[1u + shape.w + group.x] = all_lanes / f32(count);
    }
}

// The mean of the planes' means.
@compute @workgroup_size(256)
fn patch_mean(@builtin(local_invocation_index) lane: u32) {
    var sum = 0.0;
    for (var i = lane; i < change.shape.x; i += LANES) {
        sum += means[1u + i];
    }
    let all_lanes = total(lane, sum);
    if lane == 0u {
        means[0] = all_lanes / f32(change.shape.x);
    }
}
