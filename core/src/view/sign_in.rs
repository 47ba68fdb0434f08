//! Who takes the device in hand: its people by name and the sites there are. Shown before anybody is signed in, so it
//! knows nothing of any patient.

use crate::domain::id::{SiteId, UserId};
use crate::domain::organisation::Organisation;
use serde::Serialize;

/// The screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignInScreen {
    /// What the device is called.
    pub device: String,
    /// It is several people's.
    pub is_shared: bool,
    /// Who may work on it, by name.
    pub people: Vec<StaffRow>,
    /// Where a visit may be, by name.
    pub sites: Vec<PlaceRow>,
    /// Who is signed in.
    pub signed_in: Option<UserId>,
}

/// Somebody who may work on the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StaffRow {
    /// Who.
    pub user: UserId,
    /// Her name as colleagues read it; her code, where the sheet knows her no more.
    pub name: String,
}

/// A site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlaceRow {
    /// Which.
    pub site: SiteId,
    /// What people call it.
    pub name: String,
}

impl SignInScreen {
    /// For these people on a device.
    pub fn of(
        device: &str,
        is_shared: bool,
        people: &[UserId],
        signed_in: Option<UserId>,
        sheet: &Organisation,
    ) -> Self {
        let named = |user: &UserId| StaffRow {
            user: user.clone(),
            name: sheet
                .person(user)
                .map_or_else(|| user.0.clone(), |person| person.name.clone()),
        };
        let mut people: Vec<StaffRow> = people.iter().map(named).collect();
        people.sort_by(|a, b| (&a.name, &a.user).cmp(&(&b.name, &b.user)));
        let sites = sheet.sites.iter().map(|site| PlaceRow {
            site: site.id.clone(),
            name: site.name.clone(),
        });
        let mut sites: Vec<PlaceRow> = sites.collect();
        sites.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            device: device.to_owned(),
            is_shared,
            people,
            sites,
            signed_in,
        }
    }
}
