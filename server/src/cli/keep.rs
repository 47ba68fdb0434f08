//! Keeping a database for the day on which it is needed: copies of it, and whether it is sound.

use super::setup::{checked, said};
use crate::check::broken;
use crate::clock::{Clock, SystemClock};
use crate::key_file::KeyFile;
use crate::store::sqlite::{self, Sqlite, Verified};
use crate::{data_folder, journal, key_file};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::io::Write;
use std::path::Path;
use warmhand_core::domain::id::DocumentId;

pub(super) fn backup(file: &Path, data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    if file.exists() {
        return Err(format!(
            "{} exists already; name a new file",
            file.display()
        ));
    }
    if file
        .parent()
        .is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
    {
        return Err(format!("there is no folder for {}", file.display()));
    }
    let copied = sqlite::backup(data, file)
        .map_err(|error| format!("{} cannot be backed up: {error}", data.display()))?;
    writeln!(
        out,
        "Written to {}: {} changes, {} rows of the log.\n\
         Not in it are the keys and the journal: it is of no use without a copy of {}, and with one of {} a revoked device stays revoked.",
        file.display(),
        copied.changes,
        copied.rows,
        data.join(key_file::FILE).display(),
        data.join(journal::FILE).display()
    )
    .map_err(said)
}

pub(super) async fn verify(data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    checked(data)?;
    let store = open(data)?;
    let found = store
        .verify(SystemClock.now())
        .await
        .map_err(|error| format!("{}: {error}", data.display()))?;
    for (what, holds) in found.parts() {
        let word = if holds { "sound" } else { "NOT SOUND" };
        writeln!(out, "{word:>9}  {what}").map_err(said)?;
    }
    if let Some(row) = found.audit_breaks_at {
        writeln!(out, "           {}", broken(row)).map_err(said)?;
    }
    if found == Verified::SOUND {
        return Ok(());
    }
    let but_for_the_journal = Verified {
        journal: true,
        ..found
    };
    match journal::read(&data.join(journal::FILE)) {
        Err(amiss) if but_for_the_journal == Verified::SOUND => {
            Err(format!("{}: {amiss}", data.display()))
        }
        _ => Err(format!(
            "{} is not sound; keep it as it is, and restore a backup beside it",
            data.display()
        )),
    }
}

/// What was done, by whom and why, a line each.
pub(super) async fn audit(
    since: Option<Date>,
    record: Option<DocumentId>,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    checked(data)?;
    let since = since.map_or(Ok(Timestamp::MIN), |day| {
        let begins = day.to_zoned(TimeZone::UTC);
        begins
            .map(|at| at.timestamp())
            .map_err(|_| format!("{day} is no day"))
    })?;
    let rows = open(data)?.audited(since, record).await;
    let rows = rows.map_err(|error| format!("{}: {error}", data.display()))?;
    let mut line = |columns: [&str; 6]| {
        let [row, at, who, what, record, why] = columns;
        writeln!(
            out,
            "{row:>6}  {at:<20}  {who:<12}  {what:<28}  {record:<36}  {why}"
        )
        .map_err(said)
    };
    line(["row", "when", "who", "what", "record", "why"])?;
    for (number, row) in rows {
        let Some(row) = row else {
            line([&number.to_string(), "-", "-", "does not read", "-", "-"])?;
            continue;
        };
        let record = row.record.map(|id| id.to_string());
        line([
            &row.number.to_string(),
            &format!("{:.0}", row.at),
            row.user.as_str(),
            &row.what,
            record.as_deref().unwrap_or("-"),
            // One row is one line, and nothing that somebody typed steers the terminal.
            &row.why.replace(char::is_control, " "),
        ])?;
    }
    Ok(())
}

pub(super) async fn rebuild(data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    checked(data)?;
    let _held = data_folder::hold(data)?;
    let patients = open(data)?
        .rebuild()
        .await
        .map_err(|error| format!("{}: {error}", data.display()))?;
    writeln!(out, "Computed anew for {patients} patients.").map_err(said)
}

fn open(data: &Path) -> Result<Sqlite, String> {
    let keys = KeyFile::load(data)?;
    Sqlite::open(data, keys).map_err(|error| format!("{}: {error}", data.display()))
}
