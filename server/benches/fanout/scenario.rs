//! What is measured: who is where, who speaks, and what is counted.

use std::{io, thread, time::Duration};

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use super::{
    check::Tally,
    dialect::Dialect,
    disk::Fsync,
    floor::Form,
    load::{Load, Pace, Shape, Talked, Window},
    server::Running,
    usage::Usage,
};

/// Joins under way at a time: as many as a crowd that comes back, and no more than any server's backlog.
pub const AT_ONCE: usize = 64;
/// When what is told of joins has been told (Snug gathers it for 250 ms), and idle means idle.
const SETTLED: Duration = Duration::from_millis(700);

/// One of the scenarios.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub key: &'static str,
    pub title: &'static str,
    pub kind: Kind,
    /// What the cost is the cost of.
    pub unit: Unit,
    /// The floor it is held against.
    pub floor: Form,
}

/// What happens in it.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Members talk.
    Talk(Shape, Pace),
    /// The same while so many clients join the first room and leave it again, all the time.
    Coming(Shape, Pace, usize),
    /// Members join and stay, in so many rooms; the memory is read when so many have.
    Crowd { rooms: u32, few: usize, many: usize, most: usize },
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A message at one member.
    Delivery,
    /// A message at all its members.
    Message,
    Join,
    /// A join and a leave.
    Cycle,
}

const fn talk(rooms: u32, members: u32, senders: u32, pace: Pace) -> Kind {
    Kind::Talk(Shape { rooms, members, senders }, pace)
}

/// All of them, in the order of the tables.
pub const SCENARIOS: [Scenario; 9] = [
    Scenario {
        key: "a",
        title: "1 room × 100, one sender, open loop 200 messages/s",
        kind: talk(1, 100, 1, Pace::Open { per_second: 200 }),
        unit: Unit::Delivery,
        floor: Form::OneWrite,
    },
    Scenario {
        key: "g",
        title: "1 room × 1,000, closed loop, one message under way (nothing can be joined)",
        kind: talk(1, 1000, 1, Pace::Closed { each: 1 }),
        unit: Unit::Delivery,
        floor: Form::OneWrite,
    },
    Scenario {
        key: "k",
        title: "1 room × 1,000, open loop 50 messages/s",
        kind: talk(1, 1000, 1, Pace::Open { per_second: 50 }),
        unit: Unit::Delivery,
        floor: Form::OneWrite,
    },
    Scenario {
        key: "j",
        title: "1 room × 1,000, open loop 200 messages/s",
        kind: talk(1, 1000, 10, Pace::Open { per_second: 200 }),
        unit: Unit::Delivery,
        floor: Form::OneWrite,
    },
    Scenario {
        key: "b",
        title: "1 room × 1,000, ten senders, closed loop, 40 messages under way",
        kind: talk(1, 1000, 10, Pace::Closed { each: 4 }),
        unit: Unit::Delivery,
        floor: Form::Joined,
    },
    Scenario {
        key: "c",
        title: "100 rooms × 10, everyone posts, closed loop, one message each under way",
        kind: talk(100, 10, 10, Pace::Closed { each: 1 }),
        unit: Unit::Delivery,
        floor: Form::Joined,
    },
    Scenario {
        key: "e",
        title: "10,000 members join 1,000 rooms and stay; memory from 1,000 to 15,000 of them",
        kind: Kind::Crowd { rooms: 1000, few: 1000, many: 10_000, most: 15_000 },
        unit: Unit::Join,
        floor: Form::OneWrite,
    },
    Scenario {
        key: "h",
        title: "1 room × 200, 50 messages/s, and 20 clients that join and leave all the time",
        kind: Kind::Coming(Shape { rooms: 1, members: 200, senders: 1 }, Pace::Open { per_second: 50 }, 20),
        unit: Unit::Cycle,
        floor: Form::OneWrite,
    },
    Scenario {
        key: "w",
        title: "50 rooms × 16, everyone posts, closed loop, one message each under way; accepted messages",
        kind: talk(50, 16, 16, Pace::Closed { each: 1 }),
        unit: Unit::Message,
        floor: Form::Joined,
    },
];

/// What a run showed.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// CPU of the server for one of what is counted, in microseconds.
    pub cost: f64,
    /// CPU of the server for one member's joining, in microseconds.
    pub join: f64,
    /// How many of what is counted there were a second.
    pub per_second: f64,
    /// From when a message was due to when a member had read it, in milliseconds; nothing where nobody speaks.
    pub latency: Option<Latency>,
    /// Context switches for a thousand of what is counted: for want of work, and for want of the core.
    pub switches: (f64, f64),
    /// Bytes of the server's memory a member, before anything is said and at the end.
    pub idle: f64,
    pub loaded: f64,
    /// The same from a few members to very many: what the next one costs.
    pub slope: Option<f64>,
    pub tally: Tally,
    /// Deliveries that were still coming when nobody waited any longer: the server cannot carry it.
    pub late: u64,
    /// The generator's share of its core. Near 1, it is the generator that was measured.
    pub generator: f64,
    /// Of the disk that the run was held against.
    pub fsync: Option<Fsync>,
}

/// Quantiles in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
}

impl Scenario {
    /// Runs it. Who joins asks for `history` entries.
    ///
    /// # Errors
    /// The system's, and when somebody does not get in.
    pub fn run(
        &self,
        server: &Running,
        dialect: Dialect,
        window: Window,
        history: u32,
    ) -> io::Result<Figures> {
        let (shape, pace, comers) = match self.kind {
            Kind::Talk(shape, pace) => (shape, pace, 0),
            Kind::Coming(shape, pace, comers) => (shape, pace, comers),
            Kind::Crowd { rooms, few, many, most } => {
                let shape = Shape { rooms, members: (most as u32).div_ceil(rooms), senders: 0 };
                return crowd(server, Load::new(server.address, dialect, shape, history)?, few, many, most);
            }
        };
        let processes = server.processes();
        let members = shape.rooms * shape.members;
        let (empty, unjoined) = (server.resident()?, Usage::of(&processes)?);
        let mut load = Load::new(server.address, dialect, shape, history)?;
        load.join(members as usize, AT_ONCE)?;
        thread::sleep(SETTLED);
        let (idle, joined) = (server.resident()?, Usage::of(&processes)?.since(&unjoined));
        let mut run = |comers| {
            let talked = load.talk(pace, window, comers, || Ok((Usage::of(&processes)?, own_cpu())))?;
            let used = talked.seen.1.0.since(&talked.seen.0.0);
            Ok::<_, io::Error>((talked, used))
        };
        // What is said meanwhile costs the same without those who come and go.
        let aside = match comers {
            0 => 0.0,
            _ => run(0).map(|(talked, used)| used.cpu.as_secs_f64() / talked.heard as f64)?,
        };
        let (talked, used) = run(comers)?;
        let loaded = server.resident()?;
        let counted = self.count(&talked, shape);
        if counted == 0.0 {
            return Err(io::Error::other("nothing arrived within the window"));
        }
        let seconds = talked.elapsed.as_secs_f64();
        let cpu = used.cpu.as_secs_f64() - aside * talked.heard as f64;
        let millis = |share| talked.latency.quantile(share).as_secs_f64() * 1e3;
        let a_member = |bytes: u64| bytes.saturating_sub(empty) as f64 / f64::from(members);
        if let Some(trouble) = load.trouble() {
            eprintln!("    said: {trouble}");
        }
        Ok(Figures {
            cost: cpu * 1e6 / counted,
            join: joined.cpu.as_secs_f64() * 1e6 / f64::from(members),
            per_second: counted / seconds,
            latency: Some(Latency { p50: millis(0.5), p99: millis(0.99), p999: millis(0.999) }),
            switches: (used.voluntary as f64 * 1e3 / counted, used.involuntary as f64 * 1e3 / counted),
            idle: a_member(idle),
            loaded: a_member(loaded),
            slope: None,
            tally: load.tally(),
            late: talked.late,
            generator: (talked.seen.1.1 - talked.seen.0.1).as_secs_f64() / seconds,
            fsync: None,
        })
    }
}

impl Scenario {
    /// How many of its units there were.
    fn count<T>(&self, talked: &Talked<T>, shape: Shape) -> f64 {
        match self.unit {
            Unit::Delivery | Unit::Join => talked.heard as f64,
            Unit::Message => talked.heard as f64 / f64::from(shape.members),
            Unit::Cycle => talked.cycles as f64,
        }
    }
}

fn crowd(server: &Running, mut load: Load, few: usize, many: usize, most: usize) -> io::Result<Figures> {
    let processes = server.processes();
    let empty = server.resident()?;
    let at = |load: &mut Load, members| {
        let began = std::time::Instant::now();
        load.join(members, AT_ONCE)?;
        let took = began.elapsed();
        thread::sleep(SETTLED);
        Ok::<_, io::Error>((server.resident()?, took))
    };
    let (before, own_before) = (Usage::of(&processes)?, own_cpu());
    let (with_few, first) = at(&mut load, few)?;
    let (with_many, rest) = at(&mut load, many)?;
    let used = Usage::of(&processes)?.since(&before);
    let (seconds, own) = ((first + rest).as_secs_f64(), own_cpu() - own_before);
    let (with_most, _) = at(&mut load, most)?;
    let joins = many as f64;
    let idle = with_many.saturating_sub(empty) as f64 / joins;
    let cost = used.cpu.as_secs_f64() * 1e6 / joins;
    Ok(Figures {
        cost,
        join: cost,
        per_second: joins / seconds,
        latency: None,
        switches: (used.voluntary as f64 * 1e3 / joins, used.involuntary as f64 * 1e3 / joins),
        idle,
        loaded: idle,
        slope: Some(with_most.saturating_sub(with_few) as f64 / (most - few) as f64),
        tally: load.tally(),
        late: 0,
        generator: own.as_secs_f64() / seconds,
        fsync: None,
    })
}

/// CPU of this thread so far.
fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
