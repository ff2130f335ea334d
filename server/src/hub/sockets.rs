//! The sockets of one room's members.

use std::{collections::HashMap, ops::Range, sync::Arc};

use snug_shared::CloseReason;

use crate::fanout::Outbound;

/// The members' sockets, in places that stay while others come and go: who walks over them can let go of the lock in between.
#[derive(Default)]
pub struct Sockets {
    places: Vec<Option<Arc<Outbound>>>,
    free: Vec<usize>,
    by_connection: HashMap<u64, usize>,
}

impl Sockets {
    /// Takes a place, unless the connection has one.
    pub fn insert(&mut self, outbound: &Arc<Outbound>) {
        let connection = outbound.id;
        if self.by_connection.contains_key(&connection) {
            return;
        }
        let outbound = outbound.clone();
        let place = match self.free.pop() {
            Some(place) => {
                self.places[place] = Some(outbound);
                place
            }
            None => {
                self.places.push(Some(outbound));
                self.places.len() - 1
            }
        };
        let _ = self.by_connection.insert(connection, place);
    }

    /// A connection's socket.
    fn get(&self, connection: u64) -> Option<&Outbound> {
        self.places.get(*self.by_connection.get(&connection)?)?.as_deref()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_connection.len()
    }

    /// Closes a connection whose place a newer one has taken, if it is here.
    pub fn replace(&self, connection: u64) {
        if let Some(outbound) = self.get(connection) {
            outbound.close(CloseReason::Replaced);
        }
    }

    /// Gives a connection's place up.
    pub fn remove(&mut self, connection: u64) {
        if let Some(place) = self.by_connection.remove(&connection) {
            self.places[place] = None;
            self.free.push(place);
        }
    }

    /// Those in some of the places; none beyond the last place.
    pub fn places(&self, range: Range<usize>) -> Option<impl Iterator<Item = &Outbound>> {
        let end = range.end.min(self.places.len());
        let places = self.places.get(range.start..end).filter(|places| !places.is_empty())?;
        Some(places.iter().flatten().map(|outbound| &**outbound))
    }
}
