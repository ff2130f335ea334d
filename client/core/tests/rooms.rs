//! Switching among rooms while disks and sockets are slow: nothing of one room ends in another.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

mod common;

mod rooms {
    mod lobby;
    mod switches;
    mod visits;
    mod world;
}
