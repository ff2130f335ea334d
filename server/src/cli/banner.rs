//! The text at the start of the server: its addresses, invite links and data folder.

use std::{
    io::{self, IsTerminal, Write},
    net::{IpAddr, SocketAddr},
    path::Path,
};

use qrcode::{QrCode, render::unicode::Dense1x2};
use snug_shared::{Durability, Invite, ServerAddress};
use url::Host;

use snug_server::{Config, net::addresses::reachable};

/// Prints the banner. A closed stdout does not stop the server.
pub fn print(address: SocketAddr, config: &Config, file: Option<&Path>) {
    let mut out = io::stdout().lock();
    let qr = out.is_terminal();
    let _ = write(&mut out, address, &reachable(address), config, file, qr);
}

fn write(
    out: &mut impl Write,
    address: SocketAddr,
    reachable: &[IpAddr],
    config: &Config,
    file: Option<&Path>,
    qr: bool,
) -> io::Result<()> {
    writeln!(out, "Listening on {address}")?;
    let links: Vec<String> = reachable.iter().map(|ip| link(*ip, address.port())).collect();
    match links.split_first() {
        None => writeln!(out, "This machine has no network: only programs on it can connect.")?,
        Some((invite, others)) => {
            writeln!(out, "\n  Pass this on: {invite}")?;
            for other in others {
                writeln!(out, "            or: {other}")?;
            }
            if let Some(qr) = qr.then(|| code(invite)).flatten() {
                writeln!(out, "\n{qr}")?;
            }
        }
    }
    writeln!(out)?;
    match config.durability {
        Durability::Full => writeln!(out, "Rooms are stored in {}", config.data_dir.display())?,
        Durability::None => writeln!(out, "Nothing is stored: rooms end with this server.")?,
    }
    if let Some(file) = file {
        writeln!(out, "Settings from {}", file.display())?;
    }
    writeln!(out, "Others can't connect? Allow TCP port {} in this machine's firewall.", address.port())?;
    out.flush()
}

fn link(ip: IpAddr, port: u16) -> String {
    let host = match ip {
        IpAddr::V4(ip) => Host::Ipv4(ip),
        IpAddr::V6(ip) => Host::Ipv6(ip),
    };
    Invite { server: ServerAddress { host, port, secure: false, zone: None }, room: None }.link()
}

fn code(link: &str) -> Option<String> {
    let code = QrCode::new(link).ok()?;
    // Terminals are dark as often as light, and cameras read both.
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(reachable: &[IpAddr], qr: bool) -> String {
        let config = Config { data_dir: "/srv/snug".into(), ..Config::default() };
        let mut out = Vec::new();
        let listening = SocketAddr::from(([0, 0, 0, 0], 8123));
        write(&mut out, listening, reachable, &config, Some(Path::new("snug.toml")), qr).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn it_says_where_the_server_is_and_where_its_data_lies() {
        let text = written(&[IpAddr::from([192, 168, 1, 20]), IpAddr::from([10, 0, 0, 5])], false);
        for line in [
            "Listening on 0.0.0.0:8123",
            "  Pass this on: http://192.168.1.20:8123/",
            "            or: http://10.0.0.5:8123/",
            "Rooms are stored in /srv/snug",
            "Settings from snug.toml",
        ] {
            assert!(text.lines().any(|written| written == line), "{line:?} is not in {text}");
        }
        assert!(!text.contains('█'), "no QR code unless stdout is a terminal");
    }

    #[test]
    fn a_terminal_gets_the_invite_as_a_picture() {
        assert!(written(&[IpAddr::from([192, 168, 1, 20])], true).contains('█'));
    }

    #[test]
    fn a_machine_alone_is_told_so() {
        assert!(written(&[], true).contains("no network"));
    }
}
