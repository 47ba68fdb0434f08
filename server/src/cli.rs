//! The command line: reads what is asked for, does it, says in one sentence what was refused.

mod boxes;
mod certificate;
mod device;
mod flags;
mod handed_out;
mod keep;
mod keys;
mod named;
mod record;
mod rescue;
mod restore;
mod serve;
mod setup;

use crate::config::{self, Config, Values};
use clap::{Parser, Subcommand};
use flags::{AllFlags, DataFlags};
use jiff::civil::Date;
use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use warmhand_core::domain::id::DocumentId;
use warmhand_core::wire::BoxKey;

/// An offline-first companion for warm handoffs.
#[derive(Debug, Parser)]
#[command(name = "warmhand", version, about)]
struct Line {
    #[command(subcommand)]
    asked: Asked,
}

#[derive(Debug, Subcommand)]
enum Asked {
    /// Makes a new organisation in an empty folder and its first supervisor's account.
    Init {
        /// The organisation's sheet, JSON.
        #[arg(long)]
        organisation: PathBuf,
        /// Her name or code in the sheet.
        #[arg(long)]
        supervisor: String,
        /// A file whose first line is her password; left out, one is made and printed once.
        #[arg(long)]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Serves devices and the dashboard.
    Serve {
        #[command(flatten)]
        flags: AllFlags,
    },
    /// What serve would go by.
    Config {
        #[command(subcommand)]
        asked: ConfigAsked,
    },
    /// Makes a certificate and its key for trying TLS out: good for 30 days, and only for whoever is told to trust it.
    Certificate {
        /// Names and addresses under which the server is reached, separated by commas.
        #[arg(long, value_delimiter = ',', default_value = "localhost,127.0.0.1")]
        names: Vec<String>,
        /// The folder for tls.crt and tls.key.
        folder: PathBuf,
    },
    /// The organisation's sheet.
    Organisation {
        #[command(subcommand)]
        asked: OrganisationAsked,
    },
    /// Gives a supervisor a password for the dashboard, in place of the one she has; whoever is signed in as her is signed
    /// out.
    Password {
        /// Her name or code in the sheet.
        #[arg(long)]
        of: String,
        /// A file whose first line is the password; left out, one is made and printed once.
        #[arg(long)]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Makes a one-time code for a new device.
    EnrolCode {
        /// What people call the device.
        #[arg(long)]
        name: String,
        /// One person's phone, or a shared tablet.
        #[arg(long, value_parser = ["phone", "tablet"])]
        kind: String,
        /// Who works on it: codes from the sheet, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        people: Vec<String>,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Devices: which there are, who works on one, and one that is lost.
    Device {
        #[command(subcommand)]
        asked: device::Asked,
    },
    /// Copies the whole database into a file, while it is being served or not.
    Backup {
        /// A file that does not exist yet.
        file: PathBuf,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Puts a backup into a folder without a database; devices then give back what it lacks.
    Restore {
        /// The backup.
        file: PathBuf,
        /// The copy of the keys that goes with it; left out, warmhand.keys in the folder.
        #[arg(long)]
        keys: Option<PathBuf>,
        /// The journal, which knows what was revoked since; left out, warmhand.journal in the folder.
        #[arg(long)]
        journal: Option<PathBuf>,
        /// Goes on though keys are lost: what devices give back of others' work then waits in quarantine.
        #[arg(long)]
        without_receipts: bool,
        #[command(flatten)]
        data: DataFlags,
    },
    /// The keys that sign receipts and prove devices.
    Keys {
        #[command(subcommand)]
        asked: keys::Asked,
    },
    /// Prints the audit: who did what, when, on which record or device, and why. Names no patient.
    Audit {
        /// Only from this day on, such as 2026-03-02, by UTC.
        #[arg(long)]
        since: Option<Date>,
        /// Only what was done with this record.
        #[arg(long)]
        record: Option<DocumentId>,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Checks a database against itself: the log, the changes, who sees what, what pages read, the audit and the journal.
    Verify {
        #[command(flatten)]
        data: DataFlags,
    },
    /// Computes who sees what anew from the changes.
    Rebuild {
        #[command(flatten)]
        data: DataFlags,
    },
    /// What a device holds that cannot sync any more.
    Rescue {
        #[command(subcommand)]
        asked: RescueAsked,
    },
    /// Single records.
    Record {
        #[command(subcommand)]
        asked: record::Asked,
    },
    /// Stories: scenarios played through real devices and a real server in memory.
    Story {
        #[command(subcommand)]
        asked: StoryAsked,
    },
    /// A sample organisation with weeks of handoffs, live devices and the dashboard.
    Demo {
        /// Address and port.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Keeps what it makes in this folder; left out, nothing stays behind.
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum OrganisationAsked {
    /// Puts a new version of the sheet in force.
    Load {
        /// The sheet, JSON.
        file: PathBuf,
        #[command(flatten)]
        data: DataFlags,
    },
}

#[derive(Debug, Subcommand)]
enum RescueAsked {
    /// Writes everything that a device's file holds into a file for the server.
    Export {
        /// The device's file.
        device: PathBuf,
        /// A file that does not exist yet.
        file: PathBuf,
        /// Closes it for whoever has the keys of which "warmhand keys show" prints this: where the server has lost its own.
        #[arg(long = "for", value_name = "KEY")]
        named: Option<BoxKey>,
    },
    /// Takes such a file: what carries this server's receipts is taken, everything else waits in quarantine.
    Import {
        /// The file.
        file: PathBuf,
        /// Takes it though this server does not know the device.
        #[arg(long)]
        of_unknown_device: bool,
        /// Opens it with this copy of other keys than the data folder's.
        #[arg(long, value_name = "COPY")]
        keys: Option<PathBuf>,
        #[command(flatten)]
        data: DataFlags,
    },
}

#[derive(Debug, Subcommand)]
enum StoryAsked {
    /// Plays a story and prints what it comes to, as JSON.
    Run {
        /// The story.
        file: PathBuf,
        /// Tries another order of everything that the story leaves open.
        #[arg(long)]
        shuffle: Option<u64>,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigAsked {
    /// Prints what is in force and where each value came from; refuses what cannot be served, as far as it shows without opening data or port.
    Check {
        #[command(flatten)]
        flags: AllFlags,
    },
}

/// Does what the command line asks.
pub async fn run(
    line: impl Iterator<Item = OsString>,
    environment: Vec<(String, String)>,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> ExitCode {
    let line = match Line::try_parse_from(line) {
        Ok(line) => line,
        Err(error) => {
            let said = if error.use_stderr() {
                write!(err, "{error}")
            } else {
                write!(out, "{error}")
            };
            return if error.use_stderr() || said.is_err() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let done = done(line.asked, &environment, out, err).await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            let _ = writeln!(err, "warmhand: {sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn done(
    asked: Asked,
    environment: &[(String, String)],
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> Result<(), String> {
    let folder = |said: DataFlags| config::data(&Values::gather(&said.0, environment)?);
    match asked {
        Asked::Init {
            organisation,
            supervisor,
            password_file,
            data,
        } => {
            setup::init(
                &organisation,
                &supervisor,
                password_file.as_deref(),
                &folder(data)?,
                out,
            )
            .await
        }
        Asked::Serve { flags } => {
            let values = Values::gather(&flags.0, environment)?;
            serve::serve(Config::read(&values)?, out).await
        }
        Asked::Config {
            asked: ConfigAsked::Check { flags },
        } => serve::check(&Values::gather(&flags.0, environment)?, out),
        Asked::Certificate { names, folder } => certificate::certificate(names, &folder, out),
        Asked::Organisation {
            asked: OrganisationAsked::Load { file, data },
        } => setup::load(&file, &folder(data)?, out).await,
        Asked::Password {
            of,
            password_file,
            data,
        } => setup::password(&of, password_file.as_deref(), &folder(data)?, out).await,
        Asked::EnrolCode {
            name,
            kind,
            people,
            data,
        } => setup::enrol_code(name, kind, people, &folder(data)?, out).await,
        Asked::Device { asked } => device::run(asked, folder, out).await,
        Asked::Backup { file, data } => keep::backup(&file, &folder(data)?, out),
        Asked::Restore {
            file,
            keys,
            journal,
            without_receipts,
            data,
        } => restore::Restoring {
            file,
            keys,
            journal,
            without_receipts,
            data: folder(data)?,
        }
        .run(out),
        Asked::Keys { asked } => match asked {
            keys::Asked::Rotate { data } => keys::rotate(&folder(data)?, out),
            keys::Asked::Show { data } => keys::show(&folder(data)?, out),
            keys::Asked::Export { file, data } => keys::export(&file, &folder(data)?, out),
        },
        Asked::Audit {
            since,
            record,
            data,
        } => keep::audit(since, record, &folder(data)?, out).await,
        Asked::Verify { data } => keep::verify(&folder(data)?, out).await,
        Asked::Rebuild { data } => keep::rebuild(&folder(data)?, out).await,
        Asked::Rescue {
            asked:
                RescueAsked::Export {
                    device,
                    file,
                    named,
                },
        } => rescue::export(&device, &file, named, out),
        Asked::Rescue {
            asked:
                RescueAsked::Import {
                    file,
                    of_unknown_device,
                    keys,
                    data,
                },
        } => {
            let keys = keys.as_deref();
            rescue::import(&file, of_unknown_device, keys, &folder(data)?, out).await
        }
        Asked::Record { asked } => record::run(asked, folder, out).await,
        Asked::Story {
            asked: StoryAsked::Run { file, shuffle },
        } => crate::story::run(&file, shuffle, out)
            .await
            .map_err(|refused| refused.to_string()),
        Asked::Demo { listen, data } => serve::demo(listen, data, out, err).await,
    }
}
