//! Invites to this server: a link, and the same as a QR code. The code holds this server's own links only, so that nobody can
//! make it point elsewhere.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use qrcode::{QrCode, render::svg};
use serde_json::{Value, json};
use snug_shared::{Invite, RoomName, ServerAddress};
use url::Host;

use super::{Forwarded, HttpError, query::QueryString};
use crate::{Server, net::addresses::reachable};

/// `GET /invite?room=&secure=`: this server's name, and a link for others.
pub async fn link(
    State(server): State<Arc<Server>>,
    uri: Uri,
    forwarded: Option<Extension<Forwarded>>,
    headers: HeaderMap,
) -> Result<Json<Value>, HttpError> {
    let link =
        invite(&server, &uri, forwarded.as_deref(), &headers)?.link_below(server.config.base_path.as_str());
    Ok(Json(json!({"server": server.config.name, "link": link})))
}

/// `GET /invite.svg?room=&secure=`: that link as a QR code.
pub async fn code(
    State(server): State<Arc<Server>>,
    uri: Uri,
    forwarded: Option<Extension<Forwarded>>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let link =
        invite(&server, &uri, forwarded.as_deref(), &headers)?.link_below(server.config.base_path.as_str());
    let code =
        QrCode::new(link).map_err(|_| HttpError::bad_request("That link is too long for a QR code."))?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], image).into_response())
}

/// The link to this server, or to a room of it, that works on other machines.
pub(super) fn invite(
    server: &Server,
    uri: &Uri,
    forwarded: Option<&Forwarded>,
    headers: &HeaderMap,
) -> Result<Invite, HttpError> {
    let query = QueryString::of(uri);
    let room = query.name("room")?.as_deref().map(RoomName::parse).transpose()?;
    // Whether the browser came by `https`, which only the browser and a proxy in front of this server know.
    let secure = match query.raw("secure") {
        None | Some("" | "false") => forwarded.is_some_and(|forwarded| forwarded.secure),
        Some("true") => true,
        Some(_) => return Err(HttpError::bad_request("“secure” is true or false.")),
    };
    let host = forwarded.and_then(|forwarded| forwarded.host.as_ref()).or_else(|| headers.get(header::HOST));
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if secure { "https" } else { "http" };
    let mut address = ServerAddress::parse(&format!("{scheme}://{host}"))
        .map_err(|error| HttpError::bad_request(error.to_string()))?;
    // Other machines would take this machine's own name for themselves.
    if is_this_machine(&address.host)
        && let Some(ip) = reachable(server.config.listen).into_iter().find(|ip| !ip.is_loopback())
    {
        address.host = match ip {
            std::net::IpAddr::V4(ip) => Host::Ipv4(ip),
            std::net::IpAddr::V6(ip) => Host::Ipv6(ip),
        };
    }
    Ok(Invite { server: address, room })
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(name) => name == "localhost",
    }
}
