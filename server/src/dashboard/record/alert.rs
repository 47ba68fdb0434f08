//! What somebody has to know though nothing is asked of her, as sentences above what is to be done. Says nothing of patients
//! who are not the visitor's.

use crate::dashboard::page::{SentenceRow, Tone};
use crate::dashboard::programme::Programme;
use crate::dashboard::words;
use warmhand_core::domain::code::AlertKind;
use warmhand_core::domain::id::UserId;
use warmhand_core::domain::read::{AlertReading, SamePerson, Summary, same_as};

/// Who of the visitor's patients may be the same person: a concern about the one may be about the other.
pub(super) fn alike(programme: &Programme, summary: &Summary) -> Vec<SentenceRow> {
    let Some(patient) = summary.patient else {
        return Vec::new();
    };
    let pairs = same_as(patient, programme.records().filter_map(Summary::side));
    let row = |pair: SamePerson| {
        let other = pair.patients.into_iter().find(|id| *id != patient)?;
        let mut theirs = programme.records().filter(|r| r.patient == Some(other));
        let flagged = theirs.clone().any(Summary::has_open_flag);
        let first = theirs.next()?;
        let (code, detail) = (
            words::code(first),
            "a supervisor says on a device what they are",
        );
        let row = if pair.linked {
            let what = format!("The same person as patient {code}");
            SentenceRow::new(&format!("same-{}", pair.id), &what, "as a supervisor said")
        } else {
            let what = format!("May be the same person as patient {code}");
            SentenceRow::new(&format!("same-{}", pair.id), &what, detail)
        };
        let row = row.leading_to(&format!("/handoffs/{}", first.record));
        Some(match (flagged, pair.linked) {
            (true, _) => row.tagged("open safety flag there", Tone::Danger),
            (false, false) => row.tagged("same person?", Tone::Late),
            (false, true) => row,
        })
    };
    pairs.into_iter().filter_map(row).collect()
}

pub(super) fn rows(programme: &Programme, summary: &Summary) -> Vec<SentenceRow> {
    let open = summary.alerts.iter().filter(|alert| !alert.is_over);
    open.map(|alert| {
        let key = format!("alert-{}-{}", alert.entry, alert.unseen);
        let row = SentenceRow::new(&key, &what(programme, alert), &how(programme, alert));
        match alert.kind {
            AlertKind::NewConcern => row.tagged("safety", Tone::Danger),
            AlertKind::SentBeforeRevocation => row.tagged("privacy", Tone::Late),
        }
    })
    .collect()
}

fn what(programme: &Programme, alert: &AlertReading) -> String {
    let practice = alert
        .partner
        .as_ref()
        .and_then(|id| programme.sheet.partner(id))
        .map_or("a practice", |p| p.name.as_str());
    match alert.kind {
        AlertKind::NewConcern => "New concern, not seen when another was cleared".to_owned(),
        AlertKind::SentBeforeRevocation => format!(
            "Sent to {} before it was known that she takes her consent back",
            words::isolated(practice)
        ),
    }
}

fn how(programme: &Programme, alert: &AlertReading) -> String {
    let name = |user: &UserId| words::isolated(&programme.name(user));
    let (by, unseen_by) = (name(&alert.by), name(&alert.unseen_by));
    let (when, unseen_when) = (programme.when(alert.at), programme.when(alert.unseen_at));
    match alert.kind {
        AlertKind::NewConcern => {
            format!("{by} raised it {when}, {unseen_by} cleared another {unseen_when}")
        }
        AlertKind::SentBeforeRevocation => format!(
            "{unseen_by} sent it {unseen_when}, {by} heard her {when}: somebody tells the practice"
        ),
    }
}
