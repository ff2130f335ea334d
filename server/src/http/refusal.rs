//! How a refusal looks: JSON, and a page where a person's browser would show it. That of a library, too: it is put into words
//! here, so that nothing without any goes out.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::HttpError;
use crate::{Server, config::BasePath};

const STYLE: &str = ":root{color-scheme:light dark;font:1.1rem/1.5 system-ui,sans-serif}\
    main{max-width:34rem;margin:15vh auto;padding:0 1rem}h1{font-size:1.3rem}";

/// Only that style applies, and nothing else is loaded or run.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = BASE64.encode(&Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("base64 is text")
});

/// Gives every refusal its form.
pub async fn form(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let is_for_a_person = is_navigation(request.method(), request.headers());
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let said = response.extensions().get::<HttpError>().cloned();
    let (error, response) = match said {
        Some(error) => (error, response),
        // A library's own: a path that is not UTF-8, for example.
        None => {
            let error = HttpError::of_status(status);
            (error.clone(), with_headers_of(&response, error.into_response()))
        }
    };
    if is_for_a_person { page(&error, &response, &server.config.base_path) } else { response }
}

/// Whether a browser shows the response to a person. Scripts in a page accept everything, and so do other programs.
fn is_navigation(method: &Method, headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let mut kinds = accepted.flat_map(|line| line.split(','));
    method == Method::GET
        && kinds
            .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/html"))
}

fn page(error: &HttpError, refusal: &Response, base: &BasePath) -> Response {
    let status = refusal.status();
    let mut body = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Snug</title><style>{STYLE}</style></head>\n\
         <body><main><h1>{}</h1>\n<p>Error {}</p>\n",
        escaped(error.message()),
        status.as_u16()
    );
    // Under a name that the server does not accept, no page of it can be reached.
    if status != StatusCode::MISDIRECTED_REQUEST {
        body.push_str(&format!("<p><a href=\"{}/\">Rooms on this server</a></p>\n", base.as_str()));
    }
    body.push_str("</main></body></html>\n");
    let mut response = with_headers_of(refusal, (status, Html(body)).into_response());
    let _ = response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    response
}

/// A response in other words, with the headers that do not describe these.
fn with_headers_of(refusal: &Response, mut response: Response) -> Response {
    for (name, value) in refusal.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            let _ = response.headers_mut().append(name, value.clone());
        }
    }
    response
}

/// Text that stays text in a page.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_browser_that_shows_the_answer_to_a_person_gets_a_page() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (method, accept, page) in [
            (Method::GET, browser, true),
            (Method::GET, "Text/HTML;q=0.5", true),
            (Method::GET, "*/*", false),
            (Method::GET, "application/json", false),
            (Method::GET, "", false),
            (Method::POST, browser, false),
            (Method::HEAD, browser, false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(is_navigation(&method, &headers), page, "{method} {accept}");
        }
    }

    #[test]
    fn a_librarys_refusal_is_put_into_words() {
        for status in [400, 404, 405, 413, 415, 500, 503] {
            let error = HttpError::of_status(StatusCode::from_u16(status).unwrap());
            assert!(error.message().ends_with('.'), "{status}: {}", error.message());
            assert_eq!(error.into_response().status().as_u16(), status);
        }
    }

    #[test]
    fn what_a_request_wrote_is_no_markup() {
        let error = HttpError::bad_request("<script>\"a\" & b</script>");
        let html = page(&error, &error.clone().into_response(), &BasePath::default());
        assert_eq!(html.status(), StatusCode::BAD_REQUEST);
        assert_eq!(escaped(error.message()), "&lt;script&gt;&quot;a&quot; &amp; b&lt;/script&gt;");
    }
}
