//! A list of members, shared and encoded once.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::value::RawValue;

use super::MemberInfo;

/// Who is here. A room of thousands tells everybody who comes of the same hundred: cloning the list costs nothing, and its JSON
/// is made once.
#[derive(Clone, Default)]
pub struct MemberList(Arc<List>);

#[derive(Default)]
struct List {
    members: Vec<MemberInfo>,
    json: OnceLock<Box<RawValue>>,
}

impl From<Vec<MemberInfo>> for MemberList {
    fn from(members: Vec<MemberInfo>) -> Self {
        Self(Arc::new(List { members, json: OnceLock::new() }))
    }
}

impl Deref for MemberList {
    type Target = [MemberInfo];

    fn deref(&self) -> &[MemberInfo] {
        &self.0.members
    }
}

impl PartialEq for MemberList {
    fn eq(&self, other: &Self) -> bool {
        self.0.members == other.0.members
    }
}

impl Eq for MemberList {}

impl fmt::Debug for MemberList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.members.fmt(f)
    }
}

impl Serialize for MemberList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = match self.0.json.get() {
            Some(json) => json,
            None => {
                let json = serde_json::value::to_raw_value(&self.0.members).map_err(ser::Error::custom)?;
                self.0.json.get_or_init(|| json)
            }
        };
        json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MemberList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}
