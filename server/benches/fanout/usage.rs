//! What programs take of the machine, as the kernel counts it in `/proc`.

use std::{collections::HashMap, fs, io, time::Duration};

/// What a group of processes has taken so far.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// Nanoseconds on a core, by thread.
    threads: HashMap<u32, u64>,
    /// The same with the threads that have ended, but in ticks.
    ticks: u64,
    voluntary: u64,
    involuntary: u64,
}

/// What it took from one moment to another.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    pub cpu: Duration,
    /// Times it had nothing to do.
    pub voluntary: u64,
    /// Times it had to leave the core to others.
    pub involuntary: u64,
}

/// `/proc` counts in hundredths of a second, whatever the kernel's own clock does.
const TICK: Duration = Duration::from_millis(10);

impl Usage {
    /// Of processes and all they started.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn of(processes: &[u32]) -> io::Result<Self> {
        let mut usage = Self::default();
        for process in tree(processes) {
            let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
            // The name, which ends with the last parenthesis, may hold anything.
            let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
            let ticks = after_name.split_whitespace().skip(11).take(2);
            usage.ticks += ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>();
            for (number, folder) in threads(process) {
                // A thread may end while we look.
                let Ok(schedule) = fs::read_to_string(format!("{folder}/schedstat")) else { continue };
                let Ok(status) = fs::read_to_string(format!("{folder}/status")) else { continue };
                let on_core = schedule.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
                let _ = usage.threads.insert(number, on_core.unwrap_or(0));
                usage.voluntary += count(&status, "voluntary_ctxt_switches:");
                usage.involuntary += count(&status, "nonvoluntary_ctxt_switches:");
            }
        }
        Ok(usage)
    }

    /// What was taken since. To the nanosecond, unless a thread has ended meanwhile and took its count with it.
    pub fn since(&self, earlier: &Self) -> Used {
        let exact = |usage: &Self| usage.threads.values().sum::<u64>();
        let all_there = earlier.threads.keys().all(|thread| self.threads.contains_key(thread));
        let cpu = if all_there && exact(self) > 0 {
            Duration::from_nanos(exact(self).saturating_sub(exact(earlier)))
        } else {
            TICK * u32::try_from(self.ticks.saturating_sub(earlier.ticks)).unwrap_or(u32::MAX)
        };
        Used {
            cpu,
            voluntary: self.voluntary.saturating_sub(earlier.voluntary),
            involuntary: self.involuntary.saturating_sub(earlier.involuntary),
        }
    }
}

/// Bytes in memory of processes and all they started. Exact, and slow: the kernel walks every page.
///
/// # Errors
/// When one of them is not there.
pub fn resident(processes: &[u32]) -> io::Result<u64> {
    let mut bytes = 0;
    for process in tree(processes) {
        bytes += count(&fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?, "Rss:") * 1024;
    }
    Ok(bytes)
}

/// The processes and all they started.
fn tree(processes: &[u32]) -> Vec<u32> {
    let mut found = Vec::new();
    let mut left = processes.to_vec();
    while let Some(process) = left.pop() {
        for (_, folder) in threads(process) {
            let children = fs::read_to_string(format!("{folder}/children")).unwrap_or_default();
            left.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        found.push(process);
    }
    found
}

fn threads(process: u32) -> Vec<(u32, String)> {
    let folder = format!("/proc/{process}/task");
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.map(|number| (number, format!("{folder}/{number}"))).collect()
}

/// The number on the line that begins with a name.
fn count(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
