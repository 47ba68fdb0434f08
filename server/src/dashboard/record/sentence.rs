//! Each kind of entry as a sentence about who did what. Results of screens in a word, never in numbers.

mod around;

use crate::dashboard::words;
use jiff::civil::DateTime;
use warmhand_core::domain::code::{
    BookedBy, ContactWith, Direction, Instrument, OutcomeValue, ReviewKind, SafetyReason,
    ScreenResult, SelfHarm, Signal, StepKind,
};
use warmhand_core::domain::entry::{Body, Entry};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::{EntryId, PartnerId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::payload::{ContactAttempted, Revisit, SafeHours};

/// What an entry says: after the name of its author.
pub(super) struct Told {
    pub what: String,
    pub words: String,
    pub place: Vec<String>,
}

/// How she may be reached, as a sentence: everything in which two instructions may differ.
pub(super) fn rule(
    [voicemail, text, name]: [bool; 3],
    hours: &[SafeHours],
    shared_phone: bool,
) -> String {
    let may = |ok: bool, what: &str| {
        if ok {
            what.to_owned()
        } else {
            format!("no {what}")
        }
    };
    let mut said = vec![
        may(voicemail, "voicemail"),
        may(text, "text"),
        may(name, "name of the organisation"),
    ];
    let between = |h: &SafeHours| {
        format!(
            "between {} and {}",
            h.from.strftime("%H:%M"),
            h.to.strftime("%H:%M")
        )
    };
    said.extend(hours.iter().map(between));
    said.extend(shared_phone.then(|| "others answer this phone".to_owned()));
    said.join(", ")
}

fn practice(id: &PartnerId, sheet: &Organisation) -> String {
    sheet
        .partner(id)
        .map_or_else(|| id.to_string(), |p| p.name.clone())
}

fn slot(at: DateTime) -> String {
    words::date_and_time(at)
}

/// What somebody proposed reads as a proposal.
pub(super) fn of(entry: &Entry, record: &Record, sheet: &Organisation) -> Told {
    let told = stated(entry, record, sheet);
    if !entry.body.is_proposed() || matches!(entry.body, Body::PatientsLinked(_)) {
        return told;
    }
    Told {
        what: format!("proposed, for somebody to accept: {}", told.what),
        ..told
    }
}

/// What is known of a screen's item about self-harm, beside its result: a total alone rules nothing out, and read without
/// this word "not positive" would.
fn harm(instrument: Instrument, said: SelfHarm) -> &'static str {
    match said {
        SelfHarm::Yes => ", raised a safety flag",
        SelfHarm::Unanswered => ", one safety question unanswered",
        SelfHarm::Unavailable if instrument.self_harm_item().is_some() => {
            ", self-harm item not available"
        }
        SelfHarm::No | SelfHarm::Unavailable => "",
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one line a kind of entry, and there are many kinds"
)]
fn stated(entry: &Entry, record: &Record, sheet: &Organisation) -> Told {
    let plain = |what: &str| Told {
        what: what.to_owned(),
        words: String::new(),
        place: Vec::new(),
    };
    let name = |user| words::isolated(sheet.name_of(user));
    match &entry.body {
        Body::RecordOpened(_)
        | Body::ScreensOpened(_)
        | Body::SudOpened(_)
        | Body::PartnerOpened(_) => plain("opened the record"),
        Body::PatientDescribed(p) => plain(&format!(
            "noted who she is: {}",
            words::person::noted(p).join(", ")
        )),
        Body::EncounterStarted(p) => {
            let signal = match p.signal {
                Some(Signal::VoiceOnly) => Some("voice only".to_owned()),
                Some(Signal::None) => Some("no signal".to_owned()),
                _ => None,
            };
            let others: Vec<_> = p.staff.iter().map(name).collect();
            let with = (!others.is_empty()).then(|| format!("with {}", others.join(" and ")));
            Told {
                place: signal.into_iter().chain(with).collect(),
                ..plain(&format!("began a {}", words::setting(p.setting)))
            }
        }
        Body::EncounterEnded(p) => ended(record, p.encounter),
        Body::LeaveReasonGiven(p) => Told {
            words: p.reason.clone(),
            ..plain("said why she left without a plan")
        },
        Body::ScreenRecorded(p) => {
            let result = match p.result {
                ScreenResult::Positive => "positive",
                ScreenResult::Negative => "not positive",
                ScreenResult::Incomplete => "incomplete",
            };
            plain(&format!(
                "recorded a screen ({}): {result}{}",
                words::instrument(p.instrument),
                harm(p.instrument, p.self_harm)
            ))
        }
        Body::ScreenAnswered(_) => plain("kept the answers of a screen"),
        Body::NeedIdentified(p) => match &p.owner {
            Some(owner) => plain(&format!(
                "identified a need; {} looks after it",
                name(owner)
            )),
            None => plain("identified a need; nobody holds it yet"),
        },
        Body::OwnerOffered(p) => plain(&format!("asked {} to take it over", name(&p.to))),
        Body::OwnerAccepted(_) => plain("took it over"),
        Body::OwnerReleased(_) => plain("gave it up"),
        Body::Offered(p) => {
            let how = if p.encounter.is_some() {
                ""
            } else {
                " by phone"
            };
            plain(&format!(
                "offered a warm handoff{how}: {}",
                words::mode(p.mode).to_lowercase()
            ))
        }
        Body::DecisionRecorded(p) => decision(p),
        Body::MaterialGiven(p) => plain(&format!("left something with her: {}", p.what)),
        Body::ContactAttempted(p) => contact(p, sheet),
        Body::NextStepSet(p) => {
            let who = words::isolated(&p.contact_name);
            let what = match p.what {
                StepKind::PartnerCallback => format!("agreed that {who} calls her"),
                StepKind::OurCallback => format!("agreed that {who} calls back"),
                StepKind::ThreeWayCall => format!("agreed on a call together with {who}"),
                StepKind::WalkIn => format!("agreed that she walks in, {who} expects her"),
                StepKind::RevisitCall => format!("agreed on a call by {who}"),
            };
            plain(&format!("{what} by {}", slot(p.due_at.datetime())))
        }
        Body::NextStepFulfilled(_) => plain("the agreed step was done"),
        Body::NextStepCancelled(p) => Told {
            words: p.reason.clone(),
            ..plain("the agreed step was called off")
        },
        Body::AppointmentBooked(p) => {
            let by = match p.booked_by {
                BookedBy::Staff => "booked",
                BookedBy::Patient => "noted that she booked",
                BookedBy::Partner => "noted that they booked",
            };
            plain(&format!(
                "{by} {}, {}",
                practice(&p.partner, sheet),
                slot(p.start_local)
            ))
        }
        Body::AppointmentChanged(p) => {
            plain(&format!("moved the visit to {}", slot(p.start_local)))
        }
        Body::AppointmentCancelled(p) => Told {
            words: p.reason.clone().unwrap_or_default(),
            ..plain("noted that the visit was called off")
        },
        Body::PatientArrived(_) => plain("heard that she is there"),
        Body::OutcomeRecorded(p) => plain(match p.value {
            OutcomeValue::Attended => "heard that she came",
            OutcomeValue::NoShow => "heard that she could not come",
            OutcomeValue::CancelledPatient => "heard that she called it off",
            OutcomeValue::CancelledPartner => "heard that the practice called it off",
            OutcomeValue::Rescheduled => "heard that it was moved",
            OutcomeValue::Unknown => "could not find out whether she came",
        }),
        Body::Noted(p) => Told {
            words: p.text.clone(),
            ..plain("noted")
        },
        Body::ReviewSettled(_) => plain("settled what two people had left open"),
        Body::SafetyRaised(p) => {
            let about = match p.reason {
                SafetyReason::StaffConcern => "was worried about her".to_owned(),
                reason => format!("was worried: {}", words::safety_reason(reason)),
            };
            Told {
                words: p.words.clone().unwrap_or_default(),
                ..plain(&about)
            }
        }
        Body::SafetyHanded(p) => {
            plain(&format!("handed the concern to {}", words::isolated(&p.to)))
        }
        Body::SafetyAssessing(_) => plain("began to assess the concern"),
        Body::SafetyResolved(p) => Told {
            words: p.note.clone(),
            ..plain("resolved the concern, with a note")
        },
        Body::LoopClosed(p) => plain(&format!(
            "closed the loop ({})",
            words::close_reason(p.reason).trim_start_matches("closed: ")
        )),
        Body::TaskDone(p) => Told {
            words: p.result.clone().unwrap_or_default(),
            ..plain("did what was due")
        },
        Body::Unknown(_) => plain("recorded something with a newer version"),
        _ => around::of(&entry.body, sheet),
    }
}

fn ended(record: &Record, encounter: EntryId) -> Told {
    use warmhand_core::domain::code::LeaveCheck;
    let found = record.encounters.iter().find(|e| e.id == encounter);
    let what = match found.map(|e| e.leave_check) {
        Some(LeaveCheck::Pass) => "ended the visit: leave-check passed",
        Some(LeaveCheck::Fail) => "ended the visit: she left without a plan",
        _ => "ended the visit",
    };
    let place = found
        .filter(|e| e.leave_check == LeaveCheck::Pass || e.leave_check == LeaveCheck::Fail)
        .map(|e| format!("{} {}", e.grade, words::grade(e.grade)));
    Told {
        what: what.to_owned(),
        words: String::new(),
        place: place.into_iter().collect(),
    }
}

fn decision(said: &warmhand_core::domain::payload::DecisionRecorded) -> Told {
    let reasons: Vec<_> = said.reasons.iter().map(|r| words::reason(*r)).collect();
    let mut what = words::decision(said.value).to_owned();
    if !reasons.is_empty() {
        what = format!("{what} ({})", reasons.join(", "));
    }
    match &said.revisit {
        Some(Revisit::On(date)) => what = format!("{what}; asks again {}", date.strftime("%-d %b")),
        Some(Revisit::NextEncounter) => what = format!("{what}; asks again at the next visit"),
        None => {}
    }
    Told {
        what: format!("heard: {what}"),
        words: said.words.clone().unwrap_or_default(),
        place: Vec::new(),
    }
}

fn contact(said: &ContactAttempted, sheet: &Organisation) -> Told {
    let whom = match said.with {
        ContactWith::Patient => "her".to_owned(),
        ContactWith::OnCallClinician => "the clinician on call".to_owned(),
        ContactWith::Partner => said
            .partner
            .as_ref()
            .map_or_else(|| "the practice".to_owned(), |p| practice(p, sheet)),
    };
    let outcome = words::outcome(said.outcome);
    let who = said
        .contact_name
        .as_ref()
        .map(|n| format!(" with {}", words::isolated(n)))
        .unwrap_or_default();
    let what = match said.direction {
        Direction::PartnerToPatient => format!("heard that {whom} called her: {outcome}{who}"),
        Direction::FromPartner | Direction::FromPatient => {
            format!("was called by {whom}: {outcome}{who}")
        }
        Direction::ToPartner | Direction::ToPatient => format!("called {whom}: {outcome}{who}"),
    };
    let mut place = Vec::new();
    if said.patient_on_line {
        place.push("patient on the line".to_owned());
    }
    if said.introduced_by_name {
        place.push("introduced by name".to_owned());
    }
    Told {
        what,
        words: String::new(),
        place,
    }
}

/// What is at stake in one side of a disagreement: what was done, and the fact.
pub(super) fn fact(entry: &Entry, sheet: &Organisation) -> Option<(String, String)> {
    match &entry.body {
        Body::AppointmentBooked(p) => Some((
            format!("booked {}", practice(&p.partner, sheet)),
            slot(p.start_local),
        )),
        Body::AppointmentChanged(p) => Some(("moved the visit".to_owned(), slot(p.start_local))),
        Body::AppointmentCancelled(_) => {
            Some(("called the visit off".to_owned(), "cancelled".to_owned()))
        }
        Body::DecisionRecorded(p) => Some((
            "heard her decision".to_owned(),
            words::decision(p.value).to_owned(),
        )),
        Body::PatientArrived(_) => Some((
            "heard that she is there".to_owned(),
            "she arrived".to_owned(),
        )),
        Body::OutcomeRecorded(p) => {
            let fact = match p.value {
                OutcomeValue::Attended => "she came",
                OutcomeValue::NoShow => "she could not come",
                OutcomeValue::CancelledPatient => "she called it off",
                OutcomeValue::CancelledPartner => "the practice called it off",
                OutcomeValue::Rescheduled => "it was moved",
                OutcomeValue::Unknown => "nobody knows whether she came",
            };
            Some(("heard what became of the visit".to_owned(), fact.to_owned()))
        }
        Body::EncounterEnded(_) => Some((
            "ended the visit".to_owned(),
            slot(entry.occurred_at.datetime()),
        )),
        body => around::fact(body),
    }
}

/// The button that keeps one side.
pub(super) fn keeps(entry: &Entry, sheet: &Organisation) -> String {
    match &entry.body {
        Body::AppointmentBooked(p) => format!(
            "She keeps {}, {}",
            practice(&p.partner, sheet),
            slot(p.start_local)
        ),
        _ => fact(entry, sheet).map_or_else(
            || "This one stands".to_owned(),
            |(_, fact)| format!("It stands: {fact}"),
        ),
    }
}

pub(super) fn two_people(kind: ReviewKind) -> &'static str {
    match kind {
        ReviewKind::TwoBooked => "Two people booked without seeing each other",
        ReviewKind::DecisionDisputed => "Two people heard different decisions",
        ReviewKind::OutcomeDisputed => "Two people heard different things about the visit",
        ReviewKind::ConsentDisputed => "A consent was given while another took one back",
        ReviewKind::SharingNarrowed => "Two sharing plans: only what both share goes out",
        ReviewKind::ContactRuleDisputed => "Two people heard differently how she may be reached",
        ReviewKind::TwoNumbers => "Two people noted different numbers",
        ReviewKind::DuplicateScreen => "The same screen may have been entered twice",
        ReviewKind::ScreenVersions => "Two people changed the same screen",
        ReviewKind::SamePerson => "Two records may be of the same person",
        ReviewKind::VoidDisputed => "One person called it an error while another went on with it",
        ReviewKind::TwoValues => "Two people said the same thing differently",
    }
}

pub(super) fn is_safety(body: &Body) -> bool {
    let harm = match body {
        Body::ScreenRecorded(p) => p.self_harm == SelfHarm::Yes,
        Body::ScreenAmended(p) => p.self_harm == SelfHarm::Yes,
        _ => false,
    };
    harm || body.is_safety()
}
