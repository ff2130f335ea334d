//! One program on its way to somebody: read piece by piece as they are taken, so that it is never in memory as a whole.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    net::IpAddr,
    ops::RangeInclusive,
    sync::Arc,
};

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::task::spawn_blocking;

use crate::sync::{Ranked, rank};

/// Downloads at once, in all.
const DOWNLOADS: usize = 8;
/// Downloads at once to one address, so that one that takes nothing leaves room for others.
const BY_ADDRESS: usize = 2;
/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// The downloads that are going on.
#[derive(Debug, Default)]
pub struct Downloads(Ranked<Vec<IpAddr>, rank::Leaf>);

/// One of them, for as long as this lives.
#[derive(Debug)]
pub struct Download {
    all: Arc<Downloads>,
    address: IpAddr,
}

impl Downloads {
    /// Begins one, unless there are too many.
    pub fn begin(self: &Arc<Self>, address: IpAddr) -> Option<Download> {
        let mut going = self.0.lock();
        let here = going.iter().filter(|other| **other == address).count();
        if going.len() >= DOWNLOADS || here >= BY_ADDRESS {
            return None;
        }
        going.push(address);
        Some(Download { all: self.clone(), address })
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        let mut going = self.all.0.lock();
        if let Some(place) = going.iter().position(|address| *address == self.address) {
            let _ = going.swap_remove(place);
        }
    }
}

/// A part of a file as a body. Ends early where the file does.
pub fn body(mut file: File, part: RangeInclusive<u64>, download: Download) -> io::Result<Body> {
    let _ = file.seek(SeekFrom::Start(*part.start()))?;
    let left = part.end().saturating_sub(*part.start()).saturating_add(1);
    let pieces = stream::unfold(Some((file, left, download)), async |state| {
        let (file, left, download) = state.filter(|(_, left, _)| *left > 0)?;
        match spawn_blocking(move || read(file, left)).await.map_err(io::Error::other).flatten() {
            Ok((_, piece)) if piece.is_empty() => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
            Ok((file, piece)) => {
                let left = left.saturating_sub(piece.len() as u64);
                Some((Ok(piece), Some((file, left, download))))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(Body::from_stream(pieces))
}

fn read(mut file: File, left: u64) -> io::Result<(File, Bytes)> {
    let mut piece = vec![0; usize::try_from(left).unwrap_or(PIECE).min(PIECE)];
    let bytes = file.read(&mut piece)?;
    piece.truncate(bytes);
    Ok((file, piece.into()))
}

/// The part of a file that a `Range` header asks for: one range of bytes. `None`: all of it, as for every header that makes no
/// sense (RFC 9110 §14.2).
///
/// # Errors
/// The range lies behind the end.
pub fn part(header: Option<&str>, bytes: u64) -> Result<Option<RangeInclusive<u64>>, ()> {
    let Some((first, last)) = header.and_then(|header| header.trim().strip_prefix("bytes=")?.split_once('-'))
    else {
        return Ok(None);
    };
    let number =
        |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let range = match (number(first), number(last)) {
        // The last bytes.
        (None, Some(count)) if first.is_empty() => {
            if count == 0 {
                return Err(());
            }
            bytes.saturating_sub(count)..=bytes.saturating_sub(1)
        }
        (Some(first), None) if last.is_empty() => first..=bytes.saturating_sub(1),
        (Some(first), Some(last)) if first <= last => first..=last.min(bytes.saturating_sub(1)),
        _ => return Ok(None),
    };
    if range.is_empty() || *range.start() >= bytes { Err(()) } else { Ok(Some(range)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_part_and_nonsense_is_all() {
        let of = |header: &str| part(Some(header), 100);
        assert_eq!(of("bytes=0-9"), Ok(Some(0..=9)));
        assert_eq!(of("bytes=90-"), Ok(Some(90..=99)));
        assert_eq!(of("bytes=90-1000"), Ok(Some(90..=99)));
        assert_eq!(of("bytes=-10"), Ok(Some(90..=99)));
        assert_eq!(of("bytes=-1000"), Ok(Some(0..=99)));
        for behind in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(of(behind), Err(()), "{behind}");
        }
        for nonsense in ["bytes=9-1", "bytes=a-b", "bytes=0-1,5-9", "bytes=-", "lines=0-9", "bytes=+1-2"] {
            assert_eq!(of(nonsense), Ok(None), "{nonsense}");
        }
        assert_eq!(part(None, 100), Ok(None));
    }

    #[test]
    fn one_address_leaves_room_for_others_and_all_have_a_bound() {
        let downloads = Arc::<Downloads>::default();
        let address = |last| IpAddr::from([203, 0, 113, last]);
        let held: Vec<_> = std::iter::from_fn(|| downloads.begin(address(1))).collect();
        assert_eq!(held.len(), BY_ADDRESS);
        let others: Vec<_> = (2..100).filter_map(|last| downloads.begin(address(last))).collect();
        assert_eq!(held.len() + others.len(), DOWNLOADS);
        drop(held);
        assert!(downloads.begin(address(200)).is_some());
    }
}
