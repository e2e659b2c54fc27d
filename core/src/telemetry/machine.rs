//! What memory the machine has, and what of it is left: that of the control group where that is less.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// Memory of the machine, or of the part of it that this process may use, bytes; 0 where the system does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineMemory {
    /// All of it.
    pub total_bytes: u64,
    /// What could be had without anybody giving up what they use.
    pub available_bytes: u64,
}

impl MachineMemory {
    /// The share that is left, 0–1; `None` where the system does not tell.
    #[must_use]
    pub fn left_share(&self) -> Option<f64> {
        (self.total_bytes > 0).then(|| self.available_bytes as f64 / self.total_bytes as f64)
    }

    /// Whichever has a smaller share left.
    fn shorter(self, other: Self) -> Self {
        match (self.left_share(), other.left_share()) {
            (Some(mine), Some(theirs)) if theirs < mine => other,
            (None, Some(_)) => other,
            _ => self,
        }
    }
}

/// What there is now, from `/proc/meminfo` and the control group of containers and batch systems (version 2).
#[must_use]
pub fn machine_memory() -> MachineMemory {
    let all = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| of_meminfo(&text)).unwrap_or_default();
    of_group(Path::new("/sys/fs/cgroup")).map_or(all, |group| all.shorter(group))
}

/// `MemTotal` and `MemAvailable` (proc_meminfo(5)), whose kB are 1024 bytes.
fn of_meminfo(text: &str) -> Option<MachineMemory> {
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(MachineMemory { total_bytes: field("MemTotal:")?, available_bytes: field("MemAvailable:")? })
}

/// The group that this process sees as its root: as containers have it. What is cached of files counts as left.
fn of_group(folder: &Path) -> Option<MachineMemory> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    let total_bytes = number("memory.max")?;
    let cached = read("memory.stat")?.lines().find_map(|line| line.strip_prefix("inactive_file ")?.parse::<u64>().ok());
    let used_bytes = number("memory.current")?.saturating_sub(cached.unwrap_or(0));
    Some(MachineMemory { total_bytes, available_bytes: total_bytes.saturating_sub(used_bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_read_in_bytes() {
        let text = "MemTotal:       1000 kB\nMemFree:         10 kB\nMemAvailable:    250 kB\n";
        let memory = of_meminfo(text).unwrap();
        assert_eq!((memory.total_bytes, memory.left_share()), (1000 << 10, Some(0.25)));
        assert_eq!(of_meminfo("MemTotal: x kB\n"), None);
        assert_eq!(MachineMemory::default().left_share(), None);
    }

    #[test]
    fn a_group_that_has_less_left_counts() {
        let folder = tempfile_of("group");
        std::fs::write(folder.join("memory.max"), "1000\n").unwrap();
        std::fs::write(folder.join("memory.current"), "960\n").unwrap();
        std::fs::write(folder.join("memory.stat"), "anon 1\ninactive_file 60\n").unwrap();
        let group = of_group(&folder).unwrap();
        assert_eq!(group, MachineMemory { total_bytes: 1000, available_bytes: 100 });
        let all = MachineMemory { total_bytes: 9000, available_bytes: 4500 };
        assert_eq!(
            (all.shorter(group), group.shorter(all), all.shorter(MachineMemory::default())),
            (group, group, all)
        );
        std::fs::write(folder.join("memory.max"), "max\n").unwrap();
        assert_eq!(of_group(&folder), None, "it has no bound");
        std::fs::remove_dir_all(folder).unwrap();
    }

    fn tempfile_of(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("microtome-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }
}
