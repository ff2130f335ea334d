//! The announcement by multicast DNS.

use std::{net::SocketAddr, time::Duration};

use mdns_sd::{DaemonEvent, IfKind, ServiceDaemon, ServiceInfo};
use snug_shared::{Announcement, announcement::SERVICE_TYPE};
use tokio::{
    sync::watch,
    time::{interval_at, sleep, timeout},
};

use super::{RENEWAL, cut, ended};

/// The longest instance name, in bytes. A label holds 63: the rest is for the number that tells servers of one name apart.
const INSTANCE_BYTES: usize = 57;
/// Characters of the id in the name of the host: this server's own, since its machine's name is another program's to announce.
const HOST_CHARS: usize = 16;
/// Characters of the id in an instance name that cannot take a number.
const MARK_CHARS: usize = 4;
/// The pause before an announcement that failed is tried again.
const AGAIN: Duration = Duration::from_secs(60);
/// How long the library may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// The library's thread, which ends with this and says goodbye.
struct Daemon(ServiceDaemon);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.shutdown();
    }
}

/// Announces what is said until the server ends. `address` is where it listens.
pub(super) async fn announce(
    address: SocketAddr,
    mut said: watch::Receiver<Announcement>,
    mut ending: watch::Receiver<bool>,
) {
    let mut is_told = false;
    while let Err(error) = until_end(address, &mut said, &mut ending).await {
        if !is_told {
            is_told = true;
            tracing::info!(%error, "cannot announce this server by multicast DNS. Its address works in any case");
        }
        tokio::select! {
            () = ended(&mut ending) => return,
            () = sleep(AGAIN) => {}
        }
    }
}

async fn until_end(
    address: SocketAddr,
    said: &mut watch::Receiver<Announcement>,
    ending: &mut watch::Receiver<bool>,
) -> Result<(), mdns_sd::Error> {
    let daemon = Daemon(ServiceDaemon::new()?);
    let events = daemon.0.monitor()?;
    choose_networks(&daemon.0, address)?;
    let info = service(&said.borrow_and_update(), address)?;
    let instance = info.get_fullname().to_owned();
    daemon.0.register(info)?;
    // An announcement can be lost: the first one is repeated. After that, only what changed is announced.
    let mut is_due = true;
    let mut is_new_network = false;
    let mut ticks = interval_at(tokio::time::Instant::now() + RENEWAL, RENEWAL);
    loop {
        tokio::select! {
            () = ended(ending) => break,
            event = events.recv_async() => match event {
                Ok(DaemonEvent::IpAdd(_)) => is_new_network = true,
                Ok(DaemonEvent::NameChange(change)) => {
                    tracing::info!(name = change.new_name, "another server has this server’s name: announced under this one");
                }
                Ok(DaemonEvent::Error(error)) => return Err(error),
                Ok(_) => {}
                Err(_) => return Err(mdns_sd::Error::DaemonShutdown),
            },
            _ = ticks.tick() => {
                if !(is_due || is_new_network || said.has_changed().unwrap_or(false)) {
                    continue;
                }
                let mut info = service(&said.borrow_and_update(), address)?;
                // The name is this server's own by now, except where a network is new. The library keeps each record that
                // was probed, and would keep one for every count there ever was.
                info.set_requires_probe(is_new_network);
                daemon.0.register(info)?;
                (is_due, is_new_network) = (false, false);
            }
        }
    }
    if let Ok(done) = daemon.0.unregister(&instance) {
        let _ = timeout(GOODBYE, done.recv_async()).await;
    }
    if let Ok(done) = daemon.0.shutdown() {
        let _ = timeout(GOODBYE, done.recv_async()).await;
    }
    Ok(())
}

/// Uses the networks on which the server can be reached.
fn choose_networks(daemon: &ServiceDaemon, address: SocketAddr) -> Result<(), mdns_sd::Error> {
    let ip = address.ip().to_canonical();
    if !ip.is_unspecified() {
        daemon.disable_interface(IfKind::All)?;
        return daemon.enable_interface(IfKind::Addr(ip));
    }
    daemon.disable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6])?;
    // It listens on IPv4 alone.
    if ip.is_ipv4() { daemon.disable_interface(IfKind::IPv6) } else { Ok(()) }
}

fn service(said: &Announcement, address: SocketAddr) -> Result<ServiceInfo, mdns_sd::Error> {
    let host = format!("snug-{}.local.", &said.id.as_str()[..HOST_CHARS]);
    let (instance, txt) = (instance(said), said.txt());
    let ip = address.ip().to_canonical();
    if ip.is_unspecified() {
        let info = ServiceInfo::new(SERVICE_TYPE, &instance, &host, "", address.port(), &txt[..])?;
        return Ok(info.enable_addr_auto());
    }
    ServiceInfo::new(SERVICE_TYPE, &instance, &host, ip, address.port(), &txt[..])
}

/// The server's name, as far as DNS-SD can have it.
fn instance(said: &Announcement) -> String {
    let name = cut(&said.name, INSTANCE_BYTES);
    // Where two servers have one name, the library numbers the later one. It cannot do so to a name with these characters,
    // which is made unique instead.
    if name.contains(['.', '\\']) {
        let mark = &said.id.as_str()[..MARK_CHARS];
        return format!("{} ({mark})", cut(name, INSTANCE_BYTES - MARK_CHARS - 3));
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use snug_shared::{ServerId, api::TlsMode};

    use super::*;

    fn said(name: &str) -> Announcement {
        Announcement {
            id: ServerId::parse("abcdefghijklmnopqrstuvwx27").unwrap(),
            name: name.to_owned(),
            tls: TlsMode::Off,
            fingerprint: None,
            rooms: 1,
            people: 2,
        }
    }

    #[test]
    fn the_instance_is_the_servers_name_as_far_as_it_leaves_room_for_a_number() {
        assert_eq!(instance(&said("The lab ☕")), "The lab ☕");
        assert_eq!(instance(&said(&"ö".repeat(31))), "ö".repeat(28));
        assert_eq!(instance(&said("v1.0")), "v1.0 (abcd)");
        assert!(instance(&said(&".".repeat(63))).len() <= INSTANCE_BYTES);
    }

    #[test]
    fn the_record_has_what_is_said_and_where_the_server_is() {
        let info = service(&said("lab"), "192.168.1.20:8123".parse().unwrap()).unwrap();
        assert_eq!(info.get_fullname(), "lab._snug._tcp.local.");
        assert_eq!(info.get_hostname(), "snug-abcdefghijklmnop.local.");
        assert_eq!((info.get_port(), info.get_addresses().len(), info.is_addr_auto()), (8123, 1, false));
        assert_eq!(Announcement::from_txt(|key| info.get_property_val_str(key)), Some(said("lab")));
        let info = service(&said("lab"), "0.0.0.0:8000".parse().unwrap()).unwrap();
        assert!(info.get_addresses().is_empty() && info.is_addr_auto());
    }
}
