//! The server log (not the room log): which lines are written, and their way to stderr. The app writes its own in the same way.
//!
//! Whoever writes a line never waits and never fails: lines go through a bounded queue to one thread. A terminal that is
//! stopped, or a pipe that nobody reads, costs lines and nothing else.

use std::{
    io::{self, IsTerminal, Write},
    panic,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use serde_json::json;
use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config::LogFormat;

/// Lines that may wait. More are left out, and counted.
const WAITING: usize = 4_096;
/// The longest line; the rest of one is cut off.
const LONGEST: usize = 8 * 1024;
/// What the targets of Snug's own crates begin with.
const OWN: &str = "snug";
/// How long the last lines may take to leave.
const FLUSH: Duration = Duration::from_secs(1);

/// Writes the lines that `filter` lets pass to stderr from now on, panics too: nothing else may touch stderr afterwards.
///
/// # Errors
/// The system's, where it has no thread left.
pub fn begin(filter: EnvFilter, format: LogFormat) -> io::Result<Lines> {
    let lines = Lines::to(io::stderr(), format)?;
    let log = fmt::layer().with_writer(lines.clone());
    let log = match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    // Other crates' debug lines show whole frames and headers: what members say, and their seats.
    let discreet = filter_fn(|line| line.target().starts_with(OWN) || *line.level() <= Level::INFO);
    tracing_subscriber::registry().with(log.with_filter(filter).with_filter(discreet)).init();
    panic::set_hook(Box::new(
        |panic| tracing::error!(%panic, "a part of the program failed; the rest goes on"),
    ));
    Ok(lines)
}

/// Takes log lines.
#[derive(Debug, Clone)]
pub struct Lines {
    queue: SyncSender<Step>,
    format: LogFormat,
    left_out: Arc<AtomicU64>,
}

/// Something for the thread that writes.
#[derive(Debug)]
enum Step {
    Write(Vec<u8>),
    /// Tell that everything before this was written.
    Tell(SyncSender<()>),
}

impl Lines {
    /// Begins to write lines to `out`.
    ///
    /// # Errors
    /// The system's, where it has no thread left.
    pub fn to(out: impl Write + Send + 'static, format: LogFormat) -> io::Result<Self> {
        let (queue, steps) = sync_channel(WAITING);
        thread::Builder::new().name("log-lines".to_owned()).spawn(move || write(&steps, out))?;
        Ok(Self { queue, format, left_out: Arc::default() })
    }

    /// The line that says so, in the format of all others.
    fn left_out_line(&self, missing: u64) -> String {
        let sentence = format!("{missing} lines of the log are left out here");
        match self.format {
            LogFormat::Text => format!("snug-server: {sentence}\n"),
            LogFormat::Json => {
                let line = json!({"level": "WARN", "target": "snug_server", "message": sentence});
                format!("{line}\n")
            }
        }
    }

    fn put(&self, line: Vec<u8>) -> Result<(), ()> {
        self.queue.try_send(Step::Write(line)).map_err(drop)
    }

    fn leave_out(&self, lines: u64) {
        let _ = self.left_out.fetch_add(lines, Ordering::Relaxed);
    }

    /// Waits a moment until the lines so far have left.
    pub fn flush(&self) {
        let (tell, told) = sync_channel(1);
        // Where the queue is full nobody reads the lines.
        if self.queue.try_send(Step::Tell(tell)).is_ok() {
            let _ = told.recv_timeout(FLUSH);
        }
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut kept = line[..line.len().min(LONGEST)].to_vec();
        if kept.len() < line.len() {
            kept.extend_from_slice("…\n".as_bytes());
        }
        // In their place: before the first line that there is room for again.
        let missing = self.left_out.swap(0, Ordering::Relaxed);
        let told = match missing {
            0 => Ok(()),
            _ => self.put(self.left_out_line(missing).into_bytes()),
        };
        match told {
            Ok(()) => self.put(kept).unwrap_or_else(|()| self.leave_out(1)),
            Err(()) => self.leave_out(missing + 1),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

fn write(steps: &Receiver<Step>, mut out: impl Write) {
    for step in steps {
        match step {
            Step::Write(line) => {
                // There is nowhere to say that it failed, and the next one may not.
                let _ = out.write_all(&line).and_then(|()| out.flush());
            }
            Step::Tell(tell) => drop(tell.try_send(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// A terminal: takes nothing until it is told to, then says what it takes.
    struct Terminal {
        go: Receiver<()>,
        is_going: bool,
        taken: Sender<String>,
    }

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !self.is_going {
                self.is_going = self.go.recv().is_ok();
            }
            let _ = self.taken.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_terminal_that_is_stopped_costs_lines_and_says_how_many() {
        let ((start, go), (taken, takes)) = (channel(), channel());
        let lines = Lines::to(Terminal { go, is_going: false, taken }, LogFormat::Text).unwrap();
        // As the log does it: each in one piece.
        let put = |line: String| (&lines).write_all(line.as_bytes()).unwrap();
        for number in 0..3 * WAITING {
            put(format!("line {number}\n"));
        }
        start.send(()).unwrap();
        let (mut seen, mut left_out) = (0, 0);
        loop {
            put("later\n".to_owned());
            let line = takes.recv().unwrap();
            if line == "later\n" {
                break;
            }
            match line.strip_prefix("snug-server: ").and_then(|line| line.split_once(" lines of the log")) {
                Some((missing, _)) => left_out += missing.parse::<usize>().unwrap(),
                None => {
                    assert!(line.starts_with("line "), "{line}");
                    seen += 1;
                }
            }
        }
        assert!(seen >= WAITING && left_out > 0 && seen + left_out >= 3 * WAITING, "{seen}, {left_out}");
    }

    #[test]
    fn a_pipe_that_ended_ends_nothing() {
        struct Ended;
        impl Write for Ended {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::to(Ended, LogFormat::Json).unwrap();
        for _ in 0..10 {
            (&lines).write_all("x".repeat(2 * LONGEST).as_bytes()).unwrap();
        }
        lines.flush();
        assert_eq!(lines.left_out.load(Ordering::Relaxed), 0, "the thread goes on");
    }
}
