//! What the system says about this process.

use std::fs;

/// The clock of `/proc` ticks a hundred times a second on every system that Linux runs on today
/// (`sysconf(_SC_CLK_TCK)`).
const TICKS: f64 = 100.0;

/// Figures of the process; those that cannot be read are left out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Process {
    pub(super) cpu_seconds: Option<f64>,
    pub(super) resident_bytes: Option<u64>,
    pub(super) open_fds: Option<u64>,
    pub(super) most_fds: Option<u64>,
    pub(super) threads: Option<u64>,
    /// Since 1970.
    pub(super) started_at: Option<f64>,
}

impl Process {
    /// As it is now.
    pub(super) fn read() -> Self {
        let text = |name: &str| fs::read_to_string(name).unwrap_or_default();
        let entries = fs::read_dir("/proc/self/fd").ok();
        Self {
            // Reading the folder takes one of them.
            open_fds: entries.map(|entries| (entries.count() as u64).saturating_sub(1)),
            most_fds: most_fds(&text("/proc/self/limits")),
            ..figures(&text("/proc/self/stat"), &text("/proc/self/status"), &text("/proc/stat"))
        }
    }
}

/// See proc(5).
fn figures(stat: &str, status: &str, system: &str) -> Process {
    // The second field is the program's name, which may hold blanks and parentheses.
    let fields: Vec<_> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split(' ').collect();
    // The third field is at 1, as the first text is what stands before it.
    let ticks = |field: usize| fields.get(field - 2)?.parse::<f64>().ok();
    let line = |text: &str, name: &str| {
        let rest = text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned)?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    };
    let (user, kernel, started) = (ticks(14), ticks(15), ticks(22));
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are small")]
    let booted = line(system, "btime ").map(|seconds| seconds as f64);
    Process {
        cpu_seconds: user.zip(kernel).map(|(user, kernel)| (user + kernel) / TICKS),
        resident_bytes: line(status, "VmRSS:").map(|kib| kib * 1024),
        threads: line(status, "Threads:"),
        started_at: booted.zip(started).map(|(booted, started)| booted + started / TICKS),
        ..Process::default()
    }
}

fn most_fds(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Process;
    use super::figures;
    use super::most_fds;

    #[test]
    fn as_proc_writes_them() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 3 0 1000 9 9";
        let status = "Name:\ta\nVmRSS:\t    2048 kB\nThreads:\t3\n";
        let found = figures(stat, status, "cpu 1 2\nbtime 1700000000\n");
        assert_eq!(found.cpu_seconds, Some(2.0));
        assert_eq!(found.resident_bytes, Some(2 << 20));
        assert_eq!(found.threads, Some(3));
        assert_eq!(found.started_at, Some(1_700_000_010.0));
        let limits =
            "Limit      Soft Limit Hard Limit Units\nMax open files     1024    4096 files\n";
        assert_eq!(most_fds(limits), Some(1024));
        assert_eq!(most_fds("Max open files unlimited"), None);
    }

    #[test]
    fn this_process() {
        let found = Process::read();
        assert!(found.resident_bytes.unwrap() > 1 << 20);
        assert!(found.open_fds.unwrap() > 2 && found.threads.unwrap() > 0);
        assert!(found.cpu_seconds.is_some() && found.started_at.unwrap() > 1.7e9);
    }
}
