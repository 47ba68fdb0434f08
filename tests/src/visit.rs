//! A supervisor's visit to the dashboard, without a browser.

use crate::town::Town;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;
use warmhand_core::domain::id::DocumentId;
use warmhand_server::account::token_hash;
use warmhand_server::store::SessionRow;

/// The cookie of a supervisor's visit.
fn cookie(user: &str) -> String {
    format!("visit-of-{user}")
}

/// Begins this supervisor's visit, in the place of the one before: these records she has opened for a reason. Its cookie
/// says `warmhand=visit-of-` and who she is.
pub fn begins(town: &Town, user: &str, opened: &[DocumentId]) {
    let now = town.now();
    let session = SessionRow {
        user: user.into(),
        csrf: "true".into(),
        began_at: now,
        used_at: now,
        reasons: opened
            .iter()
            .map(|record| (*record, "supervision".to_owned()))
            .collect(),
    };
    let store = &town.server().store;
    let began = town.run(async {
        // Whoever was signed in is out with it.
        store.save_account(user.into(), "hash".into()).await?;
        let token = token_hash(&cookie(user));
        store.begin_session(token, session, "hash".into()).await
    });
    assert_eq!(began, Ok(true));
}

/// One request by a supervisor who has opened these records for a reason.
pub fn asks(
    town: &Town,
    opened: &[DocumentId],
    method: &str,
    path: &str,
    form: &str,
) -> (u16, String) {
    asks_as(town, ("sup", opened), method, path, form)
}

/// The same by this supervisor.
pub fn asks_as(
    town: &Town,
    (user, opened): (&str, &[DocumentId]),
    method: &str,
    path: &str,
    form: &str,
) -> (u16, String) {
    begins(town, user, opened);
    goes_on(town, user, method, path, form)
}

/// One more request of the visit that was begun.
pub fn goes_on(town: &Town, user: &str, method: &str, path: &str, form: &str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("cookie", format!("warmhand={}", cookie(user)))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .expect("an answer");
    town.run(async {
        let answer = town
            .server()
            .router()
            .oneshot(request)
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX)
            .await
            .expect("an answer");
        (status, String::from_utf8(body.to_vec()).expect("an answer"))
    })
}
