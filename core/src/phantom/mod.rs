//! A deterministic synthetic FIB-SEM volume with labels: the demo and the test bed.
//!
//! The tissue is a pure function of position ([`Cell`]): ellipsoids, bent tubes, spheres and hashed noise, evaluated
//! voxel by voxel, so that any region can be computed on its own, in any order, on any number of threads.

mod arrays;
mod body;
mod cell;
mod classes;
mod detector;
mod labels;
mod noise;
mod organelles;
mod paint;
mod placement;
mod pyramid;
mod reticulum;
mod scan;
mod spec;
mod spine;

mod vector;
mod write;

pub use cell::{Cell, Nearby, Probe};
pub use classes::{CLASSES, Class, Structure, class};
pub use detector::{Detector, DetectorRow};
pub use spec::PhantomSpec;
pub use write::{Progress, write};
