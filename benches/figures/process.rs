//! What the kernel tells of a process (proc(5)).

use std::fs;

use rustix::time::{ClockId, clock_gettime};

/// Its memory, in bytes.
pub struct Memory {
    /// What is resident now.
    pub now: u64,
    /// The most that ever was.
    pub most: u64,
}

/// The memory of the process with this id.
pub fn memory(id: u32) -> Memory {
    let status = read(&format!("/proc/{id}/status"));
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kib = kib.and_then(|kib| kib.parse::<u64>().ok());
        kib.expect("a number of KiB") << 10
    };
    Memory {
        now: kib("VmRSS:"),
        most: kib("VmHWM:"),
    }
}

/// How long it has computed, in the kernel and out of it, in the kernel's ticks.
pub fn computed(id: u32) -> f64 {
    let stat = read(&format!("/proc/{id}/stat"));
    // The name, in parentheses, may hold anything; the fields behind it are numbered from 3.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.map(|n| n.parse::<f64>().expect("a number")).sum()
}

/// How often its threads were switched to, all together: each wake-up is one.
pub fn wake_ups(id: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).expect("it runs");
    let switches = tasks.map(|task| {
        let status = task.expect("a thread").path().join("status");
        let status = fs::read_to_string(status).expect("a thread that stays");
        let lines = status
            .lines()
            .filter(|line| line.contains("ctxt_switches:"));
        let counts = lines.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok());
        counts.sum::<u64>()
    });
    switches.sum()
}

/// How long this thread has computed, in nanoseconds.
pub fn computed_here() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
