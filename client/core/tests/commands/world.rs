//! A server as a process of its own (this test binary started again), and the program under test.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;
use snug_server::{Config, net::accept, run};
use tempfile::TempDir;

const ORDERS: &str = "SNUG_COMMANDS_SERVER";
/// Longer than anything here takes: who waits this long waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// As a test it does nothing; as a process of its own it is a server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serves_when_it_is_told_to() {
    let Ok(orders) = env::var(ORDERS) else { return };
    let orders: Vec<&str> = orders.split('\n').collect();
    let &[listen, folder, rate_limit] = orders.as_slice() else { panic!("{orders:?}") };
    let listener = accept::bind(listen.parse().unwrap()).unwrap();
    println!("\nListening on {}", listener.local_addr().unwrap());
    let config = Config { data_dir: folder.into(), rate_limit: rate_limit == "on", ..Config::default() };
    run(listener, config, std::future::pending()).await.unwrap();
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A running server. Dropping it kills it.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    rate_limit: &'static str,
    folder: TempDir,
}

impl Server {
    /// One that lets tests hurry.
    pub fn start() -> Self {
        Self::with_rate_limit("off")
    }

    pub fn with_rate_limit(rate_limit: &'static str) -> Self {
        let folder = TempDir::new().unwrap();
        let (child, address) = spawn(([127, 0, 0, 1], 0).into(), folder.path(), rate_limit);
        Self { child, address, rate_limit, folder }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again where it was, with all it kept.
    pub fn restart(&mut self) {
        self.kill();
        (self.child, _) = spawn(self.address, self.folder.path(), self.rate_limit);
    }

    /// Starts it again where it was, with nothing.
    pub fn start_anew(&mut self) {
        self.kill();
        self.folder = TempDir::new().unwrap();
        (self.child, _) = spawn(self.address, self.folder.path(), self.rate_limit);
    }

    /// The program, with these words, for this server.
    pub fn snug(&self, words: &[&str]) -> Command {
        snug(self.address, words)
    }

    /// Runs it to its end.
    pub fn output(&self, words: &[&str]) -> Output {
        self.snug(words).output().unwrap()
    }

    /// Says something, and gives what the program prints.
    pub fn send(&self, room: &str, text: &str) -> Value {
        let sent = self.output(&["send", room, text, "--as", "ci", "--json"]);
        assert!(sent.status.success(), "{sent:?}");
        serde_json::from_slice(&sent.stdout).unwrap()
    }

    /// What a room has, as the program prints it.
    pub fn entries(&self, room: &str) -> Vec<Value> {
        let all = self.output(&["tail", room, "--no-follow", "--json", "-n", "100000"]);
        assert!(all.status.success(), "{all:?}");
        json_lines(&all.stdout)
    }

    pub fn messages(&self, room: &str) -> Vec<String> {
        self.entries(room).iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Everything that has come of a stream when it falls silent with the line `last`.
    pub fn raw_stream(&self, path: &str, last: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address).unwrap();
        let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
        let _ = lines.by_ref().find(String::is_empty);
        let mut all = String::new();
        for line in lines {
            all.push_str(&line);
            all.push('\n');
            if line == last {
                break;
            }
        }
        all
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(listen: SocketAddr, folder: &Path, rate_limit: &str) -> (Child, SocketAddr) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["commands::world::serves_when_it_is_told_to", "--exact", "--nocapture"])
        .env(ORDERS, format!("{listen}\n{}\n{rate_limit}", folder.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.find_map(|line| line.strip_prefix("Listening on ")?.parse().ok());
    drop(thread::spawn(move || lines.for_each(drop)));
    (child, address.expect("it says where it listens"))
}

/// The program, for a server at this address, with nothing that it or its user remembers.
pub fn snug(server: SocketAddr, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snug-cli"));
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("SNUG_")) {
        let _ = command.env_remove(name);
    }
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "USER", "USERNAME", "LOGNAME"] {
        let _ = command.env_remove(name);
    }
    let _ = command.args(words).env("SNUG_SERVER", server.to_string()).stdin(Stdio::null());
    let _ = command.env("SNUG_HOME", env::temp_dir().join("snug-commands-nobody-was-here")).env("TZ", "UTC");
    command
}

pub fn json_lines(bytes: &[u8]) -> Vec<Value> {
    let lines = str::from_utf8(bytes).unwrap().lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The program while it runs.
pub struct Running {
    pub child: Child,
    out: Arc<Mutex<Vec<String>>>,
    err: Arc<Mutex<Vec<String>>>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = gather(child.stdout.take().unwrap());
        let err = gather(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    pub fn input(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub fn out(&self) -> Vec<String> {
        self.out.lock().unwrap().clone()
    }

    pub fn err(&self) -> String {
        self.err.lock().unwrap().join("\n")
    }

    pub fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        until("it ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    #[cfg(unix)]
    pub fn interrupt(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gather(from: impl Read + Send + 'static) -> Arc<Mutex<Vec<String>>> {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let kept = lines.clone();
    drop(thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            kept.lock().unwrap().push(line);
        }
    }));
    lines
}

/// A server that gives these answers, one a connection, and hears requests: their bodies, and when they came. An empty answer
/// hangs up.
pub fn scripted(answers: Vec<String>) -> (SocketAddr, JoinHandle<Vec<(Instant, Value)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = thread::spawn(move || {
        let answer = |answer: String| {
            let (stream, _) = listener.accept().unwrap();
            let mut stream = BufReader::new(stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                let _ = stream.read_line(&mut line).unwrap();
                match line.trim_end().split_once(": ") {
                    Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                        length = value.parse().unwrap();
                    }
                    None if line.trim_end().is_empty() => break,
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let id = body["id"].as_str().unwrap();
            stream.get_mut().write_all(answer.replace("{id}", id).as_bytes()).unwrap();
            (Instant::now(), body)
        };
        answers.into_iter().map(answer).collect()
    });
    (address, heard)
}

/// An answer of HTTP.
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    // An id is as long as four of its placeholders.
    let length = body.len() + body.matches("{id}").count() * 32;
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}
