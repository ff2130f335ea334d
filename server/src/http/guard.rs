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
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use snug_shared::ErrorCode;
use url::Host;

use super::{Forwarded, HttpError};
use crate::{
    config::{Config, HostName, Network, Origin},
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
            warned_at: Ranked::default(),
        }
    }

    /// Whom a request of a connection from `direct` comes from, and what it was sent to.
    pub fn forwarded(&self, direct: IpAddr, headers: &HeaderMap) -> Forwarded {
        Forwarded::read(&self.proxies, direct, headers)
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
        let Some(origin) = sent.next() else { return Ok(None) };
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
        let message = "A web page from another site may not use this server. The operator can allow it with --allow-origin.";
        Err(HttpError::new(StatusCode::FORBIDDEN, ErrorCode::NotAllowed, message))
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
        let origin = headers.get(header::ORIGIN).map_or_else(String::new, |origin| format!("{origin:?}"));
        let host = own.map_or_else(String::new, |host| shown(host.as_str()));
        tracing::warn!(
            origin = shown(&origin),
            host,
            "refused a web page: its Origin is not this server's Host. A proxy in front of the server must pass Host on; for a \
             page from elsewhere there is --allow-origin"
        );
    }
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
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        let config = Config {
            allow_origin: ["https://pages.example", "null", "file://"]
                .map(|origin| origin.parse().unwrap())
                .to_vec(),
            allow_host: vec!["chat.example".parse().unwrap()],
            ..Config::default()
        };
        Guard::on_machine("Kitchen.lan.example", &config)
    }

    fn status(host: &str, origin: Option<&str>) -> u16 {
        status_of(&guard(), "/", host, origin, None)
    }

    fn status_of(
        guard: &Guard,
        path: &str,
        host: &str,
        origin: Option<&str>,
        forwarded: Option<&str>,
    ) -> u16 {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        let forwarded = forwarded.map(|host| HeaderValue::from_str(host).unwrap());
        let uri = path.parse().unwrap();
        let admitted = guard.admit(Version::HTTP_11, &uri, &headers, forwarded.as_ref());
        admitted.map_or_else(|error| error.into_response().status().as_u16(), |_| 200)
    }

    #[test]
    fn a_server_answers_to_addresses_and_to_its_own_names() {
        for host in [
            "192.168.1.20:8000",
            "127.0.0.1",
            "[::1]:8000",
            "[fe80::1]",
            "localhost:8000",
            "LOCALHOST",
            "localhost.",
            "anything.local:8000",
            "Kitchen:8000",
            "kitchen.lan.example",
            "kitchen.local",
            "kitchen.lan",
            "Kitchen.home.arpa:8000",
            "kitchen.internal",
            "kitchen.fritz.box",
            "chat.example:443",
            "CHAT.example.",
        ] {
            assert_eq!(status(host, None), 200, "{host}");
        }
    }

    #[test]
    fn a_server_does_not_answer_to_other_names() {
        for host in [
            "evil.example",
            "evil.example:8000",
            "kitchen.evil.example",
            "localhost.evil.example",
            "local",
            "chat.example.evil",
            "192.168.1.20.evil.example",
            "notlocal",
            "lan",
            "cellar.lan",
            "fritz.box",
            "evil.kitchen.lan",
            "kitchen.box",
        ] {
            assert_eq!(status(host, None), 421, "{host}");
        }
        for host in ["", "a b", "user@localhost", "localhost:8000@evil.example", "[::1"] {
            assert_eq!(status(host, None), 400, "{host:?}");
        }
    }

    #[test]
    fn a_page_of_its_own_or_of_a_listed_origin_may_use_it() {
        for (host, origin) in [
            ("192.168.1.20:8000", "http://192.168.1.20:8000"),
            ("LOCALHOST:8000", "http://localhost:8000"),
            ("chat.example", "https://chat.example"),
            ("chat.example:443", "https://chat.example"),
            ("chat.example", "http://chat.example"),
            ("[::1]:8000", "http://[::1]:8000"),
            ("localhost:8000", "https://pages.example"),
            ("localhost:8000", "ws://localhost:8000"),
            ("chat.example", "wss://chat.example"),
            ("chat.example:443", "wss://chat.example"),
            ("chat.example", "ws://chat.example:80"),
            ("localhost:8000", "null"),
            ("localhost:8000", "file://"),
        ] {
            assert_eq!(status(host, Some(origin)), 200, "{origin} on {host}");
        }
    }

    #[test]
    fn a_page_from_elsewhere_may_not() {
        let strict = Guard::on_machine("kitchen", &Config::default());
        for origin in ["null", "file://", "https://pages.example"] {
            let status = status_of(&strict, "/", "localhost:8000", Some(origin), None);
            assert_eq!(status, 403, "{origin:?} is not listed");
        }
        for origin in [
            "",
            "http://evil.example",
            "http://localhost",
            "http://localhost:8001",
            "http://localhost:8000.evil.example",
            "ws://localhost:8001",
            "wss://localhost",
            "file:///home",
            "https://pages.example:8443",
            "https://sub.pages.example",
            "http://pages.example",
            "http://localhost:8000/path",
            "http://user@localhost:8000",
        ] {
            assert_eq!(status("localhost:8000", Some(origin)), 403, "{origin:?}");
        }
    }

    #[test]
    fn two_hosts_or_two_origins_are_refused() {
        let (local, evil) = (HeaderValue::from_static("localhost"), HeaderValue::from_static("evil.example"));
        let admit = |version, headers: &HeaderMap| {
            guard()
                .admit(version, &Uri::from_static("/"), headers, None)
                .map_err(|error| error.into_response().status())
        };
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, local.clone());
        headers.append(header::ORIGIN, HeaderValue::from_static("http://localhost"));
        headers.append(header::ORIGIN, HeaderValue::from_static("http://localhost"));
        assert_eq!(admit(Version::HTTP_11, &headers), Err(StatusCode::FORBIDDEN));
        headers.remove(header::ORIGIN);
        headers.append(header::HOST, evil);
        assert_eq!(admit(Version::HTTP_11, &headers), Err(StatusCode::BAD_REQUEST));
        headers.remove(header::HOST);
        assert_eq!(admit(Version::HTTP_11, &headers), Err(StatusCode::BAD_REQUEST));
        assert_eq!(admit(Version::HTTP_10, &headers), Ok(None));
    }

    #[test]
    fn an_address_in_the_request_line_counts_as_well() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        let uri = Uri::from_static("http://evil.example/api/rooms");
        let error = guard().admit(Version::HTTP_11, &uri, &headers, None).unwrap_err();
        assert_eq!(error.into_response().status(), StatusCode::MISDIRECTED_REQUEST);
    }

    #[test]
    fn the_pages_own_files_need_no_origin_but_the_right_host() {
        let status = |path, host| status_of(&guard(), path, host, Some("https://elsewhere.example"), None);
        assert_eq!(status("/page/room.js", "localhost"), 200);
        assert_eq!(status("/page/room.js", "evil.example"), 421);
        for path in ["/", "/page", "/pages/x", "/api/rooms", "/chat/page/"] {
            assert_eq!(status(path, "localhost"), 403, "{path}");
        }
    }

    #[test]
    fn a_proxys_word_for_the_host_is_checked_as_the_host_is() {
        let own = Some("https://chat.example");
        let status = |host, origin, forwarded| status_of(&guard(), "/", host, origin, Some(forwarded));
        assert_eq!(status("localhost:8000", own, "chat.example"), 200);
        assert_eq!(status("localhost:8000", Some("http://localhost:8000"), "chat.example"), 403);
        assert_eq!(status("localhost:8000", None, "evil.example"), 421);
        assert_eq!(status("evil.example", None, "chat.example"), 421, "a page that was rebound wrote it");
        assert_eq!(status("localhost:8000", None, "a b"), 400);
    }

    #[test]
    fn a_strangers_origins_are_warned_of_once_in_a_while() {
        let guard = guard();
        for _ in 0..3 {
            let _ = status_of(&guard, "/", "localhost", Some("http://evil.example"), None);
            let warned_at = *guard.warned_at.lock();
            let _ = status_of(&guard, "/", "localhost", Some("http://evil.example"), None);
            assert_eq!(*guard.warned_at.lock(), warned_at);
        }
    }
}
