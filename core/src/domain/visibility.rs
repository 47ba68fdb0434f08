//! Who may see what: one rule, by which the server sends and by which a device shows. Knows neither log nor store: through
//! what a patient may be seen is folded from her documents.

use super::code::{DocumentKind, Role};
use super::id::{SiteId, UserId};
use super::organisation::Person;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who may read what a patient answered.
const READ_SCREENS: [Role; 3] = [Role::Nurse, Role::Coordinator, Role::Provider];
/// Who looks after patients, or after those who do: administrators and partners see no records of a site.
const CLINICAL: [Role; 6] = [
    Role::Nurse,
    Role::Doula,
    Role::Assistant,
    Role::Coordinator,
    Role::Provider,
    Role::Supervisor,
];

/// Whose documents of this kind a site's are: it takes one role, there. What she answers about alcohol and drugs is no whole
/// site's: a provider's there, and of whoever looks after her or took it down. A note about her, which everybody may
/// write, is no need to know (42 CFR Part 2).
const fn of_a_site(kind: DocumentKind) -> &'static [Role] {
    match kind {
        DocumentKind::Sud => &[Role::Provider],
        DocumentKind::Screens => &READ_SCREENS,
        _ => &CLINICAL,
    }
}

/// Does she look after patients, or after those who do? Only to such a person a record is given.
pub fn looks_after_patients(person: &Person) -> bool {
    CLINICAL.iter().any(|role| person.has_role(*role))
}

/// Through what a record may be seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This person wrote in it.
    Author(UserId),
    /// It is about a practice: the whole organisation.
    Everyone,
    /// This person owns it.
    Owner(UserId),
    /// An entry at this site.
    Site(SiteId),
}

impl Scope {
    /// As a row says it: what kind, and whose.
    pub fn as_row(&self) -> (&'static str, &str) {
        match self {
            Self::Site(site) => ("site", site.as_str()),
            Self::Owner(user) => ("owner", user.as_str()),
            Self::Author(user) => ("author", user.as_str()),
            Self::Everyone => ("everyone", ""),
        }
    }

    /// What a row says; none of an unknown kind.
    pub fn of_row(kind: &str, value: String) -> Option<Self> {
        match kind {
            "site" => Some(Self::Site(SiteId(value))),
            "owner" => Some(Self::Owner(UserId(value))),
            "author" => Some(Self::Author(UserId(value))),
            "everyone" => Some(Self::Everyone),
            _ => None,
        }
    }
}

/// May a person see a document of this kind, of a patient who may be seen through these scopes? She has a role at a site
/// where something of the patient was recorded, owns one of her records, or wrote in one. Answers of screens are only for
/// who may read them or `has_written` in this very document.
pub fn may_see(
    person: &Person,
    scopes: &BTreeSet<Scope>,
    kind: DocumentKind,
    has_written: bool,
) -> bool {
    let is_of_answers = matches!(kind, DocumentKind::Screens | DocumentKind::Sud);
    let reads = || READ_SCREENS.iter().any(|role| person.has_role(*role));
    let is_hers = !is_of_answers || has_written || reads();
    scopes.iter().any(|scope| match scope {
        Scope::Everyone => true,
        Scope::Site(site) => person.has_one_at(of_a_site(kind), site),
        Scope::Author(user) if kind == DocumentKind::Sud => *user == person.id && has_written,
        Scope::Author(user) | Scope::Owner(user) => *user == person.id && is_hers,
    })
}

/// Who looks at what lies on a device.
#[derive(Clone, Copy, Debug)]
pub enum Viewer<'a> {
    /// Nobody is signed in: no patient is shown.
    Nobody,
    /// The only person of a device of her own. It was sent what she may see and nothing else, so nothing is asked again.
    Alone,
    /// One of those of a shared device, on which lies together what each may see by herself, or might while she was one
    /// of them.
    OneOf(&'a Person),
}

impl<'a> Viewer<'a> {
    /// Whoever is signed in, among the people of the device.
    pub fn of(is_shared: bool, people: &[UserId], signed_in: Option<&'a Person>) -> Self {
        match (signed_in, people) {
            (None, _) => Self::Nobody,
            (Some(person), [only]) if !is_shared && *only == person.id => Self::Alone,
            (Some(person), _) => Self::OneOf(person),
        }
    }

    /// May she see the records of a patient who may be seen through these scopes?
    pub fn sees(&self, scopes: &BTreeSet<Scope>) -> bool {
        self.sees_document(scopes, DocumentKind::Record, false)
    }

    /// The same of a document of any kind, in which she may have written.
    pub fn sees_document(
        &self,
        scopes: &BTreeSet<Scope>,
        kind: DocumentKind,
        has_written: bool,
    ) -> bool {
        match self {
            Self::Nobody => false,
            Self::Alone => true,
            Self::OneOf(person) => may_see(person, scopes, kind, has_written),
        }
    }
}
