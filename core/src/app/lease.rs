//! What keeps a device from showing patients: it was taken out of service, or the server has been silent for longer than
//! the organisation allows. A lock hides, and does nothing else: it takes entries, sends, and never wipes.

use super::App;
use crate::refusal::Refusal;
use crate::store::{DeviceRow, Enrolment};
use jiff::Timestamp;

impl App {
    /// The device, while it is in service.
    pub(super) fn in_service(&self) -> Result<DeviceRow, Refusal> {
        let device = self.device()?;
        if device.enrolment == Enrolment::Withdrawn {
            return Err(Refusal::Withdrawn);
        }
        Ok(device)
    }

    /// The device, while it may show patients.
    pub(super) fn unlocked(&self, now: Timestamp) -> Result<DeviceRow, Refusal> {
        let device = self.in_service()?;
        if self.is_locked(&device, now)? {
            return Err(Refusal::Locked);
        }
        Ok(device)
    }

    /// Has the server been silent for too long, by the device's own clock? A clock that was set back by more than that
    /// cannot tell for how long.
    pub(super) fn is_locked(&self, device: &DeviceRow, now: Timestamp) -> Result<bool, Refusal> {
        let answered_at = device.last_answer_at.unwrap_or_default();
        let answered_at = Timestamp::from_millisecond(answered_at).unwrap_or(Timestamp::MIN);
        Ok(now.duration_since(answered_at).abs() > self.sheet()?.settings.lease())
    }
}
