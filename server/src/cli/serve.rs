//! Serving: for real, or as a demo.

use super::LogForm;
use super::setup;
use crate::Settings;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

/// Binds, or says in a sentence why not.
async fn bind(listen: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(listen).await.map_err(|error| {
        format!("{listen} cannot be used ({error}); choose another address with --listen")
    })
}

/// Ends at Ctrl-C, or when the system asks to.
async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}

pub(super) async fn serve(
    listen: SocketAddr,
    public_url: Option<String>,
    log: LogForm,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let secure_cookies = public_url
        .as_ref()
        .is_some_and(|url| url.starts_with("https://"));
    let server = setup::open(
        data,
        Settings {
            public_url,
            secure_cookies,
        },
    )?;
    let lines = tracing_subscriber::fmt()
        .with_target(false)
        .with_writer(std::io::stderr);
    match log {
        LogForm::Text => lines.init(),
        LogForm::Json => lines.json().init(),
    }
    let listener = bind(listen).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    writeln!(out, "Serving on http://{address}/").map_err(|error| error.to_string())?;
    server
        .serve(listener, asked_to_stop())
        .await
        .map_err(|error| format!("the server stopped: {error}"))
}

pub(super) async fn demo(
    listen: SocketAddr,
    data: Option<PathBuf>,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> Result<(), String> {
    let listener = bind(listen).await?;
    crate::demo::run(listener, data, asked_to_stop(), out, err).await
}
