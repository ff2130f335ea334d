//! The JSON of the HTTP routes (`docs/protocol.md` §2).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    entry::{Line, Millis, Seq},
    name::RoomName,
    text::Topic,
};

/// `GET /api/rooms`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rooms {
    /// The rooms anyone may see.
    pub rooms: Vec<RoomInfo>,
}

/// One room of [`Rooms`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInfo {
    /// Its name, in its first spelling.
    pub room: RoomName,
    /// How many are in it.
    pub members: u32,
    /// Its newest entry; 0 when there is none.
    pub last: Seq,
    /// When that was; 0 when there is none.
    pub last_at: Millis,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
    /// Whether it takes no new members, or wants a password.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
}

/// `GET /api/rooms/{room}/messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The log's name; none for a room that is not there.
    pub epoch: Option<String>,
    /// The oldest entry kept; 0 when there is none.
    pub first: Seq,
    /// The newest entry; 0 when there is none.
    pub last: Seq,
    /// Ascending.
    pub entries: Vec<Line>,
    /// Whether there is more in the direction asked for.
    pub more: bool,
}

/// The JSON body of `POST /api/rooms/{room}/messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The name to speak under.
    pub user: String,
    /// What is said.
    pub message: String,
    /// The sender's id, kept for every retry; made by the server when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}
