//! How cost grows: the same delivery and the same join among more members, more rooms, and over longer logs.

use std::{
    fmt::Write as _,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use super::{
    cores::Cores,
    dialect::Dialect,
    floor::Form,
    load::{Load, Pace, Shape, Window},
    report,
    scenario::{AT_ONCE, Figures, Kind, Scenario, Unit},
    server::{Places, Running, Server},
    usage::Usage,
};

/// Messages a second in all while the rooms grow: the same for one room as for ten thousand.
const STEADY: u32 = 2000;

/// Who fills a log: so many senders with so many messages under way, for so long at a time.
const WRITERS: Shape = Shape { rooms: 1, members: 4, senders: 4 };
const UNDER_WAY: u32 = 64;
/// How long a server that rests is looked at, and how long it may take to.
const RESTING: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_secs(2);
/// How often the rooms are asked for.
const LISTS: u32 = 100;

/// Measures everything and returns the tables.
///
/// # Errors
/// The system's, and when somebody does not get in.
pub fn run(places: &Places, cores: Cores, window: Window) -> io::Result<String> {
    let mut out = format!(
        "{}; one run each.\n\nCPU of the server in microseconds, a delivery and a join; in brackets the floor's.\n",
        report::machine()
    );
    let mut table = |title: &str, sizes: &[u32], shape: &dyn Fn(u32) -> (Shape, Pace)| -> io::Result<()> {
        // Writing to a string does not fail.
        let _ = writeln!(out, "\n| {title} | a delivery | a join |\n|---|---|---|");
        for size in sizes {
            let (shape, pace) = shape(*size);
            let run = |server: Server| {
                let running = server.start(places, cores)?;
                scenario(shape, pace).run(&running, server.dialect(), window, 0)
            };
            let row =
                match run(Server::SnugNone).and_then(|own| Ok((own, run(Server::Floor(Form::OneWrite))?))) {
                    Ok((own, floor)) => row(*size, &own, &floor),
                    // Not every machine lets so many connect.
                    Err(error) => format!("| {size} | {error} | – |"),
                };
            eprintln!("{row}");
            let _ = writeln!(out, "{row}");
        }
        Ok(())
    };
    table("members of one room", &[10, 100, 1000, 10_000], &|members| {
        (Shape { rooms: 1, members, senders: 1 }, Pace::Closed { each: 1 })
    })?;
    table("rooms of one member", &[1, 10, 100, 1000, 10_000], &|rooms| {
        (Shape { rooms, members: 1, senders: 1 }, Pace::Open { per_second: STEADY })
    })?;
    logs(places, cores, window, &mut out)?;
    lists(places, cores, &mut out)?;
    Ok(out)
}

/// What it costs to tell anyone which rooms there are.
fn lists(places: &Places, cores: Cores, out: &mut String) -> io::Result<()> {
    let _ =
        writeln!(out, "\n| rooms with a member and a message | `GET /api/rooms` | durable |\n|---|---|---|");
    for rooms in [10, 1000, 10_000] {
        let none = list(Server::SnugNone, rooms, places, cores)?;
        let durable = list(Server::Snug, rooms, places, cores)?;
        let row = format!("| {rooms} | {none:.0} | {durable:.0} |");
        eprintln!("{row}");
        let _ = writeln!(out, "{row}");
    }
    Ok(())
}

/// Microseconds of CPU a request.
fn list(server: Server, rooms: u32, places: &Places, cores: Cores) -> io::Result<f64> {
    let running = server.start(places, cores)?;
    let mut load = Load::new(running.address, server.dialect(), Shape { rooms, members: 1, senders: 1 }, 0)?;
    load.join(rooms as usize, AT_ONCE)?;
    let all = Window { warm: Duration::ZERO, length: LONGEST, quiet: Duration::from_secs(10) };
    let _ = load.talk(Pace::Closed { each: 1 }, all, 0, || Ok(()))?;
    rest(&running)?;
    let mut stream = BufReader::new(TcpStream::connect(running.address)?);
    get(&mut stream, running.address)?;
    let before = Usage::of(&running.processes())?;
    for _ in 0..LISTS {
        get(&mut stream, running.address)?;
    }
    let spent = Usage::of(&running.processes())?.since(&before).cpu;
    Ok(spent.as_secs_f64() * 1e6 / f64::from(LISTS))
}

/// Asks for the rooms and reads past the answer.
fn get(stream: &mut BufReader<TcpStream>, host: SocketAddr) -> io::Result<()> {
    let request = format!("GET /api/rooms HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes())?;
    let mut length = None;
    let mut line = String::new();
    while stream.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok();
        }
        line.clear();
    }
    let length: u64 = length.ok_or_else(|| io::Error::other("the rooms came without a length"))?;
    let read = io::copy(&mut stream.take(length), &mut io::sink())?;
    if read == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn logs(places: &Places, cores: Cores, window: Window, out: &mut String) -> io::Result<()> {
    let _ = writeln!(
        out,
        "\n| entries in a durable room's log | a delivery | a join with 50 of them |\n|---|---|---|"
    );
    let running = Server::Snug.start(places, cores)?;
    let mut entries = 0;
    for wanted in [1000_u32, 10_000, 100_000, 1_000_000] {
        entries += fill(&running, wanted.saturating_sub(entries))?;
        rest(&running)?;
        let shape = Shape { rooms: 1, members: 100, senders: 1 };
        let figures =
            scenario(shape, Pace::Open { per_second: 200 }).run(&running, Dialect::Native, window, 50)?;
        let _ = writeln!(out, "| {entries} | {:.2} | {:.0} |", figures.cost, figures.join);
        entries += (figures.tally.heard / 100) as u32;
        eprintln!("log of {entries}: {:.2} µs a delivery, {:.0} µs a join", figures.cost, figures.join);
    }
    Ok(())
}

/// Waits until the server has done what it puts off while it is busy: indexes, checkpoints, those who left.
fn rest(running: &Running) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        let before = Usage::of(&running.processes())?;
        thread::sleep(RESTING);
        let busy = Usage::of(&running.processes())?.since(&before).cpu;
        if busy < RESTING / 50 || begun.elapsed() > PATIENCE {
            return Ok(());
        }
    }
}

/// Says at least so much in the first room; says how much it was.
fn fill(running: &Running, wanted: u32) -> io::Result<u32> {
    let mut load = Load::new(running.address, Dialect::Native, WRITERS, 0)?;
    load.join(WRITERS.members as usize, AT_ONCE)?;
    let said = |load: &Load| (load.tally().heard / u64::from(WRITERS.members)) as u32;
    let mut length = SHORTEST;
    while said(&load) < wanted {
        let before = said(&load);
        let window = Window { warm: Duration::ZERO, length, quiet: Duration::from_secs(10) };
        let _ = load.talk(Pace::Closed { each: UNDER_WAY }, window, 0, || Ok(()))?;
        let (got, left) = (said(&load) - before, wanted.saturating_sub(said(&load)));
        if got == 0 {
            return Err(io::Error::other(
                load.trouble().unwrap_or("the server takes nothing more").to_owned(),
            ));
        }
        length = length.mul_f64(f64::from(left) / f64::from(got)).clamp(SHORTEST, LONGEST);
    }
    Ok(said(&load))
}

fn scenario(shape: Shape, pace: Pace) -> Scenario {
    Scenario {
        key: "grow",
        title: "",
        kind: Kind::Talk(shape, pace),
        unit: Unit::Delivery,
        floor: Form::OneWrite,
    }
}

fn row(size: u32, own: &Figures, floor: &Figures) -> String {
    format!("| {size} | {:.2} ({:.2}) | {:.0} ({:.0}) |", own.cost, floor.cost, own.join, floor.join)
}
