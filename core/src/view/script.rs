//! What to say now: at most three sentences, in her language before any other. A house is named only where she allowed
//! it, her name is said to a practice only where she shares it, and after a loss nothing speaks of a baby.

use crate::domain::code::{ScriptStage, ShareKind};
use crate::domain::fold::Record;
use crate::domain::id::PartnerId;
use crate::domain::join::Patient;
use crate::domain::organisation::{Placeholder, Script};
use crate::usecase::{Command, Desk, SayScript};
use serde::Serialize;

/// More than these are no help to anybody in a conversation.
const SHOWN: usize = 3;

/// A sentence to say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScriptRow {
    /// Which: what is recorded when it was said.
    pub script: String,
    /// At which moment.
    pub stage: ScriptStage,
    /// In which language.
    pub language: String,
    /// It is in the language that she prefers.
    pub is_in_her_language: bool,
    /// The sentence.
    pub text: String,
    /// The command that records that it was said.
    pub say: Command,
}

/// The sentences for a moment.
pub(super) fn rows(
    desk: &Desk<'_>,
    stage: ScriptStage,
    partner: Option<&PartnerId>,
) -> Vec<ScriptRow> {
    let Some((patient, record)) = desk.patient.zip(desk.record) else {
        return Vec::new();
    };
    let hers = patient.language();
    let mut all: Vec<ScriptRow> = desk
        .sheet
        .scripts
        .iter()
        .filter(|script| script.stage == stage && fits(desk, patient, record, script))
        .filter_map(|script| {
            Some(ScriptRow {
                script: script.id.clone(),
                stage,
                language: script.language.clone(),
                is_in_her_language: hers.is_some_and(|tag| is_same(tag, &script.language)),
                text: said(desk, patient, record, script, partner)?,
                say: Command::SayScript(SayScript {
                    record: record.id,
                    script: script.id.clone(),
                    language: Some(script.language.clone()),
                    encounter: None,
                    at: None,
                }),
            })
        })
        .collect();
    // Those of the sheet stay in the sheet's order.
    all.sort_by_key(|row| !row.is_in_her_language);
    all.truncate(SHOWN);
    all
}

fn is_same(hers: &str, language: &str) -> bool {
    let main = |tag: &str| tag.split('-').next().unwrap_or(tag).to_lowercase();
    main(hers) == main(language)
}

fn fits(desk: &Desk<'_>, patient: &Patient, record: &Record, script: &Script) -> bool {
    let role = script.roles.is_empty() || script.roles.iter().any(|r| desk.person.has_role(*r));
    let visit = record.visit_at(desk.now).map(|e| e.setting);
    let setting =
        script.settings.is_empty() || visit.is_some_and(|here| script.settings.contains(&here));
    role && setting && !(script.mentions_baby && patient.is_after_loss())
}

/// Did she allow that a house is named, by every means by which she may be reached?
pub(super) fn may_name_house(patient: &Patient) -> bool {
    !patient.reach.is_empty() && patient.reach.iter().all(|r| r.say_org_name_ok)
}

/// The sentence with its names; none where one of them may not be said, or is not known.
fn said(
    desk: &Desk<'_>,
    patient: &Patient,
    record: &Record,
    script: &Script,
    partner: Option<&PartnerId>,
) -> Option<String> {
    let may_name_house = may_name_house(patient);
    let to_practice = script.stage == ScriptStage::Intake;
    let shares_name = record.sharing.shared.contains(&ShareKind::Name);
    let practice = partner.and_then(|id| desk.sheet.partner(id));
    let name = |which: Placeholder| match which {
        _ if which.names_a_house() && !may_name_house => None,
        Placeholder::Name if to_practice && !shares_name => None,
        Placeholder::Name => patient.name().map(str::to_owned),
        Placeholder::Staff => Some(desk.person.name.clone()),
        Placeholder::Site => {
            let site = record.site.as_ref().and_then(|s| desk.sheet.site(s));
            site.map(|s| s.name.clone())
        }
        Placeholder::Organisation => Some(desk.sheet.name.clone()),
        Placeholder::Practice => practice.map(|p| p.name.clone()),
        Placeholder::Contact => practice
            .and_then(|p| p.contacts.first())
            .map(|c| c.name.clone()),
    };
    // From left to right, once: a name that itself looks like a placeholder is said as it is.
    let (mut text, mut rest) = (String::new(), script.text.as_str());
    while let Some((before, after)) = rest.split_once('{') {
        let (word, tail) = after.split_once('}')?;
        text.push_str(before);
        text.push_str(&name(Placeholder::of(word)?)?);
        rest = tail;
    }
    text.push_str(rest);
    Some(text)
}
