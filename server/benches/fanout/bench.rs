//! The command line, and the rounds: every server in every scenario, in another order each time.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};

pub mod check;
pub mod client;
pub mod cores;
pub mod dialect;
pub mod disk;
pub mod floor;
pub mod frame;
pub mod goals;
pub mod grow;
pub mod histogram;
pub mod link;
pub mod load;
pub mod report;
pub mod scenario;
pub mod server;
pub mod usage;

use cores::Cores;
use disk::Fsync;
use floor::{Fault, Floor, Form};
use load::Window;
use report::{Report, Sample};
use scenario::{Figures, Kind, SCENARIOS, Scenario, Unit};
use server::{Places, Server};

/// Silence at the end of a run that tells of a loss; and from a server that works at one message for a second or more.
const QUIET: Duration = Duration::from_secs(2);
const SLOWLY_QUIET: Duration = Duration::from_secs(10);

/// Measures what deliveries, joins and members cost, beside floors and other servers
#[derive(Debug, Parser)]
#[command(name = "fanout")]
struct Arguments {
    #[command(subcommand)]
    program: Option<Program>,
    #[command(flatten)]
    choice: Choice,
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum Program {
    /// Serves as the floor; the benchmark starts itself so
    #[command(hide = true)]
    Floor {
        port: u16,
        #[arg(long)]
        joined: bool,
        /// Does this wrong every now and then
        #[arg(long)]
        fault: Option<Fault>,
    },
}

#[derive(Debug, Args)]
struct Choice {
    /// Ten minutes: three short rounds of Snug, the floors and Bun
    #[arg(long)]
    quick: bool,
    /// How cost grows with members, rooms and logs, instead of the scenarios
    #[arg(long)]
    grow: bool,
    /// Rounds [default: 5; with --quick 3]
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Seconds measured of each run [default: 4; with --quick 2]
    #[arg(long, value_name = "SECONDS")]
    window: Option<f64>,
    /// Only these scenarios
    #[arg(long, value_name = "a,b,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Only these servers
    #[arg(long, value_name = "snug,bun,…", value_delimiter = ',')]
    servers: Vec<String>,
    /// Starts Snug under another program, such as “valgrind --tool=callgrind --callgrind-out-file=/tmp/snug.%p”
    #[arg(long, value_name = "COMMAND")]
    under: Option<String>,
    /// Puts the tables into docs/performance.md, instead of those of the last time
    #[arg(long)]
    publish: bool,
}

pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ran = match arguments.program {
        Some(Program::Floor { port, joined, fault }) => {
            let form = if joined { Form::Joined } else { Form::OneWrite };
            Floor::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), form, fault).and_then(|floor| {
                println!("Listening on {}", floor.address()?);
                floor.serve()
            })
        }
        None => arguments.choice.run(),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Choice {
    fn run(&self) -> io::Result<()> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let target = root.join("../target/bench");
        let places = Places {
            sources: root.join("benches/peers"),
            peers: target.join("peers"),
            data: target.join("data"),
            under: self.under.iter().flat_map(|words| words.split_whitespace().map(str::to_owned)).collect(),
        };
        let cores = Cores::divide()?;
        if !cores.are_two() {
            eprintln!("There is one core only: server and generator share it, and no figure means much.");
        }
        let descriptors = cores::raise_descriptors();
        eprintln!("{descriptors} descriptors may be open");
        if self.grow {
            let table = grow::run(&places, cores, self.window())?;
            return self.keep(&target, "grow", &table);
        }
        let scenarios = chosen(&self.only, &SCENARIOS, |scenario| scenario.key)?;
        let all = if self.quick { &Server::QUICK[..] } else { &Server::ALL };
        let servers = match self.servers.is_empty() {
            true => all.to_vec(),
            false => chosen(&self.servers, &Server::ALL, |server| server.key())?,
        };
        let mut report = Report::new(self.window());
        let (present, absent) =
            servers.into_iter().partition::<Vec<_>, _>(|server| server.lacks(&places).is_none());
        for server in absent {
            let why = server.lacks(&places).unwrap_or_default();
            eprintln!("left out: {}: {why}", server.key());
            report.leave_out(server, why);
        }
        for round in 0..self.rounds.unwrap_or(if self.quick { 3 } else { 5 }) {
            for (at, scenario) in scenarios.iter().enumerate() {
                let mut order: Vec<Server> =
                    present.iter().copied().filter(|server| runs(*server, scenario)).collect();
                let turn = (round as usize + at) % order.len().max(1);
                order.rotate_left(turn);
                for server in order {
                    match measure(server, scenario, &places, cores, self.window()) {
                        Ok(figures) => {
                            eprintln!("{}", report::line(round, scenario, server, &figures));
                            report.add(Sample { round, scenario: scenario.key, server, figures });
                        }
                        Err(error) => eprintln!("round {round} {} {}: {error}", scenario.key, server.key()),
                    }
                }
            }
            // After each round, so that what was measured is not lost with the rest.
            fs::write(target.join("fanout.jsonl"), report.raw())?;
        }
        self.keep(&target, "measured", &report.render(&scenarios, &goals::render(&report)))
    }

    fn window(&self) -> Window {
        let seconds = self.window.unwrap_or(if self.quick { 2.0 } else { 4.0 });
        Window { warm: Duration::from_millis(500), length: Duration::from_secs_f64(seconds), quiet: QUIET }
    }

    /// Leaves a table in the target folder, and in the documentation when that was asked for.
    fn keep(&self, target: &std::path::Path, name: &str, table: &str) -> io::Result<()> {
        fs::create_dir_all(target)?;
        let path = target.join(format!("{name}.md"));
        fs::write(&path, table)?;
        println!("{table}\nAlso in {}", path.display());
        if self.publish {
            let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
            let text = report::put_between(&fs::read_to_string(&page)?, name, table)?;
            fs::write(&page, text)?;
        }
        Ok(())
    }
}

/// Those of a list that were asked for; all when none was.
fn chosen<T: Copy>(wanted: &[String], all: &[T], key: impl Fn(&T) -> &'static str) -> io::Result<Vec<T>> {
    if wanted.is_empty() {
        return Ok(all.to_vec());
    }
    let find = |wanted: &String| {
        let known = || all.iter().map(&key).collect::<Vec<_>>().join(", ");
        all.iter()
            .find(|one| key(one) == wanted)
            .copied()
            .ok_or_else(|| io::Error::other(format!("there is no “{wanted}”; there are {}", known())))
    };
    wanted.iter().map(find).collect()
}

/// Whether a server takes part: not where it would take minutes, and two threads only where rooms are busy.
fn runs(server: Server, scenario: &Scenario) -> bool {
    let is_large =
        matches!(scenario.kind, Kind::Crowd { .. }) || scenario.unit == Unit::Cycle || scenario.key == "g";
    match server {
        Server::SnugTwoThreads => matches!(scenario.key, "b" | "c"),
        _ => !(server.is_slow() && is_large),
    }
}

fn measure(
    server: Server,
    scenario: &Scenario,
    places: &Places,
    cores: Cores,
    window: Window,
) -> io::Result<Figures> {
    let running = server.start(places, cores)?;
    let window = Window { quiet: if server.is_slow() { SLOWLY_QUIET } else { QUIET }, ..window };
    let fsync = match server {
        Server::Snug => Some(Fsync::measure(running.folder())?),
        _ => None,
    };
    let figures = scenario.run(&running, server.dialect(), window, 0)?;
    Ok(Figures { fsync, ..figures })
}
