//! What an operator decides, from a file, the environment and flags: read once at the start and checked as a whole. A
//! config that would carry tokens in the clear is refused here. Opens nothing.

pub mod key;
pub mod value;

pub use value::{Flags, Source, Value, Values};

use crate::Settings;
use crate::caller::Proxies;
use crate::tls::TlsFiles;
use axum::http::Uri;
use jiff::SignedDuration;
use key::KEYS;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use tracing::Level;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// Lines for people.
    Text,
    /// JSON for machines.
    Json,
}

/// Everything that `serve` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// Where devices and browsers are served.
    pub listen: SocketAddr,
    /// The certificate and its key; none: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// So many connections at a time.
    pub max_connections: usize,
    /// With less room left the server is not ready.
    pub min_free_bytes: u64,
    /// Where the metrics are read.
    pub metrics_listen: Option<SocketAddr>,
    /// How the log is written.
    pub log: LogForm,
    /// How much it says.
    pub log_level: Level,
    /// What the server itself goes by.
    pub settings: Settings,
}

/// The data folder alone, for commands that serve nobody.
pub fn data(values: &Values) -> Result<PathBuf, String> {
    needed(values, "data", |text| {
        (!text.is_empty()).then(|| PathBuf::from(text))
    })
}

impl Config {
    /// Reads and checks the values. The error is one sentence.
    pub fn read(values: &Values) -> Result<Self, String> {
        let listen: SocketAddr = needed(values, "listen", |text| text.parse().ok())?;
        let mut tls = tls(values)?;
        let public_url = public_url(values, tls.is_some())?;
        let proxies = values
            .read("trusted_proxies", Proxies::parse)?
            .unwrap_or_default();
        if let Some(tls) = tls.as_mut().filter(|_| proxies.is_empty()) {
            let uri = public_url.as_deref().and_then(|url| url.parse().ok());
            tls.name = uri.and_then(|uri: Uri| uri.host().map(str::to_owned));
        }
        let (session_idle, session_longest) = (
            span(values, "session_idle", 60)?,
            span(values, "session_longest", 60)?,
        );
        if session_idle > session_longest {
            return Err("session_idle is longer than session_longest".to_owned());
        }
        let is_open = tls.is_none() && !listen.ip().is_loopback();
        if is_open && proxies.is_empty() {
            return Err(format!(
                "listen is {listen}, which other machines reach, without TLS: device tokens and sessions would cross \
                 the network in the clear; set tls_certificate and tls_key, or listen on 127.0.0.1, or name the proxy \
                 that brings TLS in trusted_proxies"
            ));
        }
        let metrics_listen = values.read("metrics_listen", |text| text.parse().ok())?;
        if metrics_listen.is_some_and(|metrics| meet(metrics, listen)) {
            return Err(format!(
                "metrics_listen and listen are both at port {}; give one of them another",
                listen.port()
            ));
        }
        let is_https = public_url
            .as_ref()
            .is_some_and(|url| url.starts_with("https:"));
        Ok(Self {
            data: data(values)?,
            listen,
            max_connections: needed(values, "max_connections", |text| within(text, 1, 100_000))?,
            min_free_bytes: needed(values, "min_free_mb", |text| {
                text.parse::<u64>().ok()?.checked_mul(1_000_000)
            })?,
            metrics_listen,
            log: needed(values, "log", |text| match text {
                "text" => Some(LogForm::Text),
                "json" => Some(LogForm::Json),
                _ => None,
            })?,
            log_level: needed(values, "log_level", |text| text.parse().ok())?,
            settings: Settings {
                secure_cookies: is_https || tls.is_some(),
                // On the loopback address alone TLS is being tried out: the rest of that machine is none of ours.
                lasting_tls: is_https || (tls.is_some() && !listen.ip().is_loopback()),
                public_url,
                session_idle,
                session_longest,
                sign_in_tries: needed(values, "sign_in_tries", |text| within(text, 1, 100))?,
                request_timeout: span(values, "request_timeout", 1)?.unsigned_abs(),
                only_proxies: is_open,
                proxies,
            },
            tls,
        })
    }
}

impl Config {
    /// What can be meant and most often is not: one sentence that says what to do.
    pub fn doubt(&self) -> Option<String> {
        let url = self.settings.public_url.as_deref();
        let over_tls = url.is_some_and(|url| url.starts_with("https:"));
        let by_nobody = self.tls.is_none() && self.settings.proxies.is_empty();
        (over_tls && by_nobody).then(|| {
            "public_url is https, but this server has no TLS and trusted_proxies names nobody: behind a proxy everybody \
             would count as one caller, and whoever guesses passwords would lock everybody out; name the proxy's \
             address in trusted_proxies, such as 127.0.0.1"
                .to_owned()
        })
    }
}

/// What is in force and where each value came from, a line each.
pub fn told(values: &Values) -> String {
    let mut told = String::new();
    for key in &KEYS {
        let (text, source) = values
            .of(key.name)
            .map_or(("", "default".to_owned()), |value| {
                (value.text.as_str(), value.source.to_string())
            });
        let text = match text {
            "" => "-",
            url if key.name == "public_url" && has_user_info(url) => "(not shown)",
            text => text,
        };
        let _ = writeln!(told, "{:<16} {text:<28} {source}", key.name);
    }
    for name in &values.unused {
        let _ = writeln!(told, "{name} is in the environment and is no key");
    }
    told
}

fn needed<T>(
    values: &Values,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, String> {
    values
        .read(name, parse)?
        .ok_or_else(|| format!("{name} is not set"))
}

/// Would two listeners be in each other's way? Port 0 is any that is free.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let (a, b) = (one.ip().to_canonical(), other.ip().to_canonical());
    let is_any = a.is_unspecified() || b.is_unspecified();
    let same_ip = a == b || is_any && a.is_ipv4() == b.is_ipv4();
    one.port() == other.port() && one.port() != 0 && same_ip
}

fn within<T: std::str::FromStr + PartialOrd + Copy>(text: &str, least: T, most: T) -> Option<T> {
    let number = text.parse().ok()?;
    (least..=most).contains(&number).then_some(number)
}

fn span(values: &Values, name: &'static str, least_seconds: i64) -> Result<SignedDuration, String> {
    let most = SignedDuration::from_hours(24 * 366);
    needed(values, name, |text| {
        let span: SignedDuration = text.parse().ok()?;
        (span.as_secs() >= least_seconds && span <= most).then_some(span)
    })
}

fn tls(values: &Values) -> Result<Option<TlsFiles>, String> {
    let path = |name| values.read(name, |text| (!text.is_empty()).then(|| PathBuf::from(text)));
    match (path("tls_certificate")?, path("tls_key")?) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
            certificate,
            key,
            name: None,
        })),
        (None, None) => Ok(None),
        (Some(_), None) => {
            Err("tls_certificate is set, but tls_key is not; set both or neither".to_owned())
        }
        (None, Some(_)) => {
            Err("tls_key is set, but tls_certificate is not; set both or neither".to_owned())
        }
    }
}

/// Is there a name or a password in an address?
fn has_user_info(url: &str) -> bool {
    url.contains('@')
}

/// Where the server is reached: over TLS, or on this very machine.
fn public_url(values: &Values, over_tls: bool) -> Result<Option<String>, String> {
    // Not repeated in the sentence: there may be a password in it.
    let is_secret = values.of("public_url").map(|v| has_user_info(&v.text));
    if is_secret == Some(true) {
        return Err("public_url has a name or a password in it; leave them out".to_owned());
    }
    let url = values.read("public_url", |text| {
        let uri: Uri = text.parse().ok()?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        (known && uri.host().is_some() && uri.path() == "/" && uri.query().is_none()).then_some(uri)
    })?;
    let Some(uri) = url else { return Ok(None) };
    let host = uri.host().unwrap_or_default();
    let here = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse()
            .is_ok_and(|ip: IpAddr| ip.is_loopback());
    if uri.scheme_str() == Some("http") && (over_tls || !here) {
        return Err(format!(
            "public_url is {uri}, but devices and browsers must come over https"
        ));
    }
    Ok(Some(uri.to_string().trim_end_matches('/').to_owned()))
}
