//! `snug host`: the server of Host here without a window, with the same rooms, identity and port.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use snug_core::settings::{Home, Settings};
use snug_shared::Invite;

use super::{Host, HostError, Port};

/// `snug host`.
#[derive(Debug, Clone, Args)]
pub struct HostArgs {
    /// The port to listen on; by default the one it had last, else 8000 or the next that is free
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Name of the server in the app and on the network; by default this computer's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Hosts until a signal ends it.
pub fn run(wanted: &HostArgs, data_dir: Option<PathBuf>) -> ExitCode {
    let home = match data_dir.map_or_else(Home::find, |folder| Ok(Home::at(&folder))) {
        Ok(home) => home,
        Err(error) => return fail(&error.to_string()),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("The system has no threads to spare: {error}.")),
    };
    match runtime.block_on(host(wanted, &home)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

async fn host(wanted: &HostArgs, home: &Home) -> Result<(), HostError> {
    let (settings, _) = Settings::load(home);
    let last = settings.recent.iter().find(|recent| recent.is_hosted).map(|recent| recent.server.port);
    let port = wanted.port.map_or(Port::Rather(last), Port::Exactly);
    // Before it is open, so that a signal ends it gracefully however early it comes.
    let signals = ended_by_signal();
    let mut host = Host::start_as(home.host_dir(), port, wanted.name.clone()).await?;
    // Nobody may read it any more.
    let _ = write(&mut io::stdout().lock(), &host, home);
    tokio::select! {
        () = signals => {
            host.stop().await;
            Ok(())
        }
        error = host.ended() => Err(error),
    }
}

fn write(out: &mut impl Write, host: &Host, home: &Home) -> io::Result<()> {
    writeln!(out, "Hosting on port {}", host.local().port)?;
    let links = host.addresses().into_iter().map(|server| Invite { server, room: None }.link());
    let links: Vec<String> = links.collect();
    match links.split_first() {
        None => writeln!(out, "This computer has no network: only programs on it can connect.")?,
        Some((first, others)) => {
            writeln!(out, "  Pass this on: {first}")?;
            for other in others {
                writeln!(out, "            or: {other}")?;
            }
        }
    }
    writeln!(out, "Rooms are stored in {}", home.host_dir().display())?;
    writeln!(out, "Others can’t connect? “snug doctor” says why. Ctrl+C ends it.")?;
    out.flush()
}

#[cfg(unix)]
async fn ended_by_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let next = async |kind| match signal(kind) {
        Ok(mut signals) => {
            let _ = signals.recv().await;
        }
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = next(SignalKind::terminate()) => {}
        () = next(SignalKind::interrupt()) => {}
        () = next(SignalKind::hangup()) => {}
    }
}

#[cfg(not(unix))]
async fn ended_by_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

fn fail(sentence: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "snug: {sentence}");
    ExitCode::FAILURE
}
