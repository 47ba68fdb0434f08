//! The metrics' own address: one page, for Prometheus and nobody else.

use super::{KIND, Standing};
use crate::health::Front;
use crate::tls::Tls;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

type Seen = (Arc<Front>, Option<Arc<Tls>>);

/// `/metrics`.
pub fn router(front: Arc<Front>, tls: Option<Arc<Tls>>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .with_state((front, tls))
}

async fn metrics(State((front, tls)): State<Seen>) -> Response {
    let Some(server) = front.server() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "not open yet\n").into_response();
    };
    let until = tls.map(|tls| tls.until());
    let checked = server.last_check.get();
    let now = server.now();
    let standing = Standing::read(&*server.store, front.folder(), until, checked, now).await;
    match standing.map(|standing| server.metrics.text(standing)) {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, KIND)], text).into_response(),
        Ok(Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
    }
}
