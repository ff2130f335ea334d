//! Acts: settings and moderation, as one body with a kind and a payload (`docs/protocol.md` §8, reserved).
//!
//! Nobody may do any yet. What the payload of each kind holds is decided here once there are rules for it. Frames, logs and
//! pages carry an act without looking into it.

use serde::ser::SerializeMap;
use serde_json::{Map, Value};

use crate::limits;

/// The settings that a room can have.
const SETTINGS: [&str; 6] = ["hidden", "locked", "password", "retention_days", "slow_s", "topic_locked"];

/// A kind of act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActKind {
    /// Another value for some of the room's settings.
    Settings,
    /// Something done to an author: muted, kicked, banned, promoted and so on.
    Moderation,
}

/// One act: its kind, and the fields that are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    kind: ActKind,
    payload: Map<String, Value>,
}

/// Why something is no act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// More than [`limits::ACT_BYTES`] as JSON.
    #[error("an act takes at most {} bytes", limits::ACT_BYTES)]
    TooLong,
    /// A field that acts of its kind do not have.
    #[error("an act of that kind has no such field")]
    UnknownField,
    /// Not the JSON of an act.
    #[error("that is not an act")]
    NotAnAct,
}

impl ActKind {
    const ALL: [Self; 2] = [Self::Settings, Self::Moderation];

    /// The `type` of its entry.
    pub const fn entry_type(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Moderation => "moderated",
        }
    }

    /// The `type` of the frame that asks for it.
    pub const fn frame_type(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Moderation => "moderate",
        }
    }

    /// The fields that are an act's own; all others are ignored, as everywhere on the wire.
    const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Settings => &["settings"],
            Self::Moderation => &["act", "who", "until", "reason", "name"],
        }
    }

    /// Whether acts of any kind have a field of this name.
    pub(crate) fn has_field(name: &str) -> bool {
        Self::ALL.iter().any(|kind| kind.fields().contains(&name))
    }

    /// The kind of an entry with this `type`; none when it is no act.
    pub fn of_entry(entry_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.entry_type() == entry_type)
    }
}

impl Act {
    /// An act with these fields of its own.
    ///
    /// # Errors
    /// [`ActError::UnknownField`] or [`ActError::TooLong`].
    pub fn new(kind: ActKind, payload: Map<String, Value>) -> Result<Self, ActError> {
        if !payload.keys().all(|name| kind.fields().contains(&name.as_str())) {
            return Err(ActError::UnknownField);
        }
        let act = Self { kind, payload };
        if act.bytes() > limits::ACT_BYTES {
            return Err(ActError::TooLong);
        }
        Ok(act)
    }

    /// Its kind.
    pub const fn kind(&self) -> ActKind {
        self.kind
    }

    /// The fields that are its own.
    pub const fn payload(&self) -> &Map<String, Value> {
        &self.payload
    }

    /// The act by itself, as it is stored: one object with the `type` of its entry. Equal acts have equal text.
    pub fn to_json(&self) -> String {
        let mut object = self.payload.clone();
        let _ = object.insert("type".to_owned(), self.kind.entry_type().into());
        Value::Object(object).to_string()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`ActError`] for any other text.
    pub fn from_json(json: &str) -> Result<Self, ActError> {
        let value: Value = serde_json::from_str(json).map_err(|_| ActError::NotAnAct)?;
        Self::of_entry(&value).ok_or(ActError::NotAnAct)?
    }

    /// Bytes of its JSON by itself.
    pub fn bytes(&self) -> usize {
        self.to_json().len()
    }

    /// The act in an entry's object; none when the entry's `type` is no act's.
    pub(crate) fn of_entry(entry: &Value) -> Option<Result<Self, ActError>> {
        let entry = entry.as_object()?;
        let kind = ActKind::of_entry(entry.get("type")?.as_str()?)?;
        let own =
            kind.fields().iter().filter_map(|name| Some(((*name).to_owned(), entry.get(*name)?.clone())));
        Some(Self::new(kind, own.collect()))
    }

    /// Writes its fields into the object of an entry or a frame.
    pub(crate) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.payload.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))
    }
}

/// A room's settings as they stand: those that some act has given a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomSettings(Map<String, Value>);

impl RoomSettings {
    /// Folds an act in: it says only what it changes, and `null` takes a setting away. Whether it was one about settings.
    pub fn apply(&mut self, act: &Act) -> bool {
        let Some(Value::Object(changed)) =
            act.payload.get("settings").filter(|_| act.kind == ActKind::Settings)
        else {
            return false;
        };
        for (name, value) in changed.iter().filter(|(name, _)| SETTINGS.contains(&name.as_str())) {
            let _ = match value {
                Value::Null => self.0.remove(name),
                value => self.0.insert(name.clone(), value.clone()),
            };
        }
        true
    }

    /// The settings as one object, as they are stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// When that is not an object.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn act(kind: ActKind, payload: Value) -> Result<Act, ActError> {
        let Value::Object(payload) = payload else { panic!("a payload is an object") };
        Act::new(kind, payload)
    }

    #[test]
    fn an_act_is_one_text_whatever_the_order_of_its_fields() {
        let one = Act::from_json(r#"{"who":"h:maya","type":"moderated","act":"mute","until":7}"#).unwrap();
        let other = Act::from_json(r#"{"until":7,"act":"mute","type":"moderated","who":"h:maya"}"#).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.to_json(), other.to_json());
        assert_eq!(Act::from_json(&one.to_json()), Ok(one));
    }

    #[test]
    fn what_is_no_act_is_none() {
        for payload in [json!({ "seq": 7 }), json!({ "act": "mute" }), json!({ "colour": "sky" })] {
            assert_eq!(act(ActKind::Settings, payload), Err(ActError::UnknownField));
        }
        let long = "x".repeat(limits::ACT_BYTES);
        assert_eq!(act(ActKind::Moderation, json!({ "reason": long })), Err(ActError::TooLong));
        for json in ["", "[]", "{}", r#"{"type":7}"#, r#"{"type":"moderate"}"#, r#"{"type":"topic"}"#] {
            assert_eq!(Act::from_json(json), Err(ActError::NotAnAct), "{json}");
        }
    }

    #[test]
    fn settings_stand_until_they_are_changed() {
        let mut settings = RoomSettings::default();
        for (changed, stand) in [
            (json!({ "locked": true, "slow_s": 10 }), json!({ "locked": true, "slow_s": 10 })),
            (json!({ "slow_s": 0, "made_up": "x" }), json!({ "locked": true, "slow_s": 0 })),
            (json!({ "slow_s": null }), json!({ "locked": true })),
        ] {
            assert!(settings.apply(&act(ActKind::Settings, json!({ "settings": changed })).unwrap()));
            assert_eq!(settings.to_json(), stand.to_string());
        }
        let before = settings.clone();
        assert!(!settings.apply(&act(ActKind::Moderation, json!({ "act": "lock" })).unwrap()));
        assert_eq!(settings, before);
        assert_eq!(RoomSettings::from_json(&settings.to_json()).unwrap(), settings);
    }
}
