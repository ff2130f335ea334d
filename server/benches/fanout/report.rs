//! From samples to tables. Ratios first: this machine's speed may change by half between two rounds, so a figure is only ever
//! compared with one of the same round, and where that is missing there is no ratio.

use std::{fmt::Write, io, process::Command};

use serde::Serialize;

use super::{
    load::Window,
    scenario::{Figures, Scenario, Unit},
    server::Server,
};

/// One run.
#[derive(Debug, Clone)]
pub struct Sample {
    pub round: u32,
    pub scenario: &'static str,
    pub server: Server,
    pub figures: Figures,
}

/// How one server stands to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Of the medians over the rounds that have both.
    pub of_medians: f64,
    /// The median of the rounds' own.
    pub of_rounds: f64,
    pub rounds: usize,
}

/// All runs.
#[derive(Debug)]
pub struct Report {
    window: Window,
    samples: Vec<Sample>,
    left_out: Vec<(Server, String)>,
}

impl Report {
    /// Nothing measured yet.
    pub fn new(window: Window) -> Self {
        Self { window, samples: Vec::new(), left_out: Vec::new() }
    }

    /// Takes a run in.
    pub fn add(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    /// Notes that a server did not take part.
    pub fn leave_out(&mut self, server: Server, why: String) {
        self.left_out.push((server, why));
    }

    /// Every run as a line of JSON.
    pub fn raw(&self) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            round: u32,
            scenario: &'a str,
            server: &'a str,
            #[serde(flatten)]
            figures: &'a Figures,
        }
        let line = |sample: &Sample| {
            let Sample { round, scenario, server, figures } = sample;
            let line = Line { round: *round, scenario, server: server.key(), figures };
            serde_json::to_string(&line).unwrap_or_default() + "\n"
        };
        self.samples.iter().map(line).collect()
    }

    fn of(&self, scenario: &str, server: Server) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| sample.scenario == scenario && sample.server == server)
    }

    /// The median of a figure over the rounds.
    pub fn median(
        &self,
        scenario: &str,
        server: Server,
        figure: impl Fn(&Figures) -> Option<f64>,
    ) -> Option<f64> {
        median(self.of(scenario, server).filter_map(|sample| figure(&sample.figures)).collect())
    }

    /// A figure of one server, held against that of another in the same round.
    pub fn ratio(
        &self,
        scenario: &str,
        server: Server,
        other: Server,
        figure: impl Fn(&Figures) -> Option<f64>,
    ) -> Option<Ratio> {
        self.ratio_to_best(scenario, server, &[other], figure)
    }

    /// The same against the highest of several in each round.
    pub fn ratio_to_best(
        &self,
        scenario: &str,
        server: Server,
        others: &[Server],
        figure: impl Fn(&Figures) -> Option<f64>,
    ) -> Option<Ratio> {
        let pairs = self.pairs(scenario, server, others, figure);
        let rounds = pairs.len();
        let of_rounds = median(pairs.iter().map(|(own, other)| own / other).collect())?;
        let (own, other): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        Some(Ratio { of_medians: median(own)? / median(other)?, of_rounds, rounds })
    }

    /// A server's figure of each round, and beside it the highest of the others' in that round.
    fn pairs(
        &self,
        scenario: &str,
        server: Server,
        others: &[Server],
        figure: impl Fn(&Figures) -> Option<f64>,
    ) -> Vec<(f64, f64)> {
        self.of(scenario, server)
            .filter_map(|sample| {
                let beside = others.iter().flat_map(|other| self.of(scenario, *other));
                let beside = beside.filter(|beside| beside.round == sample.round);
                let best = beside.filter_map(|beside| figure(&beside.figures)).max_by(f64::total_cmp)?;
                Some((figure(&sample.figures)?, best))
            })
            .collect()
    }

    /// How much more a figure is than another server's in the same round: the median over the rounds.
    pub fn difference(
        &self,
        scenario: &str,
        server: Server,
        other: Server,
        figure: impl Fn(&Figures) -> Option<f64>,
    ) -> Option<f64> {
        let pairs = self.pairs(scenario, server, &[other], figure);
        median(pairs.into_iter().map(|(own, other)| own - other).collect())
    }

    /// Deliveries of a server that were not as they should be, in all scenarios; nothing when it did not run.
    pub fn faults_of(&self, server: Server) -> Option<u64> {
        let runs = self.samples.iter().filter(|sample| sample.server == server);
        runs.map(|run| run.figures.tally.faults()).reduce(|all, faults| all + faults)
    }

    fn servers(&self, scenario: &str) -> impl Iterator<Item = Server> {
        Server::ALL.into_iter().filter(move |server| self.of(scenario, *server).next().is_some())
    }

    /// All tables, with that of the goals in its place.
    pub fn render(&self, scenarios: &[Scenario], goals: &str) -> String {
        let mut out = String::new();
        let rounds = self.samples.iter().map(|sample| sample.round + 1).max().unwrap_or(0);
        let seconds = self.window.length.as_secs_f64();
        // Writing to a string does not fail.
        let _ = writeln!(out, "{}; {rounds} rounds, {seconds} s of each run.\n", machine());
        for (server, why) in &self.left_out {
            let _ = writeln!(out, "Left out: {} ({why}).\n", server.title().replace('*', ""));
        }
        self.ratios(scenarios, &mut out);
        out.push_str(goals);
        for scenario in scenarios {
            self.scenario(scenario, &mut out);
        }
        out
    }

    fn ratios(&self, scenarios: &[Scenario], out: &mut String) {
        let _ = write!(out, "### Server CPU, as a multiple of the floor's in the same round\n\n| server |");
        for scenario in scenarios {
            let _ = write!(out, " {} |", scenario.key);
        }
        let _ = writeln!(out, "\n|---|{}", "---|".repeat(scenarios.len()));
        for server in
            Server::ALL.into_iter().filter(|server| self.samples.iter().any(|run| run.server == *server))
        {
            let _ = write!(out, "| {} |", server.title());
            for scenario in scenarios {
                let ratio =
                    self.ratio(scenario.key, server, Server::Floor(scenario.floor), |run| Some(run.cost));
                let _ = write!(out, " {} |", ratio.map_or("–".to_owned(), |ratio| ratio.to_string()));
            }
            out.push('\n');
        }
        out.push('\n');
    }

    fn scenario(&self, scenario: &Scenario, out: &mut String) {
        let (cost, rate) = match scenario.unit {
            Unit::Delivery => ("CPU s/M", "deliveries/s"),
            Unit::Message => ("CPU µs/message", "messages/s"),
            Unit::Join => ("CPU µs/join", "joins/s"),
            Unit::Cycle => ("CPU µs/cycle", "cycles/s"),
        };
        let _ = writeln!(
            out,
            "### {}: {}\n\n| server | {cost} | {rate} | p50 ms | p99 ms | p99.9 ms | B/member idle | at the end | slope | switches/1000 | \
             generator | faults |\n|---|---|---|---|---|---|---|---|---|---|---|---|",
            scenario.key, scenario.title
        );
        for server in self.servers(scenario.key) {
            let cell = |digits: usize, figure: &dyn Fn(&Figures) -> Option<f64>| {
                let median = self.median(scenario.key, server, figure);
                median.map_or("–".to_owned(), |median| format!("{median:.digits$}"))
            };
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {}% | {} |",
                server.title(),
                cell(2, &|run| Some(run.cost)),
                cell(0, &|run| Some(run.per_second)),
                cell(2, &|run| run.latency.map(|latency| latency.p50)),
                cell(2, &|run| run.latency.map(|latency| latency.p99)),
                cell(2, &|run| run.latency.map(|latency| latency.p999)),
                cell(0, &|run| Some(run.idle)),
                cell(0, &|run| Some(run.loaded)),
                cell(0, &|run| run.slope),
                cell(2, &|run| Some(run.switches.0 + run.switches.1)),
                cell(0, &|run| Some(run.generator * 100.0)),
                self.faults(scenario.key, server),
            );
        }
        out.push('\n');
    }

    fn faults(&self, scenario: &str, server: Server) -> String {
        let mut words = Vec::new();
        let sum = |count: &dyn Fn(&Figures) -> u64| {
            self.of(scenario, server).map(|run| count(&run.figures)).sum::<u64>()
        };
        for (count, word) in [
            (sum(&|run| run.tally.lost), "lost"),
            (sum(&|run| run.tally.doubled), "doubled"),
            (sum(&|run| run.tally.reordered), "re-ordered"),
            (sum(&|run| run.tally.misrouted), "misrouted"),
            (sum(&|run| run.tally.refused), "refused"),
            (sum(&|run| run.tally.broken), "connections broken"),
            (sum(&|run| run.late), "late"),
        ] {
            if count > 0 {
                words.push(format!("{count} {word}"));
            }
        }
        if words.is_empty() { "0".to_owned() } else { words.join(", ") }
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} ({:.2})", self.of_medians, self.of_rounds)
    }
}

/// A run in one line, while others go on.
pub fn line(round: u32, scenario: &Scenario, server: Server, figures: &Figures) -> String {
    let latency = figures.latency.map_or(String::new(), |latency| {
        format!(" p50 {:.2} p99 {:.2} p99.9 {:.2} ms", latency.p50, latency.p99, latency.p999)
    });
    let slope = figures.slope.map_or(String::new(), |slope| format!(" slope {slope:.0} B"));
    let faults = if figures.tally.faults() == 0 { String::new() } else { format!(" {:?}", figures.tally) };
    format!(
        "round {round} {} {:<16} cost {:9.3} rate {:9.0}{latency} idle {:.0} B{slope} generator {:.0}%{faults}",
        scenario.key,
        server.key(),
        figures.cost,
        figures.per_second,
        figures.idle,
        figures.generator * 100.0,
    )
}

/// Replaces what stands between a name's two markers.
///
/// # Errors
/// When they are not there.
pub fn put_between(page: &str, name: &str, table: &str) -> io::Result<String> {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let parts = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) =
        parts.ok_or_else(|| io::Error::other(format!("the page has no place for “{name}”")))?;
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", table.trim()))
}

/// When, where and what, in a line.
pub fn machine() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|said| !said.is_empty())
    };
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = processor.lines().filter(|line| line.starts_with("processor")).count();
    format!(
        "{}, commit {}; {cores} × {}, Linux {}, loopback",
        said("date", &["-u", "+%-d %B %Y"]).unwrap_or_default(),
        said("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_default(),
        model.map_or("unknown processor", |(_, model)| model),
        said("uname", &["-r"]).unwrap_or_default(),
    )
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() % 2 {
        1 => figures.get(middle).copied(),
        _ => Some((figures.get(middle.checked_sub(1)?)? + figures.get(middle)?) / 2.0),
    }
}
