//! A TCP connection to a server, under whatever is spoken on it.

use std::{io, time::Duration};

use snug_shared::ServerAddress;
use tokio::{net::TcpStream, time::timeout};
use url::Host;

/// How long a server may take to take the connection.
const ANSWER: Duration = Duration::from_secs(10);

/// Connects, without delays for small writes.
pub(crate) async fn connect(server: &ServerAddress) -> io::Result<TcpStream> {
    let connected = async {
        match &server.host {
            Host::Domain(name) => TcpStream::connect((name.as_str(), server.port)).await,
            Host::Ipv4(address) => TcpStream::connect((*address, server.port)).await,
            Host::Ipv6(address) => match &server.zone {
                // The system knows the number of an interface.
                Some(zone) => TcpStream::connect((format!("{address}%{zone}"), server.port)).await,
                None => TcpStream::connect((*address, server.port)).await,
            },
        }
    };
    let stream = timeout(ANSWER, connected).await.map_err(|_| io::ErrorKind::TimedOut)??;
    stream.set_nodelay(true)?;
    Ok(stream)
}
