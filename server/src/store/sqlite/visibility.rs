//! Who may see what. The definition is `visible`: one function of device, document and row of the log. Because a page
//! asks it for thousands of documents, its answer is kept as intervals and brought up to date by whatever changes it.

use super::{StoreError, Verb, int, sound};
use rusqlite::params;
use std::collections::BTreeSet;
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId, UserId};
use warmhand_core::domain::organisation::{Organisation, Person};
use warmhand_core::domain::visibility::{Scope, may_see};

/// Every device with those of its people who are on the sheet; one that was revoked has none.
pub(super) struct Viewers<'s> {
    devices: Vec<(DeviceId, Vec<&'s Person>)>,
}

impl Verb<'_> {
    /// May this device see this document, as of a row? One of its people may.
    pub(super) fn visible(
        &self,
        device: DeviceId,
        doc: DocumentId,
        seq: u64,
        sheet: &Organisation,
    ) -> Result<bool, StoreError> {
        let revoked: i64 = self.db.prepare_cached("select count(*) from device where id = ?1 and (revoked_at is not null or kind = 'web')")?
            .query_row([&device.as_bytes()[..]], |row| row.get(0))?;
        let Some((kind, patient)) = self.document_row(doc)?.filter(|_| revoked == 0) else {
            return Ok(false);
        };
        let scopes = self.scopes(patient, seq)?;
        for user in self.people_at(device, seq)? {
            if let Some(person) = sheet.person(&user)
                && self.reaches(person, &scopes, kind, doc)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Who may work on a device, as of a row.
    pub(super) fn people_at(&self, device: DeviceId, seq: u64) -> Result<Vec<UserId>, StoreError> {
        let mut people = self.db.prepare_cached(
            "select user from device_person where device = ?1 and from_seq <= ?2 and coalesce(to_seq, ?2 + 1) > ?2",
        )?;
        Ok(people
            .query_map(params![&device.as_bytes()[..], int(seq)?], |row| {
                row.get(0).map(UserId)
            })?
            .collect::<Result<_, _>>()?)
    }

    /// Does a person see a document through these scopes?
    fn reaches(
        &self,
        person: &Person,
        scopes: &BTreeSet<Scope>,
        kind: DocumentKind,
        doc: DocumentId,
    ) -> Result<bool, StoreError> {
        let is_of_answers = matches!(kind, DocumentKind::Screens | DocumentKind::Sud);
        let has_written = is_of_answers && self.wrote_in(&person.id, doc)?;
        Ok(may_see(person, scopes, kind, has_written))
    }

    /// Would one of these people see a document through these scopes, though nobody has said so yet?
    pub(super) fn would_reach<'p>(
        &self,
        mut people: impl Iterator<Item = &'p Person>,
        scopes: &BTreeSet<Scope>,
        (kind, doc): (DocumentKind, DocumentId),
    ) -> Result<bool, StoreError> {
        people.try_fold(false, |reached, person| {
            Ok(reached || self.reaches(person, scopes, kind, doc)?)
        })
    }

    fn wrote_in(&self, user: &UserId, doc: DocumentId) -> Result<bool, StoreError> {
        Ok(self
            .db
            .prepare_cached("select exists (select 1 from change where doc = ?1 and user = ?2)")?
            .query_row(params![&doc.as_bytes()[..], user.as_str()], |row| {
                row.get(0)
            })?)
    }

    /// Everybody who may ask, now: read once for all documents of a push.
    pub(super) fn viewers<'s>(&self, sheet: &'s Organisation) -> Result<Viewers<'s>, StoreError> {
        let seq = int(self.head()?.seq)?;
        let mut statement = self.db.prepare_cached(
            "select device.id, device_person.user from device
                 left join device_person on device_person.device = device.id and device.revoked_at is null
                     and from_seq <= ?1 and coalesce(to_seq, ?1 + 1) > ?1
                 where device.kind != 'web' order by device.id",
        )?;
        let mut rows = statement.query([seq])?;
        let mut devices: Vec<(DeviceId, Vec<&Person>)> = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row
                .get_ref(0)?
                .as_blob()
                .map_err(|_| StoreError::Unreadable)?;
            let device = sound(DeviceId::from_bytes(id))?;
            let user: Option<String> = row.get(1)?;
            let person = user.and_then(|user| sheet.person(&UserId(user)));
            match devices.last_mut() {
                Some((last, people)) if *last == device => people.extend(person),
                _ => devices.push((device, person.into_iter().collect())),
            }
        }
        Ok(Viewers { devices })
    }

    /// After something was written about a patient: the intervals of each of her documents, as of a row.
    pub(super) fn refresh_patient_visibility(
        &self,
        patient: PatientId,
        docs: &[(DocumentId, DocumentKind)],
        seq: u64,
        viewers: &Viewers<'_>,
    ) -> Result<(), StoreError> {
        let scopes = self.scopes(patient, seq)?;
        for (doc, kind) in docs {
            let seeing = self.seeing(*doc)?;
            for (device, people) in &viewers.devices {
                let mut sees = false;
                for person in people {
                    sees = sees || self.reaches(person, &scopes, *kind, *doc)?;
                }
                self.mark(*device, *doc, seq, (seeing.contains(device), sees))?;
            }
        }
        Ok(())
    }

    /// After a device's people or standing changed.
    pub(super) fn refresh_device_visibility(
        &self,
        device: DeviceId,
        seq: u64,
    ) -> Result<(), StoreError> {
        let (_, sheet) = self.sheet()?;
        for doc in self.documents()? {
            let was = self.sees(device, doc)?;
            let is = self.visible(device, doc, seq, &sheet)?;
            self.mark(device, doc, seq, (was, is))?;
        }
        Ok(())
    }

    /// Begins or ends the interval of one device and one document at a row, where what was is not what is.
    fn mark(
        &self,
        device: DeviceId,
        doc: DocumentId,
        seq: u64,
        was_and_is: (bool, bool),
    ) -> Result<(), StoreError> {
        let sql = match was_and_is {
            (false, true) => "insert into visibility (device, doc, from_seq) values (?1, ?2, ?3)",
            (true, false) => {
                "update visibility set to_seq = ?3 where device = ?1 and doc = ?2 and to_seq is null"
            }
            _ => return Ok(()),
        };
        self.change(
            sql,
            params![&device.as_bytes()[..], &doc.as_bytes()[..], int(seq)?],
        )?;
        Ok(())
    }

    /// The devices that see a document now.
    fn seeing(&self, doc: DocumentId) -> Result<BTreeSet<DeviceId>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select device from visibility where doc = ?1 and to_seq is null")?;
        let mut rows = statement.query([&doc.as_bytes()[..]])?;
        let mut seeing = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let id = row
                .get_ref(0)?
                .as_blob()
                .map_err(|_| StoreError::Unreadable)?;
            seeing.insert(sound(DeviceId::from_bytes(id))?);
        }
        Ok(seeing)
    }

    fn documents(&self) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement = self.db.prepare_cached("select id from document")?;
        let ids: Vec<Vec<u8>> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| sound(DocumentId::from_bytes(id)))
            .collect()
    }

    /// Are the intervals of a device and these documents what the definition says now?
    pub(super) fn visibility_holds(
        &self,
        device: DeviceId,
        docs: &[DocumentId],
    ) -> Result<bool, StoreError> {
        let head = self.head()?.seq;
        let sheet = self.sheet_at(head)?;
        for doc in docs {
            if self.visible(device, *doc, head, &sheet)? != self.sees(device, *doc)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Is the document visible to the device now?
    pub(super) fn sees(&self, device: DeviceId, doc: DocumentId) -> Result<bool, StoreError> {
        Ok(self.db.prepare_cached("select exists (select 1 from visibility where device = ?1 and doc = ?2 and to_seq is null)")?
            .query_row(params![&device.as_bytes()[..], &doc.as_bytes()[..]], |row| row.get(0))?)
    }

    /// Documents that it could see at some row of [from, to] and cannot see now.
    pub(super) fn lost_between(
        &self,
        device: DeviceId,
        from: u64,
        to: u64,
    ) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select distinct doc from visibility v where device = ?1 and to_seq > ?2 and from_seq <= ?3
                 and not exists (select 1 from visibility w where w.device = v.device and w.doc = v.doc and w.to_seq is null)
                 order by doc",
        )?;
        let ids: Vec<Vec<u8>> = statement
            .query_map(
                params![&device.as_bytes()[..], int(from)?, int(to)?],
                |row| row.get(0),
            )?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| sound(DocumentId::from_bytes(id)))
            .collect()
    }
}
