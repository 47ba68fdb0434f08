//! The certificate: read, checked and put in force; read again when its files change. One that cannot serve never takes
//! the place of one that can. Knows no socket and no request.

use jiff::Timestamp;
use rustls::client::verify_server_name;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;
use x509_cert::der::Decode;

/// Where the certificate lies, with its chain, and its key; both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then the certificates that vouch for it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The name under which devices and browsers come, where they come to this very server and not to a proxy.
    pub name: Option<String>,
}

/// What the two files held when they were last read.
type Read = Result<(Vec<u8>, Vec<u8>), String>;

/// A certificate that can serve.
#[derive(Debug)]
struct Serving {
    certified: Arc<CertifiedKey>,
    until: Timestamp,
}

/// The files at the last look.
#[derive(Debug)]
struct Look {
    read: Read,
    /// Why they were not taken then, if they were not: a mode or the clock may change that, and no byte.
    kept: Option<String>,
}

/// The certificate in force and where it came from.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    last: Mutex<Look>,
    serving: RwLock<Serving>,
}

/// What looking at the files again came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// They are as they were, and so is what is said of them.
    Same,
    /// The new certificate is in force, until then.
    Replaced(Timestamp),
    /// What they hold now cannot serve: the old certificate stays in force. Said once.
    Kept(String),
}

impl Tls {
    /// Reads and checks the files. The error is one sentence.
    pub fn load(files: TlsFiles, now: Timestamp) -> Result<Arc<Self>, String> {
        let (certificate, key) = read(&files)?;
        let serving = check(&files, &certificate, &key, now)?;
        Ok(Arc::new(Self {
            files,
            last: Mutex::new(Look {
                read: Ok((certificate, key)),
                kept: None,
            }),
            serving: RwLock::new(serving),
        }))
    }

    /// Looks whether the files have changed, by what they hold: a copy with an old date counts, a touch does not. A pair
    /// that was not taken is judged at every look, and said again only where the sentence is another.
    pub fn refresh(&self, now: Timestamp) -> Refreshed {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let found = read(&self.files);
        let is_same = found == last.read;
        if is_same && last.kept.is_none() {
            return Refreshed::Same;
        }
        last.read.clone_from(&found);
        match found.and_then(|(certificate, key)| check(&self.files, &certificate, &key, now)) {
            Ok(serving) => {
                last.kept = None;
                let until = serving.until;
                *self.serving.write().unwrap_or_else(PoisonError::into_inner) = serving;
                Refreshed::Replaced(until)
            }
            Err(sentence) if is_same && last.kept.as_ref() == Some(&sentence) => Refreshed::Same,
            Err(sentence) => {
                last.kept = Some(sentence.clone());
                Refreshed::Kept(sentence)
            }
        }
    }

    /// When the certificate in force expires.
    pub fn until(&self) -> Timestamp {
        self.serving
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .until
    }

    /// What turns a connection into a TLS one, always with the certificate then in force.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, String> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be set up: {error}"))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(InForce(Arc::clone(self))));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

#[derive(Debug)]
struct InForce(Arc<Tls>);

impl ResolvesServerCert for InForce {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let serving = self.0.serving.read();
        let serving = serving.unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&serving.certified))
    }
}

fn read(files: &TlsFiles) -> Read {
    let read = |what: &str, path: &Path| {
        fs::read(path).map_err(|error| format!("{what} {} cannot be read: {error}", path.display()))
    };
    Ok((
        read("the certificate", &files.certificate)?,
        read("the key", &files.key)?,
    ))
}

/// A certificate that reads, fits its key and is valid now.
fn check(
    files: &TlsFiles,
    certificate: &[u8],
    key: &[u8],
    now: Timestamp,
) -> Result<Serving, String> {
    let (certificate_at, key_at) = (files.certificate.display(), files.key.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|_| format!("the certificate {certificate_at} does not read as PEM"))?;
    let own = chain
        .first()
        .ok_or_else(|| format!("there is no certificate in {certificate_at}"))?;
    let (from, until) = validity(own)
        .ok_or_else(|| format!("the certificate {certificate_at} does not read as X.509"))?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| format!("there is no private key in PEM in {key_at}"))?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(
        |error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                format!("the certificate {certificate_at} does not fit the key {key_at}")
            }
            _ => format!("the key {key_at} is of no kind that can be used: {error}"),
        },
    )?;
    if let Some(name) = &files.name
        && !names(&certified, name)
    {
        return Err(format!(
            "the certificate {certificate_at} is not for {name}, under which public_url has devices come: none would \
             trust it"
        ));
    }
    if now > until {
        return Err(format!(
            "the certificate {certificate_at} expired at {until}; renew it"
        ));
    }
    if now < from {
        return Err(format!(
            "the certificate {certificate_at} is not valid before {from}; look at the machine's clock"
        ));
    }
    if is_open_to_all(&files.key) {
        return Err(format!(
            "the key {key_at} may be read by everybody on this machine; close it with chmod 640 {key_at}"
        ));
    }
    Ok(Serving {
        certified: Arc::new(certified),
        until,
    })
}

/// A group is how some systems hand the key to the one program that serves; everybody is nobody's intention.
fn is_open_to_all(key: &Path) -> bool {
    fs::metadata(key).is_ok_and(|found| found.permissions().mode() & 0o007 != 0)
}

/// Is it a certificate for this name?
fn names(certified: &CertifiedKey, name: &str) -> bool {
    let server = ServerName::try_from(name.trim_matches(['[', ']']));
    let own = certified
        .end_entity_cert()
        .and_then(ParsedCertificate::try_from);
    server.is_ok_and(|server| own.is_ok_and(|own| verify_server_name(&own, &server).is_ok()))
}

fn validity(certificate: &CertificateDer<'_>) -> Option<(Timestamp, Timestamp)> {
    let read = x509_cert::Certificate::from_der(certificate).ok()?;
    let instant = |time: x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
        Timestamp::from_second(seconds).ok()
    };
    let validity = read.tbs_certificate().validity();
    Some((instant(validity.not_before)?, instant(validity.not_after)?))
}
