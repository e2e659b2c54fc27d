//! How much of the chunk cache is given up when the machine runs short of memory, and when it is had back.
//!
//! The cache is the one part of the budget that can be given up without stopping anything: what is lost is decoded again.
//! Decided from what the system has left alone. That a process takes much of it is no cause: the training beside the loader
//! may well be entitled to it.

use crate::telemetry::MachineMemory;

/// Below which share of its memory that the machine has left the cache keeps which part of its share of the budget.
const STEPS: [(f64, u64); 2] = [(0.06, 2), (0.03, 4)];
/// Above which share that is left the cache is given more again.
const ENOUGH: f64 = 0.12;

/// The capacity that the chunk cache should have, bytes, if that is another than it has: `full_bytes` is its share of the
/// budget, `capacity_bytes` what it has now. `None` also where the system tells nothing.
pub(super) fn capacity(machine: MachineMemory, full_bytes: u64, capacity_bytes: u64) -> Option<u64> {
    let left = machine.left_share()?;
    let least = STEPS.iter().filter(|(share, _)| left < *share).map(|(_, part)| full_bytes / part).min();
    let wanted = match least {
        Some(bytes) => bytes.min(capacity_bytes),
        // In steps, so that what is given back does not make the machine short at once.
        None if left > ENOUGH => capacity_bytes.saturating_mul(2).clamp(1, full_bytes),
        None => capacity_bytes,
    };
    (wanted != capacity_bytes).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: u64 = 1 << 30;

    fn with(left_percent: u64, capacity_bytes: u64) -> Option<u64> {
        capacity(MachineMemory { total_bytes: 100, available_bytes: left_percent }, FULL, capacity_bytes)
    }

    #[test]
    fn the_shorter_memory_is_the_less_is_kept() {
        assert_eq!(
            [50, 13, 7, 5, 2, 0].map(|left| with(left, FULL)),
            [None, None, None, Some(FULL / 2), Some(FULL / 4), Some(FULL / 4)]
        );
        assert_eq!(with(5, FULL / 2), None, "once for each step");
        assert_eq!(with(5, FULL / 4), None, "a little more left is not enough to take some back");
    }

    #[test]
    fn it_is_had_back_in_steps_once_there_is_enough() {
        assert_eq!([8, 12].map(|left| with(left, FULL / 4)), [None, None]);
        assert_eq!(with(13, FULL / 4), Some(FULL / 2));
        assert_eq!(with(13, FULL / 2), Some(FULL));
        assert_eq!(with(13, FULL), None);
    }

    #[test]
    fn where_the_system_tells_nothing_nothing_is_done() {
        assert_eq!(capacity(MachineMemory::default(), FULL, FULL / 4), None);
    }
}
