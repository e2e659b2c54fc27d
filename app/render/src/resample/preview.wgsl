// Shows one plane of a patch with its labels, in the caller's viewport.

struct Show {
    // Width and height of the plane, of the labels.
    sizes: vec4<u32>,
    // Intensities that are black and white; opacity of labels; whether the target is linear.
    window: vec4<f32>,
    // Classes, whether ids choose colours, entries of the palette, distance of hatches in pixels.
    counts: vec4<u32>,
    // Where nobody annotated.
    unknown: vec4<f32>,
    // How large the labels are beside the plane.
    share: vec4<f32>,
}

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) at: vec2<f32>,
}

// Set by Rust when the pipeline is built (ids.rs).
override HASH_FACTOR_0: u32;
override HASH_FACTOR_1: u32;

@group(0) @binding(0) var<uniform> show: Show;
@group(0) @binding(1) var<storage, read> plane: array<f32>;
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read> known: array<u32>;
// Of classes, then of ids; transparent ones are not drawn.
@group(0) @binding(4) var<storage, read> colors: array<vec4<f32>>;

@vertex
fn vs_preview(@builtin(vertex_index) vertex: u32) -> Corner {
    let at = vec2(f32((vertex << 1u) & 2u), f32(vertex & 2u));
    return Corner(vec4(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0), at);
}

// Black and white first, then interpolated: as the loader's picture is.
fn shade_at(pixel: vec2<f32>) -> f32 {
    let last = vec2<f32>(show.sizes.xy) - 1.0;
    let at = vec2<u32>(clamp(pixel, vec2(0.0), last));
    let value = plane[at.y * show.sizes.x + at.x];
    return clamp((value - show.window.x) / (show.window.y - show.window.x), 0.0, 1.0);
}

fn shade(at: vec2<f32>) -> f32 {
    let position = at * vec2<f32>(show.sizes.xy) - 0.5;
    let low = floor(position);
    let part = position - low;
    let top = mix(shade_at(low), shade_at(low + vec2(1.0, 0.0)), part.x);
    let bottom = mix(shade_at(low + vec2(0.0, 1.0)), shade_at(low + vec2(1.0, 1.0)), part.x);
    return mix(top, bottom, part.y);
}

fn hash_id(id: u32) -> u32 {
    var h = id;
    h = (h ^ (h >> 16u)) * HASH_FACTOR_0;
    h = (h ^ (h >> 15u)) * HASH_FACTOR_1;
    return h ^ (h >> 16u);
}

fn label(at: vec2<f32>) -> vec4<f32> {
    let inside = (at - 0.5) / show.share.xy + 0.5;
    if show.counts.x == 0u || any(inside < vec2(0.0)) || any(inside >= vec2(1.0)) {
        return vec4(0.0);
    }
    let pixel = vec2<u32>(inside * vec2<f32>(show.sizes.zw));
    let element = pixel.y * show.sizes.z + pixel.x;
    var color = vec4(0.0);
    var is_known = false;
    for (var class_index = 0u; class_index < show.counts.x; class_index++) {
        let entry = class_index * show.sizes.z * show.sizes.w + element;
        is_known = is_known || known[entry] == 1u;
        if known[entry] == 1u && ids[entry] != 0u && colors[class_index].a > 0.0 {
            color = colors[class_index];
            if show.counts.y == 1u {
                color = colors[show.counts.x + hash_id(ids[entry]) % show.counts.z];
            }
        }
    }
    if !is_known {
        let spacing = show.counts.w;
        let is_line = (pixel.x + pixel.y) % spacing < (spacing + 3u) / 4u;
        color = vec4(show.unknown.rgb, select(60.0, 170.0, is_line) / 255.0);
    }
    return color;
}

fn decode_srgb(c: vec3<f32>) -> vec3<f32> {
    return select(pow((c + 0.055) / 1.055, vec3(2.4)), c / 12.92, c <= vec3(0.04045));
}

@fragment
fn fs_preview(in: Corner) -> @location(0) vec4<f32> {
    let over = label(in.at);
    let color = mix(vec3(shade(in.at)), over.rgb, over.a * show.window.z);
    return vec4(select(color, decode_srgb(color), show.window.w == 1.0), 1.0);
}
