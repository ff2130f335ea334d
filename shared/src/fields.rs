//! The fields of a frame before anything is known of them, borrowed from the text they came in: most frames are read and
//! checked without a copy of any of it.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor, value},
};
use serde_json::{Value, value::RawValue};

/// A JSON object in a text. A field that nobody asks for is ignored, whatever its shape: each is read by itself, so that
/// none of them makes the others unreadable.
pub(crate) struct Fields<'j>(BTreeMap<Cow<'j, str>, (&'j RawValue, Field<'j>)>);

/// The value of a field.
pub(crate) enum Field<'j> {
    /// Text, which is nearly all there is.
    Text(Cow<'j, str>),
    /// Anything else.
    Other(Value),
    /// JSON that no value holds: a number beyond all sizes, brackets within brackets without end.
    Unreadable,
}

impl<'j> Fields<'j> {
    /// A field, if it is there.
    pub fn get(&self, name: &str) -> Option<&Field<'j>> {
        self.0.get(name).map(|(_, field)| field)
    }

    /// The JSON of a field, if it is there.
    pub fn json(&self, name: &str) -> Option<&'j str> {
        self.0.get(name).map(|(json, _)| json.get())
    }
}

impl Field<'_> {
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) | Self::Unreadable => None,
        }
    }

    /// What it is if it is not text.
    pub fn other(&self) -> Option<&Value> {
        match self {
            Self::Text(_) | Self::Unreadable => None,
            Self::Other(value) => Some(value),
        }
    }

    pub fn as_u64(&self) -> Option<u64> {
        self.other()?.as_u64()
    }

    pub fn as_bool(&self) -> Option<bool> {
        self.other()?.as_bool()
    }

    pub fn is_null(&self) -> bool {
        self.other().is_some_and(Value::is_null)
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

impl<'de> Deserialize<'de> for Field<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some(name) = map.next_key()? {
            let Field::Text(name) = name else {
                return Err(de::Error::custom("a field's name is text"));
            };
            let json: &RawValue = map.next_value()?;
            let field = serde_json::from_str(json.get()).unwrap_or(Field::Unreadable);
            // Two values for one field: taking either would be a guess.
            if fields.contains_key(&name) {
                return Err(de::Error::custom(format_args!("field `{name}` twice")));
            }
            let _ = fields.insert(name, (json, field));
        }
        Ok(Fields(fields))
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Field<'de>, E> {
        Ok(Field::Other(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Field<'de>, E> {
        Ok(Field::Other(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Field<'de>, E> {
        Ok(Field::Other(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Field<'de>, E> {
        Ok(Field::Other(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Field<'de>, E> {
        Ok(Field::Other(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Field<'de>, A::Error> {
        Value::deserialize(value::SeqAccessDeserializer::new(list)).map(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field<'de>, A::Error> {
        Value::deserialize(value::MapAccessDeserializer::new(map)).map(Field::Other)
    }
}
