//! How much members, authors and addresses may do: whose bucket each act is taken from (`docs/protocol.md` §3).
//!
//! A member has an [`Allowance`] for as long as its connection lasts. What it has used up stays with its address: the next
//! connection from there takes it over, so that coming back fills nothing. An address has as many allowances as it had
//! connections at once, and so each member behind a shared address has its own.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use snug_shared::Author;

use crate::{
    config::Config,
    limiter::{Limiter, Rate},
    net::exempt::ExemptAddresses,
    sync::{Ranked, rank},
};

/// What may be asked for besides sending: history, pings, signs of typing. Far above what a busy client needs.
const ASKS: Rate = Rate { burst: 200, per_second: 20 };
/// Joins from one address: everybody behind a shared address comes back at once after a restart.
const JOINS: Rate = Rate { burst: 600, per_second: 20 };
/// Answers read over HTTP from one address.
const READS: Rate = Rate { burst: 200, per_second: 20 };
/// Searches from one address, each of which costs as much as twenty pages.
const SEARCHES: Rate = Rate { burst: 30, per_second: 3 };
/// Used allowances that are kept, over all addresses. Beyond it they are forgotten, which only ever allows more.
const KEPT: usize = 65_536;

/// The limits on haste.
pub struct Rates(Option<Arc<Buckets>>);

struct Buckets {
    exempt: Arc<ExemptAddresses>,
    send: Rate,
    sends: Limiter<Author>,
    asks: Limiter<Author>,
    posts: Limiter<IpAddr>,
    joins: Limiter<IpAddr>,
    reads: Limiter<IpAddr>,
    searches: Limiter<IpAddr>,
    left: Ranked<Left, rank::Leaf>,
}

/// What connections that are gone had used up.
#[derive(Default)]
struct Left {
    by_address: HashMap<IpAddr, Vec<Used>>,
    count: usize,
}

/// When the buckets of an allowance are full again.
#[derive(Debug, Clone, Copy)]
struct Used {
    sends: Instant,
    asks: Instant,
}

/// What one member may send and ask for.
pub struct Allowance {
    buckets: Option<Arc<Buckets>>,
    address: IpAddr,
    /// A box, because most members only listen.
    used: Option<Box<Used>>,
}

impl Rates {
    /// The limits of a server whose members may send at this rate.
    pub fn new(config: &Config, send: Rate, exempt: Arc<ExemptAddresses>) -> Self {
        let buckets = || Buckets {
            exempt,
            send,
            sends: Limiter::new(send),
            asks: Limiter::new(ASKS),
            posts: Limiter::new(send),
            joins: Limiter::new(JOINS),
            reads: Limiter::new(READS),
            searches: Limiter::new(SEARCHES),
            left: Ranked::default(),
        };
        Self(config.rate_limit.then(|| Arc::new(buckets())))
    }

    /// The allowance of a connection from this address.
    pub fn allowance(&self, address: IpAddr) -> Allowance {
        let buckets = self.0.clone();
        let used = buckets.as_ref().filter(|buckets| !buckets.is_exempt(address));
        let used = used.and_then(|buckets| buckets.left.lock().take(address)).map(Box::new);
        Allowance { buckets, address, used }
    }

    /// Counts a join.
    ///
    /// # Errors
    /// How long to wait.
    pub fn join(&self, address: IpAddr) -> Result<(), Duration> {
        self.of_address(address, |buckets| &buckets.joins)
    }

    /// Counts an answer over HTTP.
    ///
    /// # Errors
    /// How long to wait.
    pub fn read(&self, address: IpAddr) -> Result<(), Duration> {
        self.of_address(address, |buckets| &buckets.reads)
    }

    /// Counts a search, which is an answer as well.
    ///
    /// # Errors
    /// How long to wait.
    pub fn search(&self, address: IpAddr) -> Result<(), Duration> {
        self.of_address(address, |buckets| &buckets.searches)
    }

    /// Counts a post from outside, before it is read.
    ///
    /// # Errors
    /// How long to wait.
    pub fn post(&self, address: IpAddr) -> Result<(), Duration> {
        self.of_address(address, |buckets| &buckets.posts)
    }

    /// Counts a post for its author where its address is exempt. Elsewhere the address counts alone: anybody can post under any
    /// name, and would use up what others may post under it.
    ///
    /// # Errors
    /// How long to wait.
    pub fn post_as(&self, address: IpAddr, author: &Author) -> Result<(), Duration> {
        match &self.0 {
            Some(buckets) if buckets.is_exempt(address) => buckets.sends.take(Instant::now(), author),
            _ => Ok(()),
        }
    }

    /// Forgets buckets that are full anyway. Called every few seconds.
    pub fn sweep(&self, now: Instant) {
        let Some(buckets) = &self.0 else { return };
        for limiter in [&buckets.sends, &buckets.asks] {
            limiter.sweep(now);
        }
        for limiter in [&buckets.posts, &buckets.joins, &buckets.reads, &buckets.searches] {
            limiter.sweep(now);
        }
        buckets.left.lock().sweep(now);
    }

    fn of_address(
        &self,
        address: IpAddr,
        limiter: impl FnOnce(&Buckets) -> &Limiter<IpAddr>,
    ) -> Result<(), Duration> {
        match &self.0 {
            Some(buckets) if !buckets.is_exempt(address) => limiter(buckets).take(Instant::now(), &address),
            _ => Ok(()),
        }
    }
}

impl Buckets {
    fn is_exempt(&self, address: IpAddr) -> bool {
        self.exempt.contains(address)
    }
}

impl Allowance {
    /// Counts a send, for the member and for its author. An author that nobody else can be is left out.
    ///
    /// # Errors
    /// How long to wait. Nothing is counted then.
    pub fn send(&mut self, author: Option<&Author>) -> Result<(), Duration> {
        let Some(buckets) = &self.buckets else { return Ok(()) };
        let now = Instant::now();
        let used = self.used.get_or_insert_with(|| Box::new(Used::nothing(now)));
        let sends = buckets.send.take(now, used.sends)?;
        author.map_or(Ok(()), |author| buckets.sends.take(now, author))?;
        used.sends = sends;
        Ok(())
    }

    /// Counts anything else that is asked for, in the same way.
    ///
    /// # Errors
    /// How long to wait. Nothing is counted then.
    pub fn ask(&mut self, author: Option<&Author>) -> Result<(), Duration> {
        let Some(buckets) = &self.buckets else { return Ok(()) };
        let now = Instant::now();
        let used = self.used.get_or_insert_with(|| Box::new(Used::nothing(now)));
        let asks = ASKS.take(now, used.asks)?;
        author.map_or(Ok(()), |author| buckets.asks.take(now, author))?;
        used.asks = asks;
        Ok(())
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        if let (Some(buckets), Some(used)) = (&self.buckets, &self.used)
            && !buckets.is_exempt(self.address)
        {
            buckets.left.lock().keep(Instant::now(), self.address, **used);
        }
    }
}

impl Used {
    fn nothing(now: Instant) -> Self {
        Self { sends: now, asks: now }
    }

    fn is_over(self, now: Instant) -> bool {
        self.sends <= now && self.asks <= now
    }
}

impl Left {
    /// The allowance of this address that was used least.
    fn take(&mut self, address: IpAddr) -> Option<Used> {
        let used = self.by_address.get_mut(&address)?;
        let least = (0..used.len()).min_by_key(|place| used[*place].sends)?;
        let least = used.swap_remove(least);
        if used.is_empty() {
            let _ = self.by_address.remove(&address);
        }
        self.count -= 1;
        Some(least)
    }

    fn keep(&mut self, now: Instant, address: IpAddr, used: Used) {
        if !used.is_over(now) && self.count < KEPT {
            self.by_address.entry(address).or_default().push(used);
            self.count += 1;
        }
    }

    fn sweep(&mut self, now: Instant) {
        self.by_address.retain(|_, all| {
            all.retain(|used| !used.is_over(now));
            !all.is_empty()
        });
        self.count = self.by_address.values().map(Vec::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use snug_shared::Nickname;

    use super::*;

    const SEND: Rate = Rate { burst: 20, per_second: 5 };

    fn rates(exempt_loopback: bool) -> Rates {
        let config = Config { exempt_loopback, ..Config::default() };
        Rates::new(&config, SEND, Arc::new(ExemptAddresses::new(&config)))
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, last])
    }

    fn author(name: &str) -> Author {
        Author::http(&Nickname::parse(name).unwrap())
    }

    /// How many sends in a row are allowed.
    fn sends(allowance: &mut Allowance, author: Option<&Author>) -> usize {
        (0..100).take_while(|_| allowance.send(author).is_ok()).count()
    }

    #[test]
    fn coming_back_from_an_address_fills_nothing() {
        let rates = rates(true);
        let mut first = rates.allowance(address(1));
        assert!(sends(&mut first, None) >= 20);
        drop(first);
        for round in 0..50 {
            let mut again = rates.allowance(address(1));
            assert!(sends(&mut again, Some(&author(&format!("seat {round}")))) < 20, "{round}");
        }
        assert!(sends(&mut rates.allowance(address(2)), None) >= 20, "another address has its own");
    }

    #[test]
    fn each_member_behind_one_address_may_send_as_much_as_any() {
        let rates = rates(true);
        let mut members: Vec<Allowance> = (0..100).map(|_| rates.allowance(address(1))).collect();
        assert!(members.iter_mut().all(|member| sends(member, None) >= 20));
    }

    #[test]
    fn an_author_has_one_bucket_wherever_it_is() {
        let rates = rates(true);
        let maya = author("maya");
        assert!(sends(&mut rates.allowance(address(1)), Some(&maya)) >= 20);
        assert!(sends(&mut rates.allowance(address(2)), Some(&maya)) < 20);
    }

    #[test]
    fn a_post_counts_for_its_address_and_for_its_name_on_this_machine_alone() {
        let (rates, here) = (rates(true), IpAddr::from([127, 0, 0, 1]));
        let post =
            |address, name: &str| rates.post(address).and_then(|()| rates.post_as(address, &author(name)));
        assert!((0..100).any(|_| post(address(1), "bot").is_err()));
        assert_eq!(post(address(2), "bot"), Ok(()));
        assert!((0..100).any(|_| post(here, "bot").is_err()));
        assert_eq!(post(here, "another bot"), Ok(()));
    }

    #[test]
    fn this_machines_own_address_counts_for_nothing_and_its_members_do() {
        let rates = rates(true);
        let here = IpAddr::from([127, 0, 0, 1]);
        for _ in 0..10 {
            let allowed = sends(&mut rates.allowance(here), None);
            assert!((20..100).contains(&allowed), "{allowed}");
        }
        assert!((0..10_000).all(|_| rates.join(here).is_ok() && rates.search(here).is_ok()));
        assert!((0..10_000).any(|_| rates.join(address(1)).is_err()));
        assert!((0..10_000).any(|_| rates.search(address(1)).is_err()));
        assert!((0..10_000).any(|_| rates.read(address(1)).is_err()));
    }

    #[test]
    fn what_was_used_is_forgotten_once_it_is_full_again() {
        let rates = rates(true);
        for last in 0..100 {
            let _ = rates.allowance(address(last)).send(None);
        }
        let left = || {
            let left = rates.0.as_ref().unwrap().left.lock();
            (left.by_address.len(), left.count)
        };
        assert_eq!(left(), (100, 100));
        rates.sweep(Instant::now() + Duration::from_secs(60));
        assert_eq!(left(), (0, 0));
    }
}
