//! A server on a free port, and requests sent to it byte by byte.

#![allow(dead_code, clippy::unwrap_used)] // each test uses a part; helpers of tests fail as tests do

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use snug_server::{Config, Server, backend::Backend, net::accept, shard::Shards};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

/// Longer than anything here takes: who waits this long waits for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with a data folder of its own, which both end with the test.
pub struct TestServer {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
    _folder: Option<TempDir>,
}

impl TestServer {
    /// Starts one with these settings, on a free port of this machine.
    pub async fn start(config: Config) -> Self {
        Self::start_over(1, config).await
    }

    /// The same, with its rooms spread over so many threads.
    pub async fn start_over(threads: usize, config: Config) -> Self {
        let folder = TempDir::new().unwrap();
        let config = Config { data_dir: folder.path().to_owned(), ..config };
        let server = Server::open_over(Shards::over(threads).unwrap(), config).await.unwrap();
        Self::serve(server, Some(folder))
    }

    /// Starts one on a backend that it may share with others.
    pub async fn start_on(backend: Backend, config: Config) -> Self {
        Self::serve(Server::over(backend, Shards::here(), config), None)
    }

    fn serve(server: Arc<Server>, folder: Option<TempDir>) -> Self {
        let listener = accept::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            let shutdown = async {
                let _ = stopping.await;
            };
            server.serve(listener, shutdown).await;
        });
        Self { address, stop: Some(stop), served, _folder: folder }
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        timeout(PATIENCE, &mut self.served).await.unwrap().unwrap();
    }

    /// A connection of its own.
    pub async fn connect(&self) -> Raw {
        Raw::connect(self.address).await
    }

    /// Sends one request on a connection of its own: the request line without its version, more headers, and a body.
    pub async fn request(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let mut raw = self.connect().await;
        raw.request(line, headers, body).await;
        raw.response().await
    }

    /// `GET`s a path.
    pub async fn get(&self, path: &str) -> Response {
        self.request(&format!("GET {path}"), &[], "").await
    }

    /// `POST`s JSON to a path.
    pub async fn post(&self, path: &str, body: &Value) -> Response {
        let json = [("Content-Type", "application/json")];
        self.request(&format!("POST {path}"), &json, &body.to_string()).await
    }
}

/// A connection on which bytes are sent as they are.
pub struct Raw {
    pub stream: TcpStream,
    read: Vec<u8>,
}

impl Raw {
    /// Connects to a server.
    pub async fn connect(server: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(server).await.unwrap(), read: Vec::new() }
    }

    /// The same, where the system keeps next to nothing of what was not read.
    pub async fn connect_unbuffered(server: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        Self { stream: socket.connect(server).await.unwrap(), read: Vec::new() }
    }

    /// Sends bytes; that the other side has had enough is not an error here.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Sends a request with a `Host`, unless the headers have one; a header without a value is left out.
    pub async fn request(&mut self, line: &str, headers: &[(&str, &str)], body: &str) {
        let mut text = format!("{line} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            text.push_str(&format!("Host: {}\r\n", self.stream.peer_addr().unwrap()));
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.send(format!("{text}\r\n{body}")).await;
    }

    /// Reads one response: its head, and the body its length announces.
    pub async fn response(&mut self) -> Response {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.more().await > 0, "closed before a response: {:?}", self.text());
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let response = Response::new(&head);
        let length = response.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            assert!(self.more().await > 0, "closed within a body: {:?}", self.text());
        }
        let body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        Response { body, ..response }
    }

    /// Everything until the other side closes.
    pub async fn rest(&mut self) -> String {
        while self.more().await > 0 {}
        self.text()
    }

    /// Everything until this has come.
    pub async fn until(&mut self, wanted: &str) -> String {
        while !self.text().contains(wanted) {
            assert!(self.more().await > 0, "closed before {wanted}: {:?}", self.text());
        }
        self.text()
    }

    async fn more(&mut self) -> usize {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
        // A reset ends a connection as well as a close does.
        read.expect("the other side to say something or to close").unwrap_or(0)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    fn new(head: &str) -> Self {
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: String::new() }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(named, _)| named == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status, and the `code` of a refusal; checks that a refusal has the shape all of them have.
    pub fn refusal(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(body["type"], "error", "{self:?}");
        assert!(
            body["message"].as_str().is_some_and(|message| message.ends_with('.') || message.len() > 10),
            "{self:?}"
        );
        (self.status, body["code"].as_str().unwrap().to_owned())
    }
}
