//! Checks of `[input.NAME]` and `[target.NAME]` that their types cannot make.

use super::validate::wrong;
use super::{ArraySpec, Encoding, Role};
use crate::Result;

/// Voxels of one patch that are surely a mistake: 2⁴⁰ are a terabyte of bytes.
const MAX_PATCH_VOXELS: u128 = 1 << 40;
/// Channels of one array that are surely a mistake.
const MAX_OFFSETS: usize = 1024;
/// Voxels of an offset or a margin that are surely a mistake.
const MAX_MARGIN: usize = 1 << 16;

/// Every key of one array.
///
/// # Errors
/// [`crate::Error::Config`] that names the key and what would be right.
pub(super) fn check_array(role: Role, name: &str, spec: &ArraySpec) -> Result<()> {
    let table = match role {
        Role::Input => format!("input.{name}"),
        Role::Target => format!("target.{name}"),
    };
    if spec.shape.any(|n| n == 0) {
        return wrong(format!("{table}.shape"), format!("{} has no voxel; every axis needs at least 1", spec.shape));
    }
    if voxels(spec) > MAX_PATCH_VOXELS {
        return wrong(format!("{table}.shape"), format!("{} voxels are more than memory can hold", spec.shape));
    }
    if !spec.voxel_size_nm.all(|size| size.is_finite() && size > 0.0) {
        let problem = format!("{} nm is no voxel size; every axis needs more than 0", spec.voxel_size_nm);
        return wrong(format!("{table}.voxel_size_nm"), problem);
    }
    let suitable = Encoding::of_role(role);
    if !suitable.contains(&spec.encoding) {
        let names: Vec<_> = suitable.iter().map(|encoding| encoding.name()).collect();
        let what = if role == Role::Input { "an input" } else { "a target" };
        let problem = format!("\"{}\" does not suit {what}; one of {}", spec.encoding.name(), names.join(", "));
        return wrong(format!("{table}.encoding"), problem);
    }
    check_classes(role, &table, spec)?;
    check_image(role, &table, spec)?;
    check_distance(&table, spec)?;
    check_offsets(&table, spec)
}

/// Voxels of the patch.
pub(super) fn voxels(spec: &ArraySpec) -> u128 {
    spec.shape.to_array().into_iter().fold(1, |product, n| product.saturating_mul(n as u128))
}

fn check_classes(role: Role, table: &str, spec: &ArraySpec) -> Result<()> {
    if role == Role::Input && !spec.classes.is_empty() {
        return wrong(format!("{table}.classes"), "an input has no classes; remove it, or make this a [target]");
    }
    for (index, class) in spec.classes.iter().enumerate() {
        if spec.classes[..index].contains(class) {
            return wrong(format!("{table}.classes"), format!("\"{class}\" is listed twice; once is enough"));
        }
    }
    Ok(())
}

fn check_image(role: Role, table: &str, spec: &ArraySpec) -> Result<()> {
    if role == Role::Target && spec.volume.is_some() {
        return wrong(
            format!("{table}.volume"),
            "targets are read from label crops; remove this, or make it an [input]",
        );
    }
    if role == Role::Target && !spec.channels.is_empty() {
        return wrong(format!("{table}.channels"), "the channels of a target are its classes; remove this");
    }
    if let Some(path) = spec.volume.as_deref().filter(|path| path.is_empty() || path.starts_with('/')) {
        let problem = format!("{path:?} is no path from the dataset; write one such as \"em/fibsem-uint16\"");
        return wrong(format!("{table}.volume"), problem);
    }
    for (index, channel) in spec.channels.iter().enumerate() {
        if spec.channels[..index].contains(channel) {
            return wrong(format!("{table}.channels"), format!("{channel} is listed twice; once is enough"));
        }
    }
    Ok(())
}

fn check_distance(table: &str, spec: &ArraySpec) -> Result<()> {
    let is_length = |nm: f64| nm.is_finite() && nm > 0.0;
    for (key, value) in [("clip_nm", spec.clip_nm), ("tanh_nm", spec.tanh_nm)] {
        let key = format!("{table}.{key}");
        match value {
            Some(_) if spec.encoding != Encoding::Distance => return only_for(key, Encoding::Distance, spec),
            Some(nm) if !is_length(nm) => return wrong(key, format!("{nm} nm is no length; it needs more than 0")),
            _ => {}
        }
    }
    if spec.encoding == Encoding::Distance && spec.clip_nm.is_none() {
        let problem = "\"distance\" needs clip_nm: how far from the border distances count, in nm; labels are read so far \
                       around the patch, such as clip_nm = 100";
        return wrong(format!("{table}.encoding"), problem);
    }
    if spec.margin().any(|voxels| voxels > MAX_MARGIN) {
        let key = if spec.encoding == Encoding::Distance { "clip_nm" } else { "offsets" };
        return wrong(format!("{table}.{key}"), format!("this reaches more than {MAX_MARGIN} voxels beyond the patch"));
    }
    Ok(())
}

fn check_offsets(table: &str, spec: &ArraySpec) -> Result<()> {
    let key = format!("{table}.offsets");
    if spec.encoding != Encoding::Affinity {
        return if spec.offsets.is_empty() { Ok(()) } else { only_for(key, Encoding::Affinity, spec) };
    }
    if spec.offsets.is_empty() {
        let problem =
            "\"affinity\" needs offsets: one channel each, such as offsets = [[-1, 0, 0], [0, -1, 0], [0, 0, -1]]";
        return wrong(format!("{table}.encoding"), problem);
    }
    if spec.offsets.len() > MAX_OFFSETS {
        return wrong(key, format!("{} are too many; at most {MAX_OFFSETS}", spec.offsets.len()));
    }
    for (index, offset) in spec.offsets.iter().enumerate() {
        if offset.all(|voxels| voxels == 0) {
            return wrong(key, "[0, 0, 0] pairs every voxel with itself; remove it");
        }
        if spec.offsets[..index].contains(offset) {
            return wrong(key, format!("{offset} is listed twice; each offset is one channel"));
        }
    }
    Ok(())
}

fn only_for(key: String, encoding: Encoding, spec: &ArraySpec) -> Result<()> {
    let (wanted, is) = (encoding.name(), spec.encoding.name());
    wrong(key, format!("this is for encoding = \"{wanted}\", and here it is \"{is}\"; remove one or the other"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::geometry::Zyx;

    fn refused(role: Role, spec: &ArraySpec) -> String {
        match check_array(role, "a", spec) {
            Err(Error::Config { key, .. }) => key,
            other => format!("{other:?}"),
        }
    }

    fn spec(encoding: Encoding) -> ArraySpec {
        ArraySpec::new(Zyx::splat(8), Zyx::splat(4.0), encoding)
    }

    #[test]
    fn keys_of_one_encoding_are_refused_elsewhere_and_required_there() {
        let target = |spec: &ArraySpec| refused(Role::Target, spec);
        assert_eq!(target(&spec(Encoding::Distance)), "target.a.encoding");
        assert_eq!(target(&spec(Encoding::Affinity)), "target.a.encoding");
        let distance = ArraySpec { clip_nm: Some(50.0), tanh_nm: Some(20.0), ..spec(Encoding::Distance) };
        let affinity = ArraySpec { offsets: vec![Zyx::new(-1, 0, 0)], ..spec(Encoding::Affinity) };
        let (ok_distance, ok_affinity) = (target(&distance), target(&affinity));
        assert_eq!((ok_distance.as_str(), ok_affinity.as_str()), ("Ok(())", "Ok(())"));
        assert_eq!(
            target(&ArraySpec { encoding: Encoding::Ids, tanh_nm: None, ..distance.clone() }),
            "target.a.clip_nm"
        );
        assert_eq!(target(&ArraySpec { tanh_nm: Some(1.0), ..affinity.clone() }), "target.a.tanh_nm");
        assert_eq!(target(&ArraySpec { encoding: Encoding::Boundary, ..affinity }), "target.a.offsets");
        for nm in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert_eq!(target(&ArraySpec { clip_nm: Some(nm), ..distance.clone() }), "target.a.clip_nm", "{nm}");
        }
    }

    #[test]
    fn offsets_and_classes_are_checked_one_by_one() {
        let offsets = |offsets: &[[i64; 3]]| {
            let offsets = offsets.iter().map(|offset| Zyx::from(*offset)).collect();
            refused(Role::Target, &ArraySpec { offsets, ..spec(Encoding::Affinity) })
        };
        assert_eq!(offsets(&[[0, 0, -1], [0, 0, 0]]), "target.a.offsets");
        assert_eq!(offsets(&[[0, 0, -1], [0, 0, -1]]), "target.a.offsets");
        assert_eq!(offsets(&[[0, 0, i64::MIN]]), "target.a.offsets");
        let classes = |role, classes: &[&str], encoding| {
            let classes = classes.iter().map(|class| (*class).to_owned()).collect();
            refused(role, &ArraySpec { classes, ..spec(encoding) })
        };
        assert_eq!(classes(Role::Target, &["a", "b"], Encoding::Bits), "Ok(())");
        assert_eq!(classes(Role::Target, &["a", "b", "a"], Encoding::Bits), "target.a.classes");
        assert_eq!(classes(Role::Input, &["a"], Encoding::U8), "input.a.classes");
        let image = |role, volume: Option<&str>, channels: &[u64]| {
            let (volume, channels) = (volume.map(str::to_owned), channels.to_vec());
            refused(role, &ArraySpec { volume, channels, ..spec(Encoding::U8) })
        };
        assert_eq!(image(Role::Input, Some("em/a"), &[2, 0]), "Ok(())");
        assert_eq!(image(Role::Input, Some("/em/a"), &[]), "input.a.volume");
        assert_eq!(image(Role::Input, None, &[1, 1]), "input.a.channels");
        assert_eq!(image(Role::Target, Some("em/a"), &[]), "target.a.volume");
        assert_eq!(image(Role::Target, None, &[0]), "target.a.channels");
    }
}
