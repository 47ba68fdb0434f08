//! Certificates for tests: for `localhost`, valid in a span of years that each test chooses.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use warmhand_server::tls::TlsFiles;

/// A certificate and its key, PEM.
pub struct Certificate {
    /// Vouches for itself.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// Makes one, valid from the beginning of one year to the beginning of another.
pub fn certificate(from: i32, until: i32) -> Certificate {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    Certificate {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

/// Where a folder keeps them.
pub fn files(folder: &Path) -> TlsFiles {
    TlsFiles {
        certificate: folder.join("tls.crt"),
        key: folder.join("tls.key"),
        name: None,
    }
}

impl Certificate {
    /// Puts both into a folder, in the place of what was there.
    pub fn put(&self, folder: &Path) {
        let files = files(folder);
        std::fs::write(files.certificate, &self.certificate).expect("written");
        std::fs::write(&files.key, &self.key).expect("written");
        let for_its_owner = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(files.key, for_its_owner).expect("closed");
    }
}
