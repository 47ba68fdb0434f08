//! What goes wrong with machines, clocks and access: processes are struck, images put back, phones lost, people moved.

use super::fault::{Blow, Fault};
use super::oracle::{Failure, Oracle, holds};
use super::process::Image;
use super::template::{self, Template};
use super::world::World;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::EntryId;
use warmhand_server::store::Store;

const DAY_MS: i64 = 86_400_000;

impl World {
    pub(super) fn server_now(&self) -> Timestamp {
        self.now + SignedDuration::from_millis(self.server_off_ms)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
    pub(super) fn arm_server(&mut self, calls: u8, blow: Blow) -> Result<(), Failure> {
        self.server.blows.arm(calls, blow);
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
    pub(super) fn arm_device(&mut self, d: u8, calls: u8, blow: Blow) -> Result<(), Failure> {
        if let Some(d) = self.named(d) {
            self.devices[d].blows.arm(calls / 4, blow);
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
    pub(super) fn image(&mut self) -> Result<(), Failure> {
        self.server.take_image();
        Ok(())
    }

    pub(super) fn restore(&mut self, k: u8, is_new_epoch: bool) -> Result<(), Failure> {
        self.tally.count(if is_new_epoch {
            Fault::ServerRestoredAnew
        } else {
            Fault::ServerRestored
        });
        let new = self.put_back(&self.image_of(k), is_new_epoch);
        self.look_after_restore(&new)
    }

    pub(super) fn restore_unproved(&mut self, k: u8) -> Result<(), Failure> {
        self.tally.count(Fault::ServerRestoredUnproved);
        self.receipts_void = true;
        // No word of it is on its way either.
        while !self.net.is_empty() {
            self.lose(0)?;
        }
        let new = self.put_back(&self.image_of(k), false);
        // Neither has a newer copy.
        let last = usize::from(k) % self.server.images.len();
        self.server.images.truncate(last + 1);
        for device in self.devices.iter_mut().filter(|device| device.lives()) {
            device.void_receipts(&self.server.accepted);
        }
        self.look_after_restore(&new)
    }

    pub(super) fn restore_early(&mut self) -> Result<(), Failure> {
        self.tally.count(Fault::RestoredBeforeEnrolment);
        let new = self.put_back(Template::get().early(), false);
        self.look_after_restore(&new)
    }

    fn image_of(&self, k: u8) -> Image {
        let images = &self.server.images;
        images[usize::from(k) % images.len()].clone()
    }

    fn put_back(&mut self, image: &Image, is_new_epoch: bool) -> Vec<ChangeHash> {
        self.server.blows.disarm();
        self.server.restore(image, is_new_epoch);
        self.restored = true;
        // What was decided since is to be decided again.
        self.truth.dismissed.clear();
        self.server.refresh()
    }

    fn look_after_restore(&mut self, new: &[ChangeHash]) -> Result<(), Failure> {
        let head = self.server.head.seq;
        self.says(|| format!("    the log ends at {head}"));
        self.note_what_is_gone();
        self.check_server(new)
    }

    pub(super) fn rotate(&mut self) -> Result<(), Failure> {
        let done = self.server.rotate(self.server_now());
        let struck = self.server.recover_from_blow();
        if let Some(struck) = &struck {
            self.note_blow(struck, true);
        }
        holds(Oracle::Typed, done.is_ok() || struck.is_some(), || {
            format!("a new key was answered with {done:?}")
        })?;
        self.tally.count(Fault::KeyRotated);
        let new = self.server.refresh();
        self.check_server(&new)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
    pub(super) fn lose_phone(&mut self, d: u8) -> Result<(), Failure> {
        let living = self.devices.iter().filter(|device| device.lives()).count();
        if let Some(d) = self.named(d).filter(|_| living > 2) {
            self.devices[d].lose();
            self.truth.promised.retain(|_, on| *on != d);
            self.tally.count(Fault::PhoneLost);
            self.note_what_is_gone();
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
    pub(super) fn back_up(&mut self, d: u8) -> Result<(), Failure> {
        if let Some(d) = self.named(d) {
            self.devices[d].back_up();
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
    pub(super) fn recover(&mut self, d: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        self.devices[d].blows.disarm();
        if !self.devices[d].put_back() {
            return Ok(());
        }
        self.tally.count(Fault::PhoneRestored);
        self.net.retain(|message| message.device() != d);
        self.server.refresh();
        // What it had not sent since its backup is gone with it.
        let (on_server, here) = (self.server.entries(), self.devices[d].look().entries());
        self.truth
            .promised
            .retain(|entry, on| *on != d || on_server.contains(entry) || here.contains(entry));
        self.note_what_is_gone();
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
    pub(super) fn set_device_clock(&mut self, d: u8, k: u8) -> Result<(), Failure> {
        const OFF: [i64; 8] = [0, 0, 1, -1, 40, -400, 1_500, -3_000];
        if let Some(d) = self.named(d) {
            self.devices[d].off_ms = OFF[usize::from(k) % 8] * DAY_MS;
            if self.devices[d].off_ms.abs() > 365 * DAY_MS {
                self.tally.count(Fault::DeviceClockOff);
            }
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
    pub(super) fn set_server_clock(&mut self, k: u8) -> Result<(), Failure> {
        const OFF: [i64; 8] = [0, 0, 0, 1, -1, 30, -30, 700];
        self.server_off_ms = OFF[usize::from(k) % 8] * DAY_MS;
        if self.server_off_ms != 0 {
            self.tally.count(Fault::ServerClockOff);
        }
        self.set_time(self.now);
        Ok(())
    }

    pub(super) fn load_sheet(&mut self, k: u8) -> Result<(), Failure> {
        let store = self.server.store();
        let done = self.server.run(store.load_sheet(template::sheet(k)));
        if let Some(struck) = self.server.recover_from_blow() {
            self.note_blow(&struck, true);
        }
        self.says(|| format!("    sheet {}: {done:?}", k % 6));
        let new = self.server.refresh();
        self.check_server(&new)
    }

    pub(super) fn revoke(&mut self, d: u8) -> Result<(), Failure> {
        let in_service = self.devices.iter().filter(|device| !device.revoked).count();
        let Some(d) = self.named(d).filter(|_| in_service > 3) else {
            return Ok(());
        };
        let (id, now) = (self.devices[d].id, self.server_now());
        let store = self.server.store();
        let done = self.server.run(store.revoke(id, "sup".into(), now));
        if let Some(struck) = self.server.recover_from_blow() {
            self.note_blow(&struck, true);
        }
        if done.is_ok() {
            self.devices[d].revoked = true;
            self.tally.count(Fault::DeviceRevoked);
        }
        let new = self.server.refresh();
        self.check_server(&new)
    }

    /// Acknowledged entries of which neither a record nor any living device with a receipt has a copy. One that was
    /// refused at first, and of which that alone is left, waits for a person.
    pub(super) fn note_what_is_gone(&mut self) {
        let mut held: BTreeSet<EntryId> = self.in_records().into_keys().collect();
        for device in self.devices.iter().filter(|device| device.lives()) {
            held.extend(device.look().receipted());
        }
        let lost = self.truth.acknowledged.difference(&held).copied();
        let lost: Vec<_> = lost.collect();
        self.truth.gone.extend(lost);
        held.extend(self.server.entries());
        // A phone put back no longer has what it had sent since its backup: then the server's copy was the only one.
        held.extend(self.entries_in_boxes());
        let devices = &self.devices;
        self.truth.promised.retain(|entry, d| {
            held.contains(entry)
                || devices[*d].lives() && devices[*d].look().entries().contains(entry)
        });
        self.note_what_is_to_be_released_again();
    }
}
