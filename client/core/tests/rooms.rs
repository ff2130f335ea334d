//! Many rooms at once, while disks and sockets are slow: nothing of one room ends in another, and what is new is known of each.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

mod common;

mod rooms {
    mod absence;
    mod lobby;
    mod many;
    mod notifications;
    mod switches;
    mod visits;
    mod world;
}
