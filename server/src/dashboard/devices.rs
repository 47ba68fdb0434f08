//! Fills the page of devices.

use super::page::devices::{DeviceRow, DeviceState, DevicesPage, EnrolDraft, Loss};
use super::page::{ChoiceRow, Place, SentenceRow, Tone, counted};
use super::programme::{DeviceSeen, Programme, Visitor};
use jiff::ToSpan;
use warmhand_core::domain::code::Role;
use warmhand_core::domain::id::UserId;
use warmhand_core::domain::organisation::Person;
use warmhand_core::domain::time;

/// The page; a refused form comes back with what was typed.
pub fn page(programme: &Programme, visitor: &Visitor, draft: Option<EnrolDraft>) -> DevicesPage {
    let mut devices: Vec<&DeviceSeen> = programme.devices.iter().collect();
    devices.sort_by_key(|d| {
        (
            !d.waits(),
            d.revoked_at.is_some(),
            !d.is_silent(programme.now),
            std::cmp::Reverse(d.unsent),
            d.name.clone(),
            d.id,
        )
    });
    DevicesPage {
        frame: programme.frame(visitor, Place::Devices, "/devices"),
        unsent: devices
            .iter()
            .filter(|d| d.revoked_at.is_none())
            .map(|d| d.unsent)
            .sum(),
        rows: devices.into_iter().map(|d| row(programme, d)).collect(),
        draft: draft.unwrap_or_else(|| empty_draft(programme, visitor)),
    }
}

/// What is said to whoever names somebody that she may not choose.
pub const NOT_HERS: &str = "choose people of your sites alone; whoever works elsewhere too is put on a device by a supervisor of the whole organisation";

/// The form before anything is typed: people whom the visitor may choose.
pub fn empty_draft(programme: &Programme, visitor: &Visitor) -> EnrolDraft {
    EnrolDraft {
        kinds: vec![
            ChoiceRow::new("phone", "Phone").chosen(),
            ChoiceRow::new("tablet", "Tablet"),
        ],
        people: people(programme, visitor),
        others: !is_everybodys(programme, visitor),
        ..EnrolDraft::default()
    }
}

/// Is she a supervisor of the organisation as a whole, whatever sites it has?
pub fn looks_after_all(person: &Person) -> bool {
    let mut roles = person.roles.iter();
    roles.any(|r| r.role == Role::Supervisor && r.sites.is_empty())
}

fn is_everybodys(programme: &Programme, visitor: &Visitor) -> bool {
    let herself = programme.sheet.person(&visitor.user);
    herself.is_some_and(looks_after_all)
}

/// People whom the visitor may put on a device, none chosen. A device brings whatever its people may see to whoever holds
/// it: so hers are those who work at her sites and nowhere else.
pub fn people(programme: &Programme, visitor: &Visitor) -> Vec<ChoiceRow> {
    let is_everybodys = is_everybodys(programme, visitor);
    let people = programme.sheet.people.iter();
    people
        .filter(|person| is_everybodys || works_nowhere_else(person, visitor))
        .map(|p| ChoiceRow::new(p.id.as_str(), &p.name))
        .collect()
}

fn works_nowhere_else(person: &Person, visitor: &Visitor) -> bool {
    let mut sites = person.roles.iter().map(|role| &role.sites);
    // A role without sites is one at every site, also at those that are yet to come.
    !person.roles.is_empty()
        && sites.all(|at| !at.is_empty() && at.iter().all(|s| visitor.sites.contains(s)))
}

fn row(programme: &Programme, device: &DeviceSeen) -> DeviceRow {
    let clock = device.clock();
    DeviceRow {
        id: device.id.to_string(),
        name: device.name.clone(),
        kind: device.kind.clone(),
        people: used_by(programme, device),
        last_seen: device
            .last_seen_at
            .map_or_else(|| "not yet".to_owned(), |at| programme.when(at)),
        unsent: device.unsent,
        due: due(programme, device),
        is_clock_wrong: clock.is_some(),
        clock: clock.unwrap_or_else(|| "right".to_owned()),
        is_silent: device.is_silent(programme.now),
        state: state(device),
        loss: loss(programme, device),
    }
}

/// Who works on a device, in words. One whose people have all left the sheet still holds what they saw.
pub fn used_by(programme: &Programme, device: &DeviceSeen) -> String {
    let is_known = |user: &UserId| programme.sheet.person(user).is_some();
    match &device.people[..] {
        people if people.iter().any(is_known) => programme.names(people),
        _ if device.waits() => programme.names(&device.proposed),
        [] => "nobody of the sheet".to_owned(),
        gone => format!("nobody of the sheet; once {}", programme.names(gone)),
    }
}

fn state(device: &DeviceSeen) -> DeviceState {
    let Some(revoked_at) = device.revoked_at else {
        return if device.waits() {
            DeviceState::Unconfirmed
        } else {
            DeviceState::Active
        };
    };
    if device.loss.is_some_and(|loss| loss.wiped_at.is_some()) {
        DeviceState::Wiped
    } else if device.last_seen_at.is_some_and(|at| at > revoked_at) {
        DeviceState::ToldToWipe
    } else {
        DeviceState::Revoked
    }
}

/// What went with a device that was taken out of service.
pub fn loss(programme: &Programme, device: &DeviceSeen) -> Option<Loss> {
    let (loss, revoked_at) = device.loss.zip(device.revoked_at)?;
    let fate = match (state(device), loss.wiped_at, device.last_seen_at) {
        (_, Some(at), _) => format!("Confirmed wiped {}", programme.when(at)),
        (DeviceState::ToldToWipe, None, Some(at)) => format!(
            "Seen {} and told to wipe; it has not confirmed it",
            programme.when(at)
        ),
        _ => format!(
            "Not yet seen since it was revoked {}",
            programme.when(revoked_at)
        ),
    };
    let mut held = vec![
        format!(
            "Records of at most {}",
            counted(loss.patients, "patient", "patients")
        ),
        match device.unsent {
            0 => "nothing unsent when last seen".to_owned(),
            unsent => format!("{unsent} unsent when last seen"),
        },
        match loss.is_encrypted {
            Some(true) => "encrypted".to_owned(),
            Some(false) => "not encrypted".to_owned(),
            None => "has not said whether it is encrypted".to_owned(),
        },
    ];
    if loss.boxes > 0 {
        let boxes = counted(loss.boxes, "closed box", "closed boxes");
        held.push(format!("{boxes} of work that nobody had taken"));
    }
    Some(Loss {
        fate,
        held: held.join(" · "),
    })
}

/// When something of an unsent record falls due, in words.
fn due(programme: &Programme, device: &DeviceSeen) -> Option<String> {
    let due = device.next_due_at.filter(|_| device.unsent > 0)?;
    let day = time::date_in(due, &programme.zone());
    Some(match day {
        _ if time::is_overdue(due, programme.now) => "step overdue".to_owned(),
        day if day == programme.today() => "step due today".to_owned(),
        day if day == programme.today().saturating_add(1.day()) => "step due tomorrow".to_owned(),
        day => format!("step due {}", day.strftime("%-d %b")),
    })
}

/// A silent device as a sentence.
pub fn silent_row(programme: &Programme, device: &DeviceSeen) -> SentenceRow {
    let seen = device.last_seen_at.map_or_else(
        || "never seen".to_owned(),
        |at| format!("last seen {}", programme.when(at)),
    );
    let mut said = vec![format!("{} unsent", device.unsent), seen];
    said.extend(device.clock().map(|clock| format!("clock {clock}")));
    let row = SentenceRow::new(
        &format!("silent-{}", device.id),
        &device.name,
        &said.join(" · "),
    )
    .leading_to("/devices");
    match due(programme, device) {
        Some(due) => row.tagged(&due, Tone::Late),
        None if device.unsent == 0 => row.tagged("nothing unsent", Tone::Plain),
        None => row.tagged("nothing due", Tone::Plain),
    }
}
