//! A supervisor's visit to the dashboard, without a browser.

use crate::town::Town;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;
use warmhand_core::domain::id::DocumentId;
use warmhand_server::account::token_hash;
use warmhand_server::store::SessionRow;

/// Begins a supervisor's visit, in the place of the one before: these records she has opened for a reason. Its cookie
/// says `warmhand=visit`.
pub fn begins(town: &Town, opened: &[DocumentId]) {
    let now = town.now();
    let session = SessionRow {
        user: "sup".into(),
        csrf: "true".into(),
        began_at: now,
        used_at: now,
        reasons: opened
            .iter()
            .map(|doc| (*doc, "quality review".into()))
            .collect(),
    };
    let store = &town.server().store;
    let began = town.run(async {
        // Whoever was signed in is out with it.
        store.save_account("sup".into(), "hash".into()).await?;
        let token = token_hash("visit");
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
    begins(town, opened);
    goes_on(town, method, path, form)
}

/// One more request of the visit that was begun.
pub fn goes_on(town: &Town, method: &str, path: &str, form: &str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("cookie", "warmhand=visit")
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
