//! Writing down the scores of a form: its items by number alone, never by their words, with what they come to so far. A
//! blank is a blank; a form with one has no total and is not negative. An answer about self-harm leads to the safety
//! panel at once, saved or not. Positive or not is all that is said of a total.

use super::may::{Action, Asking, Obstacle};
use crate::domain::code::{Instrument, ScreenMode, ScreenResult, SelfHarm};
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::instrument::Score;
use crate::refusal::{Problem, Refusal};
use crate::usecase::{AmendScreen, Command, Desk, RecordScreen};
use serde::{Deserialize, Serialize};

/// What was chosen and typed so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScreenDraft {
    /// Which form.
    pub instrument: Option<Instrument>,
    /// How it was filled in.
    pub mode: Option<ScreenMode>,
    /// One score an item; null is a blank.
    pub items: Vec<Option<u8>>,
    /// The items are not at hand: the total alone.
    pub total_only: bool,
    /// That total.
    pub total: Option<u16>,
    /// In which language.
    pub language: Option<String>,
    /// The screen of which this is another version.
    pub amends: Option<EntryId>,
    /// Why there is another version.
    pub reason: Option<String>,
}

/// The form.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and its answer is yes or no"
)]
pub struct ScreenForm {
    /// The record.
    pub record: DocumentId,
    /// Her name.
    pub name: Option<String>,
    /// Forms to choose from, in order.
    pub instruments: Vec<Instrument>,
    /// The one that is filled in; of another version it is the first one's.
    pub instrument: Option<Instrument>,
    /// How it may have been filled in, in order.
    pub modes: Vec<ScreenMode>,
    /// Its items, by number; none while the total alone is written down.
    pub items: Vec<ItemRow>,
    /// The numbers of the items that are asked and blank.
    pub blank: Vec<u8>,
    /// What the answered items add up to so far; none where nothing is added up, and, like the total, the cutoff and the
    /// results, none while she fills it in herself.
    pub so_far: Option<u16>,
    /// The total: of a whole form, or as it was given.
    pub total: Option<u16>,
    /// The highest total that there is; none where nothing is added up.
    pub total_max: Option<u16>,
    /// From which total it is positive, as the organisation has it.
    pub cutoff: Option<u16>,
    /// Positive, not positive or incomplete.
    pub result: Option<ScreenResult>,
    /// The item about self-harm; not available where the total alone is known.
    pub self_harm: Option<SelfHarm>,
    /// The safety panel opens now: she has answered about self-harm.
    pub opens_safety_panel: bool,
    /// The total alone may be written down.
    pub can_total_only: bool,
    /// It is another version of a screen.
    pub is_amendment: bool,
    /// It may be kept as it is.
    pub can_save: bool,
    /// What stands before it.
    pub problems: Vec<Obstacle>,
    /// The command that keeps it.
    pub save: Option<Command>,
}

/// An item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ItemRow {
    /// Its number on the form, from 1.
    pub number: u8,
    /// Its score; none is a blank.
    pub score: Option<u8>,
    /// The highest score.
    pub max: u8,
    /// It is asked; some only after another was answered with yes.
    pub is_asked: bool,
    /// It asks about self-harm.
    pub is_safety: bool,
    /// Its score is none that the form has.
    pub is_out_of_range: bool,
}

impl ScreenForm {
    /// The form with what was typed so far.
    pub fn of(desk: &Desk<'_>, draft: &ScreenDraft) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        let instrument = instrument(record, draft);
        let items = instrument
            .filter(|_| !draft.total_only)
            .map(|form| filled(form, &draft.items))
            .unwrap_or_default();
        let rows = instrument
            .filter(|_| !draft.total_only)
            .map(|form| rows(form, &items))
            .unwrap_or_default();
        let cutoff = instrument.and_then(|form| desk.sheet.cutoff(form));
        let begun = draft.total_only || items.iter().any(Option::is_some);
        let score = instrument
            .filter(|_| begun)
            .and_then(|form| scored(form, draft, &items, cutoff));
        let total_max = instrument.and_then(Instrument::total_max);
        let save = command(record.id, draft, instrument, items).filter(|_| begun);
        let mut asking = Asking::at(desk);
        let can_save = asking.may_if(
            Action::RecordScreen,
            save.clone(),
            lacking(draft, instrument),
        );
        let form = Self {
            record: record.id,
            name: patient.name().map(str::to_owned),
            instruments: Instrument::ALL.to_vec(),
            instrument,
            modes: ScreenMode::ALL.to_vec(),
            blank: rows
                .iter()
                .filter(|row| row.is_asked && row.score.is_none())
                .map(|row| row.number)
                .collect(),
            so_far: total_max
                .filter(|_| !rows.is_empty())
                .map(|_| rows.iter().filter_map(|row| row.score.map(u16::from)).sum()),
            total: score.and_then(|s| s.total),
            total_max,
            cutoff,
            result: score.map(|s| s.result),
            self_harm: score.map(|s| s.self_harm),
            // The item itself, whatever else of the form does not fit.
            opens_safety_panel: score.is_some_and(|s| s.self_harm == SelfHarm::Yes)
                || rows
                    .iter()
                    .any(|row| row.is_safety && row.score.is_some_and(|n| n > 0)),
            can_total_only: total_max.is_some(),
            is_amendment: draft.amends.is_some(),
            items: rows,
            can_save,
            problems: asking.problems,
            save,
        };
        Some(match draft.mode {
            Some(ScreenMode::Own) => form.turned_to_her(),
            _ => form,
        })
    }

    /// The same while she fills it in herself: the tablet is turned to her, and what her answers come to is told by a person
    /// and not by a number on it. That the safety panel opens is the sign for whoever is with her.
    fn turned_to_her(mut self) -> Self {
        for row in &mut self.items {
            row.is_safety = false;
        }
        Self {
            so_far: None,
            total: None,
            cutoff: None,
            result: None,
            self_harm: None,
            ..self
        }
    }
}

fn instrument(record: &Record, draft: &ScreenDraft) -> Option<Instrument> {
    let Some(amended) = draft.amends else {
        return draft.instrument;
    };
    let mut screens = record.screens.iter();
    let screen = screens.find(|s| s.entry.id == amended);
    screen.map(|s| s.instrument).or(draft.instrument)
}

/// What was not reached yet is blank; what is more than the form has is left for the rule to refuse.
fn filled(form: Instrument, typed: &[Option<u8>]) -> Vec<Option<u8>> {
    let mut items = typed.to_vec();
    items.resize(form.items().max(typed.len()), None);
    items
}

fn rows(form: Instrument, items: &[Option<u8>]) -> Vec<ItemRow> {
    items
        .iter()
        .zip(1_u8..)
        .enumerate()
        .map(|(at, (score, number))| ItemRow {
            number,
            score: *score,
            max: form.item_max(),
            is_asked: form.asks(at, items),
            is_safety: form.is_about_self_harm(at),
            is_out_of_range: at >= form.items() || score.is_some_and(|n| n > form.item_max()),
        })
        .collect()
}

fn scored(
    form: Instrument,
    draft: &ScreenDraft,
    items: &[Option<u8>],
    cutoff: Option<u16>,
) -> Option<Score> {
    let total = draft.total.filter(|_| draft.total_only);
    form.score(items, total, cutoff).ok()
}

fn command(
    record: DocumentId,
    draft: &ScreenDraft,
    instrument: Option<Instrument>,
    items: Vec<Option<u8>>,
) -> Option<Command> {
    let (instrument, mode) = instrument.zip(draft.mode)?;
    let total = draft.total.filter(|_| draft.total_only);
    if draft.total_only && total.is_none() {
        return None;
    }
    Some(match draft.amends {
        Some(screen) => Command::AmendScreen(AmendScreen {
            record,
            screen,
            mode,
            items,
            total,
            reason: draft.reason.clone(),
            at: None,
        }),
        None => Command::RecordScreen(RecordScreen {
            record,
            instrument,
            mode,
            items,
            total,
            language: draft.language.clone(),
            encounter: None,
            at: None,
        }),
    })
}

fn lacking(draft: &ScreenDraft, instrument: Option<Instrument>) -> Refusal {
    let field = match (instrument, draft.total_only, draft.mode) {
        (None, _, _) => "instrument",
        (_, true, _) if draft.total.is_none() => "total",
        (_, _, None) => "mode",
        _ => "items",
    };
    Refusal::Invalid {
        field,
        problem: Problem::Empty,
    }
}
