//! The doctor against real sockets on this computer. What takes a network is in `client/tests/network`.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

use std::net::{Ipv4Addr, SocketAddr};

use futures_util::StreamExt;
use snug_core::doctor::{Answer, Event, Reach, Step, Verdict, Way, examine};
use snug_server::{Config, net::accept, run};
use snug_shared::{Durability, ServerAddress};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// All that is found on the way to a port of this computer, and what it means.
async fn examined(at: SocketAddr) -> (Vec<Step>, Verdict) {
    let target = ServerAddress::parse(&at.to_string()).unwrap();
    let mut events: Vec<Event> = examine(Some(target)).collect().await;
    let Some(Event::Verdict(verdict)) = events.pop() else { panic!("it ends with a verdict") };
    let steps = events.into_iter().map(|event| match event {
        Event::Step(step) => step,
        Event::Verdict(verdict) => panic!("one verdict, at the end: {verdict:?}"),
    });
    (steps.collect(), verdict)
}

/// Answers every connection with the same bytes; none: takes it and says nothing.
async fn answers(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    drop(tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            if bytes.is_empty() {
                silent.push(stream);
                continue;
            }
            drop(tokio::spawn(async move {
                // A request that was not read would reset the connection.
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(bytes).await;
            }));
        }
    }));
    at
}

/// A server on this address.
fn serve(listener: TcpListener) -> SocketAddr {
    let at = listener.local_addr().unwrap();
    let config = Config { durability: Durability::None, name: "The lab".into(), ..Config::default() };
    drop(tokio::spawn(run(listener, config, std::future::pending())));
    at
}

/// Other servers of this computer, which tests may not know of, are no part of what they assert.
fn is_or_elsewhere(verdict: &Verdict, expected: &Verdict) -> bool {
    verdict == expected || matches!(verdict, Verdict::WrongPort { .. })
}

#[tokio::test]
async fn a_server_that_answers_is_well() {
    let at = serve(accept::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap());
    let (steps, verdict) = examined(at).await;
    assert_eq!(verdict, Verdict::Well { server: Some("The lab".into()), is_seen: false });
    assert!(steps.iter().all(|step| step.is_good() != Some(false)), "{steps:?}");
    assert!(steps.contains(&Step::Way { to: at.ip(), way: Way::ThisComputer }), "{steps:?}");
}

#[tokio::test]
async fn a_port_that_nothing_listens_on_is_told_from_one_that_says_nothing() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let (steps, verdict) = examined(gone).await;
    assert!(steps.contains(&Step::Connection { at: gone, reach: Reach::Refused }), "{steps:?}");
    let nothing = Verdict::NothingListens { port: gone.port(), is_here: true };
    assert!(is_or_elsewhere(&verdict, &nothing), "{verdict:?}");

    let mute = answers(b"").await;
    let (steps, verdict) = examined(mute).await;
    assert!(steps.contains(&Step::Answer { answer: Answer::Mute }), "{steps:?}");
    assert!(is_or_elsewhere(&verdict, &Verdict::Mute { port: mute.port() }), "{verdict:?}");
}

#[tokio::test]
async fn a_server_on_another_port_of_that_machine_is_found() {
    let free = (8000..8010).find_map(|port| accept::bind((Ipv4Addr::LOCALHOST, port).into()).ok());
    let server = serve(free.expect("one of ten ports is free"));
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let (_, verdict) = examined(gone).await;
    let Verdict::WrongPort { port, found } = &verdict else { panic!("{verdict:?}") };
    assert!(*port == gone.port() && found.contains(&server.port()), "{verdict:?}");
    assert!(verdict.sentence().contains(&server.port().to_string()), "{}", verdict.sentence());
}

#[tokio::test]
async fn what_is_no_snug_server_is_named() {
    let web = answers(b"HTTP/1.1 200 OK\r\nServer: nginx/1.22\r\n\r\n<html>").await;
    let program = Some("nginx/1.22".to_owned());
    let (_, verdict) = examined(web).await;
    assert!(is_or_elsewhere(&verdict, &Verdict::NotSnug { port: web.port(), program }), "{verdict:?}");

    let ssh = answers(b"SSH-2.0-OpenSSH_9.2\x1b[2J\r\n").await;
    let program = Some("SSH-2.0-OpenSSH_9.2[2J".to_owned());
    let (_, verdict) = examined(ssh).await;
    assert!(is_or_elsewhere(&verdict, &Verdict::NotSnug { port: ssh.port(), program }), "{verdict:?}");
}

#[tokio::test]
async fn a_newer_an_older_and_an_encrypting_server_are_told_apart() {
    const NEWER: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n{\"id\":\"abcdefghijklmnopqrstuvwxyz\",\"name\":\"lab\",\
        \"version\":\"99.0.0\",\"rooms\":0,\"people\":0,\"tls\":\"off\",\"soon\":1}";
    const OLDER: &[u8] =
        b"HTTP/1.1 404 Not Found\r\n\r\n{\"type\":\"error\",\"code\":\"not_found\",\"message\":\"No.\"}";
    let newer = examined(answers(NEWER).await).await.1;
    assert_eq!(newer, Verdict::NewerServer { version: "99.0.0".into() });
    assert_eq!(examined(answers(OLDER).await).await.1, Verdict::OlderServer { version: None });
    let alert = answers(&[0x15, 0x03, 0x03, 0, 2, 2, 10]).await;
    assert!(is_or_elsewhere(&examined(alert).await.1, &Verdict::EncryptedOnly));
}

#[tokio::test]
async fn a_name_that_nobody_knows_ends_it() {
    let target = ServerAddress::parse("no-such-computer.invalid").unwrap();
    let events: Vec<Event> = examine(Some(target)).collect().await;
    let is_unknown = |event: &Event| {
        // Without any network nobody is asked for the name.
        matches!(event, Event::Verdict(Verdict::UnknownName { .. } | Verdict::NoNetwork))
    };
    assert!(events.last().is_some_and(is_unknown), "{events:?}");
}
