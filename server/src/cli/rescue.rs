//! What a device holds that cannot sync any more: out of its file, and into a server. The one command that opens a
//! device's file; it changes nothing in it.

use super::setup::{checked, open, said};
use crate::key_file::KeyFile;
use crate::{Server, Settings, sealing};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use warmhand_core::app::{App, Place};
use warmhand_core::refusal::{Refusal, StorageTrouble};
use warmhand_core::wire::{Ack, AckState, BoxKey, RejectReason, RescueParts, SealedBox};

/// Writes a device's changes into a new file.
pub(super) fn export(
    device: &Path,
    file: &Path,
    named: Option<BoxKey>,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    // Opening would make one.
    if !device.is_file() {
        return Err(format!("there is no file {}", device.display()));
    }
    let refused = |why: &dyn std::fmt::Display| format!("{}: {why}", device.display());
    let rng = Box::new(ChaCha20Rng::from_os_rng());
    // Whatever state it is in.
    let app = App::open_to_rescue(&Place::File(device.to_owned()), rng);
    let mut app = app.map_err(|why| match why {
        Refusal::Storage(StorageTrouble::Damaged) if !begins_in_the_clear(device) => format!(
            "{}; or it is encrypted, and then the phone's own app writes the rescue file",
            refused(&why)
        ),
        why => refused(&why),
    })?;
    app.id().map_err(|why| refused(&why))?;
    let cannot = |error: std::io::Error| format!("{} cannot be written: {error}", file.display());
    let to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(cannot)?;
    let mut to = BufWriter::new(to);
    let rescued = app.rescue(&mut to, named).map_err(|why| refused(&why));
    let kept = to.get_ref().sync_all().map_err(cannot);
    let rescued = rescued
        .and_then(|rescued| kept.map(|()| rescued))
        .inspect_err(|_| {
            // Half a file is of no use, and would stand in the way of a whole one.
            let _ = fs::remove_file(file);
        })?;
    writeln!(
        out,
        "Written to {}: {} changes in {} documents, {} of them never acknowledged by the server.\n\
         Only the server of this device opens it, with its keys. Keep the device until it is taken.",
        file.display(),
        rescued.changes,
        rescued.documents,
        rescued.unsent
    )
    .map_err(said)?;
    match rescued.damaged {
        0 => Ok(()),
        damaged => writeln!(
            out,
            "{damaged} places of {} cannot be read any more: what lies there is not in it. Keep that file.",
            device.display()
        )
        .map_err(said),
    }
}

/// Does it begin as a database in the clear does? Of an encrypted one no byte tells what it is.
fn begins_in_the_clear(device: &Path) -> bool {
    let mut head = [0; 16];
    let read = File::open(device).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == *b"SQLite format 3\0"
}

/// What became of the changes of a file.
#[derive(Default)]
struct Tally {
    there: usize,
    aside: usize,
    decided: usize,
    erased: usize,
    refused: usize,
    /// What met a record that does not read here.
    left: usize,
}

impl Tally {
    fn count(&mut self, offered: usize, acks: &[Ack]) {
        self.left += offered.saturating_sub(acks.len());
        for ack in acks {
            let place = match ack.state {
                AckState::Accepted(_) | AckState::AcceptedAs(..) => &mut self.there,
                AckState::Quarantined(_) => &mut self.aside,
                AckState::Decided(..) => &mut self.decided,
                AckState::Rejected(RejectReason::Erased) => &mut self.erased,
                AckState::MissingDeps(_) | AckState::Rejected(_) => &mut self.refused,
            };
            *place += 1;
        }
    }
}

/// Reads the whole file before anything of it is taken, then takes it part by part.
pub(super) async fn import(
    file: &Path,
    of_unknown_device: bool,
    keys: Option<&Path>,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    checked(data)?;
    let amiss = |why| format!("{}: {why}", file.display());
    let keys = keys.map_or_else(|| KeyFile::load(data), KeyFile::read)?;
    let parts = || -> Result<_, String> {
        let from = File::open(file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let open = |device, closed: &SealedBox| sealing::open(&keys, device, closed);
        RescueParts::of(BufReader::new(from), open).map_err(amiss)
    };
    let server = open(data, Settings::default())?;
    let devices = server.store.devices().await;
    let devices = devices.map_err(|error| format!("{}: {error}", data.display()))?;
    let whole = parts()?;
    let device = whole.device();
    if !of_unknown_device && !devices.iter().any(|known| known.id == device) {
        return Err(format!(
            "{} is of a device that this server does not know; if it was enrolled here after the backup that was \
             restored, --of-unknown-device takes it",
            file.display()
        ));
    }
    for part in whole {
        part.map_err(amiss)?;
    }
    let mut tally = Tally::default();
    for part in parts()? {
        let part = part.map_err(amiss)?;
        let offered = part.docs.iter().map(|doc| doc.changes.len()).sum();
        let acks = taken(&server, part.docs).await.map_err(|error| {
            format!(
                "{}: {error}; what was taken stays, take the file once more",
                file.display()
            )
        })?;
        tally.count(offered, &acks);
    }
    told(&tally, file, out).map_err(said)
}

async fn taken(
    server: &Server,
    docs: Vec<warmhand_core::wire::PushedDocument>,
) -> Result<Vec<Ack>, crate::store::StoreError> {
    if docs.is_empty() {
        return Ok(Vec::new());
    }
    server.store.rescue(docs, server.now()).await
}

fn told(tally: &Tally, file: &Path, out: &mut (dyn Write + Send)) -> std::io::Result<()> {
    writeln!(out, "Taken from {}:", file.display())?;
    writeln!(out, "{:>9}  changes are on the server", tally.there)?;
    writeln!(
        out,
        "{:>9}  wait in quarantine; a supervisor decides on the dashboard",
        tally.aside
    )?;
    writeln!(out, "{:>9}  were decided about before", tally.decided)?;
    writeln!(out, "{:>9}  cannot be kept", tally.refused)?;
    if tally.erased > 0 {
        writeln!(out, "{:>9}  were erased here by order", tally.erased)?;
    }
    if tally.refused > 0 {
        writeln!(
            out,
            "Keep the file and the device: what cannot be kept here is in them alone."
        )?;
    }
    if tally.left > 0 {
        writeln!(
            out,
            "{:>9}  belong to records that do not read here: see `warmhand verify`, restore a backup, and take the file once more",
            tally.left
        )?;
    }
    match (tally.erased, tally.refused + tally.left) {
        (0, _) => Ok(()),
        (_, 0) => writeln!(
            out,
            "What was erased by order still lies in the file: delete it, and every copy of it."
        ),
        _ => writeln!(
            out,
            "What was erased by order still lies in the file too: delete it, and every copy of it, once the rest is safe."
        ),
    }
}
