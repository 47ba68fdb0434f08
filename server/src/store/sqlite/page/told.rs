//! What the log says to a device after a position: documents as far as there is room, and words about those that are gone.

use super::super::document::{COLUMNS, change_row};
use super::super::{StoreError, Verb, int, sound};
use super::asked::Asked;
use super::documents::Documents;
use rusqlite::{Rows, params};
use std::collections::BTreeSet;
use uuid::Uuid;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::wire::{Delivered, DeliveredDocument, PushedDocument};

/// No document has this id, and none lies before it.
const BEFORE_ALL: DocumentId = DocumentId(Uuid::nil());

/// Documents of which the present visibility began after the cursor ?2 and up to ?4, in order; those up to ?3 of the row
/// after it were brought already.
const BEGUN: &str =
    "select from_seq, doc from visibility where device = ?1 and to_seq is null and from_seq > ?2 and from_seq <= ?4
     and not (from_seq = ?2 + 1 and doc <= ?3) order by from_seq, doc";

/// Changes of the rows (?4, ?5] in documents that the device had whole at the cursor ?2.
const CHANGED: &str = "from change cross join visibility v on v.doc = change.doc and v.device = ?1 and v.to_seq is null
         and (v.from_seq <= ?2 or (v.from_seq = ?2 + 1 and v.doc <= ?3))
     where change.seq > ?4 and change.seq <= ?5
     order by change.seq";

/// Where a page ends: a row, and a document of the row after it.
pub type End = (u64, Option<DocumentId>);

impl Verb<'_> {
    /// The documents of a page, and where it ends: all of the log up to a row is in it, and of the row after it those up
    /// to a document. Reads what changed since the cursor, as far as there is room, and not what the device holds.
    pub(super) fn told(
        &self,
        asked: &Asked,
        room: usize,
        acknowledged: &BTreeSet<ChangeHash>,
    ) -> Result<(Vec<DeliveredDocument>, End), StoreError> {
        let Asked {
            device, from, head, ..
        } = *asked;
        let c = from.token.seq;
        let after = from
            .after
            .map_or_else(Vec::new, |after| after.as_bytes().to_vec());
        let device_id = &device.as_bytes()[..];
        let mut begun = self.db.prepare_cached(BEGUN)?;
        let mut begun = begun.query(params![device_id, int(c)?, after, int(head.seq)?])?;
        let mut changed = self
            .db
            .prepare_cached(&format!("select {COLUMNS} {CHANGED}"))?;
        let mut page = Documents::new(room);
        let mut last = from.after.map(|after| (c + 1, after));
        // What changed in the row after it came before its first document.
        let mut through = c + u64::from(from.after.is_some());
        // A device that has nothing yet is not shown what changed in it.
        let has_some = from.after.is_some() || self.has_any(device, c)?;
        let end = 'page: loop {
            let whole = next_begun(&mut begun)?;
            // What changed up to there comes first; nothing beyond it is looked at before there is room for it.
            let until = whole.map_or(head.seq, |(seq, _)| seq);
            let window = params![device_id, int(c)?, after, int(through)?, int(until)?];
            let mut rows = changed.query(window)?;
            while has_some && let Some(row) = rows.next()? {
                let Some(row) = self.readable(change_row(row))? else {
                    page.pass_over(self.document_at(row.get(0)?)?);
                    continue;
                };
                // It lies there, and this very answer says so.
                if acknowledged.contains(&row.hash) {
                    continue;
                }
                let before = row.seq - 1;
                if page.is_full() || !page.add(self.delivered(row)) {
                    break 'page (before, None);
                }
            }
            through = until;
            let Some((seq, doc)) = whole else {
                break (head.seq, None);
            };
            let has_room = !page.is_full()
                && match self.readable(self.whole(doc))? {
                    Some(whole) => page.add_whole(doc, whole),
                    None => page.pass_over(doc),
                };
            if !has_room {
                // What changed in this row was told: with none of its documents, the page ends before all of them.
                let within = last.filter(|(row, _)| *row == seq);
                break (seq - 1, Some(within.map_or(BEFORE_ALL, |(_, doc)| doc)));
            }
            last = Some((seq, doc));
        };
        Ok((page.told, end))
    }

    fn document_at(&self, seq: i64) -> Result<DocumentId, StoreError> {
        let sql = "select doc from change where seq = ?1";
        let id: Vec<u8> = self.db.query_row(sql, [seq], |row| row.get(0))?;
        sound(DocumentId::from_bytes(&id))
    }

    /// The words to erase and to forget that belong to the rows after one, up to another.
    pub(super) fn words(
        &self,
        device: DeviceId,
        from: u64,
        to: u64,
        push: &[PushedDocument],
    ) -> Result<Vec<DeliveredDocument>, StoreError> {
        let to = to.max(from);
        let mut forget: BTreeSet<DocumentId> =
            self.lost_between(device, from, to)?.into_iter().collect();
        let mut words = Vec::new();
        // Whoever may have it: also who never saw it accepted, and its author whose work lay in quarantine.
        for (doc, _) in self.erased_between(from, to)? {
            forget.remove(&doc);
            words.push((doc, Delivered::Erased));
        }
        // A push for a document that this device may not see is answered with the word to forget it.
        for doc in push.iter().map(|pushed| pushed.doc) {
            if !self.sees(device, doc)? && self.document_row(doc)?.is_some() {
                forget.insert(doc);
            }
        }
        words.extend(forget.into_iter().map(|doc| (doc, Delivered::Forget)));
        let words = words.into_iter();
        Ok(words
            .map(|(doc, content)| DeliveredDocument { doc, content })
            .collect())
    }

    /// Has this device any document whole at this row?
    fn has_any(&self, device: DeviceId, seq: u64) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select exists (select 1 from visibility where device = ?1 and to_seq is null and from_seq <= ?2)",
        )?;
        let args = params![&device.as_bytes()[..], int(seq)?];
        Ok(statement.query_row(args, |row| row.get(0))?)
    }
}

/// The next document that became visible, with the row at which it did.
fn next_begun(rows: &mut Rows<'_>) -> Result<Option<(u64, DocumentId)>, StoreError> {
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let (seq, doc): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
    Ok(Some((
        seq.unsigned_abs(),
        sound(DocumentId::from_bytes(&doc))?,
    )))
}
