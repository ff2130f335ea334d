//! The real `snug-server` as a program of its own, to be killed and started again.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A running server. Dropping it kills it, as `kill -9` would.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    folder: PathBuf,
    flags: Vec<String>,
    /// A command line that the program's own is put behind, and variables for it.
    around: Around,
}

/// What a program runs under.
#[derive(Debug, Default, Clone)]
pub struct Around {
    /// A program that starts this one as its last arguments, and its arguments.
    pub command: Vec<String>,
    /// Environment variables.
    pub variables: Vec<(String, String)>,
    /// The file its log goes to, which is otherwise thrown away.
    pub log: Option<PathBuf>,
}

impl Process {
    /// Starts the program on a free port of this machine; returns once it listens.
    pub fn start(folder: &Path, flags: &[&str]) -> Self {
        Self::start_under(Around::default(), folder, flags)
    }

    /// Starts it under another program, which must become it or carry its process number.
    pub fn start_under(around: Around, folder: &Path, flags: &[&str]) -> Self {
        let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        Self::spawn(SocketAddr::from(([127, 0, 0, 1], 0)), folder.to_owned(), flags, around)
    }

    /// Its memory that is in use now, in KiB.
    #[cfg(target_os = "linux")]
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the system says");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// How many descriptors it has open.
    #[cfg(target_os = "linux")]
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("it runs").count()
    }

    /// `kill -9`: no goodbye, no flush.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, as `kill` and Ctrl-C do.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a program has a number"), signal).expect("it still runs");
    }

    /// Waits until it has ended; its exit code, unless a signal took it.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.wait().expect("it is ours to wait for").code()
    }

    /// Starts it again on the same port and the same folder.
    pub fn restart(&mut self) {
        self.kill();
        let again = Self::spawn(self.address, self.folder.clone(), self.flags.clone(), self.around.clone());
        assert_eq!(again.address, self.address);
        *self = again;
    }

    fn spawn(listen: SocketAddr, folder: PathBuf, flags: Vec<String>, around: Around) -> Self {
        let program = env!("CARGO_BIN_EXE_snug-server").to_owned();
        let mut words = around.command.iter().chain([&program]);
        let mut command = Command::new(words.next().expect("there is the program"));
        command.args(words).envs(around.variables.iter().map(|(name, value)| (name, value)));
        // The settings of whoever runs the tests are not those of the test.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SNUG_")) {
            let _ = command.env_remove(name);
        }
        let log = around.log.as_ref().map_or_else(Stdio::null, |log| {
            File::options().create(true).append(true).open(log).expect("a file for the log").into()
        });
        let mut child = command
            .args(["--listen", &listen.to_string(), "--data-dir"])
            .arg(&folder)
            .args(&flags)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on ")?.trim().parse().ok())
            .expect("it says where it listens");
        // A pipe that nobody reads would fill up; one that is closed would fail its writer.
        let _ = std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, folder, flags, around }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
