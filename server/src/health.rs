//! What stands before the server: it says that the process lives from its first moment, says when it is ready, and lets
//! nothing else through until the data are open. Knows no patient and no device.

use crate::{Server, data_folder};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tower::ServiceExt;

/// A server that may not be open yet.
pub struct Front {
    folder: PathBuf,
    min_free_bytes: u64,
    opened: OnceLock<(Arc<Server>, Router)>,
}

/// Why it is not ready: a sentence.
type NotReady = String;

const OPENING: &str = "the data are being opened";

impl Front {
    /// Nothing is open yet.
    pub fn new(folder: PathBuf, min_free_bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            folder,
            min_free_bytes,
            opened: OnceLock::new(),
        })
    }

    /// Lets requests through to this server from now on.
    pub fn open(&self, server: Arc<Server>) {
        let router = server.router();
        let _ = self.opened.set((server, router));
    }

    /// The server, once it is open.
    pub fn server(&self) -> Option<&Arc<Server>> {
        self.opened.get().map(|(server, _)| server)
    }

    /// Where the data lie.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Health for whoever watches, everything else for the server.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/healthz", get(|| async { "alive\n" }))
            .route("/readyz", get(readyz))
            .fallback(through)
            .with_state(Arc::clone(self))
    }

    async fn ready(&self) -> Result<(), NotReady> {
        let server = self.server().ok_or(OPENING)?;
        let free = data_folder::free_bytes(&self.folder)
            .map_err(|error| format!("the data folder cannot be looked at: {error}"))?;
        if free < self.min_free_bytes {
            return Err(format!(
                "{} MB are left for the data, fewer than {}; free some space",
                free / 1_000_000,
                self.min_free_bytes / 1_000_000
            ));
        }
        if !data_folder::takes_files(&self.folder) {
            return Err(
                "the data folder cannot be written; look whether its file system has become read-only"
                    .to_owned(),
            );
        }
        let head = server.store.head().await;
        head.map(|_| ()).map_err(|error| error.to_string())
    }
}

async fn readyz(State(front): State<Arc<Front>>) -> Response {
    match front.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(sentence) => (StatusCode::SERVICE_UNAVAILABLE, format!("{sentence}\n")).into_response(),
    }
}

async fn through(State(front): State<Arc<Front>>, request: Request) -> Response {
    match front.opened.get() {
        Some((_, router)) => router.clone().oneshot(request).await.into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, OPENING).into_response(),
    }
}
