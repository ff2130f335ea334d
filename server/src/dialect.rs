//! The dialects of the wire: one entry, three ways to write it (`docs/protocol.md` §4–6).
//!
//! Pure: text in, frames out. A room and its log know only entries. The words in which a member gets them are decided here,
//! once for all members of one dialect.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use snug_shared::{
    Entry, ErrorCode, ErrorFrame, MessageText, Millis, Nickname, Refused, Seq, ServerFrame, entry::parse_id,
};
use uuid::Uuid;

use crate::websocket::{self, Frame};

/// The author of errors, for clients that show a `user` with every `message`. Nobody else may carry that name.
const SERVER_NAME: &str = "snug";
/// Bytes of an entry's JSON besides its text, about.
const ENVELOPE: usize = 256;

/// How a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `snug.v1`: everything there is.
    Native,
    /// Clients that do not know Snug: messages, each with its `user`.
    Plain,
    /// The two lobby tutorials: messages and nothing else.
    Lobby,
}

/// A frame from a client of the plain or the lobby dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainFrame {
    /// The message.
    pub text: MessageText,
    /// The sender's name, if the frame has one; not checked.
    pub user: Option<String>,
    /// The sender's own id for it.
    pub id: Option<Uuid>,
}

impl Dialect {
    /// How many there are.
    pub const COUNT: usize = 3;

    /// A live entry's frame; none for an entry that this dialect has no words for.
    pub fn entry(self, entry: &Entry) -> Option<Frame> {
        let text = entry.message().and_then(|message| message.text.as_ref());
        let length = ENVELOPE + text.map_or(0, |text| text.as_str().len());
        Some(match self {
            Self::Native => websocket::json(entry, length),
            Self::Plain => websocket::json(&PlainMessage::of(entry)?, length),
            Self::Lobby => {
                let message = PlainMessage::of(entry)?.message;
                websocket::json(&LobbyMessage { r#type: "chat", message }, length)
            }
        })
    }

    /// A refusal.
    pub fn error(self, error: &ErrorFrame) -> Frame {
        match self {
            Self::Native => native(&ServerFrame::Error(error.clone())),
            Self::Plain | Self::Lobby => {
                let ErrorFrame { code, ref message, .. } = *error;
                websocket::json(&PlainError { r#type: "error", code, message, user: SERVER_NAME }, ENVELOPE)
            }
        }
    }

    /// The first frame, where the dialect has one that is the same for all.
    pub fn greeting(self) -> Option<Frame> {
        match self {
            Self::Native | Self::Plain => None,
            Self::Lobby => Some(websocket::text(
                r#"{"type":"connection_established","message":"You are now connected!"}"#,
            )),
        }
    }
}

/// A frame of the native dialect.
pub fn native(frame: &ServerFrame) -> Frame {
    websocket::json(frame, ENVELOPE)
}

impl PlainFrame {
    /// Reads a text frame of the plain or the lobby dialect.
    ///
    /// # Errors
    /// [`Refused`] with the code to answer with.
    pub fn decode(json: &str) -> Result<Self, Refused> {
        #[derive(Deserialize)]
        struct Raw {
            r#type: Option<Value>,
            message: Option<Value>,
            user: Option<Value>,
            id: Option<Value>,
        }
        let bad =
            |message: &str| Refused { code: ErrorCode::BadRequest, message: message.to_owned(), id: None };
        // By default serde takes a list for a struct as well.
        let raw = Some(json).filter(|json| json.trim_ascii_start().starts_with('{'));
        let raw = raw.and_then(|json| serde_json::from_str::<Raw>(json).ok());
        let raw = raw.ok_or_else(|| bad("That frame is not JSON like {\"message\":\"hello\"}."))?;
        match raw.r#type.as_ref().filter(|kind| !kind.is_null()).map(Value::as_str) {
            None | Some(Some("chat_message" | "chat")) => {}
            Some(None) => return Err(bad("`type` must be text.")),
            Some(Some(_)) => {
                let message = "Here one only says {\"message\":\"hello\"}. The subprotocol snug.v1 has more.";
                return Err(Refused { code: ErrorCode::UnknownType, ..bad(message) });
            }
        }
        let text = |value: Option<Value>, wrong: &str| match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(bad(wrong)),
        };
        let canonical =
            |id: String| parse_id(&id).ok_or_else(|| bad("`id` must be a UUID in lower case, with hyphens."));
        let id = text(raw.id, "`id` must be text.")?.map(canonical).transpose()?;
        let user = text(raw.user, "`user` must be text.")?;
        let message = text(raw.message, "`message` must be text.")?;
        let message = message.ok_or_else(|| bad("`message` is missing: it is what you say."))?;
        let text = MessageText::parse(message).map_err(|error| Refused {
            code: error.code(),
            message: error.to_string(),
            id,
        })?;
        Ok(Self { text, user, id })
    }
}

/// A message as the plain dialect has it.
#[derive(Serialize)]
struct PlainMessage<'a> {
    r#type: &'a str,
    message: &'a str,
    user: &'a Nickname,
    seq: Seq,
    id: Uuid,
    at: Millis,
}

impl<'a> PlainMessage<'a> {
    /// None for an entry that is no message, or a deleted one.
    fn of(entry: &'a Entry) -> Option<Self> {
        let Entry { seq, id, at, ref user, .. } = *entry;
        let message = entry.message()?.text.as_ref()?.as_str();
        Some(Self { r#type: entry.kind(), message, user, seq, id, at })
    }
}

/// A message as the lobby tutorials have it.
#[derive(Serialize)]
struct LobbyMessage<'a> {
    r#type: &'a str,
    message: &'a str,
}

/// A refusal in the shape of a message: these clients show `message` and `user` of whatever comes.
#[derive(Serialize)]
struct PlainError<'a> {
    r#type: &'a str,
    code: ErrorCode,
    message: &'a str,
    user: &'a str,
}

#[cfg(test)]
mod tests {
    use snug_shared::Line;

    use super::*;

    fn entry(body: &str) -> Entry {
        let json = format!(
            r#"{{"seq":7,"id":"0196f1d0-7b3a-7c4e-9f2a-0123456789ab","at":1700000000000,"user":"maya","by":"h:maya",{body}}}"#
        );
        serde_json::from_str::<Line>(&json).unwrap().into_entry().unwrap()
    }

    fn json(frame: Option<Frame>) -> Option<String> {
        frame.map(|frame| String::from_utf8(frame.payload().to_vec()).unwrap())
    }

    #[test]
    fn a_message_in_each_dialect() {
        let said = entry(r#""type":"chat_message","message":"say \"hi\"\n☕","reply_to":3"#);
        let native = json(Dialect::Native.entry(&said)).unwrap();
        assert_eq!(native, serde_json::to_string(&said).unwrap());
        assert_eq!(
            json(Dialect::Plain.entry(&said)).unwrap(),
            r#"{"type":"chat_message","message":"say \"hi\"\n☕","user":"maya","seq":7,"id":"0196f1d0-7b3a-7c4e-9f2a-0123456789ab","at":1700000000000}"#
        );
        assert_eq!(
            json(Dialect::Lobby.entry(&said)).unwrap(),
            r#"{"type":"chat","message":"say \"hi\"\n☕"}"#
        );
    }

    #[test]
    fn entries_that_are_no_messages_have_only_a_native_frame() {
        for body in [
            r#""type":"edited","target":1,"message":"now""#,
            r#""type":"deleted","target":1"#,
            r#""type":"reacted","target":1,"emoji":"👍","on":true"#,
            r#""type":"topic","topic":"tea""#,
            r#""type":"chat_message","message":"","deleted":true,"as_of":9"#,
        ] {
            let entry = entry(body);
            assert!(Dialect::Native.entry(&entry).is_some());
            assert_eq!((Dialect::Plain.entry(&entry), Dialect::Lobby.entry(&entry)), (None, None), "{body}");
        }
    }

    #[test]
    fn a_plain_frame_may_have_any_other_field() {
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        for odd in ["1e400", "\"\\ud800\"", "{\"a\":[1]}", &deep] {
            let frame = PlainFrame::decode(&format!(r#"{{"x":{odd},"message":"hi"}}"#)).unwrap();
            assert_eq!(frame.text.as_str(), "hi");
        }
    }

    #[test]
    fn an_error_has_a_user_and_a_message_like_everything_else() {
        let mut error = ErrorFrame::new(ErrorCode::RateLimited, "Slow down.");
        error.retry_after_ms = Some(200);
        let expected = r#"{"type":"error","code":"rate_limited","message":"Slow down.","user":"snug"}"#;
        assert_eq!(json(Some(Dialect::Plain.error(&error))).unwrap(), expected);
        assert_eq!(json(Some(Dialect::Lobby.error(&error))).unwrap(), expected);
        assert!(json(Some(Dialect::Native.error(&error))).unwrap().contains(r#""retry_after_ms":200"#));
    }

    #[test]
    fn only_the_lobby_has_one_greeting_for_all() {
        assert_eq!(
            json(Dialect::Lobby.greeting()).unwrap(),
            r#"{"type":"connection_established","message":"You are now connected!"}"#
        );
        assert_eq!((Dialect::Native.greeting(), Dialect::Plain.greeting()), (None, None));
    }

    #[test]
    fn the_tutorials_frames_are_understood() {
        let said = |json| PlainFrame::decode(json).unwrap();
        assert_eq!(said(r#"{"message":"hi"}"#).user, None);
        let flutter = said(r#"{"type":"chat_message","message":"hi","user":"maya"}"#);
        assert_eq!((flutter.text.as_str(), flutter.user.as_deref(), flutter.id), ("hi", Some("maya"), None));
        let id = "0196f1d0-7b3a-7c4e-9f2a-0123456789ab";
        let more = said(&format!(r#" {{"type":null,"user":null,"message":"hi","id":"{id}","more":[1]}}"#));
        assert_eq!((more.user, more.id.map(|id| id.to_string()).as_deref()), (None, Some(id)));
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        let code = |json: &str| PlainFrame::decode(json).unwrap_err().code;
        for json in [
            "",
            "hello",
            "[]",
            r#"["chat_message","hi",null,null]"#,
            "{}",
            r#"{"message":1}"#,
            r#"{"message":"hi","user":7}"#,
            r#"{"message":"hi","type":7}"#,
            r#"{"message":"hi","id":"1"}"#,
            r#"{"message":"hi","id":"0196F1D0-7B3A-7C4E-9F2A-0123456789AB"}"#,
            r#"{"message":"hi","message":"ho"}"#,
            r#"{"message":"\ud800"}"#,
        ] {
            assert_eq!(code(json), ErrorCode::BadRequest, "{json}");
        }
        assert_eq!(code(r#"{"message":" "}"#), ErrorCode::Empty);
        assert_eq!(code(&format!(r#"{{"message":"{}"}}"#, "x".repeat(4_001))), ErrorCode::TooLong);
        assert_eq!(code(r#"{"type":"hello","version":1}"#), ErrorCode::UnknownType);
    }
}
