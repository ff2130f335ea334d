//! The app's transport without rooms: it says back what it hears, in as many cases as a server of the Autobahn suite has
//! (`./test autobahn`). Opening, writing and closing are the app's own.
//!
//!     echo_client 127.0.0.1:9001

use futures_util::StreamExt;
use snug_core::connection::transport::{self, Socket};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

/// The suite's largest message; the app takes 256 KiB from a server.
const LARGEST: usize = 16 * 1024 * 1024;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let server = std::env::args().nth(1).ok_or("which server? echo_client ADDRESS:PORT")?;
    let Some(Ok(Message::Text(cases))) = open(&server, "getCaseCount").await?.next().await else {
        return Err("the server does not say how many cases there are".into());
    };
    for case in 1..=cases.parse::<u32>()? {
        say_back(open(&server, &format!("runCase?case={case}&agent=snug")).await?).await;
    }
    say_back(open(&server, "updateReports?agent=snug").await?).await;
    Ok(())
}

async fn open(server: &str, path: &str) -> Outcome<Socket> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let request = format!("ws://{server}/{path}").into_client_request()?;
    Ok(transport::open(request, stream, LARGEST).await??)
}

async fn say_back(mut socket: Socket) {
    let mut goodbye = snug_shared::CloseReason::GoingAway;
    while let Some(heard) = socket.next().await {
        match heard {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                if transport::write(&mut socket, message).await.is_err() {
                    break;
                }
            }
            Ok(Message::Close(_)) => break,
            Ok(_) => {}
            Err(error) => {
                goodbye = transport::broken_rule(&error).unwrap_or(goodbye);
                break;
            }
        }
    }
    transport::close(&mut socket, goodbye).await;
}
