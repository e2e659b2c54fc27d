//! Several processes that train together: which of their loaders holds the others up. Pure.
//!
//! In data-parallel training every process waits at the end of each step for the slowest. All of them then take batches at
//! the same pace, so that the pace does not tell who is slow; waiting does: the process whose consumer waits for its own
//! loader arrives late, and while the others wait for it, their queues are full. Where processes do not wait for each other
//! they differ in pace.

use super::Stats;

/// A consumer that waits for its loader this much longer than the others' (share of the time) holds them up.
pub const WAITS_MORE: f64 = 0.05;
/// A process that is this much slower than the others (share of their pace) is behind.
pub const SLOWER: f64 = 0.1;

/// One process over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankFigures {
    /// Samples handed over per second.
    pub samples_per_s: f64,
    /// Share of the time that the consumer waited for the loader, 0–1.
    pub wait_share: f64,
    /// Batches that are ready.
    pub batches_ready: u64,
}

impl RankFigures {
    /// Between two statistics of one loader; `None` if no time lies between them, or the loader began anew.
    #[must_use]
    pub fn between(before: &Stats, now: &Stats) -> Option<Self> {
        let seconds = now.elapsed.checked_sub(before.elapsed)?.as_secs_f64();
        let samples = now.samples.checked_sub(before.samples)?;
        let waited = now.consumer_wait.checked_sub(before.consumer_wait)?;
        (seconds > 0.0).then(|| Self {
            samples_per_s: samples as f64 / seconds,
            wait_share: (waited.as_secs_f64() / seconds).min(1.0),
            batches_ready: now.queue.batches,
        })
    }
}

/// What one process is to the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Role {
    /// Its loader keeps up.
    KeepsUp,
    /// Its consumer waits for its loader for this much more of the time (0–1) than that of the median other process; all
    /// others wait for it at the end of each step.
    HoldsUp {
        /// Share of the time.
        more: f64,
    },
    /// It hands over this share (0–1) fewer samples per second than the median other process.
    Behind {
        /// Share of the others' pace.
        slower: f64,
    },
    /// Every consumer waits for its loader as much as the others do: no one of them is the slow one.
    AllWait,
}

/// What each process is to the others, in the order given. Of one alone nothing can be said: it keeps up.
#[must_use]
pub fn roles(ranks: &[RankFigures]) -> Vec<Role> {
    let role = |(index, rank): (usize, &RankFigures)| {
        let others = || ranks.iter().enumerate().filter(move |(other, _)| *other != index).map(|(_, rank)| rank);
        let (Some(wait), Some(pace)) =
            (median(others().map(|o| o.wait_share)), median(others().map(|o| o.samples_per_s)))
        else {
            return Role::KeepsUp;
        };
        let more = rank.wait_share - wait;
        // Where nobody moves nobody is slower.
        let slower = if pace > 0.0 { 1.0 - rank.samples_per_s / pace } else { 0.0 };
        // Who is not at the others' pace does not wait for them, nor they for it.
        if slower >= SLOWER {
            Role::Behind { slower }
        } else if more >= WAITS_MORE && slower > -SLOWER {
            Role::HoldsUp { more }
        } else if rank.wait_share >= WAITS_MORE && others().all(|other| other.wait_share >= WAITS_MORE) {
            Role::AllWait
        } else {
            Role::KeepsUp
        }
    };
    ranks.iter().enumerate().map(role).collect()
}

/// The middle of some numbers, the mean of the two in the middle of an even number; `None` of none.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(samples_per_s: f64, wait_share: f64) -> RankFigures {
        RankFigures { samples_per_s, wait_share, batches_ready: 0 }
    }

    #[test]
    fn who_waits_for_its_own_loader_holds_the_others_up() {
        let ranks = [rank(50.0, 0.01), rank(50.0, 0.4), rank(50.0, 0.0), rank(50.0, 0.02)];
        let roles = roles(&ranks);
        assert_eq!(roles[1], Role::HoldsUp { more: 0.39 });
        for other in [0, 2, 3] {
            assert_eq!(roles[other], Role::KeepsUp, "{other}");
        }
    }

    #[test]
    fn processes_that_do_not_wait_for_each_other_differ_in_pace() {
        let roles = roles(&[rank(50.0, 0.0), rank(30.0, 0.01), rank(48.0, 0.0)]);
        assert_eq!(roles[0], Role::KeepsUp);
        assert!(matches!(roles[1], Role::Behind { slower } if (slower - (1.0 - 30.0 / 49.0)).abs() < 1e-12));
        assert_eq!(roles[2], Role::KeepsUp);
        // The faster one holds nobody up, however much it waits.
        let pair = super::roles(&[rank(120.0, 0.76), rank(280.0, 0.86)]);
        assert!(matches!(pair[0], Role::Behind { .. }));
        assert_eq!(pair[1], Role::AllWait);
    }

    #[test]
    fn nobody_is_named_where_all_are_alike_or_alone() {
        assert_eq!(roles(&[rank(50.0, 0.9)]), [Role::KeepsUp]);
        assert_eq!(roles(&[]), []);
        assert_eq!(roles(&[rank(50.0, 0.5), rank(50.0, 0.52), rank(49.0, 0.5)]), [Role::AllWait; 3]);
        assert_eq!(roles(&[rank(0.0, 0.0), rank(0.0, 0.0)]), [Role::KeepsUp; 2]);
    }
}
