//! What Snug is meant to reach, beside what it did.

use std::fmt::{Display, Write};

use super::{
    floor::Form,
    report::{Ratio, Report},
    scenario::{Figures, SCENARIOS},
    server::Server,
};

/// Who keeps nothing and gives people no names, but serves the same chat.
const PEERS: [Server; 5] =
    [Server::Bun, Server::Ws, Server::Axum, Server::ChannelsMemory, Server::ChannelsRedis];

/// A goal, and what became of it.
struct Cell {
    wanted: String,
    reached: String,
    holds: Option<bool>,
}

impl Cell {
    fn at_most<T: Display>(limit: f64, unit: &str, measured: Option<T>, value: impl Fn(&T) -> f64) -> Self {
        Self::new(format!("≤ {limit}{unit}"), measured, |measured| value(measured) <= limit)
    }

    fn at_least<T: Display>(limit: f64, unit: &str, measured: Option<T>, value: impl Fn(&T) -> f64) -> Self {
        Self::new(format!("≥ {limit}{unit}"), measured, |measured| value(measured) >= limit)
    }

    fn new<T: Display>(wanted: String, measured: Option<T>, holds: impl Fn(&T) -> bool) -> Self {
        let holds = measured.as_ref().map(holds);
        Self { wanted, reached: measured.map_or("–".to_owned(), |measured| measured.to_string()), holds }
    }
}

impl Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = match self.holds {
            Some(true) => " ✓",
            Some(false) => " ✗",
            None => "",
        };
        write!(f, "{} | {}{mark}", self.wanted, self.reached)
    }
}

/// A table of goals; those whose scenarios did not run stand there unmeasured.
pub fn render(report: &Report, out: &mut String) {
    let _ = writeln!(
        out,
        "### Goals\n\nA ratio is one of medians; in brackets stands the median of the rounds' own ratios.\n\n\
         | figure | goal, `none` | measured | goal, durable | measured |\n|---|---|---|---|---|"
    );
    let mut row = |figure: &str, cells: [Option<Cell>; 2]| {
        let cell = |cell: &Option<Cell>| cell.as_ref().map_or("– | –".to_owned(), ToString::to_string);
        let _ = writeln!(out, "| {figure} | {} | {} |", cell(&cells[0]), cell(&cells[1]));
    };
    let servers = [Server::SnugNone, Server::Snug];
    let both = |limits: [f64; 2], cell: &dyn Fn(f64, Server) -> Cell| {
        [0, 1].map(|at| Some(cell(limits[at], servers[at])))
    };
    let of_medians = |ratio: &Ratio| ratio.of_medians;

    for (figure, key, limits) in [
        ("a: CPU a delivery, × floor", "a", [1.1, 1.5]),
        ("g: CPU a delivery, × floor", "g", [1.15, 1.4]),
        ("b: CPU a delivery, × joined floor", "b", [0.8, 1.0]),
        ("c: CPU a delivery, × joined floor", "c", [1.2, 2.0]),
        ("e: CPU a join, × floor", "e", [1.7, 1.7]),
        ("h: CPU a join and leave, × floor", "h", [1.5, 1.5]),
        ("j: CPU a delivery, × floor", "j", [0.5, 0.5]),
    ] {
        let floor = SCENARIOS.iter().find(|scenario| scenario.key == key).map(|scenario| scenario.floor);
        let floor = Server::Floor(floor.unwrap_or(Form::OneWrite));
        row(
            figure,
            both(limits, &|limit, server| {
                Cell::at_most(limit, "", report.ratio(key, server, floor, |run| Some(run.cost)), of_medians)
            }),
        );
    }
    row(
        "j: p50",
        both([15.0, 15.0], &|limit, server| {
            let p50 = report.median("j", server, |run| run.latency.map(|latency| latency.p50));
            Cell::at_most(limit, " ms", p50.map(|p50| Rounded(p50, 2)), |p50| p50.0)
        }),
    );
    row(
        "b: deliveries/s, × the best other server",
        both([1.5, 1.2], &|limit, server| {
            let ratio = report.ratio_to_best("b", server, &PEERS, |run| Some(run.per_second));
            Cell::at_least(limit, "", ratio, of_medians)
        }),
    );
    row(
        "idle memory a member",
        both([4000.0, 4000.0], &|limit, server| {
            let idle = report.median("e", server, |run| Some(run.idle));
            Cell::at_most(limit, " B", idle.map(|idle| Rounded(idle, 0)), |idle| idle.0)
        }),
    );
    row(
        "100,000 members, by the slope from 1,000 to 15,000",
        both([500.0, 500.0], &|limit, server| {
            let slope = report.median("e", server, |run| run.slope);
            Cell::at_most(limit, " MB", slope.map(|slope| Rounded(slope / 10.0, 0)), |slope| slope.0)
        }),
    );
    let floor = Server::Floor(Form::OneWrite);
    let p99 = |run: &Figures| run.latency.map(|latency| latency.p99);
    row(
        "k: p99, × floor; durable: ms above the floor's, and 2 × the p99 of an fsync in the same run",
        [
            Some(Cell::at_most(1.1, "", report.ratio("k", Server::SnugNone, floor, p99), of_medians)),
            Some({
                let above = report.difference("k", Server::Snug, floor, p99);
                let limit = report.median("k", Server::Snug, |run| run.fsync.map(|fsync| fsync.p99 * 2.0));
                let limit = limit.map_or(0.0, |limit| (limit * 100.0).round() / 100.0);
                Cell::at_most(limit, " ms", above.map(|above| Rounded(above, 2)), |above| above.0)
            }),
        ],
    );
    row(
        "w: accepted messages/s, 50 rooms × 16",
        [
            None,
            Some({
                let rate = report.median("w", Server::Snug, |run| Some(run.per_second));
                Cell::at_least(30_000.0, "", rate.map(|rate| Rounded(rate, 0)), |rate| rate.0)
            }),
        ],
    );
    row(
        "w: p99",
        [
            None,
            Some(Cell::at_most(
                50.0,
                " ms",
                report.median("w", Server::Snug, p99).map(|p99| Rounded(p99, 1)),
                |p99| p99.0,
            )),
        ],
    );
    for (figure, key) in [("b: two threads, CPU × one", "b"), ("c: two threads, CPU × one", "c")] {
        let ratio = report.ratio(key, Server::SnugTwoThreads, Server::SnugNone, |run| Some(run.cost));
        row(figure, [Some(Cell::at_most(1.1, "", ratio, of_medians)), None]);
    }
    row(
        "lost, doubled, re-ordered, misrouted, refused, broken",
        servers
            .map(|server| Some(Cell::new("0".to_owned(), report.faults_of(server), |faults| *faults == 0))),
    );
    out.push('\n');
}

/// A figure, and the digits worth showing.
struct Rounded(f64, usize);

impl Display for Rounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.*}", self.1, self.0)
    }
}
