//! Becoming a device: a one-time code for an id, a credential, the sheet and a first position.

use super::{Taken, Untaken, ours};
use crate::domain::organisation::Organisation;
use crate::store::{DeviceRow, Enrolment, Phase, Store};
use crate::wire::{Cursor, EnrolAnswer, EnrolRequest, Token, Unreadable, pack};
use jiff::Timestamp;

pub(super) fn request(code: &str, build: &str, number: u64, now: Timestamp) -> Vec<u8> {
    let client_now = now.as_millisecond();
    pack(&EnrolRequest {
        number,
        code: code.to_owned(),
        build: build.to_owned(),
        client_now,
    })
}

pub(super) fn answered(
    store: &mut Store,
    number: u64,
    body: &[u8],
    now: Timestamp,
) -> Result<Taken, Untaken> {
    let said = |answer: &EnrolAnswer| (answer.number, answer.server_now);
    let (answer, offset_ms) = ours(body, number, now, said)?;
    if Organisation::parse(&answer.sheet.text).is_err() || !answer.box_key.is_sound() {
        return Err(Unreadable::Content.into());
    }
    // A device stays who it is: what it holds is bound to its id. One that ended holds nothing, and the server knows.
    let known = store.rows().device()?;
    if known.is_some_and(|device| device.phase != Phase::Ended) {
        return Err(Unreadable::Content.into());
    }
    // The pull begins before the first row; the head that was told is remembered from the first moment.
    let start = Token {
        epoch: answer.high.epoch,
        seq: 0,
        chain: [0; 32],
    };
    let row = DeviceRow {
        device: answer.device,
        token: answer.token,
        name: answer.name,
        shared: answer.shared,
        people: answer.people,
        cursor: Cursor {
            token: start,
            after: None,
        },
        high: answer.high,
        phase: Phase::Normal,
        resync: None,
        offset_ms,
        signed_in: None,
        last_answer_at: Some(now.as_millisecond()),
        signed_off: false,
        enrolment: Enrolment::In,
        box_key: answer.box_key,
    };
    store.write(|write| {
        write.drop_boxes()?;
        write.save_sheet(answer.sheet.version, &answer.sheet.text)?;
        write.save_device(&row)
    })?;
    Ok(Taken {
        people: true,
        more: true,
        ..Taken::default()
    })
}
