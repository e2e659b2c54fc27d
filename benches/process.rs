//! What the operating system says about the measured process: its time on the processors.

use anyhow::Context as _;

/// Ticks of `/proc/PID/stat` in a second: `USER_HZ` of the Linux ABI, whatever the kernel's own clock is.
const TICKS_PER_S: f64 = 100.0;

/// Seconds on the processors so far, of all threads, user and system.
///
/// # Errors
/// `/proc/self/stat` is not there, or not as proc_pid_stat(5) says.
pub fn cpu_seconds() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("cannot read /proc/self/stat")?;
    parse_cpu(&stat).context("/proc/self/stat is not as expected")
}

/// Fields 14 and 15 of the line. The name in field 2 is in brackets, and may hold blanks.
fn parse_cpu(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_user_and_system_whatever_the_name_is() {
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 1 1 20";
        assert_eq!(parse_cpu(stat), Some(3.0));
        assert_eq!(parse_cpu("7 (a) S 1"), None);
    }
}
