//! The protection against other people's web pages. A page anywhere on the internet can make a browser on this network send
//! requests here, and by DNS rebinding can even read the responses. `Origin` shows the first, `Host` the second
//! (`docs/protocol.md` §2).

use std::{
    net::IpAddr,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use snug_shared::ErrorCode;
use url::Host;

use super::{Forwarded, HttpError};
use crate::{
    config::{BasePath, Config, HostName, Network, Origin},
    sync::{Ranked, rank},
};

/// Domains that routers put behind the names of the machines in a house.
const HOUSE_DOMAINS: [&str; 4] = ["lan", "home.arpa", "internal", "fritz.box"];

/// The pause between two warnings of refused origins: anybody can cause one.
const WARNING_PAUSE: Duration = Duration::from_secs(60);

/// Where the web page's files are.
const PAGE_FILES: &str = "/page/";

/// How much of a header a warning shows, in characters.
const SHOWN: usize = 100;

/// The web origins that may use a server, and the names the server may be called by.
#[derive(Debug)]
pub struct Guard {
    hosts: Vec<HostName>,
    origins: Vec<Origin>,
    proxies: Vec<Network>,
    base_path: BasePath,
    warned_at: Ranked<Option<Instant>, rank::Leaf>,
}

impl Guard {
    /// The rules of these settings, on this machine.
    pub fn new(config: &Config) -> Self {
        Self::on_machine(&gethostname::gethostname().to_string_lossy(), config)
    }

    fn on_machine(machine: &str, config: &Config) -> Self {
        let short = machine.split('.').next().unwrap_or_default();
        let in_house = HOUSE_DOMAINS.map(|domain| format!("{short}.{domain}"));
        let own = [machine, short].into_iter().chain(in_house.iter().map(String::as_str));
        let own = own.filter_map(|name| HostName::from_str(name).ok());
        Self {
            hosts: own.chain(config.allow_host.iter().cloned()).collect(),
            origins: config.allow_origin.clone(),
            proxies: config.trusted_proxy.clone(),
            base_path: config.base_path.clone(),
            warned_at: Ranked::default(),
        }
    }

    /// Whom a request of a connection from `direct` comes from, and what it was sent to.
    pub fn forwarded(&self, direct: IpAddr, headers: &HeaderMap) -> Forwarded {
        Forwarded::read(&self.proxies, direct, headers)
    }

    /// A request's address as the routes know it: without the base path.
    pub fn local(&self, uri: Uri) -> Uri {
        let Some(rest) = self.base_path.strip(uri.path()).filter(|rest| rest.len() < uri.path().len()) else {
            return uri;
        };
        let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = format!("{rest}{query}").parse().ok();
        Uri::from_parts(parts).unwrap_or(uri)
    }

    /// Lets a request through or not. Returns the origin when it is from elsewhere and may use this server.
    ///
    /// # Errors
    /// 400 without a usable `Host`, 421 with one that is not this server's, 403 with a foreign `Origin`.
    pub fn admit(
        &self,
        version: Version,
        uri: &Uri,
        headers: &HeaderMap,
        forwarded: Option<&HeaderValue>,
    ) -> Result<Option<Origin>, HttpError> {
        let named = only_authority(headers.get_all(header::HOST))?;
        // A page that was rebound to this server could write a proxy's header, so neither name is taken for the other.
        let forwarded = only_authority(forwarded)?;
        for authority in uri.authority().into_iter().chain(&named).chain(&forwarded) {
            self.admit_host(authority)?;
        }
        if named.is_none() && version > Version::HTTP_10 {
            return Err(HttpError::bad_request("An HTTP/1.1 request has a Host header."));
        }
        // The web page's own files are the same for everybody. Behind a proxy that changes `Host`, browsers still get them, and
        // with them the sentence that says what is wrong.
        if uri.path().starts_with(PAGE_FILES) {
            return Ok(None);
        }
        self.admit_origin(forwarded.as_ref().or(uri.authority()).or(named.as_ref()), headers)
    }

    fn admit_host(&self, authority: &Authority) -> Result<(), HttpError> {
        let host = Host::parse(authority.host().trim_end_matches('.'));
        let host = host.map_err(|_| HttpError::bad_request("The Host header names no host."))?;
        let known = match &host {
            Host::Ipv4(_) | Host::Ipv6(_) => true,
            Host::Domain(name) => name == "localhost" || name.ends_with(".local") || self.is_called(&host),
        };
        if known {
            return Ok(());
        }
        let message = format!(
            "The server doesn’t accept the name {host}. Use its IP address, or start it with --allow-host {host}"
        );
        Err(HttpError::new(StatusCode::MISDIRECTED_REQUEST, ErrorCode::NotAllowed, message))
    }

    fn is_called(&self, host: &Host) -> bool {
        self.hosts.iter().any(|name| name.is(host))
    }

    fn admit_origin(
        &self,
        own: Option<&Authority>,
        headers: &HeaderMap,
    ) -> Result<Option<Origin>, HttpError> {
        let mut sent = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = sent.next() else { return admit_site(headers).map(|()| None) };
        let origin = origin.to_str().ok().and_then(|origin| Origin::from_str(origin).ok());
        if let Some(origin) = origin.filter(|_| sent.next().is_none()) {
            let is_own = |scheme| {
                own.is_some_and(|own| Origin::from_str(&format!("{scheme}://{own}")).as_ref() == Ok(&origin))
            };
            // No page has an origin of the last two; some libraries for WebSockets send it.
            if ["http", "https", "ws", "wss"].into_iter().any(is_own) {
                return Ok(None);
            }
            if self.origins.contains(&origin) {
                return Ok(Some(origin));
            }
        }
        self.warn(own, headers);
        Err(foreign_page())
    }

    /// Tells the operator of an origin that does not fit, once in a while: mostly a proxy in front hides the name it was asked
    /// for, and nobody would find out.
    fn warn(&self, own: Option<&Authority>, headers: &HeaderMap) {
        let now = Instant::now();
        let mut warned_at = self.warned_at.lock();
        if warned_at.is_some_and(|at| now.duration_since(at) < WARNING_PAUSE) {
            return;
        }
        *warned_at = Some(now);
        drop(warned_at);
        let shown = |text: &str| text.chars().take(SHOWN).collect::<String>();
        let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).map(shown);
        let host = own.map(|own| shown(own.as_str()));
        tracing::warn!(
            origin = origin.as_deref().unwrap_or("(unreadable)"),
            host = host.as_deref().unwrap_or("(none)"),
            "refused a web page: its Origin is not this server's Host. A proxy in front of the server must pass Host on; for a \
             page from elsewhere there is --allow-origin"
        );
    }
}

fn foreign_page() -> HttpError {
    let message = "A web page from another site may not use this server. The operator can allow it with --allow-origin.";
    HttpError::new(StatusCode::FORBIDDEN, ErrorCode::NotAllowed, message)
}

/// Refuses what a page from elsewhere has a browser load without an `Origin`, as pictures and scripts are: it could not read the
/// answer, and this server would make it all the same. A link that a person follows is no such request.
fn admit_site(headers: &HeaderMap) -> Result<(), HttpError> {
    let sent = |name| headers.get(name).map(HeaderValue::as_bytes);
    let is_foreign = matches!(sent("sec-fetch-site"), Some(b"cross-site" | b"same-site"));
    if is_foreign && sent("sec-fetch-mode") != Some(b"navigate") { Err(foreign_page()) } else { Ok(()) }
}

/// The one authority that is named. None: nothing is.
fn only_authority<'h>(
    sent: impl IntoIterator<Item = &'h HeaderValue>,
) -> Result<Option<Authority>, HttpError> {
    let refused = || HttpError::bad_request("The Host header names no host.");
    let mut sent = sent.into_iter();
    let Some(value) = sent.next() else { return Ok(None) };
    let authority = Authority::try_from(value.as_bytes()).map_err(|_| refused())?;
    // A user name before the host would let the two be read differently.
    if sent.next().is_some() || authority.as_str().contains('@') {
        return Err(refused());
    }
    Ok(Some(authority))
}

/// Stands before every route; answers browsers that ask what they may do for a page from elsewhere.
pub async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let host = request.extensions().get::<Forwarded>().and_then(|forwarded| forwarded.host.as_ref());
    let origin = match guard.admit(request.version(), request.uri(), request.headers(), host) {
        Ok(origin) => origin,
        Err(error) => return error.into_response(),
    };
    let Some(origin) = origin else { return next.run(request).await };
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if asks {
        let allowed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, last-event-id, authorization"),
        ];
        (StatusCode::NO_CONTENT, allowed).into_response()
    } else {
        next.run(request).await
    };
    if let Ok(origin) = HeaderValue::from_str(&origin.to_string()) {
        let headers = response.headers_mut();
        let _ = headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        // Beside what the answer depends on otherwise.
        let _ = headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// Puts on every answer what no answer of ours must be without: rooms change all the time, and JSON is not a page. The page's
/// own files say for themselves how long they are good.
pub async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let _ = headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let _ = headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let own = HeaderValue::from_static("same-origin");
    let _ = headers.insert(HeaderName::from_static("cross-origin-resource-policy"), own);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

#[cfg(test)]
mod tests;
