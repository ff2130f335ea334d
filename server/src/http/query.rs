//! The query of a request's address, read strictly: bytes that are not UTF-8 are refused, never guessed at.

use std::borrow::Cow;

use axum::http::{StatusCode, Uri};
use percent_encoding::percent_decode_str;
use snug_shared::{ErrorCode, Seq};

use super::HttpError;

/// The query of an address. Of a name that comes twice the first value counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueryString<'q>(&'q str);

impl<'q> QueryString<'q> {
    /// The query of an address; empty where there is none.
    pub fn of(uri: &'q Uri) -> Self {
        Self(uri.query().unwrap_or_default())
    }

    /// A value as it was sent, also an empty one.
    pub fn raw(self, name: &str) -> Option<&'q str> {
        let pairs = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.into_iter().find(|(key, _)| decode(key).is_some_and(|key| key == name)).map(|(_, value)| value)
    }

    /// A value; an empty one counts as absent, as browsers send the fields of a form.
    ///
    /// # Errors
    /// 400 when it is not UTF-8.
    pub fn text(self, name: &str) -> Result<Option<String>, HttpError> {
        self.decoded(name, ErrorCode::BadRequest)
    }

    /// A value that is to be a room's name or a nickname, which is not checked yet.
    ///
    /// # Errors
    /// 400 `bad_name` when it is not UTF-8.
    pub fn name(self, name: &str) -> Result<Option<String>, HttpError> {
        self.decoded(name, ErrorCode::BadName)
    }

    /// An entry's number.
    ///
    /// # Errors
    /// 400 when it is none.
    pub fn seq(self, name: &str) -> Result<Option<Seq>, HttpError> {
        match self.text(name)? {
            None => Ok(None),
            Some(digits) => digits.parse().map(Some).map_err(|_| {
                HttpError::bad_request(format!("“{name}” is the number of an entry: 0, 1, 2 and so on."))
            }),
        }
    }

    fn decoded(self, name: &str, code: ErrorCode) -> Result<Option<String>, HttpError> {
        let Some(value) = self.raw(name).filter(|value| !value.is_empty()) else { return Ok(None) };
        let decoded = decode(value)
            .ok_or_else(|| HttpError::new(StatusCode::BAD_REQUEST, code, format!("“{name}” is not UTF-8.")));
        decoded.map(|value| Some(value.into_owned()))
    }
}

impl<'q> From<&'q str> for QueryString<'q> {
    fn from(query: &'q str) -> Self {
        Self(query)
    }
}

/// Undoes the encoding of forms; none when the result is not UTF-8.
fn decode(encoded: &str) -> Option<Cow<'_, str>> {
    if !encoded.contains(['%', '+']) {
        return Some(encoded.into());
    }
    let spaced = encoded.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|text| text.into_owned().into())
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn a_value_is_decoded_as_forms_encode_it() {
        let query = QueryString::from("a=x+y%20z&b=%E2%98%95&c=&d&e=1=2&a=second&%66=100%");
        let text = |name| query.text(name).unwrap();
        assert_eq!(text("a").as_deref(), Some("x y z"));
        assert_eq!(text("b").as_deref(), Some("☕"));
        assert_eq!((text("c"), text("d"), text("none")), (None, None, None));
        assert_eq!(text("e").as_deref(), Some("1=2"));
        assert_eq!(text("f").as_deref(), Some("100%"), "an escape that is none stands for itself");
        assert_eq!((query.raw("c"), query.raw("d"), query.raw("none")), (Some(""), Some(""), None));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused_and_never_replaced() {
        for value in ["%EB", "a%FFb", "%C3%28", "%ed%a0%80", "%c0%af"] {
            let query = format!("user={value}&q={value}");
            let query = QueryString::from(query.as_str());
            for refused in [query.name("user"), query.text("q"), query.seq("q").map(|_| None)] {
                assert_eq!(refused.unwrap_err().into_response().status(), StatusCode::BAD_REQUEST, "{value}");
            }
        }
    }
}
