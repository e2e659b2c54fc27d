//! Bent tubes: a chain of segments with arc length, the axis of mitochondria and ER tubules.

use super::vector::{Vec3, across, dot, norm, scaled, unit};

/// A straight piece of an axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) from: Vec3,
    along: Vec3,
    pub(super) length: f32,
    /// Arc length at its beginning, nm.
    start: f32,
}

impl Segment {
    pub(super) fn new(from: Vec3, to: Vec3, start: f32) -> Self {
        Self { from, along: unit(to - from), length: norm(to - from), start }
    }

    pub(super) fn middle(&self) -> Vec3 {
        self.from + scaled(self.along, 0.5 * self.length)
    }

    /// Distance of `p` from the segment.
    pub(super) fn distance(&self, p: Vec3) -> f32 {
        let q = p - self.from;
        let t = dot(q, self.along).clamp(0.0, self.length);
        norm(q - scaled(self.along, t))
    }
}

/// The point of an axis that is nearest to some point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foot {
    /// Distance to it.
    pub(super) distance: f32,
    /// Arc length there, running on beyond the ends.
    pub(super) arc: f32,
    /// From the axis to the point, at right angles to the axis.
    pub(super) offset: Vec3,
    /// The direction of the axis there.
    pub(super) axis: Vec3,
}

/// The foot of `p` on the nearest of `segments`.
pub(super) fn foot<'a>(segments: impl Iterator<Item = &'a Segment>, p: Vec3) -> Option<Foot> {
    let mut nearest: Option<(f32, &Segment)> = None;
    for segment in segments {
        let distance = segment.distance(p);
        if nearest.is_none_or(|(least, _)| distance < least) {
            nearest = Some((distance, segment));
        }
    }
    nearest.map(|(distance, segment)| {
        let q = p - segment.from;
        Foot {
            distance,
            arc: segment.start + dot(q, segment.along),
            offset: across(q, segment.along),
            axis: segment.along,
        }
    })
}

/// Points become a chain of segments.
pub(super) fn chain(points: &[Vec3]) -> Vec<Segment> {
    let mut start = 0.0;
    points
        .windows(2)
        .map(|pair| {
            let segment = Segment::new(pair[0], pair[1], start);
            start += segment.length;
            segment
        })
        .collect()
}

/// `count + 1` points on the quadratic Bézier curve from `a` to `c` with control point `b`.
pub(super) fn bezier(a: Vec3, b: Vec3, c: Vec3, count: u16) -> Vec<Vec3> {
    let point = |i: u16| {
        let t = f32::from(i) / f32::from(count.max(1));
        let s = 1.0 - t;
        scaled(a, s * s) + scaled(b, 2.0 * s * t) + scaled(c, t * t)
    };
    (0..=count.max(1)).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arc_length_runs_along_the_chain() {
        let points = [Vec3::new(0.0, 0.0, 0.0), Vec3::new(0.0, 0.0, 100.0), Vec3::new(0.0, 50.0, 100.0)];
        let segments = chain(&points);
        let at = |p| foot(segments.iter(), p).unwrap();
        assert_eq!(at(Vec3::new(7.0, 0.0, 30.0)).arc, 30.0);
        assert_eq!(at(Vec3::new(7.0, 0.0, 30.0)).distance, 7.0);
        assert_eq!(at(Vec3::new(0.0, 40.0, 103.0)).arc, 140.0);
        assert_eq!(at(Vec3::new(0.0, 0.0, -20.0)).arc, -20.0);
        assert!(foot([].iter(), points[0]).is_none());
    }
}
