//! Practices to call.

use crate::code::{Channel, Day, LocalDay, LocalTime, PartnerId, PromiseUnit};
use warmhand_core::domain::organisation::{Calendar, Partner, PartnerContact, Promise};
pub use warmhand_core::view::DirectoryScreen;
use warmhand_core::view::PartnerCard;

/// A name of its own: Foundation has a `Calendar`.
type OpeningHours = Calendar;

/// Practices to call, all offline: pinned ones first.
#[uniffi::remote(Record)]
pub struct DirectoryScreen {
    /// In order.
    pub partners: Vec<PartnerCard>,
}

/// A practice, with what our own calls have taught.
#[uniffi::remote(Record)]
pub struct PartnerCard {
    /// What the sheet says of it.
    pub partner: Partner,
    /// Our calls that this device knows of.
    pub calls: u32,
    /// Those that somebody answered.
    pub answered: u32,
    /// The median of days from agreement to the first kept appointment there; none under three.
    pub median_wait_days: Option<i64>,
}

/// A receiving practice.
#[uniffi::remote(Record)]
pub struct Partner {
    /// Its code.
    pub id: PartnerId,
    /// Its name.
    pub name: String,
    /// Its IANA zone, if not the organisation's.
    pub zone: Option<String>,
    /// Whom to call.
    pub contacts: Vec<PartnerContact>,
    /// What it promised.
    pub promise: Option<Promise>,
    /// When it is open.
    pub calendar: OpeningHours,
    /// Languages spoken.
    pub languages: Vec<String>,
    /// What intake asks for, step by step.
    pub intake_steps: Vec<String>,
    /// Part of the own house.
    pub in_house: bool,
    /// Shown first.
    pub pinned: bool,
    /// When somebody last checked this.
    pub last_verified_on: Option<LocalDay>,
}

/// A named contact of a practice.
#[uniffi::remote(Record)]
pub struct PartnerContact {
    /// Who answers.
    pub name: String,
    /// What she does there.
    pub role: Option<String>,
    /// By what means.
    pub channel: Channel,
    /// The number or address.
    pub value: String,
}

/// How soon a practice calls back. 24 clock hours and 1 business day are different promises.
#[uniffi::remote(Record)]
pub struct Promise {
    /// How many.
    pub value: u16,
    /// Of what.
    pub unit: PromiseUnit,
}

/// Business hours and holidays.
#[uniffi::remote(Record)]
pub struct OpeningHours {
    /// Days of work.
    pub days: Vec<Day>,
    /// Opening, local time.
    pub opens: LocalTime,
    /// Closing, local time.
    pub closes: LocalTime,
    /// Closed on these.
    pub holidays: Vec<LocalDay>,
}
