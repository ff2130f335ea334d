//! The server by itself: arguments, logging, the listener and signals; then [`Server::open`] and [`Server::serve`].

use std::{
    env,
    io::{self, IsTerminal},
    num::NonZero,
    process::{self, ExitCode},
    thread,
};

use snug_server::{
    Server,
    config::{Loaded, LogFormat, Options, file},
    net::{accept, descriptors},
    shard::Shards,
};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

mod banner;

/// What the command line or the settings got wrong, as `clap` ends for its part.
const MISUSED: u8 = 2;
/// Ended by a second signal with work undone, as shells write it.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let options = Options::from_command_line();
    let print = options.print_config;
    let settings = match options.load() {
        Ok(settings) => settings,
        Err(error) => return fail(MISUSED, &error),
    };
    if print {
        print!("{}", file::print(&settings.config));
        return ExitCode::SUCCESS;
    }
    let filter = match EnvFilter::try_new(&settings.config.log) {
        Ok(filter) => filter,
        Err(error) => return fail(MISUSED, &format!("log: {error}")),
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match settings.config.log_format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(serve(settings)),
        Err(error) => fail(1, &error),
    }
}

async fn serve(Loaded { config, file }: Loaded) -> ExitCode {
    if let Some(fits) = descriptors::raise(config.max_connections) {
        tracing::info!(
            fits,
            "this system has room for fewer connections than max-connections; see ulimit -n"
        );
    }
    // Taken before anything else, so that a signal ends the server gracefully however early it comes.
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return fail(1, &error),
    };
    let (listener, address) = match accept::bind(config.listen).and_then(|l| l.local_addr().map(|a| (l, a))) {
        Ok(listening) => listening,
        Err(error) => return fail(1, &error),
    };
    let shards = match Shards::over(threads()) {
        Ok(shards) => shards,
        Err(error) => return fail(1, &error),
    };
    let server = match Server::open_over(shards, config).await {
        Ok(server) => server,
        Err(error) => return fail(1, &error),
    };
    banner::print(address, &server.config, file.as_deref());
    let (stop, stopping) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("ending; a second signal ends at once");
        let _ = stop.send(());
        signals.next().await;
        process::exit(INTERRUPTED);
    });
    let shutdown = async {
        let _ = stopping.await;
    };
    server.serve(listener, shutdown).await;
    ExitCode::SUCCESS
}

/// One for each processor this process may use, unless the variable that every tokio program heeds says otherwise.
fn threads() -> usize {
    let wanted = env::var("TOKIO_WORKER_THREADS").ok().and_then(|count| count.parse().ok());
    wanted.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get)
}

fn fail(code: u8, error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("snug-server: {error}");
    ExitCode::from(code)
}

/// The signals that ask a program to end.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The signals that ask a program to end.
#[cfg(windows)]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn next(&mut self) {
        let _ = self.interrupt.recv().await;
    }
}
