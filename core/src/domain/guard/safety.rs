//! Rules of screens and safety flags. Raising a flag has none.

use super::{Breach, Case, ensure};
use crate::domain::entry::Body;
use crate::domain::id::EntryId;
use crate::domain::payload::{ScreenAmended, ScreenAnswered};

/// Scores in range, a total that is their sum, or a total alone.
pub(super) fn answers(said: &ScreenAnswered) -> Result<(), Breach> {
    let score = said
        .instrument
        .score(&said.items, said.total, None)
        .map_err(|_| Breach::ScoreUnfit)?;
    let fits = said.total_only == said.items.is_empty() && score.total == said.total;
    ensure(fits, Breach::ScoreUnfit)
}

impl Case<'_> {
    pub(super) fn amended(&self, said: &ScreenAmended) -> Result<(), Breach> {
        let found = self.past.screens.iter().find(|s| s.entry.id == said.screen);
        let same = found.is_some_and(|s| s.instrument == said.instrument);
        ensure(same, Breach::NoSuchScreen)
    }

    pub(super) fn signed(&self, version: EntryId) -> Result<(), Breach> {
        let mut versions = self.past.screens.iter().flat_map(|s| &s.versions);
        ensure(
            versions.any(|v| v.entry.id == version),
            Breach::NoSuchScreen,
        )
    }

    pub(super) fn flags(&self, named: &[EntryId]) -> Result<(), Breach> {
        let own = |id: &EntryId| self.past.flags.iter().any(|f| f.entry.id == *id);
        ensure(
            !named.is_empty() && named.iter().all(own),
            Breach::FlagsUnnamed,
        )
    }

    /// Two flags at least, one of them of this record; those of other records are the device's to know.
    pub(super) fn linked(&self, named: &[EntryId]) -> Result<(), Breach> {
        let own = named
            .iter()
            .any(|id| self.past.flags.iter().any(|f| f.entry.id == *id));
        let other = named.iter().any(|id| named.first() != Some(id));
        let no_flag = named.iter().any(|id| {
            self.past.past.get(*id).is_some_and(|e| {
                !matches!(
                    e.body,
                    Body::SafetyRaised(_) | Body::ScreenRecorded(_) | Body::ScreenAmended(_)
                )
            })
        });
        ensure(own && other && !no_flag, Breach::FlagsUnnamed)
    }
}
