//! The command line: reads what is asked for, does it, says in one sentence what was refused.

mod serve;
mod setup;

pub(crate) use setup::begin;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

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
        data: Data,
    },
    /// Serves devices and the dashboard.
    Serve {
        /// Address and port.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Where browsers and devices reach this server, for enrolment.
        #[arg(long)]
        public_url: Option<String>,
        /// How to write the log.
        #[arg(long, value_enum, default_value_t = LogForm::Text)]
        log: LogForm,
        #[command(flatten)]
        data: Data,
    },
    /// The organisation's sheet.
    Organisation {
        #[command(subcommand)]
        asked: OrganisationAsked,
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
        data: Data,
    },
    /// Single records.
    Record {
        #[command(subcommand)]
        asked: RecordAsked,
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
        data: Data,
    },
}

#[derive(Debug, Subcommand)]
enum RecordAsked {
    /// Writes a record as an Automerge document that any standard reader opens.
    Export {
        /// The record's id.
        id: String,
        /// Where to write it.
        file: PathBuf,
        #[command(flatten)]
        data: Data,
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

#[derive(Debug, Args)]
struct Data {
    /// The data folder.
    #[arg(long, default_value = "warmhand-data")]
    data: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogForm {
    /// Lines for people.
    Text,
    /// JSON for machines.
    Json,
}

/// Does what the command line asks.
pub async fn run(
    line: impl Iterator<Item = OsString>,
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
    let done = match line.asked {
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
                &data.data,
                out,
            )
            .await
        }
        Asked::Serve {
            listen,
            public_url,
            log,
            data,
        } => serve::serve(listen, public_url, log, &data.data, out).await,
        Asked::Organisation {
            asked: OrganisationAsked::Load { file, data },
        } => setup::load(&file, &data.data, out).await,
        Asked::EnrolCode {
            name,
            kind,
            people,
            data,
        } => setup::enrol_code(name, kind, people, &data.data, out).await,
        Asked::Record {
            asked: RecordAsked::Export { id, file, data },
        } => setup::export(&id, &file, &data.data, out).await,
        Asked::Story {
            asked: StoryAsked::Run { file, shuffle },
        } => crate::story::run(&file, shuffle, out)
            .await
            .map_err(|refused| refused.to_string()),
        Asked::Demo { listen, data } => serve::demo(listen, data, out, err).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            let _ = writeln!(err, "warmhand: {sentence}");
            ExitCode::FAILURE
        }
    }
}
