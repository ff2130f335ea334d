//! One app for each data folder: two would hold the same outboxes. The first one locks the folder and listens; the next one hands
//! over what it was started for and ends.
//!
//! They meet on a loopback port that the first one writes into the folder, with a secret: whoever can read that file is the same
//! person. A lock goes with its process, so a crash leaves nothing to clean up.

use std::{
    fs::TryLockError,
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

use crate::files::{self, FileLock};

/// How long the first app may take to listen, and to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one line between two apps may take.
const LINE: Duration = Duration::from_secs(2);
/// The longest such line, and the longest file that says where the first app listens.
const BYTES: u64 = 16 << 10;
const TAKEN: &[u8] = b"ok\n";

/// What an app was started for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The server or the invite link to open.
    pub join: Option<String>,
    /// The room to join there.
    pub room: Option<String>,
    /// The nickname.
    pub nickname: Option<String>,
}

/// Where the first app listens.
#[derive(Debug, Serialize, Deserialize)]
struct Endpoint {
    port: u16,
    secret: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct HandOver {
    secret: String,
    launch: Launch,
}

/// The lock on a data folder, for as long as this lives.
#[derive(Debug)]
pub struct Instance {
    _lock: FileLock,
    endpoint: PathBuf,
}

/// The answer to [`claim`].
#[derive(Debug)]
pub enum Claim {
    /// This app is the first one.
    First(Instance),
    /// Another one does what this one was started for.
    HandedOver,
    /// Another one has the folder and does not answer.
    NoAnswer,
}

/// Becomes the app of a data folder, or hands over what it was started for to the one that is. Blocks until it is clear which.
///
/// # Errors
/// The folder can't be locked; nothing is known of other apps then.
pub fn claim(folder: &Path, launch: &Launch) -> io::Result<Claim> {
    files::private_folder(folder)?;
    let path = folder.join("app.lock");
    let endpoint = folder.join("app.endpoint");
    let deadline = Instant::now() + PATIENCE;
    loop {
        match FileLock::take(&path) {
            Ok(lock) => {
                // What the last app left behind leads nowhere.
                let _ = std::fs::remove_file(&endpoint);
                return Ok(Claim::First(Instance { _lock: lock, endpoint }));
            }
            Err(TryLockError::Error(error)) => return Err(error),
            // It may be starting, or just ending.
            Err(TryLockError::WouldBlock) => match hand_over(&endpoint, launch) {
                Ok(()) => return Ok(Claim::HandedOver),
                Err(_) if Instant::now() > deadline => return Ok(Claim::NoAnswer),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            },
        }
    }
}

fn hand_over(endpoint: &Path, launch: &Launch) -> io::Result<()> {
    let Endpoint { port, secret } = serde_json::from_slice(&files::read_at_most(endpoint, BYTES)?)?;
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&at, LINE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(LINE))?;
    let mut line = serde_json::to_vec(&HandOver { secret, launch: launch.clone() })?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = Vec::new();
    let _ = BufReader::new(stream.take(TAKEN.len() as u64)).read_until(b'\n', &mut answer)?;
    if answer == TAKEN { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

impl Instance {
    /// The file that says where this app listens.
    pub fn endpoint(&self) -> &Path {
        &self.endpoint
    }
}

/// The launches of apps that were started later, for as long as the stream lives. Needs a tokio runtime around it.
pub fn launches(endpoint: PathBuf) -> impl Stream<Item = Launch> + Send + use<> {
    let opened = stream::once(open(endpoint)).filter_map(async |opened| {
        opened.inspect_err(|error| tracing::warn!(%error, "another start can't reach this app")).ok()
    });
    opened.flat_map(|state| {
        stream::unfold(state, async |(listener, secret)| {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        if let Ok(Some(launch)) = timeout(LINE, answer(stream, &secret)).await {
                            return Some((launch, (listener, secret)));
                        }
                    }
                    // Out of descriptors, most likely.
                    Err(_) => sleep(Duration::from_secs(1)).await,
                }
            }
        })
    })
}

async fn open(endpoint: PathBuf) -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(io::Error::other)?;
    let secret = HEXLOWER.encode(&bits);
    let at = Endpoint { port: listener.local_addr()?.port(), secret: secret.clone() };
    let content = serde_json::to_vec(&at)?;
    tokio::task::spawn_blocking(move || files::replace(&endpoint, &content))
        .await
        .map_err(io::Error::other)??;
    Ok((listener, secret))
}

/// Takes what another app was started for, from whoever knows the secret.
async fn answer(mut stream: AsyncStream, secret: &str) -> Option<Launch> {
    let (read, mut write) = stream.split();
    let mut line = Vec::new();
    let _ = AsyncBufReader::new(read.take(BYTES)).read_until(b'\n', &mut line).await.ok()?;
    let request: HandOver = serde_json::from_slice(&line).ok()?;
    if request.secret != secret {
        return None;
    }
    write.write_all(TAKEN).await.ok()?;
    Some(request.launch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(folder: &Path) -> Instance {
        match claim(folder, &Launch::default()).unwrap() {
            Claim::First(instance) => instance,
            other => panic!("nobody else is here: {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_second_start_on_the_same_data_hands_over_what_it_was_started_for() {
        let folder = tempfile::tempdir().unwrap();
        let instance = first(folder.path());
        let mut launches = Box::pin(launches(instance.endpoint().to_owned()));
        for room in ["tea", "garden"] {
            let launch = Launch { join: Some("lab.local".into()), room: Some(room.into()), nickname: None };
            let (path, wanted) = (folder.path().to_owned(), launch.clone());
            let second = tokio::task::spawn_blocking(move || claim(&path, &wanted).unwrap());
            assert_eq!(launches.next().await, Some(launch));
            assert!(matches!(second.await.unwrap(), Claim::HandedOver));
        }
        drop((launches, instance));
        drop(first(folder.path()));
    }

    #[tokio::test]
    async fn who_does_not_know_the_secret_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let instance = first(folder.path());
        let mut launches = Box::pin(launches(instance.endpoint().to_owned()));
        let endpoint = instance.endpoint().to_owned();
        let stranger = tokio::task::spawn_blocking(move || {
            let written = loop {
                if let Ok(written) = std::fs::read(&endpoint) {
                    break written;
                }
                std::thread::sleep(Duration::from_millis(5));
            };
            let wrong = Endpoint { secret: "guessed".into(), ..serde_json::from_slice(&written).unwrap() };
            std::fs::write(&endpoint, serde_json::to_vec(&wrong).unwrap()).unwrap();
            let refused = hand_over(&endpoint, &Launch::default()).is_err();
            std::fs::write(&endpoint, written).unwrap();
            hand_over(&endpoint, &Launch { room: Some("tea".into()), ..Launch::default() }).unwrap();
            refused
        });
        let launch = launches.next().await;
        assert!(stranger.await.unwrap());
        assert_eq!(launch.and_then(|launch| launch.room), Some("tea".into()));
    }
}
