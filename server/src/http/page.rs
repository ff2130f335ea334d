//! The page a browser gets: what this is, which rooms are open, how to get in. It has no script, so that nothing in a room's
//! name could become one.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use snug_shared::api::RoomInfo;

use super::HttpError;
use crate::Server;

const PAGE: &str = include_str!("../../../assets/page/index.html");

/// Rooms shown; a page is no place to search through more.
const SHOWN: usize = 50;

/// Nothing may be loaded or run, and only this very style sheet applies.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = between(PAGE, "<style>", "</style>").unwrap_or_default();
    let hash = BASE64.encode(&Sha256::digest(style));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("base64 and words are a header")
});

/// `GET /` and `GET /chat/{room}/`.
pub async fn page(State(server): State<Arc<Server>>, headers: HeaderMap) -> Result<Response, HttpError> {
    let rooms = server.hub.rooms().await?.rooms;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| is_plain(host));
    let page = render(&server.config.name, host.unwrap_or("localhost:8000"), &rooms);
    Ok(([(header::CONTENT_SECURITY_POLICY, POLICY.clone())], Html(page)).into_response())
}

/// Whether a host may stand in a command that people paste into a shell.
fn is_plain(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

fn render(server: &str, host: &str, rooms: &[RoomInfo]) -> String {
    let list = if rooms.is_empty() {
        "<p>No room is open yet. The first one to come in makes one.</p>".to_owned()
    } else {
        let items: String = rooms.iter().take(SHOWN).map(item).collect();
        format!("<ul>\n{items}</ul>")
    };
    let list = match rooms.len().saturating_sub(SHOWN) {
        0 => list,
        more => format!("{list}\n<p class=\"muted\">And {more} more.</p>"),
    };
    fill(PAGE, |name| match name {
        "server" => escaped(server),
        "address" => escaped(host),
        "origin" => Cow::Owned(format!("http://{}", escaped(host))),
        _ => Cow::Borrowed(&list),
    })
}

fn item(room: &RoomInfo) -> String {
    let here = match room.members {
        0 => "nobody here now".to_owned(),
        1 => "1 here".to_owned(),
        many => format!("{many} here"),
    };
    format!("<li><b>{}</b><span>{here}</span></li>\n", escaped(room.room.as_str()))
}

/// Puts values for `{{names}}`, in one pass: a value is never looked through for names again.
fn fill<'a>(template: &str, value: impl Fn(&str) -> Cow<'a, str>) -> String {
    let mut text = String::with_capacity(2 * template.len());
    let mut rest = template;
    while let Some((before, (name, after))) =
        rest.split_once("{{").and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
    {
        text.push_str(before);
        text.push_str(&value(name));
        rest = after;
    }
    text.push_str(rest);
    text
}

fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}

#[cfg(test)]
mod tests {
    use snug_shared::RoomName;

    use super::*;

    fn room(name: &str, members: u32) -> RoomInfo {
        RoomInfo {
            room: RoomName::parse(name).unwrap(),
            members,
            last: 0,
            last_at: 0,
            topic: None,
            locked: false,
        }
    }

    #[test]
    fn the_page_says_which_rooms_are_open_and_how_to_get_in() {
        let page = render("The lab", "192.168.1.20:8000", &[room("tea", 2), room("late", 0)]);
        for part in ["<h1>The lab</h1>", "<b>tea</b><span>2 here</span>", "nobody here now"] {
            assert!(page.contains(part), "{part}");
        }
        assert!(page.contains("http://192.168.1.20:8000/api/rooms/tea/messages"));
        assert!(!page.contains("{{"), "every name was filled");
        assert!(render("The lab", "lab", &[]).contains("No room is open yet"));
    }

    #[test]
    fn names_are_text_whatever_is_in_them() {
        let page =
            render("{{rooms}}", "lab'<\"", &[room("<script>alert(1)<script>", 1), room("{{server}}", 1)]);
        assert!(!page.contains("<script"));
        assert!(page.contains("<b>&lt;script&gt;alert(1)&lt;script&gt;</b>"));
        assert!(page.contains("<h1>{{rooms}}</h1>") && page.contains("<b>{{server}}</b>"));
        assert!(page.contains("http://lab&#39;&lt;&quot;/api"));
    }

    #[test]
    fn many_rooms_are_counted_and_not_shown() {
        let rooms: Vec<RoomInfo> = (0..60).map(|n| room(&format!("room {n}"), 1)).collect();
        let page = render("lab", "lab", &rooms);
        assert_eq!(page.matches("<li>").count(), SHOWN);
        assert!(page.contains("And 10 more."));
    }

    #[test]
    fn the_policy_names_the_one_style_sheet_there_is() {
        assert_eq!(PAGE.matches("<style>").count(), 1);
        assert!(!PAGE.contains("style=") && !PAGE.contains("<script"));
        assert!(POLICY.to_str().unwrap().contains("style-src 'sha256-"));
    }
}
