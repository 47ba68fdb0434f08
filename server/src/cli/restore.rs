//! Putting a backup back, with what must survive outside it: the keys and the journal. Says what is missing, and what that
//! means, before anything is in the folder.

use super::setup::said;
use crate::clock::{Clock, Random, SystemClock};
use crate::data_folder;
use crate::journal::{self, Line};
use crate::key_file::{self, KeyFile};
use crate::store::StoreError;
use crate::store::sqlite::{self, Copied, Image, Keys, Replayed, Sqlite};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What an operator has, and where it is to go.
pub(super) struct Restoring {
    pub file: PathBuf,
    pub keys: Option<PathBuf>,
    pub journal: Option<PathBuf>,
    pub without_receipts: bool,
    pub data: PathBuf,
}

/// Files that were put into the folder: all of them are taken out again if one does not come.
#[derive(Default)]
struct Put(Vec<PathBuf>);

impl Put {
    /// The newest first: at no moment does a database lie there without the journal that it came with.
    fn take_out(&self) {
        for path in self.0.iter().rev() {
            fs::remove_file(path).ok();
        }
    }
}

impl Restoring {
    pub(super) fn run(&self, out: &mut (dyn Write + Send)) -> Result<(), String> {
        let data = &self.data;
        if Sqlite::exists(data) {
            return Err(format!(
                "there is an organisation in {} already; restore into an empty folder",
                data.display()
            ));
        }
        if !self.file.is_file() {
            return Err(format!("there is no file {}", self.file.display()));
        }
        let no = |error| match error {
            StoreError::Damaged => format!(
                "{} is no backup of a Warmhand server, or a damaged one",
                self.file.display()
            ),
            other => format!("{} cannot be restored: {other}", self.file.display()),
        };
        let image = sqlite::image(&self.file).map_err(no)?;
        let lines = self.lines()?;
        let keys = self.keys(&image, lines.as_deref().unwrap_or_default())?;
        data_folder::make_usable(data)?;
        let mut put = Put::default();
        let done = self.put(&keys, lines.as_deref(), &mut put);
        let (copied, replayed) = done.inspect_err(|_| put.take_out())?;
        self.tell(&image, copied, lines.as_deref().map(|_| replayed), out)
            .map_err(said)
    }

    /// The journal's lines; none where there is no journal.
    fn lines(&self) -> Result<Option<Vec<Line>>, String> {
        let there = self.data.join(journal::FILE);
        let from = match &self.journal {
            Some(_) if there.exists() => return Err(self.is_there_already(journal::FILE)),
            Some(from) => from,
            None if there.exists() => &there,
            None => return Ok(None),
        };
        let lines = journal::read(from);
        lines
            .map(Some)
            .map_err(|amiss| format!("{}: {amiss}", from.display()))
    }

    fn is_there_already(&self, name: &str) -> String {
        format!(
            "there is a {name} in {} already; restore into an empty folder",
            self.data.display()
        )
    }

    /// The keys to go on with: all that backup and journal name, or what is left of them if that was said.
    fn keys(&self, image: &Image, lines: &[Line]) -> Result<KeyFile, String> {
        let there = self.data.join(key_file::FILE);
        let held = match &self.keys {
            Some(_) if there.exists() => return Err(self.is_there_already(key_file::FILE)),
            Some(copy) => Some(KeyFile::read(copy)?),
            None if there.exists() => Some(KeyFile::load(&self.data)?),
            None => None,
        };
        let mut named = image.keys.clone();
        named.extend(journal::marks(lines));
        let Some(held) = held else {
            if !self.without_receipts {
                return Err(format!(
                    "the backup needs its keys: put the copy into {}, or name it with --keys FILE; if they are lost, --without-receipts goes on without them",
                    there.display()
                ));
            }
            let (random, last) = (Random::from_os(), named.iter().map(|mark| mark.id).max());
            let last = last.unwrap_or_default();
            let keys = KeyFile::after_loss(last, random.bytes(), random.bytes(), SystemClock.now());
            return keys.ok_or_else(|| "all numbers of keys are used".to_owned());
        };
        let lacking = held.lacks(&named);
        if lacking.is_empty() || self.without_receipts {
            return Ok(held);
        }
        let lacking: Vec<String> = lacking.iter().map(ToString::to_string).collect();
        let lacking = lacking.join(", ");
        // It was made with these very keys.
        if held.lacks(&image.keys).is_empty() {
            return Err(format!(
                "the journal names key {lacking}, which is not among these keys: bring their newest copy, or this server's own journal if it is another's; if the newer keys are lost, --without-receipts goes on without them"
            ));
        }
        Err(format!(
            "these keys lack number {lacking}, with which the server has signed; bring the newest copy, or go on without what it has signed with --without-receipts"
        ))
    }

    /// Keys and journal first: a database without them would be an older one in silence.
    fn put(
        &self,
        keys: &KeyFile,
        lines: Option<&[Line]>,
        put: &mut Put,
    ) -> Result<(Copied, Replayed), String> {
        let data: &Path = &self.data;
        let no = |error| format!("{} cannot be restored: {error}", self.file.display());
        if !data.join(key_file::FILE).exists() {
            put.0.push(data.join(key_file::FILE));
            keys.save(data)?;
        }
        let there = data.join(journal::FILE);
        if let Some(lines) = lines.filter(|_| !there.exists()) {
            put.0.push(there.clone());
            let written = journal::Journal::of(data).append(lines);
            written.map_err(|error| {
                format!("the journal {} cannot be written: {error}", there.display())
            })?;
        }
        let held = if self.without_receipts {
            Keys::Lost(keys)
        } else {
            Keys::Same(keys)
        };
        let epoch = Random::from_os().bytes();
        let copied = sqlite::restore(&self.file, data, &held, epoch).map_err(no)?;
        put.0.extend(Sqlite::files(data));
        let store = Sqlite::open(data, keys.clone()).map_err(no)?;
        let replayed = store.replay().map_err(no)?;
        Ok((copied, replayed))
    }

    fn tell(
        &self,
        image: &Image,
        copied: Copied,
        replayed: Option<Replayed>,
        out: &mut (dyn Write + Send),
    ) -> std::io::Result<()> {
        let newest = image.received_at.map_or_else(
            || "it holds no change".to_owned(),
            |at| format!("its newest change came in at {at:.0}"),
        );
        writeln!(
            out,
            "Restored in {}: {} changes, up to row {} of the log; {newest}.",
            self.data.display(),
            copied.changes,
            copied.rows
        )?;
        match replayed {
            Some(replayed) => writeln!(
                out,
                "The journal knew what the backup did not:\n\
                 {:>9}  revoked; they are out of service again\n\
                 {:>9}  enrolled; they wait until somebody confirms them on the dashboard\n\
                 {:>9}  enrolled and confirmed since; they are in service\n\
                 {:>9}  people taken off a device; they are off it again\n\
                 {:>9}  records erased; nothing of them is left again",
                replayed.revoked,
                replayed.enrolled,
                replayed.confirmed,
                replayed.taken_off,
                replayed.erased
            )?,
            None => writeln!(
                out,
                "No journal was brought: a device that was revoked after this backup is in service again and is sent what its people may see, \
                 and a record that was erased is there again. \
                 Restore with --journal FILE if there is one; else look through the devices, and revoke them again, before the server is reached."
            )?,
        }
        if self.without_receipts {
            writeln!(
                out,
                "Without the lost keys nothing proves what the server once had: what devices give back of others' work waits in quarantine, \
                 and a device that was enrolled after this backup has to be enrolled anew."
            )?;
        }
        writeln!(
            out,
            "Devices compare what they hold at their next sync and give back what came later.\n\
             Not in the backup: passwords and sheets of a later day; look at them again."
        )
    }
}
