//! Why a connection ends and why a send is refused (`docs/protocol.md` §4, "Error codes" and "Close codes").
//!
//! Policy is one `match`: [`CloseReason::come_back`] says what a client does next, wherever it asks.

use serde::{Deserialize, Serialize};

/// Why a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// 1000: the work is done.
    Normal,
    /// 1001: this side is going away.
    GoingAway,
    /// 1002: a frame broke RFC 6455.
    BrokenFrame,
    /// 1003: a binary frame where only text is spoken.
    Binary,
    /// 1007: a text frame that is not UTF-8.
    BadUtf8,
    /// 1009: a message above [`crate::limits::CLIENT_FRAME_BYTES`].
    TooBig,
    /// 1012: the server restarts.
    Restart,
    /// 4000: no `hello` in time, or something else first.
    BadHello,
    /// 4001: the client speaks another version.
    UnsupportedVersion,
    /// 4002: the room's or the member's name is not allowed.
    BadName,
    /// 4003: the nickname belongs to another; an `error` with a suggestion comes first.
    NicknameTaken,
    /// 4004: the room wants another password.
    WrongPassword,
    /// 4005: shown out by a moderator.
    Kicked,
    /// 4006: kept out by a moderator.
    Banned,
    /// 4007: no more members fit into the room or the server.
    Full,
    /// 4008: the member fell too far behind what the room says.
    TooSlow,
    /// 4009: too much, after warnings.
    Flood,
    /// 4010: a newer connection took this seat.
    Replaced,
    /// 4011: the server failed.
    Internal,
    /// Any other code.
    Other(u16),
}

/// What a client does after a [`CloseReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ComeBack {
    /// Stay away: nothing would change.
    No,
    /// Stay away until the person picks another name.
    WithAnotherName,
    /// Stay away until the person gives another password.
    WithAnotherPassword,
    /// Come back after a random part of this many milliseconds.
    Within(u32),
    /// Come back with growing pauses.
    WithBackoff,
    /// Come back after the `retry_after_ms` of the error that came before.
    AfterRetry,
}

impl CloseReason {
    /// The code on the wire.
    pub const fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::BrokenFrame => 1002,
            Self::Binary => 1003,
            Self::BadUtf8 => 1007,
            Self::TooBig => 1009,
            Self::Restart => 1012,
            Self::BadHello => 4000,
            Self::UnsupportedVersion => 4001,
            Self::BadName => 4002,
            Self::NicknameTaken => 4003,
            Self::WrongPassword => 4004,
            Self::Kicked => 4005,
            Self::Banned => 4006,
            Self::Full => 4007,
            Self::TooSlow => 4008,
            Self::Flood => 4009,
            Self::Replaced => 4010,
            Self::Internal => 4011,
            Self::Other(code) => code,
        }
    }

    /// The reason behind a code; codes without a meaning here become [`CloseReason::Other`].
    pub const fn from_code(code: u16) -> Self {
        match code {
            1000 => Self::Normal,
            1001 => Self::GoingAway,
            1002 => Self::BrokenFrame,
            1003 => Self::Binary,
            1007 => Self::BadUtf8,
            1009 => Self::TooBig,
            1012 => Self::Restart,
            4000 => Self::BadHello,
            4001 => Self::UnsupportedVersion,
            4002 => Self::BadName,
            4003 => Self::NicknameTaken,
            4004 => Self::WrongPassword,
            4005 => Self::Kicked,
            4006 => Self::Banned,
            4007 => Self::Full,
            4008 => Self::TooSlow,
            4009 => Self::Flood,
            4010 => Self::Replaced,
            4011 => Self::Internal,
            other => Self::Other(other),
        }
    }

    /// The short name sent as the close frame's text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::GoingAway => "going_away",
            Self::BrokenFrame => "broken_frame",
            Self::Binary => "binary",
            Self::BadUtf8 => "bad_utf8",
            Self::TooBig => "too_big",
            Self::Restart => "restart",
            Self::BadHello => "bad_hello",
            Self::UnsupportedVersion => "unsupported_version",
            Self::BadName => "bad_name",
            Self::NicknameTaken => "nickname_taken",
            Self::WrongPassword => "wrong_password",
            Self::Kicked => "kicked",
            Self::Banned => "banned",
            Self::Full => "full",
            Self::TooSlow => "too_slow",
            Self::Flood => "flood",
            Self::Replaced => "replaced",
            Self::Internal => "internal",
            Self::Other(_) => "other",
        }
    }

    /// Whether and how a client comes back.
    pub const fn come_back(self) -> ComeBack {
        match self {
            Self::Normal
            | Self::BrokenFrame
            | Self::Binary
            | Self::BadUtf8
            | Self::TooBig
            | Self::BadHello
            | Self::UnsupportedVersion
            | Self::Kicked
            | Self::Banned
            | Self::Replaced => ComeBack::No,
            Self::BadName | Self::NicknameTaken => ComeBack::WithAnotherName,
            Self::WrongPassword => ComeBack::WithAnotherPassword,
            Self::Restart => ComeBack::Within(5_000),
            // A slow reader is behind, not broken: it returns at once and resumes.
            Self::TooSlow => ComeBack::Within(1_000),
            Self::Flood => ComeBack::AfterRetry,
            Self::GoingAway | Self::Full | Self::Internal | Self::Other(_) => ComeBack::WithBackoff,
        }
    }
}

/// Why a frame was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not JSON, or a wrong or missing field.
    BadRequest,
    /// A `type` this server does not know.
    UnknownType,
    /// A text with nothing to see in it.
    Empty,
    /// A text above its limit.
    TooLong,
    /// Too many in too short a time; `retry_after_ms` says how long to wait.
    RateLimited,
    /// The entry meant is not there, or was deleted.
    NotFound,
    /// Somebody else's to do.
    NotAllowed,
    /// The `id` was used before for other content.
    IdConflict,
    /// A name that may not be used.
    BadName,
    /// The nickname belongs to another; `suggestion` is free.
    NicknameTaken,
    /// The room wants another password.
    WrongPassword,
    /// The room takes no new members.
    Locked,
    /// The member may not speak now.
    Muted,
    /// The server's disk is full; it may have been stored, so send the same `id` again.
    StorageFull,
    /// The server could not store it; it may have been stored, so send the same `id` again.
    Unavailable,
    /// This server does not serve that.
    Unsupported,
    /// A code of a later server.
    #[serde(other)]
    Other,
}

impl ErrorCode {
    /// Whether the same send may succeed later without being changed.
    pub const fn may_succeed_later(self) -> bool {
        matches!(self, Self::RateLimited | Self::StorageFull | Self::Unavailable | Self::Muted)
    }
}
