//! What the dashboard says for codes, times and durations. English alone, sentence case, no blame. Refuses to say a
//! score or a name of a condition.

pub mod person;

use super::page::{Tag, Tone};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use warmhand_core::domain::code::{
    CloseReason, ContactOutcome, DecisionReason, DecisionValue, Grade, Instrument, Mode,
    ReviewKind, SafetyReason, Setting, Stage, TaskKind,
};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::read::{FlagReading, Next, NextKind, Summary};
use warmhand_core::domain::time;

/// `13:04`.
pub fn clock_time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// `13:04` today, `Fri 18:30` within a week, `5 Mar` within the year, else `5 Mar 2025`.
pub fn when(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (then, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let days = (then.date() - today.date()).get_days();
    let form = match days {
        0 => "%H:%M",
        -6..=6 => "%a %H:%M",
        _ if then.year() == today.year() => "%-d %b",
        _ => "%-d %b %Y",
    };
    then.strftime(form).to_string()
}

/// `Mon 16 Mar 14:00`.
pub fn date_and_time(at: jiff::civil::DateTime) -> String {
    at.strftime("%a %-d %b %H:%M").to_string()
}

/// `45 min`, `4 h 24 min`, `61 h`, `3 days`.
pub fn duration(minutes: i64) -> String {
    match minutes {
        ..=0 => "now".to_owned(),
        1..60 => format!("{minutes} min"),
        60..720 if minutes % 60 != 0 => format!("{} h {} min", minutes / 60, minutes % 60),
        60..4_320 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

/// `2 h fast`, `25 min slow`.
pub fn clock(offset_ms: i64) -> String {
    let way = if offset_ms > 0 { "fast" } else { "slow" };
    format!("{} {way}", duration(offset_ms.abs() / 60_000))
}

/// A name within a sentence, whichever way it is written.
pub fn isolated(name: &str) -> String {
    format!("\u{2068}{name}\u{2069}")
}

/// The flags that somebody still has to look after.
pub fn open_flags(record: &Summary) -> impl Iterator<Item = &FlagReading> {
    record.flags.iter().filter(|f| f.status.is_open())
}

/// A patient as lists name her.
pub fn code(record: &Summary) -> String {
    record
        .patient
        .map(warmhand_core::domain::id::PatientId::short_code)
        .unwrap_or_default()
}

/// The headline of a record as a tag.
pub fn stage(record: &Summary, now: Timestamp) -> Tag {
    let waiting = record
        .promises
        .iter()
        .any(|p| p.met_at.is_none() && p.ended_at.is_none());
    let late = record.overdue(now).next().is_some();
    match record.stage {
        Stage::Safety => Tag::new("safety open", Tone::Danger),
        Stage::NeedsAPerson => {
            let open = record.review.iter().find(|i| i.is_open());
            Tag::new(
                open.map_or("needs a person", |i| review_tag(i.kind)),
                Tone::Late,
            )
        }
        Stage::Closed => Tag::new(record.closed.map_or("closed", close_reason), Tone::Plain),
        Stage::Attended => Tag::new("attended", Tone::Good),
        Stage::MissedVisit => Tag::new("missed visit", Tone::Late),
        Stage::Booked => Tag::new("booked", Tone::Good),
        Stage::NextStepSet if waiting => Tag::new(
            "waiting for the practice",
            if late { Tone::Late } else { Tone::Plain },
        ),
        Stage::NextStepSet => Tag::new("next step set", Tone::Accent),
        Stage::StoppedAtHerWish => Tag::new("stopped at her wish", Tone::Plain),
        Stage::Connecting => Tag::new("connecting", if late { Tone::Late } else { Tone::Accent }),
        Stage::NotToday => Tag::new("not today", Tone::Accent),
        Stage::Offered => Tag::new("offered", Tone::Plain),
        Stage::Identified => Tag::new("identified", Tone::Plain),
        Stage::Opened => Tag::new("opened", Tone::Plain),
    }
}

/// `closed Mon 11:30, open again Mon 13:00`, of a loop that opened again; none of one that did not.
pub fn turns(record: &Summary, now: Timestamp, zone: &TimeZone) -> Option<String> {
    let again = record
        .loop_history
        .iter()
        .rposition(|p| p.closed.is_none())?;
    let closed = record.loop_history.get(again.checked_sub(1)?)?.at;
    let said = |at: Option<Timestamp>| {
        at.map_or_else(String::new, |at| format!(" {}", when(at, now, zone)))
    };
    let opened = record.loop_history.get(again)?.at;
    Some(format!(
        "closed{}, open again{}",
        said(closed),
        said(opened)
    ))
}

/// The label of a stage in a filter.
pub fn stage_label(stage: Stage) -> &'static str {
    match stage {
        Stage::Safety => "Safety open",
        Stage::NeedsAPerson => "Needs a person",
        Stage::Closed => "Closed",
        Stage::Attended => "Attended",
        Stage::MissedVisit => "Missed visit",
        Stage::Booked => "Booked",
        Stage::NextStepSet => "Next step set",
        Stage::StoppedAtHerWish => "Stopped at her wish",
        Stage::Connecting => "Connecting",
        Stage::NotToday => "Not today",
        Stage::Offered => "Offered",
        Stage::Identified => "Identified",
        Stage::Opened => "Opened",
    }
}

pub fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::InPerson => "In person",
        Mode::Phone => "Phone together",
        Mode::Portal => "Portal + callback",
        Mode::Coordinator => "Coordinator",
        Mode::Written => "Written",
    }
}

pub fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::W3 => "spoke and booked before leaving",
        Grade::W2 => "spoke or booked before leaving",
        Grade::W1 => "left with a dated step and a contact",
        Grade::W0 => "left without a plan",
    }
}

fn review_tag(kind: ReviewKind) -> &'static str {
    match kind {
        ReviewKind::TwoBooked => "two appointments",
        ReviewKind::DecisionDisputed => "two decisions",
        ReviewKind::OutcomeDisputed => "two outcomes",
        ReviewKind::ConsentDisputed => "consent in question",
        ReviewKind::SharingNarrowed => "sharing narrowed",
        ReviewKind::ContactRuleDisputed => "how to reach her",
        ReviewKind::TwoNumbers => "two numbers",
        ReviewKind::DuplicateScreen => "possible duplicate",
        ReviewKind::ScreenVersions => "two screen versions",
        ReviewKind::SamePerson => "same person?",
        ReviewKind::VoidDisputed => "error or not",
        ReviewKind::TwoValues => "two versions",
    }
}

pub fn review(kind: ReviewKind) -> &'static str {
    match kind {
        ReviewKind::TwoBooked => "Two appointments, one patient",
        ReviewKind::DecisionDisputed => "Two decisions at the same time",
        ReviewKind::OutcomeDisputed => "Attended or missed: two reports",
        ReviewKind::ConsentDisputed => "Consent given and taken back at the same time",
        ReviewKind::SharingNarrowed => "Sharing narrowed pending review",
        ReviewKind::ContactRuleDisputed => "Do not leave voicemail: conflicting instructions",
        ReviewKind::TwoNumbers => "Two numbers: verify before leaving any message",
        ReviewKind::DuplicateScreen => "Possible duplicate of a screen",
        ReviewKind::ScreenVersions => "Two versions of one screen",
        ReviewKind::SamePerson => "May be the same person",
        ReviewKind::VoidDisputed => "Called an error while somebody went on with it",
        ReviewKind::TwoValues => "The same fact, said two ways",
    }
}

pub fn close_reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Attended => "closed: attended",
        CloseReason::PatientChoice => "closed: her choice",
        CloseReason::TransferredOut => "closed: transferred",
        CloseReason::AlreadyInCare => "closed: already in care",
        CloseReason::Unreachable => "closed: could not be reached",
        CloseReason::Duplicate => "closed: duplicate",
        CloseReason::EnteredInError => "closed: entered in error",
        CloseReason::DeceasedOrIneligible => "closed: no longer eligible",
    }
}

/// A task as a sentence; the practice by its name.
pub fn task(kind: TaskKind, partner: Option<&str>) -> String {
    let practice = partner.unwrap_or("the practice");
    match kind {
        TaskKind::Reminder => "Remind her of the visit".into(),
        TaskKind::AttendanceCheck => format!("Ask {practice} whether she came"),
        TaskKind::NoShowRescue => "Call her after the missed visit".into(),
        TaskKind::RetryCall => "Try again after no answer".into(),
        TaskKind::SendReferral => format!("Send the referral to {practice}, or call"),
        TaskKind::Revisit => "Planned check-in".into(),
        TaskKind::CallOtherPartner => format!("Tell {practice} that she keeps the other visit"),
        TaskKind::PromiseMissed => format!("{practice} promised a call"),
        TaskKind::NextStep => "The agreed next step".into(),
        TaskKind::NextDay => "Call her: she left without a plan".into(),
        TaskKind::SafetyNextDay => "Check on her after the concern".into(),
        TaskKind::SafetyAck => "Name a clinician for the concern".into(),
        TaskKind::TryNextPartner => format!("{practice} cannot take her: try the next"),
        TaskKind::Unplanned => "She agreed; nothing is planned yet".into(),
        TaskKind::NothingPlanned => "Ask her how she goes on: nothing is planned".into(),
        TaskKind::Rebook => {
            format!("The visit at {practice} was called off: plan another with her")
        }
    }
}

/// What comes next in a record.
pub fn next(next: Option<&Next>, sheet: &Organisation, now: Timestamp, zone: &TimeZone) -> String {
    let Some(next) = next else {
        return String::new();
    };
    let partner = next
        .partner
        .as_ref()
        .and_then(|p| sheet.partner(p))
        .map(|p| p.name.as_str());
    let at = next.at.map(|at| when(at, now, zone));
    match (next.kind, at) {
        (NextKind::Decide(ReviewKind::TwoBooked), _) => "Ask her which stands".into(),
        (NextKind::Decide(_), _) => "Ask which is right".into(),
        (NextKind::Visit, Some(at)) => {
            let days = next.at.map_or(0, |a| {
                (time::date_in(a, zone) - time::date_in(now, zone)).get_days()
            });
            let away = match days {
                0 => "today".to_owned(),
                1 => "tomorrow".to_owned(),
                _ => format!("in {days} days"),
            };
            format!(
                "Visit at {} {at}, {away}",
                partner.unwrap_or("the practice")
            )
        }
        (NextKind::Visit, None) => "Visit".into(),
        (NextKind::Task(kind), Some(at)) => format!("{}, due {at}", task(kind, partner)),
        (NextKind::Task(kind), None) => format!("{}, when she is next seen", task(kind, partner)),
    }
}

pub fn setting(setting: Setting) -> &'static str {
    match setting {
        Setting::Clinic => "clinic visit",
        Setting::Home => "home visit",
        Setting::PhoneVisit => "phone visit",
        Setting::Telehealth => "video visit",
        Setting::Group => "group",
    }
}

/// Where something was raised, as the end of a sentence.
pub fn place(setting: Setting) -> &'static str {
    match setting {
        Setting::Clinic => "at the clinic",
        Setting::Home => "at home",
        Setting::PhoneVisit => "by phone",
        Setting::Telehealth => "by video",
        Setting::Group => "in a group",
    }
}

pub fn instrument(instrument: Instrument) -> &'static str {
    match instrument {
        Instrument::Epds => "EPDS",
        Instrument::Phq2 => "PHQ-2",
        Instrument::Phq9 => "PHQ-9",
        Instrument::Gad7 => "GAD-7",
        Instrument::Pass => "PASS",
        Instrument::AuditC => "AUDIT-C",
        Instrument::CssrsScreener => "C-SSRS screener",
    }
}

pub fn decision(value: DecisionValue) -> &'static str {
    match value {
        DecisionValue::Agreed => "she agreed",
        DecisionValue::Hesitant => "she hesitates",
        DecisionValue::NotToday => "not today",
        DecisionValue::DoNotAskAgain => "she asks not to be asked again",
        DecisionValue::Withdrew => "she withdrew",
    }
}

pub fn reason(reason: DecisionReason) -> &'static str {
    match reason {
        DecisionReason::NotNeededNow => "not needed now",
        DecisionReason::NeedsTime => "needs time",
        DecisionReason::WantsToAskFamily => "wants to ask her family",
        DecisionReason::WorriedWhoFindsOut => "worried who finds out",
        DecisionReason::WorriedAboutBabyRemoval => "worried about her baby being taken",
        DecisionReason::Cost => "cost",
        DecisionReason::NoTime => "no time",
        DecisionReason::BadPastExperience => "a bad experience before",
        DecisionReason::AlreadyHasHelp => "already has help",
        DecisionReason::PrefersOtherSupport => "prefers other support",
        DecisionReason::MedicationWorry => "worried about medication",
        DecisionReason::PrefersNotToSay => "prefers not to say",
        DecisionReason::Other => "another reason",
    }
}

pub fn outcome(outcome: ContactOutcome) -> &'static str {
    match outcome {
        ContactOutcome::SpokeDirectly => "spoke directly",
        ContactOutcome::SpokeStaffOnly => "spoke with staff",
        ContactOutcome::LeftVoicemail => "left a voicemail",
        ContactOutcome::NoAnswer => "no answer",
        ContactOutcome::Busy => "busy",
        ContactOutcome::WrongNumber => "wrong number",
        ContactOutcome::PartnerNoCapacity => "no space at the moment",
        ContactOutcome::PartnerOutOfScope => "not their field",
        ContactOutcome::QueuedNotSent => "queued, not sent",
        ContactOutcome::Disconnected => "the line broke",
    }
}

/// A language by its name, or by its tag where this page knows no name for it.
pub fn language(tag: &str) -> &str {
    match tag.split('-').next().unwrap_or(tag) {
        "en" => "English",
        "es" => "Spanish",
        "vi" => "Vietnamese",
        "ar" => "Arabic",
        "zh" => "Chinese",
        "fr" => "French",
        _ => tag,
    }
}

pub fn safety_reason(reason: SafetyReason) -> &'static str {
    match reason {
        SafetyReason::SelfHarmItem => "an answer on a screen",
        SafetyReason::StaffConcern => "a worry of the staff",
        SafetyReason::HarmToBaby => "thoughts about harm to the baby",
        SafetyReason::SeeingHearing => "seeing or hearing things",
        SafetyReason::NoSleepHighEnergy => "no sleep for days",
        SafetyReason::Violence => "violence at home",
        SafetyReason::Overdose => "danger of an overdose",
        SafetyReason::PatientSaid => "something she said",
        SafetyReason::PartnerReport => "a report of the practice",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_as_people_say_them() {
        let said: Vec<_> = [0, 45, 264, 3_705, 60, 5_000]
            .into_iter()
            .map(duration)
            .collect();
        assert_eq!(
            said,
            ["now", "45 min", "4 h 24 min", "61 h", "1 h", "3 days"]
        );
        assert_eq!(clock(7_200_000), "2 h fast");
        assert_eq!(clock(-1_500_000), "25 min slow");
    }
}
