//! What can happen in a history. Every operation is read modulo the state in which it comes: a number names one of the
//! devices, messages or images there are then, so that every part of a history is a history.

use rand::Rng;
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};

/// One thing that happens. The first number names a device where there is one to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Somebody opens a record for a new patient.
    Open(u8),
    /// Somebody writes a note in a record that the device shows.
    Note(u8, u8),
    /// Somebody tries something in a record; the rules take it or refuse it.
    Try(u8, u8, u16),
    /// A record goes on its way to another owner: somebody says that it needs one, gives it, or takes it.
    HandOver(u8, u8),
    /// Somebody writes a note in a record on a page of the server.
    Page(u8, u16),
    /// A newer app writes an entry of a kind that nobody here knows.
    Newer(u8, u8),
    /// One request and its answer, nothing lost.
    Round(u8),
    /// Requests and answers until there is nothing to say.
    Sync(u8),
    /// A device asks; its request is on its way.
    Ask(u8),
    /// A message that is on its way arrives; if it is a request, its answer is on its way.
    Deliver(u8),
    /// A message that is on its way is lost.
    Lose(u8),
    /// A message that is on its way arrives, and will arrive again.
    Repeat(u8),
    /// A device asks, the server answers, the answer is lost.
    LoseAnswer(u8),
    /// The server's process ends at the so-manieth storage call from now.
    KillServer(u8),
    /// A device's process ends at the so-manieth storage call from now.
    KillDevice(u8, u8),
    /// The server's power fails in a commit, so many calls from now; of what was not synced any part is lost.
    ServerPower(u8, u8),
    /// A device's power fails in a commit.
    DevicePower(u8, u8, u8),
    /// The server's disk is full at a storage call.
    ServerFull(u8),
    /// A device's disk is full at a storage call.
    DeviceFull(u8, u8),
    /// The server's database is copied.
    Image,
    /// An earlier copy is put back as it is.
    Restore(u8),
    /// An earlier copy is put back under a new epoch.
    RestoreAnew(u8),
    /// An earlier copy is put back, and the server's word for what came after it is worth nothing any more.
    RestoreUnproved(u8),
    /// The copy is put back that was made before the last device was enrolled.
    RestoreEarly,
    /// Somebody says whose a device is that the server does not know.
    Confirm(u8),
    /// A new key signs from now on.
    Rotate,
    /// The phone is gone.
    LosePhone(u8),
    /// The phone's database is copied.
    Backup(u8),
    /// The phone's copy is put back; whoever has it may work on it before it reaches the server.
    Recover(u8),
    /// A device's clock is set wrong, or right.
    Clock(u8, u8),
    /// The server's clock is set wrong, or right.
    ServerClock(u8),
    /// A version of the sheet comes into force: people come to sites and leave them.
    Sheet(u8),
    /// A device is taken out of service.
    Revoke(u8),
    /// It is taken back, if it has not wiped itself.
    Reinstate(u8),
    /// People come to a device and leave it.
    People(u8, u8),
    /// A supervisor orders that nothing of a record be left.
    Erase(u8),
    /// A device sends a change that no honest one would.
    Forge(u8, u8, u8),
    /// Bytes that are no message reach the server.
    Bytes(u8, u16),
    /// Bytes that are no answer reach a device.
    Babble(u8, u16),
    /// The next comparisons of a device with the server end too early.
    Mislead(u8, u8),
    /// A supervisor puts work that was kept aside into its record.
    Release(u8),
    /// A supervisor leaves work that was kept aside out of its record.
    Dismiss(u8),
    /// A build with a mistake writes an entry on a device that nobody can read.
    Odd(u8, u8),
}

impl Operation {
    /// A random one. Work and its way to the server come most often.
    pub fn random(rng: &mut ChaCha12Rng) -> Self {
        let (d, k): (u8, u8) = (rng.random_range(0..4), rng.random_range(0..8));
        let wide: u16 = rng.random();
        let place: u8 = rng.random_range(0..120);
        match rng.random_range(0..234) {
            0..9 => Self::Open(d),
            9..30 => Self::Note(d, k),
            30..56 => Self::Try(d, k, wide),
            56..62 => Self::Page(k, wide),
            62..64 => Self::Newer(d, k),
            64..81 => Self::Round(d),
            81..96 => Self::Sync(d),
            96..110 => Self::Ask(d),
            110..125 => Self::Deliver(k),
            125..129 => Self::Lose(k),
            129..134 => Self::Repeat(k),
            134..139 => Self::LoseAnswer(d),
            139..144 => Self::KillServer(place),
            144..149 => Self::KillDevice(d, place),
            149..151 => Self::ServerPower(place, k),
            151..153 => Self::DevicePower(d, place, k),
            153..155 => Self::ServerFull(place),
            155..157 => Self::DeviceFull(d, place),
            157..162 => Self::Image,
            162..167 => Self::Restore(k),
            167..169 => Self::RestoreAnew(k),
            169..170 => Self::LosePhone(d),
            170..173 => Self::Backup(d),
            173..176 => Self::Recover(d),
            176..179 => Self::Clock(d, k),
            179..180 => Self::ServerClock(k),
            180..186 => Self::Sheet(k),
            186..188 => Self::Revoke(d),
            188..195 => Self::Forge(d, k, place),
            195..198 => Self::Bytes(d, wide),
            198..200 => Self::Babble(d, wide),
            200..205 => Self::Release(k),
            205..207 => Self::Dismiss(k),
            207..211 => Self::People(d, k),
            211..213 => Self::Reinstate(d),
            213..216 => Self::Mislead(d, k),
            216..218 => Self::RestoreEarly,
            218..221 => Self::Confirm(3),
            221..222 => Self::Rotate,
            222..224 => Self::Erase(k),
            224..226 => Self::RestoreUnproved(k),
            226..230 => Self::HandOver(d, k),
            _ => Self::Odd(d, k),
        }
    }

    /// Some that follow one another: each is in the alphabet, and all of them in a row are seldom drawn.
    pub fn seldom(rng: &mut ChaCha12Rng) -> Vec<Self> {
        let (d, r): (u8, u8) = (rng.random_range(0..4), rng.random_range(0..8));
        let e = rng.random_range(0..4);
        if rng.random_bool(0.2) {
            // A record is given to somebody on another device, who takes it.
            return vec![
                Self::HandOver(d, r),
                Self::HandOver(d, r),
                Self::Sync(d),
                Self::Sync(e),
                Self::HandOver(e, r),
                Self::Sync(e),
                Self::Sync(d),
            ];
        }
        if rng.random_bool(0.5) {
            // A phone is put back and worked on before it asks: the count of its actor is given twice.
            return vec![
                Self::Backup(d),
                Self::Note(d, r),
                Self::Sync(d),
                Self::Recover(d),
                Self::Note(d, r),
                Self::Round(d),
            ];
        }
        // Work of somebody who may no longer write there is released before she hears of it, and she has gone on.
        vec![
            Self::Sync(d),
            Self::Sheet(rng.random_range(0..8)),
            Self::Note(d, r),
            Self::LoseAnswer(d),
            Self::Note(d, r),
            Self::Release(rng.random_range(0..8)),
            Self::Round(d),
        ]
    }

    /// The same with less in it, for a history that is being cut down.
    pub fn simpler(self) -> Vec<Self> {
        match self {
            Self::RestoreAnew(k) | Self::RestoreUnproved(k) => vec![Self::Restore(k)],
            Self::RestoreEarly => vec![Self::Restore(0)],
            Self::Try(d, r, _) | Self::HandOver(d, r) => vec![Self::Note(d, r)],
            Self::Sync(d) => vec![Self::Round(d)],
            Self::ServerPower(n, _) => vec![Self::KillServer(n)],
            Self::DevicePower(d, n, _) => vec![Self::KillDevice(d, n)],
            _ => Vec::new(),
        }
    }
}
