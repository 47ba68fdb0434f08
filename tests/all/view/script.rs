//! What to say: for the moment, in her language first, and never a name that she did not allow.

use super::before;
use crate::event::*;
use crate::hazard::{both, settle};
use serde_json::{Value, json};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::payload::*;
use warmhand_core::usecase::Command;
use warmhand_core::view::{CallCard, ScriptRow, VisitScreen};
use warmhand_tests::ledger::Ledger;
use warmhand_tests::organisation::SHEET;

fn with(scripts: &Value) -> Result<Organisation, String> {
    let mut sheet: Value = serde_json::from_str(SHEET).unwrap();
    sheet["scripts"] = scripts.clone();
    Organisation::parse(&sheet.to_string())
}

fn library() -> Organisation {
    let script = |id: &str, stage: &str, language: &str, text: &str| json!({"id": id, "stage": stage, "language": language, "text": text});
    let mut scripts = vec![
        script(
            "T1",
            "offer",
            "en",
            "I'll dial them and you talk with them yourself. Ready for me to call?",
        ),
        script(
            "T1h",
            "offer",
            "en",
            "We at {site} set this up as part of today.",
        ),
        script(
            "T1es",
            "offer",
            "es",
            "Yo marco y usted habla con ellos. ¿Le parece que llame ya?",
        ),
        script(
            "T4",
            "offer",
            "en",
            "It takes ten minutes, and the baby can stay where she is.",
        ),
        script(
            "T5",
            "offer",
            "en",
            "If that call doesn't come, chasing it is my job.",
        ),
        script(
            "T6",
            "sharing",
            "en",
            "What would you like {practice} to know?",
        ),
        script(
            "T11",
            "intake",
            "en",
            "Hello, {staff} from {site}. {name} is here with me.",
        ),
        script(
            "T11b",
            "intake",
            "en",
            "Hello, this is {staff}. {name} is here and ready to talk with you.",
        ),
        script(
            "T11c",
            "intake",
            "en",
            "Hello, this is {staff}. Somebody is here and ready to talk with you.",
        ),
    ];
    scripts[3]["mentions_baby"] = json!(true);
    with(&json!(scripts)).unwrap()
}

fn ids(rows: &[ScriptRow]) -> Vec<&str> {
    rows.iter().map(|row| row.script.as_str()).collect()
}

fn visit(ledger: &Ledger) -> Vec<ScriptRow> {
    before(ledger, "n1", |desk, summary, _| {
        VisitScreen::of(desk, summary.stage, Vec::new())
            .unwrap()
            .scripts
    })
}

fn card(ledger: &Ledger) -> Vec<ScriptRow> {
    before(ledger, "n1", |desk, _, _| {
        CallCard::of(desk, Some(&"har".into()), |_| None)
            .unwrap()
            .scripts
    })
}

fn describe(fields: Value) -> PatientDescribed {
    said(fields)
}

#[test]
fn three_sentences_at_most_in_her_language_first_and_none_of_a_baby_after_a_loss() {
    let (mut ledger, _) = identified();
    ledger.sheet = library();
    assert_eq!(ids(&visit(&ledger)), ["T1", "T1es", "T4"]);
    ledger
        .says("n1", describe(json!({"language": "es-MX"})))
        .unwrap();
    let rows = visit(&ledger);
    assert_eq!(ids(&rows), ["T1es", "T1", "T4"]);
    assert!(rows[0].is_in_her_language && !rows[1].is_in_her_language);
    assert!(matches!(&rows[0].say, Command::SayScript(s) if s.language.as_deref() == Some("es")));
    ledger
        .says("n1", describe(json!({"perinatal_stage": "loss"})))
        .unwrap();
    assert_eq!(ids(&visit(&ledger)), ["T1es", "T1", "T5"]);
}

#[test]
fn while_a_loss_is_in_question_and_once_it_stands_nothing_speaks_of_a_baby() {
    let (mut ledger, _) = identified();
    ledger.sheet = library();
    let [loss, _] = both(
        &mut ledger,
        ("n1", describe(json!({"perinatal_stage": "loss"}))),
        (
            "c1",
            describe(json!({"perinatal_stage": {"postpartum": {}}})),
        ),
    );
    assert_eq!(ids(&visit(&ledger)), ["T1", "T1es", "T5"]);
    settle(&mut ledger, "c1", loss);
    assert_eq!(ids(&visit(&ledger)), ["T1", "T1es", "T5"]);
}

#[test]
fn a_house_is_named_only_where_she_allows_it_and_she_only_where_she_shares_her_name() {
    let (mut ledger, visit_id) = agreed();
    ledger.sheet = library();
    ledger
        .says("n1", describe(json!({"preferred_name": "{staff} Rosa"})))
        .unwrap();
    assert!(
        ids(&visit(&ledger)).is_empty(),
        "nothing is said of the practice"
    );
    assert_eq!(ids(&card(&ledger)), ["T11c"], "no plan lets her name go");
    ledger.says("n1", plan(&["name"])).unwrap();
    let rows = card(&ledger);
    assert_eq!(ids(&rows), ["T11b", "T11c"]);
    assert_eq!(
        rows[0].text,
        "Hello, this is Ana Duarte. {staff} Rosa is here and ready to talk with you."
    );
    let rule = |say: bool| -> ContactRuleSet {
        said(
            json!({"channel": "voice", "voicemail_ok": true, "text_ok": true, "say_org_name_ok": say}),
        )
    };
    ledger.says("n1", rule(false)).unwrap();
    assert_eq!(ids(&card(&ledger)), ["T11b", "T11c"]);
    ledger.says("n1", rule(true)).unwrap();
    let rows = card(&ledger);
    assert_eq!(ids(&rows), ["T11", "T11b", "T11c"]);
    assert!(rows[0].text.contains("Ana Duarte from Home visiting."));
    assert_eq!(
        visit(&ledger)[0].text,
        "What would you like Harbor Counseling to know?"
    );
    ledger
        .says(
            "n1",
            EncounterEnded {
                encounter: visit_id,
            },
        )
        .unwrap();
    assert!(visit(&ledger).is_empty(), "she has left");
}

#[test]
fn a_sheet_that_names_a_house_or_a_condition_in_a_script_does_not_load() {
    let one = |text: &str| {
        with(&json!([{"id": "S", "stage": "offer", "language": "en", "text": text}]))
            .map(|_| ())
            .unwrap_err()
    };
    assert!(
        one("We are Test County Home Visiting.").contains("names \"Test County Home Visiting\"")
    );
    assert!(one("harbor counseling calls you.").contains("names \"Harbor Counseling\""));
    assert!(one("It helps with Depression.").contains("names a condition (\"depression\")"));
    assert!(one("Hello {patient}.").contains("has a placeholder that is none of"));
    assert!(one(" ").contains("needs a text and a language"));
    let twice = json!([
        {"id": "S", "stage": "offer", "language": "en", "text": "Ready?"},
        {"id": "S", "stage": "offer", "language": "es", "text": "¿Lista?"},
    ]);
    assert!(with(&twice).unwrap_err().contains("is there twice"));
}
