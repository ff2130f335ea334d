//! Without a sub-command: the server by itself, with the listener and the signals.

use std::{
    env,
    error::Error,
    num::NonZero,
    process::{self, ExitCode},
    thread,
};

use snug_server::{
    Server,
    config::Loaded,
    net::{accept, descriptors},
    shard::Shards,
};
use tokio::sync::oneshot;

use super::{FAILED, MISUSED, banner, fail, is_misuse, signals::Signals};

/// The target of the program's own log lines.
const PROGRAM: &str = "snug_server";
/// Ended by a second signal with work undone, as shells write it.
const INTERRUPTED: i32 = 130;

/// Opens a server and serves until a signal ends it.
pub async fn serve(Loaded { config, file }: Loaded) -> ExitCode {
    if let Some(fits) = descriptors::raise(config.max_connections) {
        tracing::info!(
            target: PROGRAM,
            fits,
            "this system has room for fewer connections than max-connections; see ulimit -n"
        );
    }
    // Before anything else, so that a signal ends the server gracefully however early it comes.
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return fail(FAILED, &error),
    };
    let (listener, address) = match accept::bind(config.listen).and_then(|l| l.local_addr().map(|a| (l, a))) {
        Ok(listening) => listening,
        Err(error) => return refuse(&error),
    };
    let shards = match Shards::over(threads()) {
        Ok(shards) => shards,
        Err(error) => return fail(FAILED, &error),
    };
    let server = match Server::open_over(shards, config).await {
        Ok(server) => server,
        Err(error) => return refuse(&error),
    };
    let config = server.config.clone();
    // On a thread of its own: a terminal that is stopped takes no banner, and the server does not wait for it.
    let _ = thread::Builder::new().spawn(move || banner::print(address, &config, file.as_deref()));
    let (stop, stopping) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!(target: PROGRAM, "ending; a second signal ends at once");
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

/// Says why there is no server.
fn refuse(error: &(impl Error + 'static)) -> ExitCode {
    fail(if is_misuse(error) { MISUSED } else { FAILED }, error)
}

/// One thread for each processor this process may use, unless the variable says otherwise that every tokio program knows.
fn threads() -> usize {
    let wanted = env::var("TOKIO_WORKER_THREADS").ok().and_then(|count| count.parse().ok());
    wanted.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get)
}
