//! The three screens. Each is a struct with `Message`, `Action`, `new`, `update`, `view` and `subscription`; none names another:
//! an `Action` tells the root what happened, and the root decides what comes next.

pub mod ask_room;
pub mod landing;
pub mod room;

pub use ask_room::AskRoom;
pub use landing::Landing;
pub use room::Room;

/// What the window shows.
#[derive(Debug)]
pub enum Screen {
    /// Who are you, and where to?
    Landing(Landing),
    /// Which room on this server?
    AskRoom(AskRoom),
    /// In a room.
    Room(Box<Room>),
}
