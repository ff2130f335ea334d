//! The page a browser gets: its files, as they lie in `assets/page`, without a build step. They are in the program, packed once.
//!
//! The documents name the other files by an address with a version, the digest of all files: `/page/{version}/room.js`. What has
//! that address never changes, so a browser that has it never asks again. Without a version, or with an old one, the present
//! file is served and asked for each time.

use std::{io::Write, sync::LazyLock};

use axum::{
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use data_encoding::BASE64URL_NOPAD;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use super::HttpError;

/// Only these files may run or apply, only this server may be asked, nothing is ever made out of text, and no other page may
/// frame this one.
pub(super) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
     manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal $kind:expr, $path:literal;)*) => {
        [$(($name, $kind, include_bytes!(concat!("../../../assets/", $path)).as_slice())),*]
    };
}

static SOURCES: [(&str, &str, &[u8]); 32] = {
    files! {
        "index.html" HTML, "page/index.html";
        "room.html" HTML, "page/room.html";
        "style.css" STYLE, "page/style.css";
        "landing.css" STYLE, "page/landing.css";
        "room.css" STYLE, "page/room.css";
        "landing.js" SCRIPT, "page/landing.js";
        "room.js" SCRIPT, "page/room.js";
        "session.js" SCRIPT, "page/session.js";
        "composer.js" SCRIPT, "page/composer.js";
        "complete.js" SCRIPT, "page/complete.js";
        "strip.js" SCRIPT, "page/strip.js";
        "name.js" SCRIPT, "page/name.js";
        "people.js" SCRIPT, "page/people.js";
        "view.js" SCRIPT, "page/view.js";
        "rooms.js" SCRIPT, "page/rooms.js";
        "visited.js" SCRIPT, "page/visited.js";
        "rows.js" SCRIPT, "page/rows.js";
        "connection.js" SCRIPT, "page/connection.js";
        "timeline.js" SCRIPT, "page/timeline.js";
        "outbox.js" SCRIPT, "page/outbox.js";
        "commands.js" SCRIPT, "page/commands.js";
        "common.js" SCRIPT, "page/common.js";
        "layers.js" SCRIPT, "page/layers.js";
        "markup.js" SCRIPT, "page/markup.js";
        "inline.js" SCRIPT, "page/inline.js";
        "links.js" SCRIPT, "page/links.js";
        "search.js" SCRIPT, "page/search.js";
        "tools.js" SCRIPT, "page/tools.js";
        "manifest.webmanifest" "application/manifest+json", "page/manifest.webmanifest";
        "icon.svg" "image/svg+xml", "icons/snug.svg";
        "icon.png" "image/png", "icons/snug-180.png";
        "favicon.ico" "image/x-icon", "icons/favicon.ico";
    }
};

/// Names the files of this program: another one has another version.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for (name, _, plain) in SOURCES {
        digest.update(name);
        digest.update(plain);
    }
    BASE64URL_NOPAD.encode(&digest.finalize()[..9])
});

static FILES: LazyLock<[File; SOURCES.len()]> =
    LazyLock::new(|| SOURCES.map(|(name, kind, plain)| File::new(name, kind, plain)));

#[derive(Debug)]
struct File {
    name: &'static str,
    kind: &'static str,
    plain: Bytes,
    packed: Bytes,
    /// Names this content: the same for as long as the content is.
    tag: String,
}

impl File {
    fn new(name: &'static str, kind: &'static str, plain: &'static [u8]) -> Self {
        // A document names the other files with their version, and as seen from where it is itself: a proxy may serve all of
        // them below a path that only the browser knows.
        let root = if name == "room.html" { "../../" } else { "./" };
        let plain = match str::from_utf8(plain) {
            Ok(text) if kind == HTML => text
                .replace("\"/page/", &format!("\"{root}page/{}/", VERSION.as_str()))
                .replace("href=\"/\"", &format!("href=\"{root}\""))
                .into(),
            _ => Bytes::from_static(plain),
        };
        let digest = Sha256::digest(&plain);
        let tag = BASE64URL_NOPAD.encode(&digest[..12]);
        Self { name, kind, packed: pack(&plain).into(), plain, tag }
    }

    fn answer(&self, headers: &HeaderMap, lifetime: HeaderValue) -> Response {
        let packed = accepts_gzip(headers);
        // The packed form is another sequence of bytes, so it has another name.
        let tag = format!("\"{}{}\"", self.tag, if packed { "-gz" } else { "" });
        let common = [
            (header::ETAG, HeaderValue::try_from(&tag).unwrap_or(HeaderValue::from_static("\"\""))),
            (header::CACHE_CONTROL, lifetime),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        // Only a document has a policy; the other files get what every answer gets, which is shorter.
        let policy = (self.kind == HTML).then_some([(header::CONTENT_SECURITY_POLICY, POLICY)]);
        if has_already(headers, &tag) {
            return (StatusCode::NOT_MODIFIED, policy, common).into_response();
        }
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(self.kind))];
        if packed {
            let encoding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
            return (common, policy, kind, encoding, self.packed.clone()).into_response();
        }
        (common, policy, kind, self.plain.clone()).into_response()
    }
}

/// Asked for each time; a browser that has the same is told so.
const CHECKED: HeaderValue = HeaderValue::from_static("no-cache");
/// Never asked for again.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The version in the addresses of the files.
pub(super) fn version() -> &'static str {
    &VERSION
}

/// `GET /`.
pub async fn landing(headers: HeaderMap) -> Result<Response, HttpError> {
    named("index.html", &headers, CHECKED)
}

/// `GET /chat/{room}/`.
pub async fn room(headers: HeaderMap) -> Result<Response, HttpError> {
    named("room.html", &headers, CHECKED)
}

/// `GET /chat/{room}`: to the address with the slash, from where the document finds its files.
pub async fn room_without_slash(uri: Uri) -> Redirect {
    let segment = uri.path().rsplit('/').next().unwrap_or_default();
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    Redirect::permanent(&format!("./{segment}/{query}"))
}

/// `GET /favicon.ico`: browsers ask for it where a document names no icon, as JSON does.
pub async fn favicon(headers: HeaderMap) -> Result<Response, HttpError> {
    named("favicon.ico", &headers, CHECKED)
}

/// `GET /page/{file}`.
pub async fn file(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, HttpError> {
    named(&name, &headers, CHECKED)
}

/// `GET /page/{version}/{file}`. A page that was loaded before an update asks for an old version.
pub async fn versioned(
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let lifetime = if version == *VERSION { IMMUTABLE } else { CHECKED };
    named(&name, &headers, lifetime)
}

fn named(name: &str, headers: &HeaderMap, lifetime: HeaderValue) -> Result<Response, HttpError> {
    let file = FILES.iter().find(|file| file.name == name);
    file.map(|file| file.answer(headers, lifetime)).ok_or_else(HttpError::nothing_here)
}

fn pack(plain: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::with_capacity(plain.len()), Compression::best());
    let packed = packer.write_all(plain).and_then(|()| packer.finish());
    packed.expect("a vector takes all that is written")
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    tokens(headers, header::ACCEPT_ENCODING).any(|token| {
        let (coding, weight) = token.split_once(';').unwrap_or((token, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
        coding.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

fn has_already(headers: &HeaderMap, tag: &str) -> bool {
    tokens(headers, header::IF_NONE_MATCH).any(|held| held == "*" || held.trim_start_matches("W/") == tag)
}

fn tokens(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(name: &str, sent: &[(header::HeaderName, &'static str)]) -> Response {
        let headers = sent.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        named(name, &headers.collect(), CHECKED).unwrap()
    }

    #[test]
    fn a_visit_to_a_room_stays_small() {
        let visit = || {
            FILES.iter().filter(|file| {
                !["index.html", "landing.js", "landing.css", "favicon.ico", "icon.png"].contains(&file.name)
            })
        };
        let plain: usize = visit().map(|file| file.plain.len()).sum();
        let packed: usize = visit().map(|file| file.packed.len()).sum();
        assert!(packed <= 62_000 && plain <= 170_000, "{packed} bytes packed, {plain} unpacked");
    }

    #[test]
    fn nothing_is_inline_and_no_text_becomes_markup() {
        for file in FILES.iter().filter(|file| [HTML, SCRIPT].contains(&file.kind)) {
            let text = str::from_utf8(&file.plain).unwrap();
            for word in
                ["style=", "onclick=", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "://cdn"]
            {
                assert!(!text.contains(word), "{word} in {}", file.name);
            }
            assert!(!text.replace("<script type=\"module\" src=", "").contains("<script"), "{}", file.name);
        }
    }

    #[test]
    fn a_document_has_the_policy_and_the_others_need_none() {
        for file in FILES.iter() {
            let held = get(file.name, &[]).headers()[header::ETAG].clone();
            let again =
                named(file.name, &HeaderMap::from_iter([(header::IF_NONE_MATCH, held)]), CHECKED).unwrap();
            for response in [get(file.name, &[]), again] {
                let policy = response.headers().get(header::CONTENT_SECURITY_POLICY);
                assert_eq!(policy, (file.kind == HTML).then_some(&POLICY), "{}", file.name);
            }
        }
    }

    #[test]
    fn a_browser_that_has_a_file_is_not_sent_it_again() {
        let first = get("style.css", &[]);
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        for held in [tag.clone(), format!("\"other\", W/{tag}"), "*".into()] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::try_from(held).unwrap());
            let again = named("style.css", &headers, CHECKED).unwrap();
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
            assert_eq!(again.headers()[header::ETAG].to_str().unwrap(), tag);
        }
        assert_eq!(get("style.css", &[(header::IF_NONE_MATCH, "\"other\"")]).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_file_under_its_version_is_kept_for_ever_and_a_document_is_not() {
        let lifetime = |response: &Response| response.headers()[header::CACHE_CONTROL].clone();
        for document in ["index.html", "room.html"] {
            let file = FILES.iter().find(|file| file.name == document).unwrap();
            let text = str::from_utf8(&file.plain).unwrap();
            assert_eq!(lifetime(&get(document, &[])), CHECKED);
            // Every file a document names has the version, and is there.
            for address in text.split('"').filter_map(|part| part.strip_prefix("/page/")) {
                let (version, name) = address.split_once('/').unwrap();
                let path = Path((version.to_owned(), name.to_owned()));
                let response = versioned(path, HeaderMap::new()).await.unwrap();
                assert_eq!(lifetime(&response), IMMUTABLE, "{address}");
            }
        }
        let old = versioned(Path(("old".into(), "room.js".into())), HeaderMap::new()).await.unwrap();
        assert_eq!(lifetime(&old), CHECKED);
        // Scripts name each other without an address of their own, so they find their neighbours of the same version.
        for file in FILES.iter().filter(|file| file.kind == SCRIPT) {
            assert!(!str::from_utf8(&file.plain).unwrap().contains("/page/"), "{}", file.name);
        }
    }

    #[test]
    fn a_file_is_packed_for_those_who_take_it_packed() {
        let encoding = |accept| {
            let response = get("room.js", &[(header::ACCEPT_ENCODING, accept)]);
            response.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip")
        };
        assert!(encoding("gzip") && encoding("br, GZIP;q=0.5") && encoding("deflate,gzip"));
        assert!(!encoding("") && !encoding("br") && !encoding("gzip;q=0") && !encoding("gzip; q=0.0"));
    }
}
