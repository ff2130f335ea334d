//! Why a connection ends and why a send is refused (`docs/protocol.md` §4, "Error codes" and "Close codes").
//!
//! [`CloseReason::come_back`] is the one place that decides whether a client reconnects.

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
    /// 1003: a binary frame where only text is allowed.
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
    /// 4003: another member has the nickname; an `error` with a suggestion comes first.
    NicknameTaken,
    /// 4004: wrong password. Reserved, not built.
    WrongPassword,
    /// 4005: removed by a moderator. Reserved, not built.
    Kicked,
    /// 4006: banned by a moderator. Reserved, not built.
    Banned,
    /// 4007: the room or the server is full.
    Full,
    /// 4008: the member fell too far behind its room.
    TooSlow,
    /// 4009: too many frames, after warnings.
    Flood,
    /// 4010: a newer connection took this seat.
    Replaced,
    /// 4011: the server failed.
    Internal,
    /// Any other code.
    Other(u16),
}

/// How a client reconnects after a [`CloseReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ComeBack {
    /// Do not reconnect: nothing would change.
    No,
    /// Reconnect when the user has picked another name.
    WithAnotherName,
    /// Reconnect when the user has given another password.
    WithAnotherPassword,
    /// Reconnect after a random part of this many milliseconds.
    Within(u32),
    /// Reconnect with growing pauses.
    WithBackoff,
    /// Reconnect after the `retry_after_ms` of the error that came before.
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

    /// Whether and how a client reconnects.
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
            // A slow reader is behind, not broken: it reconnects at once and resumes.
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
    /// A text without visible characters.
    Empty,
    /// A text above its limit.
    TooLong,
    /// Too many frames in too short a time; `retry_after_ms` says how long to wait.
    RateLimited,
    /// The target does not exist, or was deleted.
    NotFound,
    /// Only another member may do that.
    NotAllowed,
    /// The `id` was used before for other content.
    IdConflict,
    /// A name that is not allowed.
    BadName,
    /// Another member has the nickname; `suggestion` is free.
    NicknameTaken,
    /// Wrong password. Reserved, not built.
    WrongPassword,
    /// The room accepts no new members. Reserved, not built.
    Locked,
    /// The member may not write now. Reserved, not built.
    Muted,
    /// The server's disk is full; it may have been stored, so send the same `id` again.
    StorageFull,
    /// The server could not store it; it may have been stored, so send the same `id` again.
    Unavailable,
    /// This server does not support that.
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
