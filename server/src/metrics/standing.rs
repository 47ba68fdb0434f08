//! How the service stands at one moment: read when somebody asks, told as gauges. What is not known is left out; it is
//! never 0.

use crate::check::Checked;
use crate::data_folder;
use crate::store::{DeviceRow, Store, StoreError, is_silent};
use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fs;
use std::path::Path;

/// How the service stands.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Devices in service.
    pub devices: i64,
    /// Those of which nobody has said yet whose they are.
    pub unconfirmed: i64,
    /// Those that have not spoken for a day.
    pub silent: i64,
    /// Changes that devices said they had not sent.
    pub unsent: i64,
    /// How long the oldest of these has waited, as far as devices have said.
    pub oldest_unsent: Option<i64>,
    /// Changes in quarantine.
    pub quarantined: i64,
    /// How long the oldest of these has lain there.
    pub oldest_quarantined: Option<i64>,
    /// The head of the log.
    pub head: i64,
    /// Room left for the data.
    pub free_bytes: Option<i64>,
    /// Memory of this process.
    pub resident_bytes: Option<i64>,
    /// When the certificate expires.
    pub certificate_until: Option<i64>,
    /// When the last check ended.
    pub checked_at: Option<i64>,
    /// Whether it found everything sound.
    pub check_sound: Option<i64>,
}

impl Standing {
    /// Reads it.
    pub async fn read(
        store: &dyn Store,
        folder: &Path,
        certificate_until: Option<Timestamp>,
        checked: Option<Checked>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let devices: Vec<DeviceRow> = store
            .devices()
            .await?
            .into_iter()
            .filter(|device| device.kind != "web" && device.revoked_at.is_none())
            .collect();
        let aside = store.quarantine(now).await?;
        let age = |since: Timestamp| now.duration_since(since).as_secs().max(0);
        let silent = devices
            .iter()
            .filter(|device| is_silent(device.last_seen_at, now));
        let unconfirmed = devices.iter().filter(|device| !device.is_confirmed);
        let oldest_unsent = devices.iter().filter_map(|device| device.oldest_unsent_at);
        let free_bytes = data_folder::free_bytes(folder).ok();
        Ok(Self {
            unconfirmed: count(unconfirmed.count()),
            silent: count(silent.count()),
            unsent: devices.iter().map(|device| i64::from(device.unsent)).sum(),
            oldest_unsent: oldest_unsent.min().map(age),
            devices: count(devices.len()),
            quarantined: count(aside.rows.len() + aside.damaged),
            oldest_quarantined: aside.rows.iter().map(|row| row.since).min().map(age),
            head: i64::try_from(store.head().await?).unwrap_or(i64::MAX),
            free_bytes: free_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
            resident_bytes: resident_bytes(),
            certificate_until: certificate_until.map(Timestamp::as_second),
            checked_at: checked.as_ref().map(|checked| checked.at.as_second()),
            check_sound: checked.map(|checked| i64::from(checked.is_sound())),
        })
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Where the system says so.
fn resident_bytes() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

impl Collector for Standing {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let gauges = [
            ("warmhand_devices", "Devices in service", Some(self.devices)),
            (
                "warmhand_devices_unconfirmed",
                "Devices of which nobody has said yet whose they are",
                Some(self.unconfirmed),
            ),
            (
                "warmhand_devices_silent",
                "Devices that have not spoken for a day",
                Some(self.silent),
            ),
            (
                "warmhand_unsent_changes",
                "Changes that devices, when last seen, had not sent",
                Some(self.unsent),
            ),
            (
                "warmhand_oldest_unsent_age_seconds",
                "Age of the oldest of these",
                self.oldest_unsent,
            ),
            (
                "warmhand_quarantine_changes",
                "Changes that wait for a person's decision",
                Some(self.quarantined),
            ),
            (
                "warmhand_oldest_quarantine_age_seconds",
                "Age of the oldest of these",
                self.oldest_quarantined,
            ),
            (
                "warmhand_log_head",
                "The last row of the log",
                Some(self.head),
            ),
            (
                "warmhand_data_free_bytes",
                "Room left where the data lie",
                self.free_bytes,
            ),
            (
                "process_resident_memory_bytes",
                "Memory of this process",
                self.resident_bytes,
            ),
            (
                "warmhand_certificate_expires_timestamp_seconds",
                "When the certificate in force expires",
                self.certificate_until,
            ),
            (
                "warmhand_last_check_timestamp_seconds",
                "When the last check of the database ended",
                self.checked_at,
            ),
            (
                "warmhand_last_check_sound",
                "Whether it found everything sound",
                self.check_sound,
            ),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
                ConstGauge::new(value).encode(metric)?;
            }
        }
        Ok(())
    }
}
