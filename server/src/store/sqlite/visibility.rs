//! Who may see what. The definition is `visible`: one function of device, document and row of the log. Because a page
//! asks it for thousands of documents, its answer is kept as intervals and brought up to date by whatever changes it.

use super::{StoreError, Verb, int, sound};
use rusqlite::params;
use std::collections::BTreeMap;
use warmhand_core::domain::code::{DocumentKind, Role};
use warmhand_core::domain::id::{DeviceId, DocumentId, SiteId, UserId};
use warmhand_core::domain::organisation::{Organisation, Person};

/// May this person read what a patient answered?
fn reads_screens(person: &Person) -> bool {
    [Role::Nurse, Role::Coordinator, Role::Provider]
        .into_iter()
        .any(|role| person.has_role(role))
}

impl Verb<'_> {
    /// May this device see this document, as of a row? One of its people has a role at a site where something of this
    /// patient was recorded, owns one of her records, or wrote in one; answers of screens only for who may read them
    /// or wrote them.
    pub(super) fn visible(
        &self,
        device: DeviceId,
        doc: DocumentId,
        seq: u64,
    ) -> Result<bool, StoreError> {
        let sheet = self.sheet_at(seq)?;
        self.visible_under(device, doc, seq, &sheet)
    }

    fn visible_under(
        &self,
        device: DeviceId,
        doc: DocumentId,
        seq: u64,
        sheet: &Organisation,
    ) -> Result<bool, StoreError> {
        let at = int(seq)?;
        let revoked: i64 = self
            .db
            .prepare_cached("select count(*) from device where id = ?1 and (revoked_at is not null or kind = 'web')")?
            .query_row([&device.as_bytes()[..]], |row| row.get(0))?;
        let Some((kind, patient)) = self.document_row(doc)?.filter(|_| revoked == 0) else {
            return Ok(false);
        };
        let mut people = self.db.prepare_cached(
            "select user from device_person where device = ?1 and from_seq <= ?2 and coalesce(to_seq, ?2 + 1) > ?2",
        )?;
        let people: Vec<UserId> = people
            .query_map(params![&device.as_bytes()[..], at], |row| {
                row.get(0).map(UserId)
            })?
            .collect::<Result<_, _>>()?;
        let mut scopes = self.db.prepare_cached(
            "select kind, value from scope where patient = ?1 and from_seq <= ?2 and coalesce(to_seq, ?2 + 1) > ?2",
        )?;
        let scopes: Vec<(String, String)> = scopes
            .query_map(params![&patient.as_bytes()[..], at], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        for user in people {
            let Some(person) = sheet.person(&user) else {
                continue;
            };
            let clinical = person
                .roles
                .iter()
                .any(|r| !matches!(r.role, Role::Administrator | Role::Partner));
            let through = scopes.iter().any(|(kind, value)| match kind.as_str() {
                "everyone" => true,
                "site" => clinical && person.works_at(&SiteId(value.clone())),
                _ => *value == user.0,
            });
            if through
                && (kind != DocumentKind::Screens
                    || reads_screens(person)
                    || self.wrote_in(&user, doc)?)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn wrote_in(&self, user: &UserId, doc: DocumentId) -> Result<bool, StoreError> {
        Ok(self
            .db
            .prepare_cached("select exists (select 1 from change where doc = ?1 and user = ?2)")?
            .query_row(params![&doc.as_bytes()[..], user.as_str()], |row| {
                row.get(0)
            })?)
    }

    /// Brings the intervals of one device and one document up to date, as of a row.
    fn refresh(
        &self,
        device: DeviceId,
        doc: DocumentId,
        seq: u64,
        sheet: &Organisation,
    ) -> Result<(), StoreError> {
        let was: bool = self
            .db
            .prepare_cached("select exists (select 1 from visibility where device = ?1 and doc = ?2 and to_seq is null)")?
            .query_row(params![&device.as_bytes()[..], &doc.as_bytes()[..]], |row| row.get(0))?;
        let is = self.visible_under(device, doc, seq, sheet)?;
        let sql = match (was, is) {
            (false, true) => "insert into visibility (device, doc, from_seq) values (?1, ?2, ?3)",
            (true, false) => {
                "update visibility set to_seq = ?3 where device = ?1 and doc = ?2 and to_seq is null"
            }
            _ => return Ok(()),
        };
        self.step("refresh_visibility")?;
        self.db.prepare_cached(sql)?.execute(params![
            &device.as_bytes()[..],
            &doc.as_bytes()[..],
            int(seq)?
        ])?;
        Ok(())
    }

    fn devices(&self) -> Result<Vec<DeviceId>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select id from device where kind != 'web'")?;
        let ids: Vec<Vec<u8>> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| sound(DeviceId::from_bytes(id)))
            .collect()
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

    /// After something was written about a patient.
    pub(super) fn refresh_patient_visibility(
        &self,
        docs: &[DocumentId],
        seq: u64,
        sheet: &Organisation,
    ) -> Result<(), StoreError> {
        for device in self.devices()? {
            for doc in docs {
                self.refresh(device, *doc, seq, sheet)?;
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
            self.refresh(device, doc, seq, &sheet)?;
        }
        Ok(())
    }

    /// After the sheet changed.
    pub(super) fn refresh_all_visibility(&self, seq: u64) -> Result<(), StoreError> {
        for device in self.devices()? {
            self.refresh_device_visibility(device, seq)?;
        }
        Ok(())
    }

    /// Are the intervals what the definition says, at every row that began or ended one?
    pub(super) fn visibility_holds(&self) -> Result<bool, StoreError> {
        let head = self.head()?.seq;
        for device in self.devices()? {
            let since = self.seen_since(device)?;
            for doc in self.documents()? {
                if self.visible(device, doc, head)? != since.contains_key(&doc) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Is the document visible to the device now?
    pub(super) fn sees(&self, device: DeviceId, doc: DocumentId) -> Result<bool, StoreError> {
        Ok(self
            .db
            .prepare_cached("select exists (select 1 from visibility where device = ?1 and doc = ?2 and to_seq is null)")?
            .query_row(params![&device.as_bytes()[..], &doc.as_bytes()[..]], |row| row.get(0))?)
    }

    /// Every document that the device may see now, with the row at which that unbroken visibility began.
    pub(super) fn seen_since(
        &self,
        device: DeviceId,
    ) -> Result<BTreeMap<DocumentId, u64>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select doc, from_seq from visibility where device = ?1 and to_seq is null",
        )?;
        let rows: Vec<(Vec<u8>, i64)> = statement
            .query_map([&device.as_bytes()[..]], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        rows.into_iter()
            .map(|(doc, from)| Ok((sound(DocumentId::from_bytes(&doc))?, from.unsigned_abs())))
            .collect()
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
