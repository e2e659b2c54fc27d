//! What the operating system says about this process.

use std::time::Duration;

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

/// Ticks of `/proc/PID/stat` in a second: `USER_HZ` of the Linux ABI, whatever the kernel's own clock is.
const TICKS_PER_S: f64 = 100.0;

/// Processor time of the process so far, of all threads, user and system, from `/proc/self/stat`, in steps of 10 ms; 0 where
/// there is no such file.
#[must_use]
pub fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").ok();
    stat.and_then(|stat| time_of(&stat)).map_or(Duration::ZERO, Duration::from_secs_f64)
}

/// Fields 14 and 15 of the line (proc_pid_stat(5)). The name in field 2 is in brackets, and may hold blanks.
fn time_of(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) as f64 / TICKS_PER_S)
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
    fn time_is_user_and_system_whatever_the_name_is() {
        assert_eq!(time_of("7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 1 1 20"), Some(3.0));
        assert_eq!(time_of("7 (a) S 1"), None);
    }

    #[test]
    fn sizes_are_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    4096 kB\nVmRSS:\t    2048 kB\nThreads:\t1\n";
        assert_eq!((parse(status, "VmRSS:"), parse(status, "VmHWM:")), (Some(2 << 20), Some(4 << 20)));
        assert_eq!(parse("Name:\tx\n", "VmRSS:"), None);
        assert_eq!(parse("VmRSS:\n", "VmRSS:"), None);
    }
}
