//! `snug find`: which servers there are on the own network.

use std::{
    io::{self, Write},
    pin::pin,
    time::Duration,
};

use clap::Args;
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{CommandError, printer, table};
use crate::discovery::{self, Found};

/// What to do when no server is found.
const NOTHING: &str = "No server found on this network. Start one, or use its address: --server ADDRESS.";

/// `snug find`.
#[derive(Debug, Clone, Args)]
pub struct FindArgs {
    /// Seconds to look, from 1 to 3600
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=3600))]
    seconds: u16,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Print the list again each time it changes, meanwhile
    #[arg(long)]
    watch: bool,
}

pub(super) async fn run(wanted: &FindArgs) -> Result<(), CommandError> {
    let end = Instant::now() + Duration::from_secs(wanted.seconds.into());
    look(wanted, discovery::discover(), end, &mut io::stdout()).await
}

/// Prints what comes until `end`.
async fn look(
    wanted: &FindArgs,
    lists: impl Stream<Item = Vec<Found>>,
    end: Instant,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let mut lists = pin!(lists);
    let mut found = Vec::new();
    while let Ok(Some(list)) = timeout_at(end, lists.next()).await {
        found = list;
        if wanted.watch {
            print(wanted, &found, out)?;
        }
    }
    if found.is_empty() {
        return Err(CommandError::Other(NOTHING.to_owned()));
    }
    if wanted.watch { Ok(()) } else { print(wanted, &found, out) }
}

fn print(wanted: &FindArgs, found: &[Found], out: &mut impl Write) -> Result<(), CommandError> {
    match (wanted.json, wanted.watch) {
        // One line for each list, so that an empty one is seen.
        (true, true) => {
            let list: Vec<Value> = found.iter().map(object).collect();
            writeln!(out, "{}", printer::json(&json!({"servers": list}).to_string()))?;
        }
        (true, false) => {
            for server in found {
                writeln!(out, "{}", printer::json(&object(server).to_string()))?;
            }
        }
        (false, watch) => {
            out.write_all(columns(found).as_bytes())?;
            if watch {
                writeln!(out)?;
            }
        }
    }
    Ok(out.flush()?)
}

fn object(found: &Found) -> Value {
    let Found { id, name, addresses, tls, fingerprint, rooms, people, seen_by } = found;
    let ways = [("dns-sd", seen_by.dns_sd), ("datagram", seen_by.datagram)];
    let ways: Vec<_> = ways.iter().filter(|(_, seen)| *seen).map(|(way, _)| way).collect();
    let mut object = json!({
        "id": id, "name": name, "addresses": addresses, "tls": tls, "rooms": rooms, "people": people, "seen_by": ways,
    });
    if let Some(fingerprint) = fingerprint {
        object["fingerprint"] = fingerprint.as_str().into();
    }
    object
}

/// The servers in columns, under the names of those. The best address of each is the one to pass to `--server`.
fn columns(found: &[Found]) -> String {
    let mut rows = vec![["NAME", "ADDRESS", "ROOMS", "PEOPLE"].map(str::to_owned)];
    rows.extend(found.iter().map(|server| {
        let name = printer::escape_controls(&server.name).into_owned();
        let address = server.addresses.first().map(ToString::to_string).unwrap_or_default();
        [name, address, server.rooms.to_string(), server.people.to_string()]
    }));
    table::columns(&rows)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use snug_shared::{ServerAddress, ServerId, api::TlsMode};

    use super::*;
    use crate::discovery::SeenBy;

    fn found(name: &str) -> Found {
        Found {
            id: ServerId::parse("abcdefghijklmnopqrstuvwx27").unwrap(),
            name: name.to_owned(),
            addresses: ["192.168.1.20", "[fe80::1%eth0]:9000"]
                .map(|address| ServerAddress::parse(address).unwrap())
                .to_vec(),
            tls: TlsMode::Off,
            fingerprint: None,
            rooms: 3,
            people: 12,
            seen_by: SeenBy { dns_sd: true, datagram: false },
        }
    }

    async fn looked(json: bool, watch: bool, lists: Vec<Vec<Found>>) -> (String, Result<(), CommandError>) {
        let mut out = Vec::new();
        let wanted = FindArgs { seconds: 1, json, watch };
        let end = Instant::now() + Duration::from_secs(3_600);
        let done = look(&wanted, stream::iter(lists), end, &mut out).await;
        (String::from_utf8(out).unwrap(), done)
    }

    #[tokio::test]
    async fn what_is_found_in_the_end_is_printed_once() {
        let lists = || vec![vec![found("lab")], vec![found("茶\u{1b}室"), found("lab")]];
        let (printed, done) = looked(false, false, lists()).await;
        let expected = "\
NAME        ADDRESS            ROOMS  PEOPLE
茶\\u{1b}室  192.168.1.20:8000  3      12
lab         192.168.1.20:8000  3      12
";
        assert_eq!((printed.as_str(), done.is_ok()), (expected, true));
        let (printed, _) = looked(true, false, lists()).await;
        let objects: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let object = json!({
            "id": "abcdefghijklmnopqrstuvwx27", "name": "lab", "tls": "off", "rooms": 3, "people": 12,
            "addresses": ["192.168.1.20:8000", "[fe80::1%eth0]:9000"], "seen_by": ["dns-sd"],
        });
        assert_eq!((objects.len(), &objects[1]), (2, &object));
    }

    #[tokio::test]
    async fn whoever_watches_gets_every_list_and_an_empty_one_as_well() {
        let (printed, done) = looked(true, true, vec![vec![found("lab")], vec![]]).await;
        let lists: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let lengths = |list: &Value| list["servers"].as_array().unwrap().len();
        assert_eq!(lists.iter().map(lengths).collect::<Vec<_>>(), [1, 0]);
        assert!(done.is_err(), "there is none in the end");
    }

    #[tokio::test]
    async fn no_server_is_an_error_that_says_what_to_do() {
        for lists in [vec![], vec![vec![found("lab")], vec![]]] {
            let (printed, done) = looked(false, false, lists).await;
            assert_eq!(printed, "");
            assert!(matches!(done, Err(CommandError::Other(sentence)) if sentence.contains("--server")));
        }
    }
}
