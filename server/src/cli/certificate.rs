//! A certificate for trying TLS out: it vouches for itself, so that only who was handed it believes it.

use crate::clock::{Clock, SystemClock};
use jiff::Timestamp;
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const DAYS: i64 = 30;

/// Makes `tls.crt` and `tls.key`, never in the place of others.
pub(super) fn certificate(
    names: Vec<String>,
    folder: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let is_name = |name: &String| !name.is_empty() && !name.contains(char::is_whitespace);
    if !names.iter().all(is_name) {
        return Err(
            "a name is like clinic.example or 192.0.2.7; separate several by commas alone"
                .to_owned(),
        );
    }
    let told = names.join(", ");
    let (certificate, key) = made(names, SystemClock.now())?;
    fs::create_dir_all(folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let (certificate_at, key_at) = (folder.join("tls.crt"), folder.join("tls.key"));
    if certificate_at.exists() {
        return Err(format!(
            "{} is there already; choose another folder",
            certificate_at.display()
        ));
    }
    write(&key_at, 0o600, &key)?;
    write(&certificate_at, 0o644, &certificate)?;
    writeln!(
        out,
        "{} for {told}, good for {DAYS} days, with its key {}.",
        certificate_at.display(),
        key_at.display()
    )
    .map_err(|error| format!("the terminal cannot be written to: {error}"))
}

fn write(path: &Path, mode: u32, text: &str) -> Result<(), String> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// Certificate and key, PEM. From the day before: the clocks of who checks it are not all right.
fn made(names: Vec<String>, now: Timestamp) -> Result<(String, String), String> {
    let cannot =
        |error: rcgen::Error| format!("no certificate can be made for these names: {error}");
    let mut params = CertificateParams::new(names).map_err(cannot)?;
    let day = |days: i64| {
        let at = now + jiff::SignedDuration::from_hours(24 * days);
        let day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        date_time_ymd(
            i32::from(day.year()),
            day.month().unsigned_abs(),
            day.day().unsigned_abs(),
        )
    };
    (params.not_before, params.not_after) = (day(-1), day(DAYS));
    params
        .distinguished_name
        .push(DnType::CommonName, "Warmhand, for trying out");
    let key = KeyPair::generate().map_err(cannot)?;
    let certificate = params.self_signed(&key).map_err(cannot)?;
    Ok((certificate.pem(), key.serialize_pem()))
}
