//! Screens as their results, and safety flags. A flag is named by the entry that raised it, and only an entry that
//! names it moves it on; what happened elsewhere at the same time never clears it.

use super::void::Voided;
use crate::domain::code::{
    FlagStatus, HandedHow, Instrument, SafetyReason, ScreenResult, SelfHarm,
};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::EntryId;
use crate::domain::past::Past;
use std::sync::Arc;

/// A screen's result, with all its versions.
#[derive(Clone, Debug)]
pub struct Screen {
    /// The entry that recorded it.
    pub entry: Arc<Entry>,
    /// Which instrument.
    pub instrument: Instrument,
    /// Positive, negative or incomplete: of the signed version, else the most cautious of those that stand.
    pub result: ScreenResult,
    /// Its self-harm item: of the signed version, else the most cautious of all.
    pub self_harm: SelfHarm,
    /// Every version, the first first.
    pub versions: Vec<ScreenVersion>,
    /// The version that a clinician stands by.
    pub signed: Option<EntryId>,
}

/// One version of a screen.
#[derive(Clone, Debug)]
pub struct ScreenVersion {
    /// The entry.
    pub entry: Arc<Entry>,
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

/// What is most cautious to believe of two self-harm items.
fn caution(item: SelfHarm) -> u8 {
    match item {
        SelfHarm::Yes => 3,
        SelfHarm::Unanswered => 2,
        SelfHarm::Unavailable => 1,
        SelfHarm::No => 0,
    }
}

/// The same of two results.
fn concern(result: ScreenResult) -> u8 {
    match result {
        ScreenResult::Positive => 2,
        ScreenResult::Incomplete => 1,
        ScreenResult::Negative => 0,
    }
}

pub(super) fn screens(past: &Past) -> Vec<Screen> {
    let mut screens: Vec<Screen> = Vec::new();
    let mut signings: Vec<(&Arc<Entry>, EntryId)> = Vec::new();
    for entry in past.standing() {
        match &entry.body {
            Body::ScreenRecorded(p) => screens.push(Screen {
                entry: Arc::clone(entry),
                instrument: p.instrument,
                result: p.result,
                self_harm: p.self_harm,
                versions: vec![ScreenVersion {
                    entry: Arc::clone(entry),
                    result: p.result,
                    self_harm: p.self_harm,
                }],
                signed: None,
            }),
            Body::ScreenAmended(p) => {
                if let Some(screen) = screens.iter_mut().find(|s| s.entry.id == p.screen) {
                    screen.versions.push(ScreenVersion {
                        entry: Arc::clone(entry),
                        result: p.result,
                        self_harm: p.self_harm,
                    });
                }
            }
            Body::ScreenSigned(p) => signings.push((entry, p.version)),
            _ => {}
        }
    }
    for screen in &mut screens {
        read(past, screen, &signings);
    }
    screens
}

fn read(past: &Past, screen: &mut Screen, signings: &[(&Arc<Entry>, EntryId)]) {
    let versions = &screen.versions;
    let own = |id: EntryId| versions.iter().any(|v| v.entry.id == id);
    let signed: Vec<_> = signings.iter().filter(|(_, v)| own(*v)).collect();
    let standing: Vec<EntryId> = signed
        .iter()
        .filter(|(e, _)| !signed.iter().any(|(later, _)| past.saw(later.id, e.id)))
        .map(|(_, version)| *version)
        .collect();
    // A version that came unseen by the signing asks again; so do two signings that differ.
    let unseen = |v: &ScreenVersion| !signed.iter().any(|(e, _)| past.saw(e.id, v.entry.id));
    screen.signed = match standing.as_slice() {
        [first, rest @ ..] if rest.iter().all(|v| v == first) && !versions.iter().any(unseen) => {
            Some(*first)
        }
        _ => None,
    };
    if let Some(version) = versions.iter().find(|v| Some(v.entry.id) == screen.signed) {
        (screen.result, screen.self_harm) = (version.result, version.self_harm);
        return;
    }
    let latest = versions
        .iter()
        .filter(|v| !versions.iter().any(|o| past.saw(o.entry.id, v.entry.id)));
    screen.result = latest
        .map(|v| v.result)
        .max_by_key(|r| concern(*r))
        .unwrap_or(screen.result);
    screen.self_harm = versions
        .iter()
        .map(|v| v.self_harm)
        .max_by_key(|item| caution(*item))
        .unwrap_or(screen.self_harm);
}

/// Flags and what was done about them. A flag whose entry was made in error stays, and says so.
pub(super) fn flags(past: &Past, voided: &[Voided]) -> (Vec<Flag>, Vec<FlagEvent>) {
    let (mut flags, mut events) = (Vec::new(), Vec::new());
    for entry in past.entries() {
        let reason = match &entry.body {
            Body::ScreenRecorded(p) if p.self_harm == SelfHarm::Yes => SafetyReason::SelfHarmItem,
            Body::ScreenAmended(p) if p.self_harm == SelfHarm::Yes => SafetyReason::SelfHarmItem,
            Body::SafetyRaised(p) => p.reason,
            _ => continue,
        };
        flags.push(Flag {
            entry: Arc::clone(entry),
            reason,
        });
        events.extend(
            voided
                .iter()
                .filter(|v| v.entry == entry.id)
                .map(|v| FlagEvent {
                    entry: Arc::clone(&v.by),
                    flags: vec![entry.id],
                    status: FlagStatus::EnteredInError,
                    handed: None,
                }),
        );
    }
    for entry in past.standing() {
        let (flags, status, handed) = match &entry.body {
            Body::SafetyHanded(p) => (&p.flags, FlagStatus::Handed, Some((p.to.clone(), p.how))),
            Body::SafetyAssessing(p) => (&p.flags, FlagStatus::Assessing, None),
            Body::SafetyResolved(p) => (&p.flags, FlagStatus::Resolved, None),
            _ => continue,
        };
        events.push(FlagEvent {
            entry: Arc::clone(entry),
            flags: flags.clone(),
            status,
            handed,
        });
    }
    (flags, events)
}

/// Flags that a clinician said are of one event.
pub(super) fn linked_flags(past: &Past) -> Vec<Vec<EntryId>> {
    past.standing()
        .iter()
        .filter_map(|e| match &e.body {
            Body::FlagsLinked(p) => Some(p.flags.clone()),
            _ => None,
        })
        .collect()
}
