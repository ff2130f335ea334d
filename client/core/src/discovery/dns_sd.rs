//! Hints from multicast DNS: servers that announce themselves as `_snug._tcp`.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use mdns_sd::{ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent};
use snug_shared::{Announcement, ServerAddress, ServerId, announcement::SERVICE_TYPE};
use tokio::time::{Instant, interval_at, sleep};
use url::Host;

use super::{
    Notice, SeenBy, Source,
    list::{ADDRESSES, Hint, SERVERS},
};

/// How often the network is asked anew. The library asks less and less often, up to once in an hour: a goodbye or an
/// announcement that was lost would be missed for as long.
const EVERY: Duration = Duration::from_secs(60);
/// Records of others that the library may keep. It has no limit of its own; beyond this it begins anew with none.
const RECORDS: i64 = 4_096;
/// The pauses before a browse that ended is begun again.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// Names of servers that are remembered for their goodbyes, at most.
const NAMES: usize = 4 * SERVERS;

/// What ended a browse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The library gave up, or could not begin.
    Failed,
    /// The computer slept, or too much was kept.
    Anew,
    /// Nobody takes notices any more.
    Unwanted,
}

/// The library's thread, which ends with this.
struct Daemon(ServiceDaemon);

impl Drop for Daemon {
    fn drop(&mut self) {
        // Refused only when it has ended, or is so busy that it will not for now.
        let _ = self.0.shutdown();
    }
}

/// Browses until nobody wants it any more. A browse that ends, for whatever reason, is begun again.
pub async fn browse(mut source: Source) {
    let mut pause = SHORTEST;
    loop {
        let began = Instant::now();
        match once(&mut source).await {
            End::Unwanted => return,
            End::Anew => pause = SHORTEST,
            End::Failed if began.elapsed() > LONGEST => pause = SHORTEST,
            End::Failed => {}
        }
        sleep(pause).await;
        pause = (2 * pause).min(LONGEST);
    }
}

async fn once(source: &mut Source) -> End {
    let Ok(daemon) = ServiceDaemon::new().map(Daemon) else { return End::Failed };
    let Ok(mut events) = daemon.0.browse(SERVICE_TYPE) else { return End::Failed };
    let mut names: HashMap<String, ServerId> = HashMap::new();
    let mut again = interval_at(Instant::now() + EVERY, EVERY);
    source.doubts.mark_unchanged();
    loop {
        let event = tokio::select! {
            event = events.recv_async() => event,
            doubted = source.doubts.changed() => return if doubted.is_ok() { End::Anew } else { End::Unwanted },
            _ = again.tick() => {
                if is_full(&daemon.0).await {
                    return End::Anew;
                }
                match daemon.0.browse(SERVICE_TYPE) {
                    Ok(renewed) => events = renewed,
                    Err(_) => return End::Failed,
                }
                continue;
            }
        };
        // A receiver that fell behind is closed without a word.
        let Ok(event) = event else { return End::Failed };
        for notice in notices(&mut names, event) {
            if source.notices.send(notice).await.is_err() {
                return End::Unwanted;
            }
        }
    }
}

/// Whether the library keeps more than it should.
async fn is_full(daemon: &ServiceDaemon) -> bool {
    let Ok(metrics) = daemon.get_metrics() else { return true };
    let Ok(metrics) = metrics.recv_async().await else { return true };
    let cached = metrics.iter().filter(|(name, _)| name.starts_with("cached"));
    cached.map(|(_, count)| count).sum::<i64>() > RECORDS
}

fn notices(names: &mut HashMap<String, ServerId>, event: ServiceEvent) -> Vec<Notice> {
    match event {
        ServiceEvent::ServiceResolved(service) => {
            let hints = hints(&service);
            if let Some(hint) = hints.first()
                && (names.len() < NAMES || names.contains_key(&service.fullname))
            {
                let _ = names.insert(service.fullname, hint.id.clone());
            }
            hints.into_iter().map(Notice::Hint).collect()
        }
        ServiceEvent::ServiceRemoved(_, name) => {
            names.remove(&name).map(Notice::Goodbye).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Where a service may be: its addresses that a server can have.
fn hints(service: &ResolvedService) -> Vec<Hint> {
    let Some(said) = Announcement::from_txt(|key| service.get_property_val_str(key)) else {
        return Vec::new();
    };
    let mut addresses: Vec<_> = service.addresses.iter().filter_map(|ip| address(ip, service.port)).collect();
    // The library has them in no order; what is left out must not change from time to time.
    addresses.sort_by_key(|address| (matches!(address.host, Host::Ipv6(_)), address.to_string()));
    addresses.truncate(ADDRESSES);
    let hint = |address| Hint {
        id: said.id.clone(),
        address,
        fingerprint: said.fingerprint.clone(),
        counts: (said.rooms, said.people),
        seen_by: SeenBy { dns_sd: true, datagram: false },
    };
    addresses.into_iter().map(hint).collect()
}

/// The address of a server on another computer, or on this one as others see it. Nothing that is asked is asked of this
/// computer's own programs because somebody on the network says so.
fn address(ip: &ScopedIp, port: u16) -> Option<ServerAddress> {
    let (host, zone) = match ip {
        ScopedIp::V4(ip) if is_a_hosts_v4(*ip.addr()) => (Host::Ipv4(*ip.addr()), None),
        ScopedIp::V6(ip) if is_a_hosts_v6(*ip.addr()) => {
            let is_local = ip.addr().is_unicast_link_local();
            let zone = is_local.then(|| zone(&ip.scope_id().name, ip.scope_id().index));
            (Host::Ipv6(*ip.addr()), zone)
        }
        _ => return None,
    };
    (port > 0).then_some(ServerAddress { host, port, secure: false, zone })
}

fn is_a_hosts_v4(ip: Ipv4Addr) -> bool {
    !(ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast())
}

fn is_a_hosts_v6(ip: Ipv6Addr) -> bool {
    // One that stands for an IPv4 address is announced as that.
    !(ip.is_loopback() || ip.is_unspecified() || ip.is_multicast()) && ip.to_ipv4_mapped().is_none()
}

/// An interface as a part of an address. Windows knows them by number, and a name with odd characters could not be typed.
fn zone(name: &str, index: u32) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~');
    let is_name = cfg!(not(windows)) && !name.is_empty() && name.chars().all(is_plain);
    if is_name { name.to_owned() } else { index.to_string() }
}
