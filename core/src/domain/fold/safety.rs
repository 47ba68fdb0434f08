//! Screens as their results, and safety flags. A flag is named by the entry that raised it, and only an entry that
//! names it moves it on; what happened elsewhere at the same time never clears it.

use crate::domain::code::{
    FlagStatus, HandedHow, Instrument, SafetyReason, ScreenResult, SelfHarm,
};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::EntryId;
use crate::domain::past::Past;
use std::sync::Arc;

/// A screen's result.
#[derive(Clone, Debug)]
pub struct Screen {
    /// The entry.
    pub entry: Arc<Entry>,
    /// Which instrument.
    pub instrument: Instrument,
    /// Positive, negative or incomplete.
    pub result: ScreenResult,
    /// Its self-harm item.
    pub self_harm: SelfHarm,
}

/// A safety flag.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The entry that raised it.
    pub entry: Arc<Entry>,
    /// About what.
    pub reason: SafetyReason,
}

/// Something done about flags.
#[derive(Clone, Debug)]
pub struct FlagEvent {
    /// The entry.
    pub entry: Arc<Entry>,
    /// The flags that it names.
    pub flags: Vec<EntryId>,
    /// What it moves them to.
    pub status: FlagStatus,
    /// To whom they were handed, and how.
    pub handed: Option<(String, HandedHow)>,
}

pub(super) fn safety(past: &Past) -> (Vec<Screen>, Vec<Flag>, Vec<FlagEvent>) {
    let (mut screens, mut flags, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for entry in past.entries() {
        let mut event = |flags: &[EntryId], status, handed| {
            events.push(FlagEvent {
                entry: Arc::clone(entry),
                flags: flags.to_vec(),
                status,
                handed,
            });
        };
        match &entry.body {
            Body::ScreenRecorded(p) => {
                screens.push(Screen {
                    entry: Arc::clone(entry),
                    instrument: p.instrument,
                    result: p.result,
                    self_harm: p.self_harm,
                });
                if p.self_harm == SelfHarm::Yes {
                    flags.push(Flag {
                        entry: Arc::clone(entry),
                        reason: SafetyReason::SelfHarmItem,
                    });
                }
            }
            Body::SafetyRaised(p) => flags.push(Flag {
                entry: Arc::clone(entry),
                reason: p.reason,
            }),
            Body::SafetyHanded(p) => {
                event(&p.flags, FlagStatus::Handed, Some((p.to.clone(), p.how)));
            }
            Body::SafetyAssessing(p) => event(&p.flags, FlagStatus::Assessing, None),
            Body::SafetyResolved(p) => event(&p.flags, FlagStatus::Resolved, None),
            _ => {}
        }
    }
    (screens, flags, events)
}
