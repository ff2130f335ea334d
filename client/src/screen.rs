//! The three screens, and what stands beside and above them. Each is a struct with `Message`, `Action`, `new`, `update`, `view` and, where it waits for something, a
//! `subscription`. None names another: an `Action` tells the root what happened, and the root decides what comes next.

pub mod ask_room;
pub mod doctor;
pub mod landing;
pub mod room;
pub mod search;
pub mod sidebar;
pub mod switcher;

pub use ask_room::AskRoom;
pub use doctor::Doctor;
pub use landing::Landing;
pub use room::Room;
pub use search::SearchPanel;
pub use sidebar::Sidebar;
pub use switcher::Switcher;

/// The screen that the window shows.
#[derive(Debug)]
pub enum Screen {
    /// The first screen: a nickname and a server.
    Landing(Landing),
    /// Which room on this server?
    AskRoom(AskRoom),
    /// In a room.
    Room(Box<Room>),
}

/// An event on a screen.
#[derive(Debug, Clone)]
pub enum Message {
    /// On the first screen.
    Landing(landing::Message),
    /// On the choice of a room.
    AskRoom(ask_room::Message),
    /// In the room.
    Room(room::Message),
}
