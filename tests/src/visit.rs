//! A supervisor's visit to the dashboard, without a browser.

use crate::town::Town;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;
use warmhand_core::domain::id::DocumentId;
use warmhand_server::account::token_hash;
use warmhand_server::store::SessionRow;

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
    let now = town.now();
    let token = format!("visit-of-{user}");
    let session = SessionRow {
        user: user.into(),
        csrf: "true".into(),
        began_at: now,
        used_at: now,
        reasons: opened
            .iter()
            .map(|doc| (*doc, "quality review".into()))
            .collect(),
    };
    let store = &town.server().store;
    town.run(store.save_session(token_hash(&token), session))
        .expect("an answer");
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("cookie", format!("warmhand={token}"))
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
