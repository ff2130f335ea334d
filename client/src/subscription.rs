//! What comes from outside of the window, as iced subscribes to it: rooms' connections, and other starts of the app.

use std::{
    hash::{Hash, Hasher},
    time::Duration,
};

use futures_util::{Stream, StreamExt, stream};
use iced::Subscription;
use snug_core::{
    connection::{self, Target},
    instance::{self, Instance, Launch},
    rooms::{ConnectionId, Report},
};

/// The reports of a connection. It lives for as long as something of the same id is subscribed to.
pub fn connection(id: ConnectionId, target: &Target) -> Subscription<Report> {
    Subscription::run_with(Socket { id, target: target.clone() }, reports)
}

struct Socket {
    id: ConnectionId,
    target: Target,
}

impl Hash for Socket {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // A target learns its seat meanwhile; that makes no other connection.
        self.id.hash(state);
    }
}

/// The launches of apps that were started on the same data.
pub fn launches(instance: &Instance) -> Subscription<Launch> {
    Subscription::run_with(instance.endpoint().to_owned(), |endpoint| instance::launches(endpoint.clone()))
}

fn reports(socket: &Socket) -> impl Stream<Item = Report> + Send + use<> {
    let id = socket.id;
    connection::stream(socket.target.clone()).map(move |event| Report::Connection(id, event))
}

/// A tick at once, then one after each `period`.
pub fn now_and_every(period: Duration) -> Subscription<()> {
    Subscription::run_with(period, |period| {
        stream::unfold((Duration::ZERO, *period), async |(wait, period)| {
            tokio::time::sleep(wait).await;
            Some(((), (period, period)))
        })
    })
}
