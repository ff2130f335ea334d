//! The trace that `strace` writes, read as what happened to the log's files and what went to sockets.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::FILES;

#[derive(Debug, PartialEq)]
pub enum Event {
    /// The disk may have this, or not, or a part of it.
    Wrote {
        file: usize,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncated {
        file: usize,
        length: usize,
    },
    /// The disk has what was written to the file up to the event with this number.
    Synced(usize, usize),
    /// These ids went to a socket.
    Told(Vec<Uuid>),
}

/// What of a trace matters here.
pub fn events(trace: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut unfinished: HashMap<&str, (usize, usize)> = HashMap::new();
    let mut positions: HashMap<usize, usize> = HashMap::new();
    for line in trace.lines() {
        let Some((process, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.starts_with("<... f") && call.contains("sync resumed>") {
            if let Some((file, until)) = unfinished.remove(process)
                && call.ends_with("= 0")
            {
                events.push(Event::Synced(file, until));
            }
            continue;
        }
        let Some((name, arguments)) = call.split_once('(') else { continue };
        let Some((path, rest)) = path(arguments) else { continue };
        let Some(file) = FILES.iter().position(|file| path.ends_with(&format!("/{file}"))) else {
            if path.starts_with("socket:") || path.contains("TCP") {
                let ids = ids(&strings(rest).concat());
                if !ids.is_empty() {
                    events.push(Event::Told(ids));
                }
            }
            continue;
        };
        let number = |at: usize| rest.rsplit(['(', ',']).nth(at).map(digits).unwrap_or_default();
        match name {
            "pwrite64" => {
                events.push(Event::Wrote { file, offset: number(0), bytes: strings(rest).concat() })
            }
            "write" => {
                let bytes = strings(rest).concat();
                let at = positions.entry(file).or_default();
                events.push(Event::Wrote { file, offset: *at, bytes: bytes.clone() });
                *at += bytes.len();
            }
            "lseek" => {
                let _ = positions.insert(file, number(1));
            }
            "ftruncate" => events.push(Event::Truncated { file, length: number(0) }),
            "fsync" | "fdatasync" if call.contains("<unfinished") => {
                let _ = unfinished.insert(process, (file, events.len()));
            }
            "fsync" | "fdatasync" if call.ends_with("= 0") => events.push(Event::Synced(file, events.len())),
            _ => {}
        }
    }
    events
}

fn digits(text: &str) -> usize {
    let digits: String = text.trim().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

/// The path behind a descriptor, as `-y` writes it, and what follows.
fn path(arguments: &str) -> Option<(String, &str)> {
    let (_, rest) = arguments.split_once('<')?;
    let (path, rest) = rest.split_once('>')?;
    Some((String::from_utf8_lossy(&unescape(path)).into_owned(), rest))
}

/// Every string of a call, decoded.
fn strings(call: &str) -> Vec<Vec<u8>> {
    call.split('"').skip(1).step_by(2).map(unescape).collect()
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4);
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = match tail {
            [b'x', high, low, tail @ ..] if *first == b'\\' => {
                let digit = |hex: &u8| (*hex as char).to_digit(16).unwrap_or_default() as u8;
                bytes.push(digit(high) << 4 | digit(low));
                tail
            }
            _ => {
                bytes.push(*first);
                tail
            }
        };
    }
    bytes
}

/// The ids of entries in what was sent.
fn ids(bytes: &[u8]) -> Vec<Uuid> {
    let text = String::from_utf8_lossy(bytes);
    text.split(r#"{"type":"chat_message","seq":"#)
        .skip(1)
        .filter_map(|entry| entry.split_once(r#""id":""#)?.1.get(..36)?.parse().ok())
        .collect()
}

/// The entries that went to a socket before any write with them was synced.
pub fn early(events: &[Event]) -> Vec<Uuid> {
    // In the file an id is its sixteen bytes.
    let mut written: HashMap<Uuid, usize> = HashMap::new();
    let told = events.iter().filter_map(|event| if let Event::Told(ids) = event { Some(ids) } else { None });
    let wanted: HashSet<Uuid> = told.flatten().copied().collect();
    let mut synced = [0; FILES.len()];
    let mut early = Vec::new();
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Wrote { file, bytes, .. } if *file == 1 => {
                for window in bytes.windows(16) {
                    let id = Uuid::from_slice(window).expect("sixteen bytes");
                    if id.get_version_num() == 7 && wanted.contains(&id) {
                        written.entry(id).or_insert(index);
                    }
                }
            }
            Event::Synced(file, until) => synced[*file] = *until,
            Event::Told(ids) => {
                early.extend(ids.iter().filter(|id| written.get(id).is_none_or(|at| *at >= synced[1])));
            }
            _ => {}
        }
    }
    early
}

#[test]
fn an_acknowledgement_before_its_sync_is_noticed() {
    let id = Uuid::now_v7();
    let wrote = || Event::Wrote { file: 1, offset: 0, bytes: [&[0; 9][..], id.as_bytes()].concat() };
    let told = || Event::Told(vec![id]);
    assert_eq!(early(&[wrote(), Event::Synced(1, 1), told()]), [] as [Uuid; 0]);
    assert_eq!(early(&[wrote(), told(), Event::Synced(1, 1)]), [id]);
    assert_eq!(early(&[Event::Synced(1, 0), wrote(), told()]), [id]);
    assert_eq!(early(&[wrote(), Event::Synced(0, 1), told()]), [id], "another file's");
    assert_eq!(early(&[told()]), [id]);
}

#[test]
fn a_trace_is_read_as_strace_writes_it() {
    let id = Uuid::now_v7();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let wal = hex(b"/data/snug.db-wal");
    let frame = hex(format!(r#"{{"type":"chat_message","seq":1,"id":"{id}","at":1}}"#).as_bytes());
    let socket = hex(b"socket:[77]");
    let trace = format!(
        "11    pwrite64(9<{wal}>, \"\\x01\\x02\", 2, 32) = 2\n\
         11    fdatasync(9<{wal}> <unfinished ...>\n\
         12    write(7<{socket}>, \"\\x00\", 1) = 1\n\
         11    <... fdatasync resumed>)           = 0\n\
         12    writev(7<{socket}>, [{{iov_base=\"\\x81\", iov_len=1}}, {{iov_base=\"{frame}\", iov_len=9}}], 2) = 9\n\
         11    fdatasync(9<{wal}>) = -1 EIO (Input/output error)\n\
         11    ftruncate(9<{wal}>, 0) = 0\n"
    );
    let wanted = [
        Event::Wrote { file: 1, offset: 32, bytes: vec![1, 2] },
        Event::Synced(1, 1),
        Event::Told(vec![id]),
        Event::Truncated { file: 1, length: 0 },
    ];
    assert_eq!(events(&trace), wanted);
}
