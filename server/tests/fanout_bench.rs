//! The benchmark sees what it is there to see: whatever a server drops, doubles, turns around or sends to the wrong room is
//! counted as that, and nothing is where nothing is wrong. Its figures are compared within a round only.

#![cfg(target_os = "linux")]

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    thread,
    time::Duration,
};

#[path = "../benches/fanout/bench.rs"]
// The benchmark uses the rest.
#[allow(dead_code)]
mod bench;

#[path = "common/process.rs"]
#[allow(dead_code)]
mod process;

use bench::{
    check::{Place, Room, Tally},
    dialect::Dialect,
    floor::{Fault, Floor, Form},
    frame::Frame,
    histogram::Histogram,
    load::{Load, Pace, Shape, Window},
    report::{self, Report, Sample},
    scenario::Figures,
    server::Server,
};

const SHAPE: Shape = Shape { rooms: 2, members: 5, senders: 2 };
const OPEN: Pace = Pace::Open { per_second: 2000 };
/// Silence after which nothing more is on its way. Threads of a busy machine may not run for seconds.
const QUIET: Duration = Duration::from_secs(8);
const CLOSED: Pace = Pace::Closed { each: 4 };

fn talk(address: SocketAddr, dialect: Dialect, pace: Pace, comers: usize) -> io::Result<Tally> {
    // Long enough for a closed loop to notice that it stands still.
    let length = Duration::from_millis(if let Pace::Closed { .. } = pace { 5000 } else { 350 });
    let window = Window { warm: Duration::ZERO, length, quiet: QUIET };
    let mut load = Load::new(address, dialect, SHAPE, 0)?;
    load.join((SHAPE.rooms * SHAPE.members) as usize, 8)?;
    let talked = load.talk(pace, window, comers, || Ok(()))?;
    assert_eq!(talked.late, 0, "{talked:?}");
    assert_eq!(talked.heard > 0, talked.latency.quantile(0.5) > Duration::ZERO, "{talked:?}");
    assert!(load.tally().heard > 0 && (comers > 0 || talked.cycles == 0), "{talked:?}");
    Ok(load.tally())
}

fn floor(form: Form, fault: Option<Fault>, pace: Pace) -> io::Result<Tally> {
    let floor = Floor::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), form, fault)?;
    let address = floor.address()?;
    // It serves until the test's process ends.
    let _ = thread::spawn(|| floor.serve());
    talk(address, Dialect::Plain, pace, 0)
}

fn only(tally: Tally) -> (u64, u64, u64, u64) {
    assert_eq!((tally.refused, tally.broken), (0, 0));
    (tally.lost, tally.doubled, tally.reordered, tally.misrouted)
}

#[test]
fn a_faultless_floor_is_found_faultless_in_both_forms() {
    for form in [Form::OneWrite, Form::Joined] {
        for pace in [OPEN, CLOSED] {
            assert_eq!(floor(form, None, pace).unwrap().faults(), 0, "{form:?}, {pace:?}");
        }
    }
}

#[test]
fn a_dropped_frame_is_lost_and_nothing_else() {
    let (lost, doubled, reordered, misrouted) = only(floor(Form::OneWrite, Some(Fault::Drop), OPEN).unwrap());
    assert!(lost > 0);
    assert_eq!((doubled, reordered, misrouted), (0, 0, 0));
}

#[test]
fn a_doubled_frame_is_doubled_and_nothing_else() {
    let (lost, doubled, reordered, misrouted) =
        only(floor(Form::OneWrite, Some(Fault::Double), OPEN).unwrap());
    assert!(doubled > 0);
    assert_eq!((lost, reordered, misrouted), (0, 0, 0));
}

#[test]
fn a_frame_after_its_successor_is_reordered_and_nothing_else() {
    let (lost, doubled, reordered, misrouted) =
        only(floor(Form::OneWrite, Some(Fault::Reorder), OPEN).unwrap());
    assert!(reordered > 0);
    assert_eq!((doubled, misrouted), (0, 0));
    assert!(lost <= 2, "only what the end of the run has cut off: {lost}");
}

#[test]
fn a_frame_in_the_wrong_room_is_misrouted_there_and_lost_here() {
    let (lost, doubled, reordered, misrouted) =
        only(floor(Form::OneWrite, Some(Fault::Misroute), OPEN).unwrap());
    assert!(misrouted > 0);
    assert_eq!((lost, doubled, reordered), (misrouted, 0, 0));
}

#[test]
fn a_loss_is_a_loss_also_when_its_victim_is_heard_first() {
    let mut room = Room::new(0, 2, 2);
    let frames: Vec<Vec<u8>> = [0, 1, 0, 1, 0, 0]
        .into_iter()
        .map(|sender| {
            let mut payload = Vec::new();
            Dialect::Plain.say(&mut payload, room.say(sender, 0));
            let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
            [&[0x81, 126], &length[..], &payload].concat()
        })
        .collect();
    let (mut tally, mut latency) = (Tally::default(), Histogram::default());
    let mut places = [Place::default(), Place::default()];
    for (place, heard) in places.iter_mut().zip([&[0, 1, 3, 4, 5][..], &[0, 1, 2, 3, 4, 5]]) {
        for number in heard {
            let frame = Frame::first(&frames[*number]).unwrap();
            room.hear(place, Dialect::Plain, &frame, 0, &mut latency, &mut tally);
        }
    }
    assert_eq!((tally.heard, tally.faults()), (11, 0), "{tally:?}");
    assert_eq!((room.missed(&places[0]), room.missed(&places[1]), room.unheard()), (1, 0, 0));
}

#[test]
fn a_closed_loop_goes_on_after_a_loss() {
    let tally = floor(Form::OneWrite, Some(Fault::Drop), Pace::Closed { each: 1 }).unwrap();
    assert!(tally.lost > 4, "all that was under way at first is lost, and more: {tally:?}");
}

#[test]
fn the_real_server_is_spoken_to_in_its_own_words_while_others_come_and_go() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = process::Process::start(folder.path(), &["--rate-limit", "off"]);
    assert_eq!(talk(server.address, Dialect::Native, OPEN, 3).unwrap().faults(), 0);
}

#[test]
fn a_histogram_is_exact_to_two_percent() {
    let mut histogram = Histogram::default();
    assert_eq!(histogram.quantile(0.5), Duration::ZERO);
    for nanos in (1..=100_000).map(|n| n * 1000) {
        histogram.record(nanos);
    }
    for (share, nanos) in [(0.5, 5e7), (0.99, 9.9e7), (1.0, 1e8)] {
        let off = histogram.quantile(share).as_nanos() as f64 / nanos;
        assert!((0.98..1.02).contains(&off), "{share}: {off}");
    }
    histogram.record(u64::MAX);
    assert!(histogram.quantile(1.0) > Duration::from_secs(u64::MAX / 2_000_000_000));
}

fn sample(round: u32, server: Server, cost: f64) -> Sample {
    let figures = Figures {
        cost,
        join: 0.0,
        per_second: 0.0,
        latency: None,
        switches: (0.0, 0.0),
        idle: 0.0,
        loaded: 0.0,
        slope: None,
        tally: Tally::default(),
        late: 0,
        generator: 0.0,
        fsync: None,
    };
    Sample { round, scenario: "a", server, figures }
}

#[test]
fn a_figure_is_never_compared_with_one_of_another_round() {
    let window = Window { warm: Duration::ZERO, length: Duration::ZERO, quiet: QUIET };
    let floor = Server::Floor(Form::OneWrite);
    let mut report = Report::new(window);
    report.add(sample(0, Server::Snug, 2.0));
    report.add(sample(1, floor, 1.0));
    let ratio = |report: &Report| report.ratio("a", Server::Snug, floor, |run| Some(run.cost));
    assert_eq!(ratio(&report), None);
    // Ten times slower all at once: the machine, not the server.
    report.add(sample(1, Server::Snug, 3.0));
    report.add(sample(2, floor, 10.0));
    report.add(sample(2, Server::Snug, 20.0));
    let ratio = ratio(&report).unwrap();
    assert_eq!(ratio.rounds, 2);
    assert_eq!(ratio.of_rounds, 2.5);
    assert_eq!(ratio.of_medians, 11.5 / 5.5);
}

#[test]
fn a_table_takes_the_place_of_the_last_and_of_nothing_else() -> io::Result<()> {
    let page = "before\n<!-- grow: begin -->\nold\n<!-- grow: end -->\nafter\n";
    let new = report::put_between(page, "grow", "new\n")?;
    assert_eq!(new, "before\n<!-- grow: begin -->\n\nnew\n\n<!-- grow: end -->\nafter\n");
    assert_eq!(report::put_between(&new, "grow", "new")?, new);
    assert!(report::put_between(page, "measured", "new").is_err());
    Ok(())
}
