//! One connection's requests: a join is answered past the HTTP library, everything else by hyper and the router.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::sleep,
};
use tower::ServiceExt;
use tracing::debug;

use super::HttpService;
use crate::net::{
    accept::{Service, Terms},
    head::{HEAD_BYTES, HeadError},
    peer::Peer,
    prefixed::Prefixed,
    socket::Socket,
};

/// How long a connection may serve HTTP before it is asked to reconnect. Without it, a connection could stay for ever.
const LIFETIME: Duration = Duration::from_secs(60);

/// Bytes hyper may buffer of one request: the head's limit, with room for what comes after it.
const BUFFER_BYTES: usize = 2 * HEAD_BYTES;

impl Service for HttpService {
    async fn serve(self, connection: Prefixed, peer: Peer, terms: Terms) {
        let Err(connection) = self.upgrade_at_once(connection, &peer) else { return };
        let socket = connection.socket().clone();
        let served = self.serve_requests(connection, peer.clone(), terms).await;
        if peer.permit.is_handed_over() {
            return;
        }
        match served.err().and_then(|error| error.response()) {
            Some(response) => socket.answer(&response).await,
            None => socket.linger().await,
        }
    }
}

impl HttpService {
    /// Serves requests until the connection ends; an error is one that is still to be answered.
    async fn serve_requests(
        self,
        connection: Prefixed,
        peer: Peer,
        mut terms: Terms,
    ) -> Result<(), HeadError> {
        let permit = peer.permit.clone();
        let socket = connection.socket().clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            self.introduce(&peer, &mut request);
            self.router().oneshot(request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(terms.timeout)
            // A side that has sent its request and closes its half, as `nc -N` does, still waits for the response.
            .half_close(true)
            .max_header_size(HEAD_BYTES)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(HttpStream { connection }), service)
            .with_upgrades();
        tokio::pin!(connection);
        let serve = async {
            tokio::select! {
                served = connection.as_mut() => return served,
                () = sleep(LIFETIME) => {}
                () = terms.stopping() => {}
            }
            connection.as_mut().graceful_shutdown();
            let too_long = async {
                tokio::select! {
                    () = permit.streams_nothing() => {}
                    () = terms.stopping() => {}
                }
                sleep(terms.timeout).await;
            };
            tokio::select! {
                served = connection => served,
                () = too_long => Ok(()),
            }
        };
        // Only a response without an end has to know.
        let watch = async {
            permit.streams().await;
            socket.is_read_closed().await;
            permit.finish_other_side();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = watch => Ok(()),
            served = serve => served.or_else(|error| {
                debug!(%error, "a connection broke off");
                fault(&error).map_or(Ok(()), Err)
            }),
            () = permit.aborted() => {
                debug!("a reader took nothing, or too little");
                Ok(())
            }
        }
    }
}

impl HttpService {
    /// Tells the routes whom a request comes from, and what it asks for.
    fn introduce(&self, peer: &Peer, request: &mut Request<Incoming>) {
        let Some((_, guard)) = &self.rooms else {
            request.extensions_mut().insert(peer.clone());
            return;
        };
        let forwarded = guard.forwarded(peer.address, request.headers());
        request.extensions_mut().insert(peer.for_client(forwarded.client));
        request.extensions_mut().insert(forwarded);
        *request.uri_mut() = guard.local(std::mem::take(request.uri_mut()));
    }
}

/// The fault of a request that hyper could not read; none when hyper gave up for another reason.
fn fault(error: &hyper::Error) -> Option<HeadError> {
    match error {
        _ if error.is_parse_too_large() => Some(HeadError::LongHeaders),
        _ if error.is_parse() => Some(HeadError::Malformed),
        _ => None,
    }
}

/// A connection as hyper sees it.
#[derive(Debug)]
pub(super) struct HttpStream {
    connection: Prefixed,
}

impl HttpStream {
    /// The connection, and what was read from it and not by hyper.
    pub(super) fn into_parts(self) -> (Socket, Bytes) {
        self.connection.into_parts()
    }

    fn socket(self: Pin<&mut Self>) -> Pin<&mut Socket> {
        Pin::new(self.get_mut().connection.socket_mut())
    }
}

/// Whether this is hyper's own answer to a request that it cannot read: a status and nothing else. It is not sent: [`fault`]
/// says what is sent instead. No refusal of ours is empty.
fn is_hypers_own(answer: &[u8]) -> bool {
    let empty = b"\r\ncontent-length: 0\r\n";
    answer.starts_with(b"HTTP/1.1 4") && answer.windows(empty.len()).any(|window| window == empty)
}

impl AsyncRead for HttpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_read(context, buffer)
    }
}

impl AsyncWrite for HttpStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bytes.first().is_some_and(|first| is_hypers_own(first)) {
            return Poll::Ready(Ok(bytes.iter().map(|bytes| bytes.len()).sum()));
        }
        self.socket().poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.socket().is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_shutdown(context)
    }
}
