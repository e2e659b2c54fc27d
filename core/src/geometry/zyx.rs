//! A triple in z, y, x order: the only way Microtome writes three numbers that belong to the axes.

use std::ops::{Add, Div, Index, IndexMut, Mul, Sub};

use serde::{Deserialize, Serialize};

/// One of the three spatial axes, in array order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// Slowest array axis.
    Z,
    /// Middle array axis.
    Y,
    /// Fastest array axis.
    X,
}

impl Axis {
    /// All axes in array order.
    pub const ALL: [Self; 3] = [Self::Z, Self::Y, Self::X];

    /// Position in a z, y, x array: 0, 1 or 2.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Z => 0,
            Self::Y => 1,
            Self::X => 2,
        }
    }

    /// Lower-case name: `z`, `y` or `x`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Z => "z",
            Self::Y => "y",
            Self::X => "x",
        }
    }
}

/// Three values in z, y, x order. Serialises as a list of three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    from = "[T; 3]",
    into = "[T; 3]",
    bound(serialize = "T: Clone + Serialize", deserialize = "T: Deserialize<'de>")
)]
pub struct Zyx<T> {
    /// Along the slowest axis.
    pub z: T,
    /// Along the middle axis.
    pub y: T,
    /// Along the fastest axis.
    pub x: T,
}

impl<T> Zyx<T> {
    /// From the three values in z, y, x order.
    pub const fn new(z: T, y: T, x: T) -> Self {
        Self { z, y, x }
    }

    /// The three values as an array `[z, y, x]`.
    pub fn to_array(self) -> [T; 3] {
        [self.z, self.y, self.x]
    }

    /// Applies `f` to each value.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Zyx<U> {
        Zyx::new(f(self.z), f(self.y), f(self.x))
    }

    /// Applies `f` to each pair of values of the same axis.
    pub fn zip_map<U, V>(self, other: Zyx<U>, mut f: impl FnMut(T, U) -> V) -> Zyx<V> {
        Zyx::new(f(self.z, other.z), f(self.y, other.y), f(self.x, other.x))
    }

    /// Builds each value from its axis.
    pub fn from_fn(mut f: impl FnMut(Axis) -> T) -> Self {
        Self::new(f(Axis::Z), f(Axis::Y), f(Axis::X))
    }
}

impl<T: Copy> Zyx<T> {
    /// The same value on every axis.
    pub const fn splat(value: T) -> Self {
        Self::new(value, value, value)
    }

    /// True if `f` holds on every axis.
    pub fn all(self, mut f: impl FnMut(T) -> bool) -> bool {
        f(self.z) && f(self.y) && f(self.x)
    }

    /// True if `f` holds on at least one axis.
    pub fn any(self, mut f: impl FnMut(T) -> bool) -> bool {
        f(self.z) || f(self.y) || f(self.x)
    }
}

impl<T: Copy + Mul<Output = T>> Zyx<T> {
    /// z · y · x.
    pub fn product(self) -> T {
        self.z * self.y * self.x
    }
}

impl<T> From<[T; 3]> for Zyx<T> {
    fn from([z, y, x]: [T; 3]) -> Self {
        Self::new(z, y, x)
    }
}

impl<T> From<Zyx<T>> for [T; 3] {
    fn from(v: Zyx<T>) -> Self {
        v.to_array()
    }
}

impl<T> Index<Axis> for Zyx<T> {
    type Output = T;
    fn index(&self, axis: Axis) -> &T {
        match axis {
            Axis::Z => &self.z,
            Axis::Y => &self.y,
            Axis::X => &self.x,
        }
    }
}

impl<T> IndexMut<Axis> for Zyx<T> {
    fn index_mut(&mut self, axis: Axis) -> &mut T {
        match axis {
            Axis::Z => &mut self.z,
            Axis::Y => &mut self.y,
            Axis::X => &mut self.x,
        }
    }
}

impl<T: Add<Output = T>> Add for Zyx<T> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.zip_map(other, |a, b| a + b)
    }
}

impl<T: Sub<Output = T>> Sub for Zyx<T> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.zip_map(other, |a, b| a - b)
    }
}

/// Axis by axis, as when voxels are multiplied by a voxel size.
impl<T: Mul<Output = T>> Mul for Zyx<T> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.zip_map(other, |a, b| a * b)
    }
}

/// Axis by axis, as when nanometres are divided by a voxel size.
impl<T: Div<Output = T>> Div for Zyx<T> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        self.zip_map(other, |a, b| a / b)
    }
}

impl Mul<f64> for Zyx<f64> {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        self.map(|v| v * factor)
    }
}

impl<T: std::fmt::Display> std::fmt::Display for Zyx<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(")?;
        self.z.fmt(f)?;
        f.write_str(", ")?;
        self.y.fmt(f)?;
        f.write_str(", ")?;
        self.x.fmt(f)?;
        f.write_str(")")
    }
}
