// Draws slices of chunk textures: one quad per chunk, for intensities and for object ids.
// Every function here has its twin of the same name in reference.rs.

struct Layer {
    viewport: vec2<f32>,
    opacity: f32,
    color_row: u32,
    window_lo: f32,
    window_width: f32,
    invert: u32,
    linear: u32,
    solid: vec4<f32>,
    highlight: u32,
    has_highlight: u32,
    linear_target: u32,
    padding: u32,
}

struct Quad {
    @location(0) pixels: vec4<f32>,
    @location(1) voxels: vec4<f32>,
    @location(2) slice_axis_fill: vec4<u32>,
    @location(3) value_scale: f32,
}

// Of a turned plane: positions in voxels, x, y, z, of the level on display and of the chunk's own. The fourth components of
// `…origin`, `…right`, `…down` are the first voxel of a box, that of `own_end` leads from a texel to the data's units.
struct Turned {
    @location(0) pixels: vec4<f32>,
    @location(1) shown_origin: vec4<f32>,
    @location(2) shown_right: vec4<f32>,
    @location(3) shown_down: vec4<f32>,
    @location(4) shown_end: vec4<f32>,
    @location(5) own_origin: vec4<f32>,
    @location(6) own_right: vec4<f32>,
    @location(7) own_down: vec4<f32>,
    @location(8) own_end: vec4<f32>,
    @location(9) fill: vec2<u32>,
}

struct TurnedFragment {
    @builtin(position) position: vec4<f32>,
    @location(0) pixel: vec2<f32>,
    @location(1) @interpolate(flat) shown_origin: vec4<f32>,
    @location(2) @interpolate(flat) shown_right: vec4<f32>,
    @location(3) @interpolate(flat) shown_down: vec4<f32>,
    @location(4) @interpolate(flat) shown_end: vec4<f32>,
    @location(5) @interpolate(flat) own_origin: vec4<f32>,
    @location(6) @interpolate(flat) own_right: vec4<f32>,
    @location(7) @interpolate(flat) own_down: vec4<f32>,
    @location(8) @interpolate(flat) own_end: vec4<f32>,
    @location(9) @interpolate(flat) fill: vec2<u32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    @location(0) pixel: vec2<f32>,
    @location(1) @interpolate(flat) pixels: vec4<f32>,
    @location(2) @interpolate(flat) voxels: vec4<f32>,
    @location(3) @interpolate(flat) slice_axis_fill: vec4<u32>,
    @location(4) @interpolate(flat) value_scale: f32,
}

// Set by Rust when the pipeline is built (ids.rs).
override HASH_FACTOR_0: u32;
override HASH_FACTOR_1: u32;

@group(0) @binding(0) var<uniform> layer: Layer;
@group(0) @binding(1) var colors: texture_2d<f32>;
@group(1) @binding(0) var intensities: texture_3d<f32>;
@group(1) @binding(0) var ids: texture_3d<u32>;

// A corner of a rectangle of pixels, by the number of the vertex.
fn corner_of(vertex: u32, pixels: vec4<f32>) -> vec2<f32> {
    // Two triangles: corners 0 1 2 and 2 1 3; bit 0 is right, bit 1 is down.
    let corner = select(vertex, 6u - vertex, vertex > 2u) & 3u;
    let right = (corner & 1u) == 1u;
    let down = (corner & 2u) == 2u;
    return vec2(select(pixels.x, pixels.z, right), select(pixels.y, pixels.w, down));
}

fn clip_from_pixel(pixel: vec2<f32>) -> vec4<f32> {
    let ndc = pixel / layer.viewport * 2.0 - 1.0;
    return vec4(ndc.x, -ndc.y, 0.0, 1.0);
}

@vertex
fn vs_turned(@builtin(vertex_index) vertex: u32, quad: Turned) -> TurnedFragment {
    var out: TurnedFragment;
    out.pixel = corner_of(vertex, quad.pixels);
    out.position = clip_from_pixel(out.pixel);
    out.shown_origin = quad.shown_origin;
    out.shown_right = quad.shown_right;
    out.shown_down = quad.shown_down;
    out.shown_end = quad.shown_end;
    out.own_origin = quad.own_origin;
    out.own_right = quad.own_right;
    out.own_down = quad.own_down;
    out.own_end = quad.own_end;
    out.fill = quad.fill;
    return out;
}

@vertex
fn vs_quad(@builtin(vertex_index) vertex: u32, quad: Quad) -> Fragment {
    var out: Fragment;
    out.pixel = corner_of(vertex, quad.pixels);
    out.position = clip_from_pixel(out.pixel);
    out.pixels = quad.pixels;
    out.voxels = quad.voxels;
    out.slice_axis_fill = quad.slice_axis_fill;
    out.value_scale = quad.value_scale;
    return out;
}

// Voxel position (right, down) of a fragment inside its chunk. Whole pixels, so that interpolation does not blur it.
fn voxel_position(in: Fragment) -> vec2<f32> {
    return in.voxels.xy + (floor(in.pixel) - in.pixels.xy) * in.voxels.zw;
}

// Texel (x, y, z) of a voxel (right, down) in the plane, kept inside the chunk.
fn texel(in: Fragment, voxel: vec2<f32>, size: vec3<u32>) -> vec3<i32> {
    let v = vec2<i32>(voxel);
    let slice = i32(in.slice_axis_fill.x);
    var at = vec3(v.x, v.y, slice);
    if in.slice_axis_fill.y == 1u {
        at = vec3(v.x, slice, v.y);
    } else if in.slice_axis_fill.y == 2u {
        at = vec3(slice, v.y, v.x);
    }
    return clamp(at, vec3(0), vec3<i32>(size) - 1);
}

fn load_intensity(in: Fragment, voxel: vec2<f32>) -> f32 {
    return textureLoad(intensities, texel(in, voxel, textureDimensions(intensities)), 0).r * in.value_scale;
}

fn intensity(in: Fragment) -> f32 {
    if in.slice_axis_fill.z == 1u {
        return bitcast<f32>(in.slice_axis_fill.w);
    }
    let at = voxel_position(in);
    if layer.linear == 0u {
        return load_intensity(in, floor(at + 0.5));
    }
    let low = floor(at);
    let share = at - low;
    let top = mix(load_intensity(in, low), load_intensity(in, low + vec2(1.0, 0.0)), share.x);
    let bottom = mix(load_intensity(in, low + vec2(0.0, 1.0)), load_intensity(in, low + vec2(1.0, 1.0)), share.x);
    return mix(top, bottom, share.y);
}

fn map_color(t: f32) -> vec3<f32> {
    let last = i32(textureDimensions(colors).x) - 1;
    let at = t * f32(last);
    let low = min(i32(floor(at)), last - 1);
    let row = i32(layer.color_row);
    let below = textureLoad(colors, vec2(low, row), 0).rgb;
    let above = textureLoad(colors, vec2(low + 1, row), 0).rgb;
    return mix(below, above, at - f32(low));
}

fn hash_id(id: u32) -> u32 {
    var h = id;
    h = (h ^ (h >> 16u)) * HASH_FACTOR_0;
    h = (h ^ (h >> 15u)) * HASH_FACTOR_1;
    return h ^ (h >> 16u);
}

fn id_color(id: u32) -> vec3<f32> {
    if layer.solid.a == 1.0 {
        return layer.solid.rgb;
    }
    let entry = hash_id(id) % textureDimensions(colors).x;
    return textureLoad(colors, vec2(entry, layer.color_row), 0).rgb;
}

fn decode_srgb(c: vec3<f32>) -> vec3<f32> {
    return select(pow((c + 0.055) / 1.055, vec3(2.4)), c / 12.92, c <= vec3(0.04045));
}

// Premultiplied, in the encoding that the target wants.
fn to_target(color: vec3<f32>) -> vec4<f32> {
    var c = color;
    if layer.linear_target == 1u {
        c = decode_srgb(c);
    }
    return vec4(c * layer.opacity, layer.opacity);
}

fn image_color(stored: f32) -> vec4<f32> {
    // Clamped before it is scaled: the largest numbers stay finite.
    let value = clamp(stored, layer.window_lo, layer.window_lo + layer.window_width);
    let t = clamp((value - layer.window_lo) / layer.window_width, 0.0, 1.0);
    return to_target(map_color(select(t, 1.0 - t, layer.invert == 1u)));
}

fn label_color(id: u32) -> vec4<f32> {
    if id == 0u {
        return vec4(0.0);
    }
    var color = id_color(id);
    if layer.has_highlight == 1u && id == layer.highlight {
        color = mix(color, vec3(1.0), 0.5);
    }
    return to_target(color);
}

// Position in the voxels of a level, of whole pixels.
fn turned_position(pixel: vec2<f32>, origin: vec3<f32>, right: vec3<f32>, down: vec3<f32>) -> vec3<f32> {
    let from_middle = floor(pixel) + 0.5 - layer.viewport * 0.5;
    return origin + from_middle.x * right + from_middle.y * down;
}

// Whether the nearest voxel lies in a box: the same arithmetic for every chunk, so that a pixel has one owner.
fn owns(at: vec3<f32>, lo: vec3<f32>, end: vec3<f32>) -> bool {
    let voxel = floor(at + 0.5);
    return all(voxel >= lo) && all(voxel < end);
}

fn own_lo(in: TurnedFragment) -> vec3<f32> {
    return vec3(in.own_origin.w, in.own_right.w, in.own_down.w);
}

fn own_position(in: TurnedFragment) -> vec3<f32> {
    return turned_position(in.pixel, in.own_origin.xyz, in.own_right.xyz, in.own_down.xyz);
}

fn is_own(in: TurnedFragment) -> bool {
    let shown = turned_position(in.pixel, in.shown_origin.xyz, in.shown_right.xyz, in.shown_down.xyz);
    let lo = vec3(in.shown_origin.w, in.shown_right.w, in.shown_down.w);
    return owns(shown, lo, in.shown_end.xyz) && owns(own_position(in), own_lo(in), in.own_end.xyz);
}

// Texel of a voxel, kept inside the chunk.
fn turned_texel(in: TurnedFragment, voxel: vec3<f32>, size: vec3<u32>) -> vec3<i32> {
    return clamp(vec3<i32>(voxel - own_lo(in)), vec3(0), vec3<i32>(size) - 1);
}

fn load_turned(in: TurnedFragment, voxel: vec3<f32>) -> f32 {
    return textureLoad(intensities, turned_texel(in, voxel, textureDimensions(intensities)), 0).r * in.own_end.w;
}

fn turned_row(in: TurnedFragment, low: vec3<f32>, share: f32) -> f32 {
    return mix(load_turned(in, low), load_turned(in, low + vec3(1.0, 0.0, 0.0)), share);
}

fn turned_intensity(in: TurnedFragment) -> f32 {
    if in.fill.x == 1u {
        return bitcast<f32>(in.fill.y);
    }
    let at = own_position(in);
    if layer.linear == 0u {
        return load_turned(in, floor(at + 0.5));
    }
    let low = floor(at);
    let share = at - low;
    let near = mix(turned_row(in, low, share.x), turned_row(in, low + vec3(0.0, 1.0, 0.0), share.x), share.y);
    let beyond = low + vec3(0.0, 0.0, 1.0);
    let far = mix(turned_row(in, beyond, share.x), turned_row(in, beyond + vec3(0.0, 1.0, 0.0), share.x), share.y);
    return mix(near, far, share.z);
}

@fragment
fn fs_turned_image(in: TurnedFragment) -> @location(0) vec4<f32> {
    if !is_own(in) {
        discard;
    }
    return image_color(turned_intensity(in));
}

@fragment
fn fs_turned_labels(in: TurnedFragment) -> @location(0) vec4<f32> {
    if !is_own(in) {
        discard;
    }
    var id = in.fill.y;
    if in.fill.x == 0u {
        let voxel = floor(own_position(in) + 0.5);
        id = textureLoad(ids, turned_texel(in, voxel, textureDimensions(ids)), 0).r;
    }
    return label_color(id);
}

@fragment
fn fs_image(in: Fragment) -> @location(0) vec4<f32> {
    return image_color(intensity(in));
}

@fragment
fn fs_labels(in: Fragment) -> @location(0) vec4<f32> {
    var id = in.slice_axis_fill.w;
    if in.slice_axis_fill.z == 0u {
        let voxel = floor(voxel_position(in) + 0.5);
        id = textureLoad(ids, texel(in, voxel, textureDimensions(ids)), 0).r;
    }
    return label_color(id);
}
