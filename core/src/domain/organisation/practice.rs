//! The practices that receive: contacts, languages, hours, and what each has promised.

use super::Calendar;
use crate::domain::code::Channel;
use crate::domain::id::PartnerId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A receiving practice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    /// Its code.
    pub id: PartnerId,
    /// Its name.
    pub name: String,
    /// Its IANA zone, if not the organisation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Whom to call.
    #[serde(default)]
    pub contacts: Vec<PartnerContact>,
    /// What it promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promise>,
    /// From when to when that holds, and whom to call when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// When it is open.
    #[serde(default)]
    pub calendar: Calendar,
    /// Languages spoken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// What intake asks for, step by step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intake_steps: Vec<String>,
    /// Part of the own house.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_house: bool,
    /// Shown first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// When somebody last checked this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_verified_on: Option<Date>,
}

/// What was agreed with a practice: how long its promise holds. One that has ended stays and says so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Date>,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Date>,
    /// Whom to call when a promise is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<PartnerContact>,
}

/// How an agreement stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementState {
    /// It begins later.
    NotYet,
    /// It holds.
    InForce,
    /// It has ended: nothing is promised any more.
    Ended,
}

impl Agreement {
    /// How it stands on a day of the practice's calendar.
    pub fn state(&self, on: Date) -> AgreementState {
        match (self.starts, self.ends) {
            (_, Some(ends)) if on > ends => AgreementState::Ended,
            (Some(starts), _) if on < starts => AgreementState::NotYet,
            _ => AgreementState::InForce,
        }
    }
}

impl Partner {
    /// What it promises whom is sent to it on this day: nothing outside its agreement.
    pub fn promise_on(&self, on: Date) -> Option<Promise> {
        let holds = self
            .agreement
            .as_ref()
            .is_none_or(|a| a.state(on) == AgreementState::InForce);
        self.promise.filter(|_| holds)
    }
}

/// A named contact of a practice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerContact {
    /// Who answers.
    pub name: String,
    /// What she does there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// By what means.
    pub channel: Channel,
    /// The number or address.
    pub value: String,
}

/// How soon a practice calls back. 24 clock hours and 1 business day are different promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// How many.
    pub value: u16,
    /// Of what.
    pub unit: PromiseUnit,
}

/// The unit is part of the promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromiseUnit {
    /// Hours of the clock.
    ClockHours,
    /// Hours in which the practice is open.
    BusinessHours,
    /// Working days of the practice.
    BusinessDays,
}
