//! Devices from the terminal of the server: which there are, who works on one, and what is done when one is lost.

use super::boxes::boxes;
use super::flags::DataFlags;
use super::handed_out::Order;
use super::named::{devices, named};
use super::setup::{open, said};
use crate::Settings;
use crate::store::ConfirmDraft;
use crate::store::audit::TERMINAL;
use clap::Subcommand;
use std::io::Write;
use std::path::{Path, PathBuf};
use warmhand_core::domain::id::UserId;

/// What is asked of devices.
#[derive(Debug, Subcommand)]
pub(super) enum Asked {
    /// Prints every device: who works on it, when it was last seen, and what became of it.
    List {
        #[command(flatten)]
        data: DataFlags,
    },
    /// Says who works on a device; whoever is left out is taken off it.
    People {
        /// Its id, or its name if no other has that.
        device: String,
        /// Everybody who works on it from now on: codes from the sheet, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        people: Vec<String>,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Says whose a device is that was enrolled after the backup that was put back: from then on it is told things again.
    Confirm {
        /// Its id, or its name if no other has that.
        device: String,
        /// What people call it from now on; left out, as it is called.
        #[arg(long)]
        name: Option<String>,
        /// One person's phone, or a shared tablet.
        #[arg(long, value_parser = ["phone", "tablet"])]
        kind: String,
        /// Everybody who works on it: codes from the sheet, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        people: Vec<String>,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Takes a device out of service: what it has not sent waits in quarantine, then it wipes itself.
    Revoke {
        /// Its id, or its name if no other has that.
        device: String,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Takes a device back into service that has not wiped itself.
    Reinstate {
        /// Its id, or its name if no other has that.
        device: String,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Writes what a wiped device handed over in closed boxes, opened: what the server had not taken from it.
    Boxes {
        /// Its id, or its name if no other has that.
        device: String,
        /// A file that does not exist yet: JSON, one change a line.
        file: PathBuf,
        #[command(flatten)]
        order: Order,
        /// Also what patients answered about alcohol and drugs, of which the law asks their written consent (42 CFR Part 2).
        #[arg(long)]
        alcohol_and_drugs: bool,
        #[command(flatten)]
        data: DataFlags,
    },
}

/// Does it, in the data folder that the flags lead to.
pub(super) async fn run(
    asked: Asked,
    folder: impl Fn(DataFlags) -> Result<PathBuf, String>,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    match asked {
        Asked::List { data } => list(&folder(data)?, out).await,
        Asked::People {
            device,
            people: who,
            data,
        } => people(&device, who, &folder(data)?, out).await,
        Asked::Confirm {
            device,
            name,
            kind,
            people,
            data,
        } => confirm(&device, (name, kind, people), &folder(data)?, out).await,
        Asked::Revoke { device, data } => revoke(&device, &folder(data)?, out).await,
        Asked::Reinstate { device, data } => reinstate(&device, &folder(data)?, out).await,
        Asked::Boxes {
            device,
            file,
            order,
            alcohol_and_drugs,
            data,
        } => {
            boxes(
                &device,
                &file,
                alcohol_and_drugs,
                order,
                &folder(data)?,
                out,
            )
            .await
        }
    }
}

async fn list(data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    let server = open(data, Settings::default())?;
    for row in devices(&server).await? {
        let people: Vec<&str> = row.people.iter().map(UserId::as_str).collect();
        let seen = row
            .last_seen_at
            .map_or_else(|| "never seen".to_owned(), |at| format!("last seen {at}"));
        writeln!(
            out,
            "{}  {} ({}; {}), {seen}, {} unsent then",
            row.id,
            row.name,
            row.kind,
            people.join(", "),
            row.unsent
        )
        .map_err(said)?;
        if !row.is_confirmed && row.revoked_at.is_none() {
            let people: Vec<&str> = row.proposed.iter().map(UserId::as_str).collect();
            writeln!(
                out,
                "    waits: it was enrolled after the backup that was put back ({}); warmhand device confirm, or on the dashboard",
                people.join(", ")
            )
            .map_err(said)?;
        }
        let Some((loss, at)) = row.loss.zip(row.revoked_at) else {
            continue;
        };
        let fate = match (loss.wiped_at, row.last_seen_at) {
            (Some(at), _) => format!("confirmed wiped {at}"),
            (None, Some(seen)) if seen > at => "told to wipe, not confirmed".to_owned(),
            (None, _) => "not yet seen since".to_owned(),
        };
        let encrypted = match loss.is_encrypted {
            Some(true) => "encrypted",
            Some(false) => "not encrypted",
            None => "not known whether encrypted",
        };
        writeln!(
            out,
            "    revoked {at}, {fate}; records of at most {} patients, {encrypted}, {} closed boxes",
            loss.patients, loss.boxes
        )
        .map_err(said)?;
    }
    Ok(())
}

async fn people(
    device: &str,
    people: Vec<String>,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let (server, row) = named(device, data).await?;
    let names = people.join(", ");
    let people = people.into_iter().map(UserId).collect();
    let done = server
        .store
        .set_people(row.id, people, TERMINAL.into(), server.now())
        .await;
    done.map_err(|error| error.to_string())?;
    writeln!(
        out,
        "From its next contact on {names} work on {}. What somebody who was taken off has not sent still arrives.",
        row.name
    )
    .map_err(said)
}

async fn confirm(
    device: &str,
    (name, kind, people): (Option<String>, String, Vec<String>),
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let (server, row) = named(device, data).await?;
    let draft = ConfirmDraft {
        name: name.unwrap_or(row.name),
        kind,
        people: people.into_iter().map(UserId).collect(),
    };
    let name = draft.name.clone();
    let done = server
        .store
        .confirm(row.id, draft, TERMINAL.into(), server.now())
        .await;
    done.map_err(|error| error.to_string())?;
    writeln!(
        out,
        "{name} is known again. What it sent meanwhile was judged as if it came now; at its next contact it is told the rest."
    )
    .map_err(said)
}

async fn revoke(device: &str, data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    let (server, row) = named(device, data).await?;
    let done = server
        .store
        .revoke(row.id, TERMINAL.into(), server.now())
        .await;
    done.map_err(|error| error.to_string())?;
    writeln!(
        out,
        "{} is out of service. At its next contact what it has not sent goes into quarantine, and then it wipes itself.",
        row.name
    )
    .map_err(said)
}

async fn reinstate(device: &str, data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    let (server, row) = named(device, data).await?;
    let done = server
        .store
        .reinstate(row.id, TERMINAL.into(), server.now())
        .await;
    done.map_err(|error| error.to_string())?;
    writeln!(out, "{} is in service again.", row.name).map_err(said)
}
