//! `snug tail`: what is said in a room, as it is said, through every interruption.

use std::io::{self, BufWriter, StdoutLock, Write};

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use snug_shared::{Line, RoomName, Seq, ServerAddress, api::Page};
use tokio::time::sleep;
use uuid::Uuid;

use super::{CommandError, ServerArg, printer, since::Since, tell};
use crate::{
    api::{Api, ApiError, LogRange, RawLine},
    connection::backoff::Delay,
    settings::Settings,
};

/// `snug tail`.
#[derive(Debug, Clone, Args)]
pub struct TailArgs {
    /// The room
    #[arg(value_parser = RoomName::parse)]
    room: RoomName,
    /// Start at this time of the server's clock: 10m, 2h, 1d, or a time such as 2026-03-01T12:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = str::parse::<Since>, conflicts_with = "lines")]
    since: Option<Since>,
    /// Start with the newest N entries
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    lines: u64,
    /// End after the newest entry, instead of waiting for more
    #[arg(long)]
    no_follow: bool,
    /// Print entries as the server's API streams them, one JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

pub(super) async fn run(wanted: &TailArgs, settings: &Settings) -> Result<(), CommandError> {
    let mut reader = Reader {
        server: wanted.server.server(settings),
        wanted,
        place: None,
        until: None,
        has_told: false,
        printer: printer::Printer::new(TimeZone::system()),
        out: BufWriter::new(io::stdout().lock()),
    };
    let mut tries = 0;
    loop {
        let before = reader.place.clone();
        let error = match reader.follow().await {
            Ok(Followed::AllThereIs) => return Ok(()),
            Ok(Followed::ToTheEnd) => ApiError::Lost(reader.server.authority()),
            Err(CommandError::Api(error)) => error,
            Err(stop) => return Err(stop),
        };
        // A server that was never reached, and a tail that ends by itself, are not tried again.
        if reader.place.is_none() || wanted.no_follow || !error.may_succeed_later() {
            return Err(error.into());
        }
        if !reader.has_told {
            tell(&format!("{} Trying again.", printer::escape_controls(&error.to_string())));
            reader.has_told = true;
        }
        tries = if reader.place == before { tries + 1 } else { 0 };
        sleep(error.retry_after().unwrap_or_else(|| Delay::Backoff.length(tries, &reader.server))).await;
    }
}

/// How far one connection brought us.
enum Followed {
    /// To the last entry asked for.
    AllThereIs,
    /// To where the server ended it.
    ToTheEnd,
}

/// The last entry that was printed, or that was passed over at the start, and what it can be known again by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    epoch: Option<String>,
    seq: Seq,
    id: Option<Uuid>,
}

impl Place {
    fn new(page: &Page, seq: Seq) -> Self {
        let entry = page.entries.iter().find(|line| line.seq() == seq).and_then(Line::entry);
        Self { epoch: page.epoch.clone(), seq, id: entry.map(|entry| entry.id) }
    }

    /// Whether this place is in the log that a page, asked for from here on, is of.
    fn is_in(&self, page: &Page) -> bool {
        let there = page.entries.first().filter(|line| line.seq() == self.seq);
        let has_it =
            there.is_some_and(|line| self.id.zip(line.entry()).is_none_or(|(id, entry)| id == entry.id));
        has_it && self.epoch.as_ref().is_none_or(|epoch| page.epoch.as_ref() == Some(epoch))
    }
}

struct Reader<'a> {
    server: ServerAddress,
    wanted: &'a TailArgs,
    /// ServerArg it is; none before the server was there for the first time.
    place: Option<Place>,
    /// The entry to end with.
    until: Option<Seq>,
    /// Whether the person knows that the server is away.
    has_told: bool,
    printer: printer::Printer,
    out: BufWriter<StdoutLock<'static>>,
}

impl Reader<'_> {
    /// Follows the room for as long as one connection lasts.
    async fn follow(&mut self) -> Result<Followed, CommandError> {
        let mut api = Api::open(&self.server).await?;
        let mut place = match self.place.clone() {
            None => self.begin(&mut api).await?,
            Some(place) => self.come_back(&mut api, place).await?,
        };
        self.place = Some(place.clone());
        if self.has_all(&place) {
            return Ok(Followed::AllThereIs);
        }
        let mut stream = api.stream(&self.wanted.room, place.seq).await?;
        if std::mem::take(&mut self.has_told) {
            tell("Connected again.");
        }
        while let Some(entries) = stream.next().await? {
            for raw in entries {
                if raw.line.seq() <= place.seq || self.has_all(&place) {
                    continue;
                }
                self.print(&raw)?;
                place.seq = raw.line.seq();
                place.id = raw.line.entry().map(|entry| entry.id);
            }
            self.out.flush()?;
            self.place = Some(place.clone());
            if self.has_all(&place) {
                return Ok(Followed::AllThereIs);
            }
        }
        Ok(Followed::ToTheEnd)
    }

    fn has_all(&self, place: &Place) -> bool {
        self.until.is_some_and(|until| place.seq >= until)
    }

    /// Finds the place to begin after.
    async fn begin(&mut self, api: &mut Api) -> Result<Place, CommandError> {
        let page = api.messages(&self.wanted.room, LogRange::Newest, 1).await?;
        if self.wanted.no_follow {
            self.until = Some(page.last);
        } else if page.last == 0 {
            tell(&format!(
                "Nobody has said anything in {} yet. Waiting.",
                printer::escape_controls(self.wanted.room.as_str())
            ));
        }
        let after = match self.wanted.since {
            None => page.last.saturating_sub(self.wanted.lines),
            Some(since) => self.before(api, since, &page).await?,
        };
        Ok(Place::new(&page, after))
    }

    /// The last entry from before a moment: times ascend with the entries unless the server's clock was set back.
    async fn before(&self, api: &mut Api, since: Since, page: &Page) -> Result<Seq, CommandError> {
        let now = api.server_time().unwrap_or_else(|| Timestamp::now().as_millisecond());
        let from = since.at(now);
        let (mut low, mut high) = (page.first.max(1), page.last.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let page = api.messages(&self.wanted.room, LogRange::After(middle - 1), 1).await?;
            let entry = page.entries.first().and_then(Line::entry);
            // One whose time this version can't read is rather printed than left out.
            if entry.is_none_or(|entry| entry.at >= from) { high = middle } else { low = middle + 1 }
        }
        Ok(low - 1)
    }

    /// The place to go on after; the beginning, when the server has another log than the one that was read.
    async fn come_back(&self, api: &mut Api, place: Place) -> Result<Place, CommandError> {
        if place.seq == 0 {
            return Ok(place);
        }
        let page = api.messages(&self.wanted.room, LogRange::After(place.seq - 1), 1).await?;
        if place.is_in(&page) {
            return Ok(Place { epoch: page.epoch, ..place });
        }
        tell("The server has started a new history of this room. It follows from its beginning.");
        Ok(Place { epoch: page.epoch, seq: 0, id: None })
    }

    fn print(&mut self, raw: &RawLine) -> Result<(), CommandError> {
        if self.wanted.json {
            writeln!(self.out, "{}", printer::json(&raw.json))?;
        } else if let Some(line) = self.printer.line(&raw.line) {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}
