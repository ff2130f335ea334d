//! `snug send`: something said in a room, once, or a clear word that it was not.

use std::{
    io::{self, BufRead, IsTerminal, Read, Write},
    time::Duration,
};

use clap::Args;
use snug_shared::{ErrorCode, MessageText, Nickname, RoomName, ServerAddress, api::Post};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{CommandError, ServerArg, printer, since, split, tell};
use crate::{
    api::{Api, ApiError, RawLine},
    connection::backoff::Delay,
    format,
    settings::Settings,
};

/// Input that is read before any of it is sent, in bytes.
const INPUT: u64 = 1 << 20;

/// Messages that one text may take: more would bury the room.
const MESSAGES: usize = 20;

/// How much of a message is shown to tell which one it was.
const SHOWN: usize = 60;

/// `snug send`.
#[derive(Debug, Clone, Args)]
pub struct SendArgs {
    /// The room
    #[arg(value_parser = RoomName::parse)]
    room: RoomName,
    /// The message; by default read from standard input
    text: Vec<String>,
    /// Send each line of standard input as it comes, instead of all of it at the end
    #[arg(long, conflicts_with = "text")]
    lines: bool,
    /// Your nickname; by default the one the app used last
    #[arg(long = "as", env = "SNUG_NICKNAME", value_name = "NAME", value_parser = Nickname::parse)]
    nickname: Option<Nickname>,
    /// How long to keep trying; a message is stored once, however often it is tried
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = since::duration)]
    timeout: Duration,
    /// Print each message as the server stored it, one JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

pub(super) async fn run(wanted: &SendArgs, settings: &Settings) -> Result<(), CommandError> {
    let user = wanted.nickname.clone().or_else(|| settings.suggested_nickname());
    let user = user.ok_or_else(|| CommandError::Other("Give a nickname: --as NAME.".to_owned()))?;
    let mut sender = Sender { server: wanted.server.server(settings), wanted, user, sent: 0 };
    if !wanted.text.is_empty() {
        sender.say_whole(&wanted.text.join(" ")).await?;
    } else if wanted.lines {
        sender.say_lines(&mut input().lock()).await?;
    } else {
        let mut text = Vec::new();
        let _ = input().lock().take(INPUT + 1).read_to_end(&mut text).map_err(unreadable)?;
        if text.len() as u64 > INPUT {
            return Err(too_long(&format!("more than {} KiB", INPUT / 1024)));
        }
        sender.say_whole(&String::from_utf8_lossy(&text)).await?;
    }
    if sender.sent == 0 {
        return Err(CommandError::Other("There was nothing to send.".to_owned()));
    }
    Ok(())
}

fn input() -> io::Stdin {
    let input = io::stdin();
    if input.is_terminal() {
        let end = if cfg!(windows) { "Ctrl-Z and Enter" } else { "Ctrl-D" };
        tell(&format!("Type your message, and end it with {end} on a line of its own."));
    }
    input
}

fn unreadable(error: io::Error) -> CommandError {
    CommandError::Other(format!("The input could not be read: {error}."))
}

fn too_long(how_long: &str) -> CommandError {
    CommandError::Other(format!(
        "That is {how_long}, which is too much for a room, so nothing was sent. Send a part of it; --lines sends line by line."
    ))
}

/// Says one thing after the other.
struct Sender<'a> {
    server: ServerAddress,
    wanted: &'a SendArgs,
    user: Nickname,
    /// Messages the server has.
    sent: u64,
}

impl Sender<'_> {
    async fn say_whole(&mut self, text: &str) -> Result<(), CommandError> {
        let messages = split::messages(text);
        if messages.len() > MESSAGES {
            return Err(too_long(&format!("{} messages long", messages.len())));
        }
        for message in messages {
            self.say(message).await?;
        }
        Ok(())
    }

    async fn say_lines(&mut self, input: &mut impl BufRead) -> Result<(), CommandError> {
        let mut line = Vec::new();
        while input.take(INPUT).read_until(b'\n', &mut line).map_err(unreadable)? > 0 {
            for message in split::messages(&String::from_utf8_lossy(&line)) {
                self.say(message).await?;
            }
            line.clear();
        }
        Ok(())
    }

    /// Says one message, as often as it takes.
    async fn say(&mut self, text: MessageText) -> Result<(), CommandError> {
        let (user, message) = (self.user.as_str().to_owned(), text.into_string());
        let post = Post { user, message, id: Some(Uuid::now_v7()) };
        let deadline = Instant::now() + self.wanted.timeout;
        let (mut is_certain, mut has_told) = (true, false);
        for tries in 0.. {
            let error = match self.once(&post).await {
                Ok(raw) => {
                    self.sent += 1;
                    return self.print(&raw);
                }
                Err(error) => error,
            };
            // Whether it is there can only be known when every try was refused.
            is_certain &= error.is_certain();
            let pause = error.retry_after().unwrap_or_else(|| Delay::Backoff.length(tries, &self.server));
            if !error.may_succeed_later() || pause > deadline.saturating_duration_since(Instant::now()) {
                return Err(self.failed(&error, &post.message, is_certain));
            }
            let is_asked_for = matches!(error, ApiError::Refused { code: ErrorCode::RateLimited, .. });
            if !is_asked_for && !has_told {
                tell(&format!("{} Trying again.", printer::escape_controls(&error.to_string())));
                has_told = true;
            }
            sleep(pause).await;
        }
        unreachable!("tries end by the clock");
    }

    async fn once(&self, post: &Post) -> Result<RawLine, ApiError> {
        Api::open(&self.server).await?.post(&self.wanted.room, post).await
    }

    fn print(&self, raw: &RawLine) -> Result<(), CommandError> {
        if self.wanted.json {
            let mut out = io::stdout().lock();
            writeln!(out, "{}", printer::json(&raw.json))?;
            out.flush()?;
        }
        Ok(())
    }

    fn failed(&self, error: &ApiError, message: &str, is_certain: bool) -> CommandError {
        let mut sentence = printer::escape_controls(&error.to_string()).into_owned();
        if matches!(error, ApiError::Refused { code: ErrorCode::NicknameTaken, .. }) {
            sentence.push_str(" For example: --as NAME.");
        }
        let what = format::one_line(message, SHOWN);
        let became = if is_certain { "was not sent" } else { "may have been stored all the same" };
        sentence.push_str(&format!(" “{}” {became}.", printer::escape_controls(&what)));
        if self.sent > 0 {
            sentence.push_str(&format!(" Sent before it: {}.", self.sent));
        }
        CommandError::Other(sentence)
    }
}
