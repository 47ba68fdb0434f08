//! The end of everything on this device: all rows but its credential and closed boxes, and then their bytes in the file.
//! The two are apart: rows go in one transaction, and a file that has still to be cleaned says so until it is.

use super::{
    ChangeState, DeviceRow, Enrolment, KnownSheet, Phase, Rows, Store, StoreError, StoredChange,
    Write,
};
use crate::domain::id::{DocumentId, EntryId};
use crate::refusal::StorageTrouble;
use crate::wire::{BoxHash, Cursor, SealedBox, Token};
use rusqlite::params;
use std::collections::BTreeSet;

/// What stays: the device's own row, and boxes that it cannot open.
const STAYS: [&str; 2] = ["device", "sealed_box"];

impl Rows<'_> {
    /// Has the server spoken of every change here? Of what waits and does not read it cannot: that is nowhere else.
    pub fn is_answered(&self) -> Result<bool, StoreError> {
        let sql = "select not exists (select 1 from change where state = 'saved' or relay = 1)
                       and not exists (select 1 from change where confirmed = 0)
                       and not exists (select 1 from document where confirmed <> 1)";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Changes with an entry that no record at the server has, as far as this device was told: refused ones, kept aside
    /// or not at all, that nobody has decided about. None if
    /// something of it that is kept here alone does not read: it cannot be closed in a box.
    pub fn untaken(&self) -> Result<Option<Vec<StoredChange>>, StoreError> {
        let mut untaken = Vec::new();
        for doc in self.set_aside()? {
            let held = self.document_as_far(doc)?;
            let alone = |state| matches!(state, ChangeState::Rejected | ChangeState::Superseded);
            let read = held.iter().filter(|stored| alone(stored.state)).count();
            if (read as u64) < u64::from(self.kept_here_alone(doc)?) {
                return Ok(None);
            }
            let entries = |is: &dyn Fn(ChangeState) -> bool| -> BTreeSet<(EntryId, String)> {
                let of = held.iter().filter(|stored| is(stored.state));
                let puts = of.flat_map(|stored| &stored.change.puts);
                puts.map(|put| (put.id, put.text.clone())).collect()
            };
            let refused = |state| matches!(state, ChangeState::Quarantined | ChangeState::Rejected);
            let taken = entries(&|state| !refused(state) && state != ChangeState::Superseded);
            // What was written anew is in another change; where it could not be, it is in none.
            let anew = entries(&|state| state != ChangeState::Superseded);
            let is_untaken = |stored: &&StoredChange| {
                let there = match stored.state {
                    ChangeState::Superseded => &anew,
                    state if refused(state) => &taken,
                    _ => return false,
                };
                let mut puts = stored.change.puts.iter();
                puts.any(|put| !there.contains(&(put.id, put.text.clone())))
            };
            untaken.extend(held.iter().filter(is_untaken).cloned());
        }
        Ok(Some(untaken))
    }

    /// How many changes of a document are kept here and not at the server.
    fn kept_here_alone(&self, doc: DocumentId) -> Result<u32, StoreError> {
        let sql =
            "select count(*) from change where doc = ?1 and state in ('rejected', 'superseded')";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row([&doc.as_bytes()[..]], |row| row.get(0))?)
    }

    /// The boxes here, and whether the server is known to have each.
    pub fn boxes(&self) -> Result<Vec<(BoxHash, SealedBox, bool)>, StoreError> {
        let sql = "select hash, box, delivered from sealed_box order by hash";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut boxes = Vec::new();
        while let Some(row) = rows.next()? {
            let hash: Vec<u8> = row.get(0)?;
            let hash = hash.try_into().map_err(|_| StoreError::Unreadable)?;
            boxes.push((BoxHash(hash), SealedBox(row.get(1)?), row.get(2)?));
        }
        Ok(boxes)
    }

    /// Every table but those that stay.
    fn tables(&self) -> Result<Vec<String>, StoreError> {
        let sql =
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'";
        let mut statement = self.0.prepare_cached(sql)?;
        let names: Vec<String> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let goes = |name: &String| !STAYS.contains(&name.as_str());
        Ok(names.into_iter().filter(goes).collect())
    }
}

impl Write<'_> {
    /// Deletes everything. What stays is who this device is, and these boxes.
    pub fn wipe(&mut self, device: &DeviceRow, boxes: &[SealedBox]) -> Result<(), StoreError> {
        for table in self.tables()? {
            self.change(&format!("delete from {table}"), [])?;
        }
        for closed in boxes {
            self.change(
                "insert into sealed_box (hash, box) values (?1, ?2)",
                params![&closed.hash().0[..], closed.0],
            )?;
        }
        self.save_device(&DeviceRow {
            device: device.device,
            token: device.token.clone(),
            name: String::new(),
            shared: device.shared,
            people: Vec::new(),
            cursor: Cursor::default(),
            high: Token::default(),
            phase: Phase::Wiping,
            resync: None,
            offset_ms: 0,
            signed_in: None,
            last_answer_at: device.last_answer_at,
            signed_off: false,
            enrolment: Enrolment::Withdrawn,
            box_key: device.box_key,
        })
    }

    /// Notes which boxes the server has, and says whether it lacks fewer than before; it lacks none before it was asked.
    pub fn save_delivered_boxes(&mut self, lacks: &[BoxHash]) -> Result<bool, StoreError> {
        let lacked = self.change(
            "update sealed_box set delivered = 1 where delivered = 0",
            [],
        )?;
        for hash in lacks {
            self.change(
                "update sealed_box set delivered = 0 where hash = ?1",
                [&hash.0[..]],
            )?;
        }
        Ok(lacked == 0 || lacks.len() < lacked)
    }

    /// The boxes of a device that ended: the server has them.
    pub fn drop_boxes(&mut self) -> Result<(), StoreError> {
        self.change("delete from sealed_box", [])?;
        Ok(())
    }
}

impl Store {
    /// After a wipe: the file is written anew without what was deleted, and the log beside it is emptied. Does nothing
    /// where there is nothing to clean; ended at any moment, it is done again.
    pub fn clean(&mut self) -> Result<(), StoreError> {
        let wiping = |device: &DeviceRow| device.phase == Phase::Wiping;
        let Some(mut device) = self.rows().device()?.filter(wiping) else {
            return Ok(());
        };
        self.known = KnownSheet::default();
        self.step("vacuum")?;
        self.db.execute_batch("vacuum")?;
        self.step("wal_checkpoint(truncate)")?;
        let is_busy: bool = self
            .db
            .query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0))?;
        if is_busy {
            // Somebody reads beside us: the log could not be emptied.
            return Err(StoreError::Trouble(StorageTrouble::Busy));
        }
        device.phase = Phase::Wiped;
        self.write(|write| write.save_device(&device))
    }

    fn step(&mut self, place: &str) -> Result<(), StoreError> {
        match self.fault.as_mut() {
            Some(fault) => fault.at(place),
            None => Ok(()),
        }
    }
}
