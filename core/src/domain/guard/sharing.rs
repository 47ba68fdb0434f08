//! Rules of sharing: nothing goes to a practice without her agreement, a plan that lets it go, and the consent that it
//! needs.

use super::{Breach, Case, ensure};
use crate::domain::code::{ConsentKind, ShareKind};
use crate::domain::id::{EntryId, PartnerId};
use crate::domain::payload::{
    ConsentRecorded, ElectronicFailed, ElectronicQueued, ElectronicSent, SharingPlanConfirmed,
};
use std::collections::BTreeSet;

/// A written consent names who tells whom what for what, how it ends, and was signed; consent to treatment, payment and
/// operations may be without an end, and says what redisclosure and refusal mean.
pub(super) fn consent(said: &ConsentRecorded) -> Result<(), Breach> {
    if !said.kind.is_written() {
        return Ok(());
    }
    let given = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    let tpo = said.kind == ConsentKind::Part2Tpo;
    let endless = said
        .expires_with
        .as_ref()
        .is_some_and(|e| e.trim().eq_ignore_ascii_case("none"));
    let ends = said.expires_on.is_some() || given(&said.expires_with) && (tpo || !endless);
    let complete = given(&said.patient_name)
        && given(&said.discloser)
        && given(&said.what)
        && (!said.partners.is_empty() || given(&said.recipients))
        && given(&said.purpose)
        && said.right_to_revoke_told
        && ends
        && said.signed
        && said.signed_on.is_some()
        && (!tpo || said.redisclosure_told && said.refusal_consequences_told);
    ensure(complete, Breach::ConsentIncomplete)
}

impl Case<'_> {
    pub(super) fn plan(&self, said: &SharingPlanConfirmed) -> Result<(), Breach> {
        self.agreed()?;
        let kinds: BTreeSet<ShareKind> = said.items.iter().map(|i| i.kind).collect();
        ensure(
            !kinds.is_empty() && kinds.len() == said.items.len(),
            Breach::PlanUnclear,
        )
    }

    pub(super) fn revoked(&self, consent: EntryId) -> Result<(), Breach> {
        ensure(
            self.past.consents.iter().any(|c| c.entry.id == consent),
            Breach::NoSuchConsent,
        )
    }

    /// May these pieces go to this practice?
    fn goes(
        &self,
        partner: &PartnerId,
        plan: EntryId,
        items: &[ShareKind],
        consent: Option<EntryId>,
    ) -> Result<(), Breach> {
        self.agreed()?;
        let sharing = &self.past.sharing;
        ensure(sharing.plans.contains(&plan), Breach::NoPlan)?;
        ensure(
            items.iter().all(|kind| sharing.shared.contains(kind)),
            Breach::NotOnPlan,
        )?;
        let on = self.entry.occurred_at.date();
        let holds = |id: EntryId| {
            self.past.consents.iter().any(|c| {
                c.entry.id == id && c.said.kind.covers_substance_use() && c.covers(partner, on)
            })
        };
        let needed = items.contains(&ShareKind::AlcoholDrug);
        ensure(consent.map_or(!needed, holds), Breach::ConsentMissing)
    }

    pub(super) fn queued(&self, said: &ElectronicQueued) -> Result<(), Breach> {
        self.goes(&said.partner, said.plan, &said.items, said.consent)
    }

    /// What was queued goes as it was frozen; whether it may still go is asked anew.
    pub(super) fn sent(&self, said: &ElectronicSent) -> Result<(), Breach> {
        if let Some(queued) = said.queued {
            self.waiting(queued)?;
        }
        self.goes(&said.partner, said.plan, &said.items, said.consent)
    }

    pub(super) fn failed(&self, said: &ElectronicFailed) -> Result<(), Breach> {
        self.waiting(said.queued)?;
        super::text(&said.reason)
    }

    fn waiting(&self, queued: EntryId) -> Result<(), Breach> {
        let found = self.past.queued.iter().find(|q| q.entry.id == queued);
        ensure(
            found.is_some_and(|q| q.sent.is_none()),
            Breach::NoSuchReferral,
        )
    }
}
