//! How much a yard's server takes on at once: how many connections, and how many of them with a thread each.
//!
//! What it does not take on it closes at once, in plain words: see [`super::server`].

use std::fs;
use std::path::{Path, PathBuf};

/// How much a yard's server takes on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// How many connections may be open. The next is accepted, for it would otherwise wait in the queue for ever, and
    /// closed unserved.
    pub connections: usize,
    /// How many of them may have a thread of their own; if it is not said, as many as this machine can spare when the
    /// server's thread starts: [`threads_to_spare`].
    pub threads: Option<usize>,
}

impl Capacity {
    /// How many connections may be open unless a person says otherwise.
    pub const USUAL_CONNECTIONS: usize = 20_000;
    /// More than this nobody can say: Linux gives a process no more descriptors than `fs.nr_open`, usually 1,048,576.
    pub const MOST_CONNECTIONS: usize = 1_000_000;

    /// So many connections, and as many threads as this machine can spare.
    #[must_use]
    pub const fn of(connections: usize) -> Self {
        Self {
            connections,
            threads: None,
        }
    }
}

impl Default for Capacity {
    fn default() -> Self {
        Self::of(Self::USUAL_CONNECTIONS)
    }
}

/// How many connections may have a thread each, as far as this machine has threads and memory maps to spare now; it reads
/// procfs and the cgroups. One at least.
#[must_use]
pub fn threads_to_spare() -> usize {
    most_threads(&Spare::of_this_machine())
}

/// How many connections may have a thread each on any machine. Thousands of them cost a machine more than they show.
const MOST_THREADS: usize = 12_000;

/// The memory maps of a thread: its stack and the signal stack of Rust's runtime, and the guard of each.
const MAPS_OF_A_THREAD: usize = 4;

/// How many client sessions there may be besides: each has a thread of its own, in the same process.
pub const CLIENTS: usize = 1_100;

/// Maps that stay free: those of the threads of all clients, which may come after the connections, and 2,000, for memory is
/// mapped for other things too. A program that cannot have a map for the signal stack of a thread is aborted.
const MAPS_LEFT: usize = CLIENTS * MAPS_OF_A_THREAD + 2_000;

/// Threads that stay free: for the program's own other threads, and for whoever has to end it from a shell.
const THREADS_LEFT: usize = 128;

/// What is still to be had of what a thread needs; what is not known does not limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Spare {
    /// Memory maps of this process: `vm.max_map_count`.
    maps: Option<usize>,
    /// Threads: the least of `kernel.threads-max`, `kernel.pid_max` and the `pids.max` of each cgroup above.
    threads: Option<usize>,
}

fn most_threads(spare: &Spare) -> usize {
    let by_maps = (spare.maps).map(|maps| maps.saturating_sub(MAPS_LEFT) / MAPS_OF_A_THREAD);
    let by_threads = (spare.threads).map(|threads| threads.saturating_sub(THREADS_LEFT));
    let least = by_maps.into_iter().chain(by_threads).min();
    // Whoever asks for threads gets one at least; that it cannot be started is told then.
    least.map_or(MOST_THREADS, |least| least.clamp(1, MOST_THREADS))
}

impl Spare {
    fn of_this_machine() -> Self {
        let running = threads_of_the_system(&text("/proc/loadavg"));
        let of_kernel = ["threads-max", "pid_max"].map(|name| {
            let most = number(&text(format!("/proc/sys/kernel/{name}")))?;
            Some(most.saturating_sub(running?))
        });
        let groups = groups(&text("/proc/self/cgroup"));
        let of_groups = groups.iter().map(|group| {
            let most = number(&text(group.join("pids.max")))?;
            Some(most.saturating_sub(number(&text(group.join("pids.current")))?))
        });
        let maps = number(&text("/proc/sys/vm/max_map_count"));
        Self {
            maps: maps.map(|most| most.saturating_sub(text("/proc/self/maps").lines().count())),
            threads: of_kernel.into_iter().chain(of_groups).flatten().min(),
        }
    }
}

/// What a file of the kernel's says; nothing if there is none, or none that may be read.
fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The number that is all of `text`; none for `max`, which is no limit (cgroups(7)).
fn number(text: &str) -> Option<usize> {
    text.trim().parse().ok()
}

/// How many threads there are: behind the slash of `0.20 0.18 0.12 1/80 11206` (`proc_loadavg(5)`).
fn threads_of_the_system(loadavg: &str) -> Option<usize> {
    let (_, after) = loadavg.split_once('/')?;
    number(after.split(' ').next()?)
}

/// The directories of the cgroups that count this process's threads, its own and those above (cgroups(7)): of version 2 in
/// `0::/PATH`, of version 1 in `NUMBER:pids:/PATH`.
fn groups(cgroup: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for line in cgroup.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let root = match controllers {
            "" => "/sys/fs/cgroup",
            _ if controllers.split(',').any(|name| name == "pids") => "/sys/fs/cgroup/pids",
            _ => continue,
        };
        let own = Path::new(root).join(path.trim_start_matches('/'));
        let above = own.ancestors().take_while(|group| group.starts_with(root));
        found.extend(above.map(Path::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most(maps: Option<usize>, threads: Option<usize>) -> usize {
        most_threads(&Spare { maps, threads })
    }

    #[test]
    fn the_scarcest_thing_says_how_many_threads_there_may_be() {
        assert_eq!(most(None, None), 12_000);
        // The maps that Linux allows a process unless told otherwise are enough for 12,000.
        assert_eq!(most(Some(65_430), None), 12_000);
        assert_eq!(most(Some(46_400), Some(30_000)), 10_000);
        assert_eq!(most(Some(65_430), Some(1_128)), 1_000);
        for scarce in [0, 1, 128, 129] {
            assert_eq!(most(Some(65_430), Some(scarce)), 1, "{scarce}");
        }
        assert_eq!(most(Some(6_403), None), 1);
        assert_eq!(most(Some(6_408), None), 2);
    }

    #[test]
    fn so_many_threads_leave_maps_for_the_rest() {
        let maps = 30_000;
        let threads = most(Some(maps), None) + CLIENTS;
        assert!(
            threads * MAPS_OF_A_THREAD + 2_000 <= maps,
            "{threads} threads"
        );
    }

    #[test]
    fn what_the_kernel_says_is_read() {
        assert_eq!(
            threads_of_the_system("0.20 0.18 0.12 1/80 11206\n"),
            Some(80)
        );
        assert_eq!(threads_of_the_system(""), None);
        assert_eq!(
            ["512\n", "max\n", "", "-1"].map(number),
            [Some(512), None, None, None]
        );
        assert_eq!(groups("0::/\n"), [Path::new("/sys/fs/cgroup")]);
        let above = [
            "/sys/fs/cgroup/pids/a/b",
            "/sys/fs/cgroup/pids/a",
            "/sys/fs/cgroup/pids",
            "/sys/fs/cgroup/c:d",
            "/sys/fs/cgroup",
        ];
        assert_eq!(
            groups("12:cpu,cpuacct:/a\n11:pids:/a/b\n0::/c:d\n"),
            above.map(Path::new)
        );
        assert_eq!(groups("nonsense\n:\n"), Vec::<PathBuf>::new());
    }

    #[test]
    fn how_many_threads_there_may_be_is_left_to_the_moment_unless_it_is_said() {
        assert_eq!(Capacity::default().threads, None);
        assert_eq!(
            Capacity::of(3),
            Capacity {
                connections: 3,
                threads: None
            }
        );
    }

    #[test]
    fn this_machine_tells_how_many_maps_there_are() {
        let spare = Spare::of_this_machine();
        assert!(spare.maps.is_some_and(|maps| maps > 0), "{spare:?}");
        assert!(spare.threads.is_some(), "{spare:?}");
    }
}
