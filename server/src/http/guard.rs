//! The protection against other people's web pages. A page anywhere on the internet can make a browser on this network send
//! requests here, and by DNS rebinding can even read the responses. `Origin` shows the first, `Host` the second
//! (`docs/protocol.md` §2).

use std::{str::FromStr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use snug_shared::ErrorCode;
use url::Host;

use super::HttpError;
use crate::config::{Config, HostName, Origin};

/// The web origins that may use a server, and the names the server may be called by.
#[derive(Debug)]
pub struct Guard {
    hosts: Vec<HostName>,
    origins: Vec<Origin>,
}

impl Guard {
    /// The rules of these settings, on this machine.
    pub fn new(config: &Config) -> Self {
        Self::on_machine(&gethostname::gethostname().to_string_lossy(), config)
    }

    fn on_machine(machine: &str, config: &Config) -> Self {
        let short = machine.split('.').next().unwrap_or_default();
        let own = [machine, short].into_iter().filter_map(|name| HostName::from_str(name).ok());
        Self {
            hosts: own.chain(config.allow_host.iter().cloned()).collect(),
            origins: config.allow_origin.clone(),
        }
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
    ) -> Result<Option<Origin>, HttpError> {
        let named = authority(headers, header::HOST)?;
        for authority in uri.authority().into_iter().chain(&named) {
            self.admit_host(authority)?;
        }
        if named.is_none() && version > Version::HTTP_10 {
            return Err(HttpError::bad_request("An HTTP/1.1 request has a Host header."));
        }
        self.admit_origin(uri.authority().or(named.as_ref()), headers)
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
            if is_own("http") || is_own("https") {
                return Ok(None);
            }
            if self.origins.contains(&origin) {
                return Ok(Some(origin));
            }
        }
        let message = "A web page from another site may not use this server. The operator can allow it with --allow-origin.";
        Err(HttpError::new(StatusCode::FORBIDDEN, ErrorCode::NotAllowed, message))
    }
}

/// The one authority a header names. None: there is no such header.
fn authority(headers: &HeaderMap, name: HeaderName) -> Result<Option<Authority>, HttpError> {
    let refused = || HttpError::bad_request("The Host header names no host.");
    let mut sent = headers.get_all(name).iter();
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
    let origin = match guard.admit(request.version(), request.uri(), request.headers()) {
        Ok(origin) => origin,
        Err(error) => return error.into_response(),
    };
    let Some(origin) = origin else { return next.run(request).await };
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if asks {
        let allowed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        ];
        (StatusCode::NO_CONTENT, allowed).into_response()
    } else {
        next.run(request).await
    };
    if let Ok(origin) = HeaderValue::from_str(&origin.to_string()) {
        let headers = response.headers_mut();
        let _ = headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let _ = headers.insert(header::VARY, HeaderValue::from_static("origin"));
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
            allow_origin: vec!["https://pages.example".parse().unwrap()],
            allow_host: vec!["chat.example".parse().unwrap()],
            ..Config::default()
        };
        Guard::on_machine("Kitchen.lan.example", &config)
    }

    fn status(host: &str, origin: Option<&str>) -> u16 {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        let admitted = guard().admit(Version::HTTP_11, &Uri::from_static("/"), &headers);
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
        ] {
            assert_eq!(status(host, Some(origin)), 200, "{origin} on {host}");
        }
    }

    #[test]
    fn a_page_from_elsewhere_may_not() {
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://localhost",
            "http://localhost:8001",
            "http://localhost:8000.evil.example",
            "ws://localhost:8000",
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
                .admit(version, &Uri::from_static("/"), headers)
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
        let error = guard().admit(Version::HTTP_11, &uri, &headers).unwrap_err();
        assert_eq!(error.into_response().status(), StatusCode::MISDIRECTED_REQUEST);
    }
}
