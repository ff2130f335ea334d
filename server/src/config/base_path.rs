//! The path below which a proxy serves this server.

use std::{fmt, str::FromStr};

/// What stands before every address of this server: `/snug`, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

impl BasePath {
    /// The path, without a slash at its end; empty where the server is at the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A path as the routes know it; none when it is not below this one. Proxies that take the base path away themselves send
    /// such paths.
    pub fn strip<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.as_str())?;
        rest.starts_with('/').then_some(rest)
    }
}

impl FromStr for BasePath {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str =
            "a base path begins with a slash and has letters, digits, “-”, “_”, “.”, “~”: /snug";
        let path = text.trim_end_matches('/');
        if path.is_empty() {
            return if text.starts_with('/') { Ok(Self::default()) } else { Err(SHAPE) };
        }
        let is_segment = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
        };
        let segments = path.strip_prefix('/').ok_or(SHAPE)?;
        if segments.split('/').all(is_segment) { Ok(Self(path.to_owned())) } else { Err(SHAPE) }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_is_whole_segments() {
        for (text, path) in
            [("/", ""), ("//", ""), ("/snug", "/snug"), ("/snug/", "/snug"), ("/a/b-c_d.e~1", "/a/b-c_d.e~1")]
        {
            assert_eq!(text.parse::<BasePath>().unwrap().as_str(), path, "{text}");
        }
        for wrong in ["", "snug", "/a b", "/a//b", "/../x", "/.", "/a?b", "/ä", "/%41", "http://x/"] {
            assert!(wrong.parse::<BasePath>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_below_it_stays_as_it_is() {
        let base: BasePath = "/snug".parse().unwrap();
        assert_eq!(base.strip("/snug/api/rooms"), Some("/api/rooms"));
        assert_eq!(base.strip("/snug/"), Some("/"));
        for other in ["/snug", "/snugly/", "/api/rooms", "/", "*"] {
            assert_eq!(base.strip(other), None, "{other}");
        }
        assert_eq!(BasePath::default().strip("/api/rooms"), Some("/api/rooms"));
    }
}
