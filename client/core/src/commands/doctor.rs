//! `snug doctor`: why a server can't be reached.

use std::{
    io::{self, Write},
    pin::pin,
};

use clap::Args;
use futures_util::StreamExt;
use serde::Serialize;
use snug_shared::ServerAddress;

use super::{CommandError, printer};
use crate::doctor::{self, Event, Remedy, Step, Verdict};

/// `snug doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// The server that can't be reached; without it, only this computer and its network are looked at
    #[arg(value_name = "ADDRESS", value_parser = ServerAddress::parse)]
    address: Option<ServerAddress>,
    /// Print one JSON object for each step, and one for the verdict
    #[arg(long)]
    json: bool,
}

/// A step as a line of JSON.
#[derive(Serialize)]
struct StepLine<'a> {
    #[serde(flatten)]
    step: &'a Step,
    /// None where it can't be told.
    ok: Option<bool>,
    says: String,
}

/// The verdict as a line of JSON.
#[derive(Serialize)]
struct VerdictLine<'a> {
    #[serde(flatten)]
    verdict: &'a Verdict,
    ok: bool,
    says: String,
    #[serde(rename = "do")]
    remedies: Vec<Remedy>,
}

pub(super) async fn run(wanted: &DoctorArgs) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    let mut events = pin!(doctor::examine(wanted.address.clone()));
    let mut is_well = false;
    while let Some(event) = events.next().await {
        if wanted.json {
            let json = match &event {
                Event::Step(step) => {
                    serde_json::to_string(&StepLine { step, ok: step.is_good(), says: step.sentence() })
                }
                Event::Verdict(verdict) => serde_json::to_string(&VerdictLine {
                    verdict,
                    ok: verdict.is_well(),
                    says: verdict.sentence(),
                    remedies: verdict.remedies(),
                }),
            };
            writeln!(out, "{}", printer::json(&json.map_err(io::Error::other)?))?;
        } else {
            write!(out, "{}", for_people(&event))?;
        }
        out.flush()?;
        if let Event::Verdict(verdict) = &event {
            is_well = verdict.is_well();
        }
    }
    if is_well { Ok(()) } else { Err(CommandError::Told) }
}

fn for_people(event: &Event) -> String {
    match event {
        Event::Step(step) => {
            format!("{} {}\n", doctor::mark(step.is_good()), printer::escape_controls(&step.sentence()))
        }
        Event::Verdict(verdict) => {
            let mut text = format!("\n{}\n", printer::escape_controls(&verdict.sentence()));
            for Remedy { says, command } in verdict.remedies() {
                text.push_str(&format!("{}\n", printer::escape_controls(&says)));
                if let Some(command) = command {
                    text.push_str(&format!("    {}\n", printer::escape_controls(&command)));
                }
            }
            text
        }
    }
}
