//! What Prometheus is told: how syncs end, how long a commit takes, how the service stands. Labels are this program's
//! own words: no name, no id, no patient.

pub mod route;
mod standing;

pub use standing::Standing;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;
use warmhand_core::wire::{AckState, Decision, QuarantineReason, RejectReason, Status, SyncAnswer};

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// The media type of what is told.
pub const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is counted as it happens.
pub struct Metrics {
    registry: Registry,
    syncs: Family<Labels<1>, Counter>,
    changes: Family<Labels<2>, Counter>,
    requests: Family<Labels<1>, Counter>,
    commit: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("warmhand");
        let (syncs, changes, requests) = (Family::default(), Family::default(), Family::default());
        // From half a millisecond to eight seconds.
        let commit = Histogram::new(exponential_buckets(0.0005, 2.0, 15));
        registry.register("syncs", "Syncs by how they ended", Family::clone(&syncs));
        registry.register(
            "changes",
            "Pushed changes by what became of them",
            Family::clone(&changes),
        );
        registry.register(
            "http_requests",
            "Answers by class",
            Family::clone(&requests),
        );
        registry.register(
            "sync_commit_seconds",
            "From a sync that has arrived to its commit on the disk, waiting for the writer included",
            commit.clone(),
        );
        Self {
            registry,
            syncs,
            changes,
            requests,
            commit,
        }
    }
}

impl Metrics {
    /// A sync was committed and is answered.
    pub fn synced(&self, answer: &SyncAnswer, took: Duration) {
        let resync = matches!(answer.status, Status::Resync(_));
        self.ended(if resync { "resync" } else { "ok" });
        self.commit.observe(took.as_secs_f64());
        for ack in &answer.acks {
            let (state, reason) = became(&ack.state);
            let labels = [("state", state), ("reason", reason)];
            self.changes.get_or_create(&labels).inc();
        }
    }

    /// A sync ended in this way.
    pub fn ended(&self, outcome: &'static str) {
        self.syncs.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// A request was answered with this status.
    pub fn answered(&self, status: u16) {
        let class = match status {
            100..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            _ => "5xx",
        };
        self.requests.get_or_create(&[("status", class)]).inc();
    }

    /// Everything as text, with how the service stands.
    pub fn text(&self, standing: Standing) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        let mut now = Registry::default();
        now.register_collector(Box::new(standing));
        encode_registry(&mut text, &now)?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

fn became(state: &AckState) -> (&'static str, &'static str) {
    match state {
        AckState::Accepted(_) => ("accepted", ""),
        AckState::AcceptedAs(..) => ("accepted_as", ""),
        AckState::MissingDeps(_) => ("missing_deps", ""),
        AckState::Decided(_, Decision::Released) => ("released", ""),
        AckState::Decided(_, Decision::Dismissed) => ("dismissed", ""),
        AckState::Quarantined(reason) => (
            "quarantined",
            match reason {
                QuarantineReason::Access => "access",
                QuarantineReason::Role => "role",
                QuarantineReason::Guard => "guard",
                QuarantineReason::StandsOn => "stands_on",
                QuarantineReason::Reauthor => "reauthor",
                QuarantineReason::Revoked => "revoked",
                QuarantineReason::Recovered => "recovered",
                QuarantineReason::EntryId => "entry_id",
                QuarantineReason::Unconfirmed => "unconfirmed",
            },
        ),
        AckState::Rejected(reason) => (
            "rejected",
            match reason {
                RejectReason::Malformed => "malformed",
                RejectReason::WrongHash => "wrong_hash",
                RejectReason::TooBig => "too_big",
                RejectReason::Full => "full",
                RejectReason::Erased => "erased",
                RejectReason::Crowded => "crowded",
            },
        ),
    }
}
