//! What the operating system says about this process.

/// Resident set of the process, bytes, from `/proc/self/status`; 0 where there is no such file.
#[must_use]
pub fn resident_set_bytes() -> u64 {
    bytes_of("VmRSS:")
}

/// The largest resident set so far, bytes, from `/proc/self/status`; 0 where there is no such file.
#[must_use]
pub fn peak_resident_bytes() -> u64 {
    bytes_of("VmHWM:")
}

fn bytes_of(field: &str) -> u64 {
    std::fs::read_to_string("/proc/self/status").ok().and_then(|status| parse(&status, field)).unwrap_or(0)
}

/// A line like `VmRSS:   1234 kB`, whose kB are 1024 bytes whatever the page size (proc_pid_status(5)).
fn parse(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    4096 kB\nVmRSS:\t    2048 kB\nThreads:\t1\n";
        assert_eq!((parse(status, "VmRSS:"), parse(status, "VmHWM:")), (Some(2 << 20), Some(4 << 20)));
        assert_eq!(parse("Name:\tx\n", "VmRSS:"), None);
        assert_eq!(parse("VmRSS:\n", "VmRSS:"), None);
    }
}
