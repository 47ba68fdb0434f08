//! Who may write in a document, or begin one: the device that sends, and the person who wrote, both have to see it. Of what
//! they write this knows only whether it is of the safety panel, which is there for everybody.

use super::push::{Push, Taking, opened};
use super::{StoreError, Verb};
use std::collections::BTreeSet;
use warmhand_core::document::Change;
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::id::DocumentId;
use warmhand_core::domain::visibility::Scope;

impl Verb<'_> {
    /// May the sender, and who wrote it, write this change here? Asked of each: what came before it in the push may have
    /// been turned away. What one person of a device sees is not there for another to write in: that would let her see it.
    /// A worry lets her see nothing, and is taken beside whatever the device shows.
    pub(super) fn may_write(
        &self,
        push: &Push<'_>,
        taking: &Taking,
        change: &Change,
    ) -> Result<bool, StoreError> {
        let Some((kind, patient)) = taking.row else {
            return self.may_begin(push, change);
        };
        if taking.standing && is_alone(push, change) || !taking.standing && !taking.is_begun {
            return Ok(taking.standing);
        }
        // Of a document that has only begun nobody has said yet who sees it.
        let scopes = self.scopes_with(patient, &taking.document)?;
        let sees = self.may_see(push, change, &scopes, (kind, taking.document.id))?;
        Ok(sees || taking.standing && is_said_beside(change))
    }

    /// May whoever wrote this see a document through these scopes, by a sheet that she is judged by?
    fn may_see(
        &self,
        push: &Push<'_>,
        change: &Change,
        scopes: &BTreeSet<Scope>,
        document: (DocumentKind, DocumentId),
    ) -> Result<bool, StoreError> {
        let sheets = push.sender.sheets.iter();
        let people = sheets.filter_map(|sheet| sheet.person(&change.user));
        self.would_reach(people, scopes, document)
    }

    /// A document that does not exist yet may be begun for a new patient, or for one whose records the sender may see.
    fn may_begin(&self, push: &Push<'_>, change: &Change) -> Result<bool, StoreError> {
        let Some((_, patient)) = opened(change) else {
            return Ok(true);
        };
        let others = self.documents_of(patient)?;
        // What staff are told about a practice is everybody's to say.
        if others
            .iter()
            .any(|(_, kind)| *kind == DocumentKind::Partner)
        {
            return Ok(true);
        }
        let scopes = self.present_scopes(patient)?;
        for (doc, kind) in &others {
            if self.sees(push.sender.device, *doc)?
                && (is_alone(push, change) || self.may_see(push, change, &scopes, (*kind, *doc))?)
            {
                return Ok(true);
            }
        }
        Ok(others.is_empty())
    }
}

/// Is it of the panel alone, which is there beside every record?
fn is_said_beside(change: &Change) -> bool {
    let mut puts = change.puts.iter();
    puts.all(|put| Entry::parse(&put.text).is_ok_and(|entry| entry.body.is_said_beside()))
}

/// Does nobody but who wrote this work on the device? Then what it sees she sees.
fn is_alone(push: &Push<'_>, change: &Change) -> bool {
    push.sender.people == [change.user.clone()]
}
