//! Who a patient is, in words: which things were noted of her, and what was noted where two people noted it differently.

use super::isolated;
use jiff::civil::Date;
use warmhand_core::domain::code::{Area, PayerType, RaceEthnicity};
use warmhand_core::domain::payload::{Answer, ExternalId, PatientDescribed, PerinatalStage};

/// Which things a description tells, without what they are.
pub fn noted(said: &PatientDescribed) -> Vec<&'static str> {
    let all = [
        (said.preferred_name.is_some(), "name"),
        (said.legal_name.is_some(), "legal name"),
        (said.born_on.is_some(), "birth date"),
        (said.pronouns.is_some(), "pronouns"),
        (said.language.is_some(), "language"),
        (said.interpreter_needed.is_some(), "interpreter"),
        (said.callback.is_some(), "number"),
        (
            said.perinatal_stage.is_some(),
            "where she stands around a birth",
        ),
        (said.child.is_some(), "her child's chart"),
        (!said.external_ids.is_empty(), "numbers in other systems"),
        (said.payer_type.is_some(), "who pays"),
        (said.race_ethnicity.is_some(), "race and ethnicity"),
        (said.first_time_parent.is_some(), "first child"),
        (said.area.is_some(), "where she lives"),
    ];
    let told = all.into_iter().filter(|(is, _)| *is);
    told.map(|(_, what)| what).collect()
}

/// What a description says, thing by thing.
pub fn described(said: &PatientDescribed) -> Vec<String> {
    let text = |text: &Option<String>| text.as_deref().map(isolated);
    let texts = [
        text(&said.preferred_name),
        text(&said.legal_name).map(|name| format!("on paper {name}")),
        said.born_on.map(day),
        text(&said.pronouns),
        said.language
            .as_deref()
            .map(|tag| super::language(tag).to_owned()),
        said.interpreter_needed.map(interpreter),
        text(&said.callback),
        said.perinatal_stage.as_ref().map(stage),
        said.child
            .as_ref()
            .map(|id| format!("her child: {}", number(id))),
    ];
    texts
        .into_iter()
        .flatten()
        .chain(said.external_ids.iter().map(number))
        .chain(of_herself(said))
        .collect()
}

/// What she said of herself, or did not want to say.
fn of_herself(said: &PatientDescribed) -> impl Iterator<Item = String> {
    let payer = said
        .payer_type
        .as_ref()
        .map(|a| format!("payer: {}", answer(a, |code| payer(*code).to_owned())));
    let all = |codes: &Vec<RaceEthnicity>| {
        let words: Vec<_> = codes.iter().map(|code| race(*code)).collect();
        words.join(" and ")
    };
    let race = said
        .race_ethnicity
        .as_ref()
        .map(|a| format!("race and ethnicity: {}", answer(a, all)));
    let yes_or_no = |first: &bool| if *first { "yes" } else { "no" }.to_owned();
    let first = said
        .first_time_parent
        .as_ref()
        .map(|a| format!("first child: {}", answer(a, yes_or_no)));
    let area = said
        .area
        .as_ref()
        .map(|a| format!("lives {}", answer(a, |code| place(*code).to_owned())));
    [payer, race, first, area].into_iter().flatten()
}

fn day(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

fn interpreter(needed: bool) -> String {
    let with = if needed { "with" } else { "without" };
    format!("{with} an interpreter")
}

fn number(id: &ExternalId) -> String {
    format!("{} {}", isolated(&id.system), isolated(&id.value))
}

fn stage(stage: &PerinatalStage) -> String {
    match stage {
        PerinatalStage::Pregnant { due_on: Some(on) } => format!("pregnant, expected {}", day(*on)),
        PerinatalStage::Pregnant { due_on: None } => "pregnant".to_owned(),
        PerinatalStage::Postpartum {
            delivered_on: Some(on),
        } => format!("gave birth {}", day(*on)),
        PerinatalStage::Postpartum { delivered_on: None } => "gave birth".to_owned(),
        PerinatalStage::Loss => "after a loss".to_owned(),
        PerinatalStage::Other => "neither pregnant nor after a birth".to_owned(),
    }
}

fn answer<T>(answer: &Answer<T>, word: impl Fn(&T) -> String) -> String {
    match answer {
        Answer::Said(said) => word(said),
        Answer::Declined => "she did not want to say".to_owned(),
        Answer::NotAsked => "not asked".to_owned(),
    }
}

fn payer(code: PayerType) -> &'static str {
    match code {
        PayerType::Medicaid => "Medicaid",
        PayerType::Medicare => "Medicare",
        PayerType::Private => "private insurance",
        PayerType::Military => "military insurance",
        PayerType::Uninsured => "no insurance",
        PayerType::Other => "another",
    }
}

fn race(code: RaceEthnicity) -> &'static str {
    match code {
        RaceEthnicity::AmericanIndianAlaskaNative => "American Indian or Alaska Native",
        RaceEthnicity::Asian => "Asian",
        RaceEthnicity::Black => "Black or African American",
        RaceEthnicity::Hispanic => "Hispanic or Latino",
        RaceEthnicity::MiddleEasternNorthAfrican => "Middle Eastern or North African",
        RaceEthnicity::PacificIslander => "Native Hawaiian or Pacific Islander",
        RaceEthnicity::White => "White",
        RaceEthnicity::Other => "another",
    }
}

fn place(code: Area) -> &'static str {
    match code {
        Area::Rural => "in the country",
        Area::Urban => "in town",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_she_did_not_want_to_say_is_no_answer_and_not_unasked() {
        let said = PatientDescribed {
            legal_name: Some("Rosa Maria".into()),
            payer_type: Some(Answer::Declined),
            area: Some(Answer::Said(Area::Rural)),
            ..PatientDescribed::default()
        };
        assert_eq!(noted(&said), ["legal name", "who pays", "where she lives"]);
        assert_eq!(
            described(&said),
            [
                format!("on paper {}", isolated("Rosa Maria")),
                "payer: she did not want to say".to_owned(),
                "lives in the country".to_owned()
            ]
        );
    }
}
