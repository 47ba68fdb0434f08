//! Serving: for real, or as a demo.

use super::setup;
use crate::Server;
use crate::check;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, LogForm, Values};
use crate::data_folder;
use crate::health::Front;
use crate::listen::{self, Entrance, Limits};
use crate::metrics;
use crate::panics;
use crate::store::OpenedBoxes;
use crate::tls::{Refreshed, Tls};
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How often the files of certificate and keys are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Binds, or says in a sentence why not.
async fn bind(flag: &str, listen: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(listen).await.map_err(|error| {
        format!("{listen} cannot be used ({error}); choose another address with --{flag}")
    })
}

/// Ends at Ctrl-C, or when the system asks to.
async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    if let Ok(mut terminated) = signal(SignalKind::terminate()) {
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    let _ = interrupted.await;
}

/// Serves until asked to stop. Everything that can be refused is refused before the first request is let through.
pub(super) async fn serve(config: Config, out: &mut (dyn Write + Send)) -> Result<(), String> {
    let tls = checked(&config)?;
    let acceptor = tls.as_ref().map(Tls::acceptor).transpose()?;
    let listener = bind("listen", config.listen).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let for_metrics = match config.metrics_listen {
        Some(listen) => Some(bind("metrics-listen", listen).await?),
        None => None,
    };
    let metrics_at = for_metrics.as_ref().map(TcpListener::local_addr);
    let metrics_at = metrics_at.transpose().map_err(|error| error.to_string())?;
    let _held = data_folder::hold(&config.data)?;
    write_log(&config);
    panics::log_places_alone();
    if let Some(doubt) = config.doubt() {
        tracing::warn!("{doubt}");
    }
    let log = config.log;
    let front = Front::new(config.data.clone(), config.min_free_bytes);
    let (stopping, stopped) = watch::channel(false);
    let stop = || {
        let mut stopped = stopped.clone();
        async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        }
    };
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    let entrance = Entrance {
        listener,
        tls: acceptor,
        limits: Limits::of(config.max_connections, config.settings.proxies.clone()),
    };
    let serving = tokio::spawn(listen::serve(entrance, front.router(), stop()));
    if let Some(listener) = for_metrics {
        let router = metrics::route::router(Arc::clone(&front), tls.clone());
        tokio::spawn(listen::serve(Entrance::plain(listener), router, stop()));
    }
    // Listened for also where there is nothing to look at: unheard it would end the process.
    let asked = signal(SignalKind::hangup());
    let asked = asked.map_err(|error| format!("SIGHUP cannot be listened for: {error}"))?;
    tokio::spawn(keep_fresh(tls, Arc::clone(&front), asked));
    let opening = move || setup::open(&config.data, config.settings);
    let opened = tokio::task::spawn_blocking(opening).await;
    let server = opened.map_err(|error| error.to_string())??;
    open_boxes(&server).await;
    tokio::spawn(check::daily(Arc::clone(&server)));
    front.open(Arc::clone(&server));
    // So that the first page does not wait for every record to be read; if it fails, that page says so.
    tokio::spawn(async move { server.store.snapshot(server.now()).await.map(drop) });
    let serving_at = format!("{scheme}://{address}/");
    say_where(log, &serving_at, metrics_at, out).map_err(|error| error.to_string())?;
    asked_to_stop().await;
    let _ = stopping.send(true);
    serving.await.map_err(|error| error.to_string())
}

/// What can be refused without changing anything: the certificate and the folder.
fn checked(config: &Config) -> Result<Option<Arc<Tls>>, String> {
    let tls = match config.tls.clone() {
        Some(files) => Some(Tls::load(files, SystemClock.now())?),
        None => None,
    };
    setup::checked(&config.data)?;
    Ok(tls)
}

/// Says that it serves, and where: a line for people, or one that a machine reads like the log's.
fn say_where(
    log: LogForm,
    serving: &str,
    metrics: Option<SocketAddr>,
    out: &mut (dyn Write + Send),
) -> std::io::Result<()> {
    let metrics = metrics.map(|address| format!("http://{address}/metrics"));
    match (log, metrics) {
        (LogForm::Json, metrics) => {
            let said = serde_json::json!({"serving": serving, "metrics": metrics});
            writeln!(out, "{said}")?;
        }
        (LogForm::Text, None) => writeln!(out, "Serving on {serving}")?,
        (LogForm::Text, Some(metrics)) => {
            writeln!(out, "Metrics on {metrics}\nServing on {serving}")?;
        }
    }
    out.flush()
}

fn write_log(config: &Config) {
    let lines = tracing_subscriber::fmt()
        .with_target(false)
        .with_max_level(config.log_level)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A process has one log: when it has one already, that one stays.
    let _ = match config.log {
        LogForm::Text => lines.try_init(),
        LogForm::Json => lines.json().try_init(),
    };
}

/// A key that was missing may have been put back: what is in the boxes that came meanwhile is taken, and what was erased
/// since is not left in them.
async fn open_boxes(server: &Server) {
    match server.store.open_boxes(server.now()).await {
        Ok(OpenedBoxes { taken, left }) => {
            if taken > 0 {
                tracing::info!("{taken} boxes of wiped devices open again");
            }
            if left > 0 {
                tracing::error!(
                    "{left} boxes of wiped devices open again, but cannot be taken; see what `warmhand verify` says"
                );
            }
        }
        Err(error) => tracing::error!("boxes of wiped devices could not be opened: {error}"),
    }
}

/// Looks at the files of certificate and keys now and then, and whenever it is asked to.
async fn keep_fresh(tls: Option<Arc<Tls>>, front: Arc<Front>, mut asked: Signal) {
    let mut looks = tokio::time::interval(LOOK);
    let mut amiss = None;
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            _ = asked.recv() => {}
        }
        if let Some(server) = front.server() {
            let looked = server.store.look_at_keys().await;
            match &looked {
                Ok(Some(id)) => {
                    tracing::info!("key {id} signs from now on");
                    open_boxes(server).await;
                }
                // Said once, not at every look.
                Err(error) if amiss.as_ref() != Some(error) => {
                    tracing::error!("{error}; the keys that were read before stay in force");
                }
                _ => {}
            }
            amiss = looked.err();
        }
        let Some(tls) = &tls else { continue };
        match tls.refresh(SystemClock.now()) {
            Refreshed::Same => {}
            Refreshed::Replaced(until) => tracing::info!(%until, "a new certificate is in force"),
            Refreshed::Kept(sentence) => {
                tracing::error!("{sentence}; the old certificate stays in force");
            }
        }
    }
}

/// Says what is in force and where it came from, what of it is doubtful, then what serve would refuse about it.
pub(super) fn check(values: &Values, out: &mut (dyn Write + Send)) -> Result<(), String> {
    write!(out, "{}", config::told(values)).map_err(|error| error.to_string())?;
    let config = Config::read(values)?;
    let doubt = config.doubt();
    checked(&config)?;
    let fine =
        "All of this can be served, as far as it shows without opening the data and the port.";
    writeln!(out, "{}", doubt.as_deref().unwrap_or(fine)).map_err(|error| error.to_string())
}

pub(super) async fn demo(
    listen: SocketAddr,
    data: Option<PathBuf>,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> Result<(), String> {
    let listener = bind("listen", listen).await?;
    crate::demo::run(listener, data, asked_to_stop(), out, err).await
}
