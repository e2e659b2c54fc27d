//! A distance measured in a slice.

use microtome_core::geometry::{Axis, Zyx};

/// A distance measured in a slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ruler {
    /// The slice's normal.
    pub normal: Axis,
    /// Where it begins, nm.
    pub from_nm: Zyx<f64>,
    /// Where it ends, nm.
    pub to_nm: Zyx<f64>,
}

impl Ruler {
    /// Its length, nm.
    #[must_use]
    pub fn length_nm(&self) -> f64 {
        self.length_in(Zyx::splat(1.0))
    }

    /// Its length in voxels of `voxel_size_nm`: along an axis as many as it crosses, aslant their Euclidean length.
    #[must_use]
    pub fn length_in(&self, voxel_size_nm: Zyx<f64>) -> f64 {
        let along = (self.to_nm - self.from_nm) / voxel_size_nm;
        (along * along).to_array().into_iter().sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_in_nanometres_and_in_voxels_of_any_shape() {
        let (from_nm, to_nm) = (Zyx::new(5.0, 10.0, 20.0), Zyx::new(5.0, 40.0, 60.0));
        let ruler = Ruler { normal: Axis::Z, from_nm, to_nm };
        assert_eq!(ruler.length_nm(), 50.0);
        assert_eq!(ruler.length_in(Zyx::new(30.0, 10.0, 10.0)), 5.0);
        assert_eq!(ruler.length_in(Zyx::new(30.0, 10.0, 1e9)).round(), 3.0);
    }
}
