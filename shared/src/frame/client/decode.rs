//! How a client's frame is read: each field checked once, and in a sentence that says what is wrong with it.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use super::{ClientFrame, Credentials, Hello, Intent, Refused, Resume};
use crate::{
    close::ErrorCode,
    entry::{Seq, parse_id},
    fields::{Field, Fields},
    limits,
    text::{Emoji, MessageText, TextError, Topic},
};

impl ClientFrame {
    /// Reads a text frame.
    ///
    /// # Errors
    /// [`Refused`] with the code of `docs/protocol.md` §4 to answer with. It never says more than the sender told.
    pub fn decode(json: &str) -> Result<Self, Refused> {
        let fields: Fields<'_> = serde_json::from_str(json).map_err(|error| shape(json, &error))?;
        let id = || fields.get("id")?.as_str().and_then(parse_id);
        fields.check().map_err(|(code, message)| Refused { code, message, id: id() })
    }
}

/// The words for JSON that does not even have the shape; finds the send's id where that much can be read.
fn shape(json: &str, error: &serde_json::Error) -> Refused {
    let id = serde_json::from_str::<Value>(json)
        .ok()
        .and_then(|value| value.get("id")?.as_str().and_then(parse_id));
    let what = match error.classify() {
        serde_json::error::Category::Data => "That frame has a wrong field",
        _ => "That frame is not JSON",
    };
    let message = format!("{what}: {}.", shown(&error.to_string(), 120));
    Refused { code: ErrorCode::BadRequest, message, id }
}

/// The beginning of what may be the sender's own words: a refusal is a sentence, not an echo.
fn shown(text: &str, chars: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(chars).collect()
}

type Wrong = (ErrorCode, String);

fn bad(message: impl Into<String>) -> Wrong {
    (ErrorCode::BadRequest, message.into())
}

fn text_error(error: TextError) -> Wrong {
    (error.code(), error.to_string())
}

impl Fields<'_> {
    fn check(&self) -> Result<ClientFrame, Wrong> {
        let kind = self.get("type").and_then(Field::as_str);
        let kind = kind.ok_or_else(|| bad("A frame needs a `type`."))?;
        Ok(match kind {
            "hello" => ClientFrame::Hello(self.hello()?),
            "chat_message" => {
                let id = self.send_id()?;
                match self.present("files").map(Field::other) {
                    None => {}
                    Some(Some(Value::Array(files))) if files.is_empty() => {}
                    Some(_) => {
                        return Err((
                            ErrorCode::Unsupported,
                            "This server takes no files yet. The text was not sent either.".into(),
                        ));
                    }
                }
                let reply_to = self.optional("reply_to", Field::as_u64, "a seq")?;
                ClientFrame::Send { id, intent: Intent::Message { text: self.message()?, reply_to } }
            }
            "edit" => ClientFrame::Send {
                id: self.send_id()?,
                intent: Intent::Edit { target: self.seq("target")?, text: self.message()? },
            },
            "delete" => ClientFrame::Send {
                id: self.send_id()?,
                intent: Intent::Delete { target: self.seq("target")? },
            },
            "react" => ClientFrame::Send {
                id: self.send_id()?,
                intent: Intent::React {
                    target: self.seq("target")?,
                    emoji: Emoji::parse(self.text("emoji")?).map_err(text_error)?,
                    on: self.required("on", Field::as_bool, "true or false")?,
                },
            },
            "topic" => ClientFrame::Send {
                id: self.send_id()?,
                intent: Intent::Topic { topic: Topic::parse(self.text("topic")?).map_err(text_error)? },
            },
            "typing" => ClientFrame::Typing,
            "read" => ClientFrame::Read { seq: self.seq("seq")? },
            "history" => ClientFrame::History {
                before: self.seq("before")?,
                limit: clamp(self.required("limit", whole_number, "a whole number")?, 1),
            },
            "ping" => ClientFrame::Ping,
            other => {
                return Err((
                    ErrorCode::UnknownType,
                    format!("This server does not know frames of the type “{}”.", shown(other, 32)),
                ));
            }
        })
    }

    fn hello(&self) -> Result<Hello, Wrong> {
        let version = self.required("version", Field::as_u64, "a whole number")?;
        let resume: Option<Resume> = self.object("resume")?;
        let identity: Option<Proof> = self.object("identity")?;
        let seat = self.optional("seat", Field::as_str, "text")?;
        Ok(Hello {
            version: u32::try_from(version).unwrap_or(u32::MAX),
            client: self.optional("client", Field::as_str, "text")?.map(|name| {
                let mut ends = (0..=name.len().min(limits::CLIENT_NAME_BYTES)).rev();
                name[..ends.find(|at| name.is_char_boundary(*at)).unwrap_or(0)].to_owned()
            }),
            resume,
            history: match self.optional("history", whole_number, "a whole number")? {
                None => limits::HISTORY_DEFAULT,
                Some(wanted) => clamp(wanted, 0),
            },
            // Too long to be one of ours is the same as unknown.
            seat: seat.filter(|seat| seat.len() <= limits::SEAT_BYTES).map(str::to_owned),
            credentials: Credentials {
                password: self.optional("password", Field::as_str, "text")?.map(str::to_owned),
                identity: identity.map(|Proof { key, signature }| (key, signature)),
            },
        })
    }

    /// A field that is an object of its own, if it is there and not `null`.
    fn object<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Wrong> {
        let Some(json) = self.present(name).and(self.json(name)) else { return Ok(None) };
        // By default serde takes a list for a struct as well.
        if !json.starts_with('{') {
            return Err(bad(format!("`{name}` must be an object.")));
        }
        let wrong =
            |error: serde_json::Error| bad(format!("`{name}` is wrong: {}.", shown(&error.to_string(), 120)));
        serde_json::from_str(json).map(Some).map_err(wrong)
    }

    /// A field that is there and not `null`.
    fn present(&self, name: &str) -> Option<&Field<'_>> {
        self.get(name).filter(|field| !field.is_null())
    }

    fn optional<'a, T>(
        &'a self,
        name: &str,
        read: impl Fn(&'a Field<'a>) -> Option<T>,
        what: &str,
    ) -> Result<Option<T>, Wrong> {
        match self.present(name) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| bad(format!("`{name}` must be {what}."))),
        }
    }

    fn required<'a, T>(
        &'a self,
        name: &str,
        read: impl Fn(&'a Field<'a>) -> Option<T>,
        what: &str,
    ) -> Result<T, Wrong> {
        self.optional(name, read, what)?
            .ok_or_else(|| bad(format!("`{name}` is missing: it must be {what}.")))
    }

    fn text(&self, name: &str) -> Result<&str, Wrong> {
        self.required(name, Field::as_str, "text")
    }

    fn seq(&self, name: &str) -> Result<Seq, Wrong> {
        self.required(name, Field::as_u64, "a seq")
    }

    fn message(&self) -> Result<MessageText, Wrong> {
        MessageText::parse(self.text("message")?).map_err(text_error)
    }

    fn send_id(&self) -> Result<Uuid, Wrong> {
        parse_id(self.text("id")?).ok_or_else(|| bad("`id` must be a UUID in lower case, with hyphens."))
    }
}

/// `identity`, as it comes.
#[derive(Deserialize)]
struct Proof {
    key: String,
    signature: String,
}

/// Any JSON whole number of up to 64 bits, held to those with a sign; 1.5 and 1e400 are none.
fn whole_number(field: &Field<'_>) -> Option<i64> {
    let value = field.other()?;
    value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX))
}

fn clamp(wanted: i64, least: u32) -> u32 {
    wanted.clamp(i64::from(least), i64::from(limits::HISTORY_MAX)) as u32
}
