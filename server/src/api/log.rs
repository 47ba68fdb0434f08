//! One line a request: method, route, status. Never an address with an id in it, a query, a body or a name.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// Writes the line after the answer is known.
pub async fn line(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unknown", MatchedPath::as_str)
        .to_owned();
    let answer = next.run(request).await;
    let status = answer.status().as_u16();
    if answer.status().is_server_error() {
        tracing::warn!(%method, route, status, "answered");
    } else {
        tracing::info!(%method, route, status, "answered");
    }
    answer
}
