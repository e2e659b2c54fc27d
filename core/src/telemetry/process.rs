//! What the operating system says about this process.

/// Resident set of the process, bytes, from `/proc/self/status`; 0 where there is no such file.
#[must_use]
pub fn resident_set_bytes() -> u64 {
    std::fs::read_to_string("/proc/self/status").ok().and_then(|status| parse_rss(&status)).unwrap_or(0)
}

/// The line `VmRSS:   1234 kB`, whose kB are 1024 bytes whatever the page size (proc_pid_status(5)).
fn parse_rss(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_read_in_bytes() {
        assert_eq!(parse_rss("Name:\tx\nVmRSS:\t    2048 kB\nThreads:\t1\n"), Some(2 << 20));
        assert_eq!(parse_rss("Name:\tx\n"), None);
        assert_eq!(parse_rss("VmRSS:\n"), None);
    }
}
