//! Writing to the socket, from wherever a reason to do so comes: a batch of the room's tail, an own frame, a socket that takes again.

use super::{
    Outbound,
    state::{Flushed, State},
};
use crate::fanout::tail::Batch;

impl Outbound {
    /// Writes on, whenever the socket blocks and takes again, until the connection's end has come: then its last frames are
    /// still to be written by [`finish`](Self::finish).
    pub async fn pump(&self) {
        while !self.state.lock().has_ended() {
            self.write_on().await;
        }
    }

    /// Writes what is left after the end has come.
    pub async fn finish(&self) {
        while self.write_on().await != Flushed::Finished {}
    }

    /// Writes as much as the socket takes, then waits until there is a reason to try again.
    async fn write_on(&self) -> Flushed {
        let flushed = {
            let mut state = self.state.lock();
            let flushed = self.write(&mut state);
            state.blocked = flushed == Flushed::Blocked;
            flushed
        };
        match flushed {
            Flushed::Finished => {}
            Flushed::All => self.wake.notified().await,
            Flushed::Blocked => {
                tokio::select! {
                    writable = self.socket.writable() => if writable.is_err() {
                        self.abandon();
                    },
                    () = self.wake.notified() => {}
                }
            }
        }
        flushed
    }

    /// Remembers a blocked socket and wakes its task, which is the only one to wait for it.
    pub(super) fn settle(&self, state: &mut State, flushed: Flushed) {
        if flushed != Flushed::All && !state.blocked {
            state.blocked = true;
            self.wake.notify_one();
        }
    }

    /// The common case: nothing waits, and the member stands where the batch begins.
    pub(super) fn write_batch(&self, state: &mut State, batch: &Batch) -> Flushed {
        let joined = batch.joined(self.dialect);
        let mut written = match joined.len() {
            0 => 0,
            _ => match self.socket.try_write(joined) {
                Ok(written) => written,
                Err(error) => return state.failed(&error),
            },
        };
        if written == joined.len() {
            state.position += batch.items.len() as u64;
            return Flushed::All;
        }
        // Of the rest only the frame that was begun is taken: a member that is too slow may never need the others.
        for frame in batch.items.iter().map(|item| item.frame(self.dialect)) {
            if written == 0 {
                break;
            }
            let of_this = written.min(frame.len());
            if of_this < frame.len() {
                state.begin(frame.slice(of_this..));
            }
            state.position += 1;
            written -= of_this;
        }
        Flushed::Blocked
    }

    pub(super) fn write(&self, state: &mut State) -> Flushed {
        loop {
            if state.gone {
                return Flushed::Finished;
            }
            if state.is_even() {
                if state.closing.is_some() {
                    return Flushed::Finished;
                }
                match self.tail.get().filter(|_| state.live) {
                    Some(tail) if state.take_from(tail, self.id, self.dialect) => continue,
                    _ => return Flushed::All,
                }
            }
            let written = match &state.slices()[..] {
                [frame] => self.socket.try_write(frame),
                frames => self.socket.try_write_vectored(frames),
            };
            match written {
                Ok(0) => state.gone = true,
                Ok(written) => {
                    state.advance(written);
                    self.drained.notify_waiters();
                }
                Err(error) => return state.failed(&error),
            }
        }
    }
}
