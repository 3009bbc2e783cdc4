//! What a process costs: its CPU time and its memory, as the kernel counts them.

use std::fs;
use std::io;
use std::time::Duration;

use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// The CPU time of a process, in nanoseconds: all of its threads, those that have ended too.
///
/// `/proc/PID/stat` has the same in ticks of 4 or 10 ms, and `/proc/PID/schedstat` only one thread.
#[derive(Debug, Clone, Copy)]
pub struct CpuClock(ClockId);

impl CpuClock {
    /// The clock of a process.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn of(process: u32) -> io::Result<Self> {
        let process = i32::try_from(process).map_err(io::Error::other)?;
        Ok(Self(clock_getcpuclockid(Pid::from_raw(process))?))
    }

    /// That of this process.
    pub const fn own() -> Self {
        Self(ClockId::CLOCK_PROCESS_CPUTIME_ID)
    }

    /// What it has used since its start.
    ///
    /// # Errors
    /// When the process is no more.
    pub fn read(&self) -> io::Result<Duration> {
        Ok(Duration::from(clock_gettime(self.0)?))
    }
}

/// The memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// What it has written to and nobody shares. The pages of programs and libraries are left out:
    /// whether they are shared depends on who else runs the same.
    pub written: u64,
    /// All that is in memory for it.
    pub resident: u64,
}

impl Memory {
    /// That of a process now.
    ///
    /// # Errors
    /// When the process is no more, or the kernel tells it in another form.
    pub fn of(process: u32) -> io::Result<Self> {
        let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
        memory(&text).ok_or_else(|| io::Error::other("smaps_rollup in another form"))
    }
}

fn memory(rollup: &str) -> Option<Memory> {
    let field = |name: &str| {
        let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes = line.trim().strip_suffix(" kB")?;
        Some(kilobytes.trim().parse::<u64>().ok()? * 1024)
    };
    Some(Memory {
        written: field("Private_Dirty:")?,
        resident: field("Rss:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLLUP: &str = "\
55d0f4000000-7ffd2b5f2000 ---p 00000000 00:00 0                          [rollup]
Rss:                6164 kB
Pss:                1234 kB
Shared_Clean:       2000 kB
Private_Clean:        12 kB
Private_Dirty:       500 kB
Anonymous:           500 kB
";

    #[test]
    fn pages_of_a_library_are_resident_and_not_written() {
        let expected = Memory {
            written: 500 * 1024,
            resident: 6164 * 1024,
        };
        assert_eq!(memory(ROLLUP), Some(expected));
        assert_eq!(memory("Rss: 12 kB\n"), None);
        assert_eq!(memory("Rss: 12\nPrivate_Dirty: 1 kB\n"), None);
    }

    #[test]
    fn a_clock_runs_with_the_work_of_its_process_and_not_with_the_time() {
        let clock = CpuClock::of(std::process::id()).unwrap();
        let before = clock.read().unwrap();
        let mut sum = 0_u64;
        while clock.read().unwrap() < before + Duration::from_millis(5) {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(1));
        }
        let mut child = std::process::Command::new("sleep")
            .arg("30")
            .spawn()
            .unwrap();
        let asleep = CpuClock::of(child.id()).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let used = asleep.read().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(used < Duration::from_millis(40), "{used:?}");
        assert!(
            asleep.read().is_err(),
            "the clock of a process that is no more"
        );
    }

    #[test]
    fn memory_of_this_process_can_be_read() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(
            0 < memory.written && memory.written < memory.resident,
            "{memory:?}"
        );
    }
}
