//! The goals of the benchmark, beside the measured figures.

use std::fmt::{Display, Write};

use super::{
    floor::Form,
    report::{Ratio, Report},
    scenario::{Figures, SCENARIOS},
    server::Server,
};

/// The other servers: they keep nothing and give people no names, but serve the same chat.
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
pub fn render(report: &Report) -> String {
    let mut table = Table { report, text: String::new() };
    // Writing to a string does not fail.
    let _ = writeln!(
        table.text,
        "### Goals\n\nA ratio is one of medians; in brackets stands the median of the rounds' own ratios.\n\n\
         | figure | goal, `none` | measured | goal, durable | measured |\n|---|---|---|---|---|"
    );
    table.costs();
    table.members();
    table.durable();
    table.faults();
    table.text.push('\n');
    table.text
}

/// The servers that have goals: a column each.
const SERVERS: [Server; 2] = [Server::SnugNone, Server::Snug];

/// The rows so far.
struct Table<'a> {
    report: &'a Report,
    text: String,
}

impl Table<'_> {
    fn row(&mut self, figure: &str, cells: [Option<Cell>; 2]) {
        let cell = |cell: &Option<Cell>| cell.as_ref().map_or("– | –".to_owned(), ToString::to_string);
        let _ = writeln!(self.text, "| {figure} | {} | {} |", cell(&cells[0]), cell(&cells[1]));
    }

    fn both(&mut self, figure: &str, limits: [f64; 2], cell: impl Fn(f64, Server) -> Cell) {
        self.row(figure, [0, 1].map(|at| Some(cell(limits[at], SERVERS[at]))));
    }

    fn costs(&mut self) {
        let report = self.report;
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
            self.both(figure, limits, |limit, server| {
                Cell::at_most(limit, "", report.ratio(key, server, floor, |run| Some(run.cost)), of_medians)
            });
        }
    }

    fn members(&mut self) {
        let report = self.report;
        self.both("j: p50", [15.0, 15.0], |limit, server| {
            let p50 = report.median("j", server, |run| run.latency.map(|latency| latency.p50));
            Cell::at_most(limit, " ms", p50.map(|p50| Rounded(p50, 2)), |p50| p50.0)
        });
        self.both("b: deliveries/s, × the best other server", [1.5, 1.2], |limit, server| {
            let ratio = report.ratio_to_best("b", server, &PEERS, |run| Some(run.per_second));
            Cell::at_least(limit, "", ratio, of_medians)
        });
        self.both("idle memory a member", [4000.0, 4000.0], |limit, server| {
            let idle = report.median("e", server, |run| Some(run.idle));
            Cell::at_most(limit, " B", idle.map(|idle| Rounded(idle, 0)), |idle| idle.0)
        });
        let figure = "100,000 members, by the slope from 1,000 to 15,000";
        self.both(figure, [500.0, 500.0], |limit, server| {
            let slope = report.median("e", server, |run| run.slope);
            Cell::at_most(limit, " MB", slope.map(|slope| Rounded(slope / 10.0, 0)), |slope| slope.0)
        });
    }

    fn durable(&mut self) {
        let report = self.report;
        let floor = Server::Floor(Form::OneWrite);
        let p99 = |run: &Figures| run.latency.map(|latency| latency.p99);
        let none = Cell::at_most(1.1, "", report.ratio("k", Server::SnugNone, floor, p99), of_medians);
        let above = report.difference("k", Server::Snug, floor, p99);
        let limit = report.median("k", Server::Snug, |run| run.fsync.map(|fsync| fsync.p99 * 2.0));
        let limit = limit.map_or(0.0, |limit| (limit * 100.0).round() / 100.0);
        let durable = Cell::at_most(limit, " ms", above.map(|above| Rounded(above, 2)), |above| above.0);
        self.row(
            "k: p99, × floor; durable: ms above the floor's, and 2 × the p99 of an fsync in the same run",
            [Some(none), Some(durable)],
        );
        let rate = report.median("w", Server::Snug, |run| Some(run.per_second)).map(|rate| Rounded(rate, 0));
        let stored = Cell::at_least(30_000.0, "", rate, |rate| rate.0);
        self.row("w: accepted messages/s, 50 rooms × 16", [None, Some(stored)]);
        let late = report.median("w", Server::Snug, p99).map(|p99| Rounded(p99, 1));
        self.row("w: p99", [None, Some(Cell::at_most(50.0, " ms", late, |p99| p99.0))]);
    }

    fn faults(&mut self) {
        let report = self.report;
        for (figure, key) in [("b: two threads, CPU × one", "b"), ("c: two threads, CPU × one", "c")] {
            let ratio = report.ratio(key, Server::SnugTwoThreads, Server::SnugNone, |run| Some(run.cost));
            self.row(figure, [Some(Cell::at_most(1.1, "", ratio, of_medians)), None]);
        }
        self.row(
            "lost, doubled, re-ordered, misrouted, refused, broken",
            SERVERS.map(|server| {
                Some(Cell::new("0".to_owned(), report.faults_of(server), |faults| *faults == 0))
            }),
        );
    }
}

fn of_medians(ratio: &Ratio) -> f64 {
    ratio.of_medians
}

/// A figure, and the digits worth showing.
struct Rounded(f64, usize);

impl Display for Rounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.*}", self.1, self.0)
    }
}
