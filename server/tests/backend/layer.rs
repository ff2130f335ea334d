//! Channel layers that lose nothing, through their trait.

use std::sync::{Arc, Mutex};

use snug_server::{
    event::Event,
    layer::{ChannelLayer, Receiver, memory::MemoryLayer},
};
use snug_shared::{Author, Nickname, RoomKey, RoomName};
use tokio::sync::Notify;

/// Every layer of one server that loses nothing.
fn layers() -> [(&'static str, Arc<dyn ChannelLayer>); 1] {
    [("memory", Arc::new(MemoryLayer::default()))]
}

/// Keeps what it receives.
#[derive(Default)]
pub struct Kept {
    events: Mutex<Vec<Event>>,
    came: Notify,
}

impl Kept {
    /// Waits for so many events and takes them.
    pub async fn take(&self, count: usize) -> Vec<Event> {
        loop {
            let came = self.came.notified();
            if let Some(events) = self.try_take(count) {
                return events;
            }
            came.await;
        }
    }

    fn try_take(&self, count: usize) -> Option<Vec<Event>> {
        let mut events = self.events.lock().unwrap();
        (events.len() >= count).then(|| events.drain(..count).collect())
    }
}

impl Receiver for Kept {
    fn receive(&self, event: Event) {
        self.events.lock().unwrap().push(event);
        self.came.notify_one();
    }
}

fn room(name: &str) -> RoomKey {
    RoomName::parse(name).unwrap().key()
}

fn typing(connection: u64) -> Event {
    let user = Nickname::parse("maya").unwrap();
    let by = Author::http(&user);
    Event::Typing { connection, user, by }
}

#[tokio::test]
async fn every_event_sent_after_the_answer_comes_in_the_order_in_which_it_was_sent() {
    for (name, layer) in layers() {
        let (tea, other) = (Arc::new(Kept::default()), Arc::new(Kept::default()));
        layer.group_add(&room("tea"), tea.clone()).await.unwrap();
        layer.group_add(&room("other"), other.clone()).await.unwrap();
        for connection in 0..100 {
            layer.group_send(&room("tea"), typing(connection)).unwrap();
        }
        layer.group_send(&room("other"), typing(7)).unwrap();
        assert_eq!(tea.take(100).await, (0..100).map(typing).collect::<Vec<_>>(), "{name}");
        assert_eq!(other.take(1).await, [typing(7)], "a group hears its own events only, {name}");
    }
}

#[tokio::test]
async fn a_later_receiver_takes_the_place_of_the_earlier_and_none_hears_after_the_group_was_left() {
    for (name, layer) in layers() {
        let (first, second) = (Arc::new(Kept::default()), Arc::new(Kept::default()));
        layer.group_add(&room("tea"), first.clone()).await.unwrap();
        layer.group_add(&room("tea"), second.clone()).await.unwrap();
        layer.group_send(&room("tea"), typing(1)).unwrap();
        assert_eq!(second.take(1).await, [typing(1)], "{name}");
        layer.group_discard(&room("tea"));
        layer.group_send(&room("tea"), typing(2)).unwrap();
        layer.group_add(&room("tea"), second.clone()).await.unwrap();
        layer.group_send(&room("tea"), typing(3)).unwrap();
        assert_eq!(second.take(1).await, [typing(3)], "{name}");
        assert!(first.events.lock().unwrap().is_empty(), "{name}");
    }
}

#[test]
fn an_event_is_decoded_as_it_was_encoded() {
    let changes = [
        r#"{"presence":{"version":{"incarnation":1,"change":2},"what":{"moved":{"member":3,"connection":4}}}}"#,
        r#"{"presence":{"version":{"incarnation":1,"change":3},"what":{"left":{"member":3}}}}"#,
        r#"{"typing":{"connection":5,"user":"maya","by":"h:maya"}}"#,
        r#"{"entry":{"room":"tea","epoch":"0123456789abcdef0123456789abcdef","entry":{"type":"deleted","seq":7,"id":"0196f1d0-7b3a-7c4e-9f2a-0123456789ab","at":1700000000000,"user":"maya","by":"h:maya","target":2}}}"#,
    ];
    for json in changes {
        let event: Event = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), json);
    }
}
