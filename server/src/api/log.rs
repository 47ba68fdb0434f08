//! One line a request: who called, method, route, status. Never an address with an id in it, a query, a body or a name.

use crate::Server;
use crate::caller::Caller;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

/// Writes the line, and counts, after the answer is known.
pub async fn line(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unknown", MatchedPath::as_str)
        .to_owned();
    let from = request
        .extensions()
        .get::<Caller>()
        .map(|caller| caller.key());
    let from = from.unwrap_or_default();
    let answer = next.run(request).await;
    let status = answer.status().as_u16();
    server.metrics.answered(status);
    if answer.status().is_server_error() {
        tracing::warn!(from, %method, route, status, "answered");
    } else {
        tracing::info!(from, %method, route, status, "answered");
    }
    answer
}
