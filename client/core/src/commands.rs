//! Rooms as pipes: `snug send`, `snug tail` and `snug rooms` speak the HTTP API on a command line, without a window; `snug find`
//! finds servers, and `snug doctor` says why one can't be reached.
//!
//! Data goes to stdout and nothing else does; words for people go to stderr. They end with 0 when what was asked is done, with
//! 1 when the server refused or could not be had, with 2 when the command line makes no sense, with 130 after Ctrl-C.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::{self, ExitCode},
};

use clap::{Args, Subcommand};
use snug_shared::{DEFAULT_PORT, ServerAddress};
use url::Host;

use crate::{
    api::ApiError,
    settings::{Home, Settings},
};

mod doctor;
mod find;
mod printer;
mod rooms;
mod send;
mod since;
mod split;
mod table;
mod tail;

const SEND: &str = "\
Examples:
  snug send ops \"The build is green.\"
  make 2>&1 | snug send ops --as builder
  tail -f app.log | snug send ops --lines";

const TAIL: &str = "\
Examples:
  snug tail ops
  snug tail ops --json --since 10m --no-follow | jq -r .message";

const DOCTOR: &str = "\
Examples:
  snug doctor 192.168.1.20
  snug doctor lab.local:8001 --json | jq -r .says";

/// The commands that need no window.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Send a message to a room
    ///
    /// Without TEXT, standard input is read to its end and sent. A text too long for one message is split
    /// at line ends; one that needs more than 20 messages is refused. Colours and other terminal codes are
    /// removed. The command ends when the server has stored the message.
    #[command(verbatim_doc_comment, after_help = SEND)]
    Send(send::SendArgs),
    /// Print a room's messages as they arrive
    ///
    /// Runs until Ctrl-C and reconnects by itself: nothing is left out, nothing is repeated.
    #[command(verbatim_doc_comment, after_help = TAIL)]
    Tail(tail::TailArgs),
    /// List a server's rooms
    Rooms(rooms::RoomsArgs),
    /// Find out why a server can't be reached
    ///
    /// Looks at the way to it step by step, says what is wrong, and what to do about it on this system.
    /// Takes 10 seconds at most and needs no special rights. Exit codes: 0 all is well, 1 something is
    /// wrong, 2 wrong usage.
    #[command(verbatim_doc_comment, after_help = DOCTOR)]
    Doctor(doctor::DoctorArgs),
    /// Find the servers on your network
    ///
    /// Looks for some seconds and lists the servers that answered. The command ends with 1 when there are none.
    #[command(verbatim_doc_comment)]
    Find(find::FindArgs),
}

/// Which server is meant.
#[derive(Debug, Clone, Args)]
struct ServerArg {
    /// The server's address; by default the one the app used last, else this computer
    #[arg(long, env = "SNUG_SERVER", value_name = "ADDRESS", value_parser = ServerAddress::parse)]
    server: Option<ServerAddress>,
}

impl ServerArg {
    fn server(&self, settings: &Settings) -> ServerAddress {
        let lately = || settings.servers().first().map(|server| (*server).clone());
        self.server.clone().or_else(lately).unwrap_or_else(|| ServerAddress {
            host: Host::Domain("localhost".to_owned()),
            port: DEFAULT_PORT,
            secure: false,
            zone: None,
        })
    }
}

/// Why a command ended before it was done.
#[derive(Debug)]
enum CommandError {
    /// Nobody reads on: `snug tail tea | head` has had enough.
    OutputClosed,
    /// The server was asked in vain.
    Api(ApiError),
    /// It said itself what is wrong.
    Told,
    /// Anything else, in a sentence or more for a person.
    Other(String),
}

impl From<ApiError> for CommandError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Other(format!("The output could not be written: {error}.")),
        }
    }
}

/// Does what was asked for, and says how it ended.
pub fn run(command: &Command, data_dir: Option<PathBuf>) -> ExitCode {
    let (settings, notice) = remembered(data_dir);
    if let Some(notice) = notice {
        tell(&notice);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&format!("The system has no threads to spare: {error}."));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        // On a thread of its own: it must end a command that waits for its output to be read.
        drop(tokio::spawn(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                process::exit(INTERRUPTED);
            }
        }));
        match command {
            Command::Send(send) => send::run(send, &settings).await,
            Command::Tail(tail) => tail::run(tail, &settings).await,
            Command::Rooms(rooms) => rooms::run(rooms, &settings).await,
            Command::Doctor(doctor) => doctor::run(doctor).await,
            Command::Find(find) => find::run(find).await,
        }
    });
    // A name that is still being looked up by the system can't be called off, and nobody waits for it.
    runtime.shutdown_background();
    match done {
        Ok(()) | Err(CommandError::OutputClosed) => ExitCode::SUCCESS,
        Err(CommandError::Told) => ExitCode::FAILURE,
        Err(CommandError::Api(error)) => {
            tell(&printer::escape_controls(&error.to_string()));
            ExitCode::FAILURE
        }
        Err(CommandError::Other(sentence)) => {
            tell(&sentence);
            ExitCode::FAILURE
        }
    }
}

/// Ended by Ctrl-C, as shells write it.
const INTERRUPTED: i32 = 130;

/// The app's settings; the defaults where there is no place for them.
fn remembered(data_dir: Option<PathBuf>) -> (Settings, Option<String>) {
    let home = data_dir.map_or_else(Home::find, |folder| Ok(Home::at(&folder)));
    home.map_or_else(|_| (Settings::default(), None), |home| Settings::load(&home))
}

/// Tells the person something, who may have stopped listening.
fn tell(sentence: &str) {
    let _ = writeln!(io::stderr(), "snug: {sentence}");
}
