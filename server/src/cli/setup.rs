//! What an operator does by hand on a data folder.

use crate::account::supervisor;
use crate::begin::begin;
use crate::clock::{Random, SystemClock};
use crate::data_folder;
use crate::key_file::KeyFile;
use crate::store::StoreError;
use crate::store::sqlite::{Replayed, Sqlite};
use crate::{Server, Settings};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use warmhand_core::domain::code::Role;
use warmhand_core::domain::id::{SiteId, UserId};
use warmhand_core::domain::organisation::Organisation;

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn said(error: std::io::Error) -> String {
    format!("the terminal cannot be written to: {error}")
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

/// A sheet out of the text of a file. One that is no JSON is told so, before it is asked what is in it.
fn parsed(file: &Path, text: &str) -> Result<Organisation, String> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        format!(
            "{} is no JSON, and a sheet has to be JSON, as server/assets/demo/organisation.json is ({error})",
            file.display()
        )
    })?;
    Organisation::parse(text).map_err(|why| format!("{}: {why}", file.display()))
}

/// The supervisor of this name or code; who is one, if she is not.
fn named(sheet: &Organisation, name: &str, place: &str) -> Result<UserId, String> {
    supervisor(sheet, name).ok_or_else(|| {
        let people = sheet.people.iter();
        let who: Vec<_> = people
            .filter(|person| person.has_role(Role::Supervisor))
            .map(|person| format!("{} ({})", person.name, person.id))
            .collect();
        match who.as_slice() {
            [] => format!("\"{name}\" is no supervisor in {place}, and nobody there is one"),
            _ => format!(
                "\"{name}\" is no supervisor in {place}; there it is {}",
                who.join(", ")
            ),
        }
    })
}

/// A folder that holds an organisation and can be worked in. Changes nothing.
pub(super) fn checked(data: &Path) -> Result<(), String> {
    let empty = || format!("{}: {}", data.display(), StoreError::Empty);
    let found = match data_folder::look(data) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(empty()),
        looked => looked.map_err(|error| {
            format!("the data folder {} cannot be read: {error}", data.display())
        })?,
    };
    data_folder::usable(data, &found)?;
    if Sqlite::exists(data) {
        Ok(())
    } else {
        Err(empty())
    }
}

/// Opens a data folder: its keys, its database, and what the journal knows and an older database does not.
pub(super) fn open(data: &Path, settings: Settings) -> Result<Arc<Server>, String> {
    checked(data)?;
    let keys = KeyFile::load(data)?;
    let amiss = |error| format!("{}: {error}", data.display());
    let store = Sqlite::open(data, keys).map_err(amiss)?;
    let replayed = store.replay().map_err(amiss)?;
    if replayed != Replayed::default() {
        tracing::warn!(
            revoked = replayed.revoked,
            enrolled = replayed.enrolled,
            confirmed = replayed.confirmed,
            taken_off = replayed.taken_off,
            erased = replayed.erased,
            "the journal knew of devices what the database did not; it was put right"
        );
    }
    Ok(Server::new(
        Arc::new(store),
        Arc::new(SystemClock),
        Arc::new(Random::from_os()),
        settings,
    ))
}

/// Makes the database, the keys, the first sheet and an account in an empty folder.
pub(super) async fn init(
    organisation: &Path,
    name: &str,
    password_file: Option<&Path>,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let text = read(organisation)?;
    let sheet = parsed(organisation, &text)?;
    let user = named(&sheet, name, &organisation.display().to_string())?;
    let random = Random::from_os();
    let password = chosen(password_file, &random)?;
    begin(data, &text, &random)?;
    let server = open(data, Settings::default())?;
    server
        .set_password(user.clone(), password.clone())
        .await
        .map_err(|error| error.to_string())?;
    writeln!(out, "{} is set up in {}.", sheet.name, data.display()).map_err(said)?;
    unsigned(&sheet, out)?;
    writeln!(out, "Sign in as \"{}\".", sheet.name_of(&user)).map_err(said)?;
    if password_file.is_none() {
        writeln!(out, "Password, shown this once: {password}").map_err(said)?;
    }
    writeln!(
        out,
        "Now make the second copy of its keys, and carry it to another place: warmhand keys export FILE --data {}",
        data.display()
    )
    .map_err(said)
}

/// The password in a file, or a new one.
fn chosen(file: Option<&Path>, random: &Random) -> Result<String, String> {
    let password = match file {
        Some(path) => read(path)?.lines().next().unwrap_or_default().to_owned(),
        None => hex::encode(random.bytes::<8>()),
    };
    if password.chars().count() < 10 {
        return Err("a password has at least 10 characters".to_owned());
    }
    Ok(password)
}

/// A supervisor's password becomes another.
pub(super) async fn password(
    name: &str,
    file: Option<&Path>,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let server = open(data, Settings::default())?;
    let no = |error: StoreError| error.to_string();
    let sheet = server.store.sheet().await.map_err(no)?;
    let user = named(&sheet, name, "the sheet in force")?;
    let password = chosen(file, &Random::from_os())?;
    let done = server.set_password(user.clone(), password.clone()).await;
    done.map_err(no)?;
    writeln!(
        out,
        "From now on {} signs in with a new password.",
        sheet.name_of(&user)
    )
    .map_err(said)?;
    if file.is_none() {
        writeln!(out, "Password, shown this once: {password}").map_err(said)?;
    }
    Ok(())
}

/// Puts a new sheet in force.
pub(super) async fn load(
    file: &Path,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let text = read(file)?;
    let sheet = parsed(file, &text)?;
    let server = open(data, Settings::default())?;
    let before = server.store.sheet().await;
    let before = before.map_err(|error| error.to_string())?;
    let orphaned = orphaned(&server, &before, &sheet).await?;
    let version = server
        .store
        .load_sheet(text)
        .await
        .map_err(|error| format!("{}: {error}", file.display()))?;
    writeln!(
        out,
        "Version {version} is in force; devices get it at their next sync."
    )
    .map_err(said)?;
    let people = before.people.iter().map(|person| &person.id);
    let gone: Vec<&str> = people
        .filter(|id| sheet.person(id).is_none())
        .map(UserId::as_str)
        .collect();
    if !gone.is_empty() {
        writeln!(
            out,
            "No longer on it: {}. They are signed out of their devices at the next sync, and nobody signs in here as one of them. If that was a mistake, load a sheet that has them.",
            gone.join(", ")
        )
        .map_err(said)?;
    }
    for (site, count) in orphaned {
        writeln!(
            out,
            "No longer on it: the site {site}, at which {count} records are open. Only who works at every site, or looks after them, still sees them. If that was a mistake, load a sheet that has it."
        )
        .map_err(said)?;
    }
    unsigned(&sheet, out)
}

/// The sites that a new sheet lacks and that have open records, with how many.
async fn orphaned(
    server: &Server,
    before: &Organisation,
    sheet: &Organisation,
) -> Result<BTreeMap<SiteId, usize>, String> {
    let mut orphaned = BTreeMap::new();
    if before
        .sites
        .iter()
        .all(|site| sheet.site(&site.id).is_some())
    {
        return Ok(orphaned);
    }
    let snapshot = server.store.snapshot(server.now()).await;
    let snapshot = snapshot.map_err(|error| error.to_string())?;
    let open = snapshot
        .records
        .iter()
        .filter(|record| record.closed.is_none());
    for site in open.filter_map(|record| record.site.as_ref()) {
        if sheet.site(site).is_none() {
            *orphaned.entry(site.clone()).or_default() += 1;
        }
    }
    Ok(orphaned)
}

/// Says so where the organisation's own safety steps are shown to nobody yet.
fn unsigned(sheet: &Organisation, out: &mut (dyn Write + Send)) -> Result<(), String> {
    if sheet.safety.steps.is_empty() || sheet.clinical_lead().is_some() {
        return Ok(());
    }
    writeln!(
        out,
        "Its own safety steps are not in force: \"signed_by\" names no licensed clinician among the people."
    )
    .map_err(said)
}

/// A one-time code.
pub(super) async fn enrol_code(
    name: String,
    kind: String,
    people: Vec<String>,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let server = open(data, Settings::default())?;
    let people = people.into_iter().map(UserId).collect();
    let code = server
        .issue_code(name, kind, people)
        .await
        .map_err(|error| error.to_string())?;
    let until = code.expires_at.strftime("%Y-%m-%d %H:%M UTC");
    writeln!(out, "{}\nGood once, until {until}.", code.text).map_err(said)
}
