//! `GET /get`: the app for whoever has none yet and no internet to load it from. The page needs no JavaScript.

use std::{fmt::Write, net::IpAddr, sync::Arc};

use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};

use super::{Forwarded, HttpError, invite, page, refusal::escaped};
use crate::{Server, config::Config, net::peer::Peer};

mod download;
mod programs;

use download::Downloads;
use programs::{Program, Programs};

/// What this server passes on, and to how many it does so now.
#[derive(Debug)]
pub struct HandOver {
    programs: Programs,
    downloads: Arc<Downloads>,
}

impl HandOver {
    /// The programs that the settings name.
    pub fn new(config: &Config) -> Self {
        Self { programs: Programs::new(config.programs.as_deref()), downloads: Arc::default() }
    }
}

/// `GET /get?room=`: the programs, and the invite to type once one has one of them.
pub async fn show(
    State(server): State<Arc<Server>>,
    uri: Uri,
    forwarded: Option<Extension<Forwarded>>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let invite = invite::invite(&server, &uri, forwarded.as_deref(), &headers)?;
    let link = invite.link_below(server.config.base_path.as_str());
    let programs = server.hand_over.programs.list().await;
    let policy = [(header::CONTENT_SECURITY_POLICY, page::POLICY)];
    Ok((policy, Html(document(&server.config.name, &link, &programs))).into_response())
}

/// `GET /get/{name}`: one of them, or a part of it.
pub async fn program(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let address = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.address);
    let Some(download) = server.hand_over.downloads.begin(address) else {
        let message = "Too many people are getting programs from this server. Try again in a moment.";
        return Err(HttpError::unavailable(snug_shared::ErrorCode::Unavailable, message));
    };
    let Some((program, file)) = server.hand_over.programs.open(&name).await else {
        return Err(HttpError::nothing_here());
    };
    let tag = format!("\"{}\"", program.sha256);
    let wanted = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // The rest of another file would be of no use.
    let is_same = wanted(header::IF_RANGE).is_none_or(|held| held == tag);
    let part = download::part(wanted(header::RANGE).filter(|_| is_same), program.bytes);
    let text = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    let common = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, text(format!("attachment; filename=\"{}\"", program.name))),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::ETAG, text(tag)),
    ];
    let Ok(part) = part else {
        let range = [(header::CONTENT_RANGE, text(format!("bytes */{}", program.bytes)))];
        let refusal = HttpError::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            snug_shared::ErrorCode::BadRequest,
            "The program ends before that.",
        );
        return Ok((range, refusal).into_response());
    };
    let whole = 0..=program.bytes.saturating_sub(1);
    let (status, sent) = match part {
        Some(part) => (StatusCode::PARTIAL_CONTENT, part),
        None => (StatusCode::OK, whole),
    };
    let range = format!("bytes {}-{}/{}", sent.start(), sent.end(), program.bytes);
    let length = sent.end() - sent.start() + 1;
    let body = download::body(file, sent, download).map_err(|error| {
        tracing::warn!(%error, "a program can't be read");
        HttpError::unavailable(snug_shared::ErrorCode::Unavailable, "That program can’t be read right now.")
    })?;
    let range = (status == StatusCode::PARTIAL_CONTENT).then(|| [(header::CONTENT_RANGE, text(range))]);
    Ok((status, common, range, [(header::CONTENT_LENGTH, HeaderValue::from(length))], body).into_response())
}

fn document(server: &str, link: &str, programs: &[Program]) -> String {
    let version = page::version();
    let (server, link) = (escaped(server), escaped(link));
    let mut body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\n\
         <meta name=\"color-scheme\" content=\"dark light\">\n<title>Get Snug</title>\n\
         <link rel=\"icon\" href=\"page/{version}/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"page/{version}/style.css\">\n\
         <link rel=\"stylesheet\" href=\"page/{version}/landing.css\">\n</head>\n<body class=\"landing get\">\n<main>\n\
         <header class=\"brand\"><img src=\"page/{version}/icon.svg\" alt=\"\" width=\"44\" height=\"44\">\
         <div><h1>Get Snug</h1><p class=\"muted\">From {server}, without the internet.</p></div></header>\n\
         <h2>Programs</h2>\n"
    );
    if programs.is_empty() {
        body.push_str(
            "<p>This server has no programs to pass on. Its owner can name a folder with --programs.</p>\n",
        );
    } else {
        body.push_str("<ul class=\"cards programs\">\n");
        programs.iter().for_each(|program| card(&mut body, program));
        body.push_str("</ul>\n");
    }
    body.push_str(&format!(
        "<h2>Then</h2>\n<p>Start Snug, paste this link and press Join:</p>\n<p><code class=\"link\">{link}</code></p>\n\
         <p class=\"muted small\">From a terminal on Linux and macOS: \
         <code>chmod +x snug &amp;&amp; ./snug --join {link}</code></p>\n\
         <section class=\"others\"><h2>Without the app</h2>\n<p><a href=\"./\">Rooms on this server</a> in this browser.</p></section>\n\
         </main>\n</body>\n</html>\n"
    ));
    body
}

fn card(body: &mut String, program: &Program) {
    let (name, runs_on) = (escaped(&program.name), escaped(&program.runs_on));
    // Writing to a string does not fail.
    let _ = write!(
        body,
        "<li><a class=\"card\" href=\"get/{name}\" download><span class=\"words\"><b>{name}</b>\
         <span class=\"muted small\">{runs_on}</span></span><span class=\"muted small beside\">{}</span></a>\n\
         <p class=\"muted small digest\">SHA-256 <code>{}</code></p></li>\n",
        size(program.bytes),
        program.sha256
    );
}

/// A size for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => {
            let tenths = bytes.div_ceil(100_000);
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_for_people() {
        assert_eq!([size(999), size(1_001), size(33_450_000)], ["999 bytes", "2 kB", "33.5 MB"]);
    }

    #[test]
    fn a_servers_name_is_no_markup() {
        let page = document("<b>\"lab\"</b>", "http://192.168.1.20:8000/", &[]);
        assert!(
            page.contains("From &lt;b&gt;&quot;lab&quot;&lt;/b&gt;,") && !page.contains("<script"),
            "{page}"
        );
    }
}
