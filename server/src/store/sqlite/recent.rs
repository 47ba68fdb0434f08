//! Documents as they were when something was last pushed to them. In a morning that happens again and again to the same ones,
//! and to read one anew and fold it is nearly half of what it takes to take a change. Each is kept with the position of its
//! last change in the log, and good only as long as that is its last: the chain there stands for everything before, so that
//! nobody has to say what was rolled back, or written by another process. Kept in memory alone, as many as have room.

use super::{StoreError, Verb};
use crate::admission::Document;
use rusqlite::OptionalExtension;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use warmhand_core::domain::id::DocumentId;
use warmhand_core::wire::Token;

/// So many bytes of entries; read and folded they take some five times as much.
const MOST_BYTES: usize = 1_500_000;

/// Documents of late.
#[derive(Default)]
pub(super) struct Recent(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The one that was put here last is the last.
    documents: VecDeque<(Token, Document)>,
    bytes: usize,
    /// The row of the last order to erase something.
    erased: u64,
}

impl Kept {
    fn clear(&mut self) {
        self.documents.clear();
        self.bytes = 0;
    }
}

impl Recent {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a document out of here; none if its last change is another by now.
    fn take(&self, id: DocumentId, last: Token) -> Option<Document> {
        let mut kept = self.kept();
        let place = kept.documents.iter().position(|(_, one)| one.id == id)?;
        let (at, document) = kept.documents.remove(place)?;
        kept.bytes -= document.text_bytes;
        (at == last).then_some(document)
    }

    /// Puts a document here, in the place of those that lie here longest.
    fn put(&self, last: Token, document: Document) {
        let mut kept = self.kept();
        kept.bytes += document.text_bytes;
        kept.documents.push_back((last, document));
        while kept.bytes > MOST_BYTES
            && let Some((_, oldest)) = kept.documents.pop_front()
        {
            kept.bytes -= oldest.text_bytes;
        }
    }

    /// Of what was erased nothing is kept, and what else lies here may be it: something was in this row for the last time.
    pub fn erased(&self, seq: u64) {
        let mut kept = self.kept();
        if kept.erased != seq {
            kept.clear();
            kept.erased = seq;
        }
    }
}

impl Verb<'_> {
    /// A document as admission sees it, without reading it if it is at hand; and where it changed last.
    pub(super) fn document_at_hand(
        &self,
        id: DocumentId,
    ) -> Result<(Document, Option<Token>), StoreError> {
        let last = self.last_change(id)?;
        let document = match last.and_then(|last| self.recent.take(id, last)) {
            Some(document) => document,
            None => self.document(id)?,
        };
        Ok((document, last))
    }

    /// Keeps a document at hand, as it is in this transaction.
    pub(super) fn keep_at_hand(&self, document: Document, last: Option<Token>) {
        if let Some(last) = last {
            self.recent.put(last, document);
        }
    }

    /// Where a document changed last; nowhere if there is nothing of it.
    pub(super) fn last_change(&self, doc: DocumentId) -> Result<Option<Token>, StoreError> {
        let Token { epoch, .. } = self.head()?;
        let sql = "select seq, log.chain from change cross join log using (seq) where doc = ?1 order by seq desc limit 1";
        let mut statement = self.db.prepare_cached(sql)?;
        let row = statement.query_row([&doc.as_bytes()[..]], |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((seq, chain)): Option<(i64, [u8; 32])> = row.optional()? else {
            return Ok(None);
        };
        let seq = seq.unsigned_abs();
        Ok(Some(Token { epoch, seq, chain }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(seq: u64, chain: u8) -> Token {
        Token {
            seq,
            chain: [chain; 32],
            ..Token::default()
        }
    }

    fn document(id: u128, bytes: usize) -> Document {
        let mut document = Document::new(DocumentId(Uuid::from_u128(id)), Vec::new());
        document.text_bytes = bytes;
        document
    }

    fn is_there(recent: &Recent, id: u128, last: Token) -> bool {
        recent.take(DocumentId(Uuid::from_u128(id)), last).is_some()
    }

    #[test]
    fn one_is_good_as_long_as_its_last_change_is_its_last() {
        let recent = Recent::default();
        for another in [at(8, 1), at(7, 2)] {
            recent.put(at(7, 1), document(1, 10));
            assert!(!is_there(&recent, 1, another));
            assert!(!is_there(&recent, 1, at(7, 1)), "it is as good as gone");
        }
        recent.put(at(7, 1), document(1, 10));
        assert!(!is_there(&recent, 2, at(7, 1)));
        assert!(is_there(&recent, 1, at(7, 1)));
        assert_eq!(recent.kept().bytes, 0);
    }

    #[test]
    fn the_one_that_lies_there_longest_makes_room() {
        let recent = Recent::default();
        for id in 1..=4 {
            recent.put(at(7, 1), document(id, MOST_BYTES / 3));
        }
        let there: Vec<_> = (1..=4).map(|id| is_there(&recent, id, at(7, 1))).collect();
        assert_eq!(there, [false, true, true, true]);
        recent.put(at(7, 1), document(1, MOST_BYTES + 1));
        assert!(!is_there(&recent, 1, at(7, 1)), "alone it has none");
        assert_eq!(recent.kept().bytes, 0);
    }

    #[test]
    fn nothing_is_kept_once_something_was_erased() {
        let recent = Recent::default();
        recent.put(at(7, 1), document(1, 10));
        recent.erased(9);
        assert!(!is_there(&recent, 1, at(7, 1)));
        recent.put(at(7, 1), document(1, 10));
        recent.erased(9);
        assert!(is_there(&recent, 1, at(7, 1)), "that was known");
        assert_eq!(recent.kept().bytes, 0);
    }
}
