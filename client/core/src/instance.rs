//! One app for each data folder: two would hold the same outboxes. The first one locks the folder and listens; the next one hands
//! over what it was started for and ends.
//!
//! They meet on a loopback port that the first one writes into the folder, with a secret: whoever can read that file is the same
//! person. A lock goes with its process, so a crash leaves nothing to clean up.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use data_encoding::HEXLOWER;
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncBufReader},
    net::{TcpListener, TcpStream as AsyncStream},
    time::{sleep, timeout},
};

use crate::files;

/// How long the first app may take to open its door, and to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a line on the door may take.
const LINE: Duration = Duration::from_secs(2);
/// The longest such line, and the longest file that says where the door is.
const BYTES: u64 = 16 << 10;
const TAKEN: &[u8] = b"ok\n";

/// What an app was started for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The server or the invite link to open.
    pub join: Option<String>,
    /// The room to join there.
    pub room: Option<String>,
    /// The nickname.
    pub nickname: Option<String>,
}

/// Where the first app listens.
#[derive(Debug, Serialize, Deserialize)]
struct Door {
    port: u16,
    secret: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Knock {
    secret: String,
    call: Call,
}

/// The lock on a data folder, for as long as this lives.
#[derive(Debug)]
pub struct Instance {
    _lock: File,
    door: PathBuf,
}

/// The answer to [`claim`].
#[derive(Debug)]
pub enum Claim {
    /// This app is the first one.
    First(Instance),
    /// Another one has taken the call.
    HandedOver,
    /// Another one has the folder and does not answer.
    NoAnswer,
}

/// Becomes the app of a data folder, or hands the call over to the one that is. Blocks until it is clear which.
///
/// # Errors
/// The folder can't be locked; nothing is known of other apps then.
pub fn claim(folder: &Path, call: &Call) -> io::Result<Claim> {
    files::private_folder(folder)?;
    let path = folder.join("app.lock");
    let lock = files::private(OpenOptions::new().write(true).create(true).truncate(false)).open(path)?;
    let door = folder.join("app.door");
    let deadline = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => {
                // What the last app left behind leads nowhere.
                let _ = std::fs::remove_file(&door);
                return Ok(Claim::First(Instance { _lock: lock, door }));
            }
            Err(TryLockError::Error(error)) => return Err(error),
            // It may be starting, or just ending.
            Err(TryLockError::WouldBlock) => match knock(&door, call) {
                Ok(()) => return Ok(Claim::HandedOver),
                Err(_) if Instant::now() > deadline => return Ok(Claim::NoAnswer),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            },
        }
    }
}

fn knock(door: &Path, call: &Call) -> io::Result<()> {
    let Door { port, secret } = serde_json::from_slice(&files::read_at_most(door, BYTES)?)?;
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&at, LINE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(LINE))?;
    let mut line = serde_json::to_vec(&Knock { secret, call: call.clone() })?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = Vec::new();
    let _ = BufReader::new(stream.take(TAKEN.len() as u64)).read_until(b'\n', &mut answer)?;
    if answer == TAKEN { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

impl Instance {
    /// Where the door is written down.
    pub fn door(&self) -> &Path {
        &self.door
    }
}

/// The calls of apps that were started later, for as long as the stream lives. Needs a tokio runtime around it.
pub fn calls(door: PathBuf) -> impl Stream<Item = Call> + Send + use<> {
    let opened = stream::once(open(door)).filter_map(async |opened| {
        opened.inspect_err(|error| tracing::warn!(%error, "another start can't reach this app")).ok()
    });
    opened.flat_map(|state| {
        stream::unfold(state, async |(listener, secret)| {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        if let Ok(Some(call)) = timeout(LINE, answer(stream, &secret)).await {
                            return Some((call, (listener, secret)));
                        }
                    }
                    // Out of descriptors, most likely.
                    Err(_) => sleep(Duration::from_secs(1)).await,
                }
            }
        })
    })
}

async fn open(door: PathBuf) -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(io::Error::other)?;
    let secret = HEXLOWER.encode(&bits);
    let at = Door { port: listener.local_addr()?.port(), secret: secret.clone() };
    let content = serde_json::to_vec(&at)?;
    tokio::task::spawn_blocking(move || files::replace(&door, &content))
        .await
        .map_err(io::Error::other)??;
    Ok((listener, secret))
}

/// Takes a call, from whoever knows the secret.
async fn answer(mut stream: AsyncStream, secret: &str) -> Option<Call> {
    let (read, mut write) = stream.split();
    let mut line = Vec::new();
    let _ = AsyncBufReader::new(read.take(BYTES)).read_until(b'\n', &mut line).await.ok()?;
    let knock: Knock = serde_json::from_slice(&line).ok()?;
    if knock.secret != secret {
        return None;
    }
    write.write_all(TAKEN).await.ok()?;
    Some(knock.call)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(folder: &Path) -> Instance {
        match claim(folder, &Call::default()).unwrap() {
            Claim::First(instance) => instance,
            other => panic!("nobody else is here: {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_second_start_on_the_same_data_hands_over_what_it_was_started_for() {
        let folder = tempfile::tempdir().unwrap();
        let instance = first(folder.path());
        let mut calls = Box::pin(calls(instance.door().to_owned()));
        for room in ["tea", "garden"] {
            let call = Call { join: Some("lab.local".into()), room: Some(room.into()), nickname: None };
            let (path, wanted) = (folder.path().to_owned(), call.clone());
            let second = tokio::task::spawn_blocking(move || claim(&path, &wanted).unwrap());
            assert_eq!(calls.next().await, Some(call));
            assert!(matches!(second.await.unwrap(), Claim::HandedOver));
        }
        drop((calls, instance));
        drop(first(folder.path()));
    }

    #[tokio::test]
    async fn who_does_not_know_the_secret_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let instance = first(folder.path());
        let mut calls = Box::pin(calls(instance.door().to_owned()));
        let door = instance.door().to_owned();
        let stranger = tokio::task::spawn_blocking(move || {
            let written = loop {
                if let Ok(written) = std::fs::read(&door) {
                    break written;
                }
                std::thread::sleep(Duration::from_millis(5));
            };
            let wrong = Door { secret: "guessed".into(), ..serde_json::from_slice(&written).unwrap() };
            std::fs::write(&door, serde_json::to_vec(&wrong).unwrap()).unwrap();
            let refused = knock(&door, &Call::default()).is_err();
            std::fs::write(&door, written).unwrap();
            knock(&door, &Call { room: Some("tea".into()), ..Call::default() }).unwrap();
            refused
        });
        let call = calls.next().await;
        assert!(stranger.await.unwrap());
        assert_eq!(call.and_then(|call| call.room), Some("tea".into()));
    }
}
