//! Texts come out as they went in; what was never written so is refused.

use super::*;

const PATIENT: &str = "019caea2-5480-7883-8048-e6620e72725e";

fn id(n: usize) -> String {
    Uuid::from_u128(n as u128 + 1).to_string()
}

fn texts(of: &[&str]) -> Texts {
    let mut texts = Texts::default();
    for text in of {
        texts.push(text);
    }
    texts
}

#[test]
fn each_id_is_told_once() {
    let (one, two) = (id(1), id(2));
    let given = [
        format!("{{\"id\":\"{one}\",\"after\":[],\"patient\":\"{PATIENT}\"}}"),
        format!("{{\"id\":\"{two}\",\"after\":[\"{one}\"]}}"),
        format!("{PATIENT}{PATIENT} – ñ {one}"),
        String::new(),
    ];
    let packed = texts(&given.each_ref().map(String::as_str));
    assert_eq!(packed.ids.len(), 3 * ID);
    assert_eq!(
        packed.plain,
        [
            "{\"id\":\"\u{1}\",\"after\":[],\"patient\":\"\u{1}\"}",
            "{\"id\":\"\u{1}\",\"after\":[\"\u{4}\"]}",
            "\u{3}\u{3} – ñ \u{4}",
            ""
        ]
    );
    assert_eq!(packed.read().unwrap(), given);
}

#[test]
fn only_what_would_be_written_again_just_so_is_an_id() {
    for text in [
        "2026-03-02T08:00:00-05:00[America/New_York]",
        "019CAEA2-5480-7883-8048-E6620E72725E",
        "019caea254807883804-8e6620e72725e---",
        "019caea2-5480-7883-8048-e6620e72725",
        "019caea2-5480-7883-8048-e6620e7272-5",
        "–––––––-ñ---------------------------",
        "--------------------------------------------------",
    ] {
        let packed = texts(&[text]);
        assert_eq!(packed.plain, [text]);
        assert!(packed.ids.is_empty());
        assert_eq!(packed.read().unwrap(), [text]);
    }
    let within = format!("-{PATIENT}-{PATIENT}0");
    assert_eq!(texts(&[&within]).plain, ["-\u{1}-\u{2}0"]);
}

#[test]
fn what_was_told_too_long_ago_is_told_again() {
    let given: Vec<String> = (0..31).chain([1, 0, 30]).map(id).collect();
    let packed = texts(&given.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(packed.plain[31..], ["\u{1f}", "\u{1}", "\u{3}"]);
    assert_eq!(packed.read().unwrap(), given);
}

#[test]
fn a_byte_that_means_something_else_is_told_as_two() {
    let low: String = (0..0x21).map(char::from).collect();
    let given = [
        "{\n}",
        "\u{1}",
        "a\tbñ\0",
        "\0\0@A",
        &low,
        &format!("\n{PATIENT}\r{PATIENT}"),
    ];
    let packed = texts(&given);
    assert_eq!(packed.plain[0], "{\0J}");
    assert_eq!(packed.plain[5], "\0J\u{1}\0M\u{2}");
    assert_eq!(packed.read().unwrap(), given);
    let blank = "\n".repeat(MAX_MESSAGE / 2);
    assert_eq!(texts(&[&blank]).read().unwrap(), [blank]);
}

#[test]
fn marks_and_ids_that_do_not_fit_one_another_are_refused() {
    let of = |plain: &[&str], ids: usize| Texts {
        plain: plain.iter().map(|text| (*text).to_owned()).collect(),
        ids: vec![7; ids],
    };
    let refused = |texts: Texts| texts.read().unwrap_err();
    assert_eq!(refused(of(&["\u{1}"], 0)), Unpackable::Columns);
    assert_eq!(refused(of(&["\u{2}"], 16)), Unpackable::Columns);
    assert_eq!(refused(of(&["\u{1}\u{3}"], 16)), Unpackable::Columns);
    for raised in [
        "\u{1}\0",
        "\u{1}\0 ",
        "\u{1}\0`",
        "\u{1}\0\u{1}",
        "\u{1}\0ñ",
    ] {
        assert_eq!(refused(of(&[raised], 16)), Unpackable::Columns);
    }
    assert_eq!(refused(of(&["a"], 16)), Unpackable::Columns);
    assert_eq!(refused(of(&["\u{1}"], 17)), Unpackable::Columns);
    let swells = format!("\u{1}{}", "\u{2}".repeat(MAX_MESSAGE / LENGTH));
    assert_eq!(refused(of(&[&swells], 16)), Unpackable::Bounds);
    let just_fits = format!("\u{1}{}", "\u{2}".repeat(MAX_MESSAGE / LENGTH - 1));
    assert!(of(&[&just_fits], 16).read().is_ok());
}
