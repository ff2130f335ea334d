//! `snug rooms`: who talks where.

use std::io::{self, Write};

use clap::Args;
use jiff::Timestamp;
use snug_shared::{Millis, api::RoomInfo};

use super::{CommandError, ServerArg, printer, table, tell};
use crate::{api, format, settings::Settings};

/// `snug rooms`.
#[derive(Debug, Clone, Args)]
pub struct RoomsArgs {
    /// Print one JSON object a line, as the server's API has them
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

pub(super) async fn run(wanted: &RoomsArgs, settings: &Settings) -> Result<(), CommandError> {
    let server = wanted.server.server(settings);
    let rooms = api::rooms(server.clone()).await?.rooms;
    let mut out = io::stdout().lock();
    if wanted.json {
        for room in &rooms {
            let json = serde_json::to_string(room).map_err(io::Error::other)?;
            writeln!(out, "{}", printer::json(&json))?;
        }
    } else if rooms.is_empty() {
        tell(&format!("There are no rooms at {server} yet. snug send ROOM TEXT creates one."));
    } else {
        out.write_all(columns(&rooms, Timestamp::now().as_millisecond()).as_bytes())?;
    }
    Ok(out.flush()?)
}

/// The rooms in columns, under the names of those.
fn columns(rooms: &[RoomInfo], now: Millis) -> String {
    let mut rows = vec![["ROOM", "PEOPLE", "LAST SAID", "TOPIC"].map(str::to_owned)];
    rows.extend(rooms.iter().map(|room| {
        let last = if room.last == 0 { "-".to_owned() } else { format::ago(room.last_at, now) };
        let topic = room.topic.as_ref().map(|topic| printer::escape_controls(topic.as_str()).into_owned());
        let name = printer::escape_controls(room.room.as_str()).into_owned();
        [name, room.members.to_string(), last, topic.unwrap_or_default()]
    }));
    table::columns(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use snug_shared::{RoomName, Topic};

    const NOW: i64 = 1_750_000_000_000;

    #[test]
    fn columns_line_up_in_any_script() {
        let room = |name: &str, members, last, topic: &str| RoomInfo {
            room: RoomName::parse(name).unwrap(),
            members,
            last,
            last_at: NOW - 120_000,
            topic: Topic::parse(topic).ok().filter(|topic| !topic.is_empty()),
            locked: false,
        };
        let rooms = [room("茶室", 2, 7, "Green \u{202e}or black?"), room("quiet", 11, 0, "")];
        let expected = "\
ROOM   PEOPLE  LAST SAID  TOPIC
茶室   2       2 min ago  Green \\u{202e}or black?
quiet  11      -
";
        assert_eq!(columns(&rooms, NOW), expected);
    }
}
