//! The keys: the one list from which the file's names, the environment's and the flags are made.

/// One thing that an operator may decide.
#[derive(Debug)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// In force when nobody says otherwise; none: then it is off.
    pub default: Option<&'static str>,
    /// What it has to be.
    pub form: &'static str,
    /// What it decides.
    pub about: &'static str,
}

/// Every key, in the order in which they are shown.
pub const KEYS: [Key; 15] = [
    Key {
        name: "data",
        default: Some("warmhand-data"),
        form: "a folder",
        about: "The data folder",
    },
    Key {
        name: "listen",
        default: Some("127.0.0.1:8080"),
        form: "an address and a port, such as 127.0.0.1:8080",
        about: "Where devices and browsers are served",
    },
    Key {
        name: "public_url",
        default: None,
        form: "where this server is reached, such as https://warmhand.example.org, with no path and no password",
        about: "Where browsers and devices reach this server, for enrolment",
    },
    Key {
        name: "tls_certificate",
        default: None,
        form: "a file",
        about: "The certificate with its chain, PEM; read again when it changes",
    },
    Key {
        name: "tls_key",
        default: None,
        form: "a file",
        about: "The certificate's private key, PEM",
    },
    Key {
        name: "trusted_proxies",
        default: None,
        form: "addresses or networks separated by commas, such as 10.0.0.5,10.1.0.0/16",
        about: "Proxies whose X-Forwarded-For is believed",
    },
    Key {
        name: "session_idle",
        default: Some("15min"),
        form: "a span of at least one minute, such as 15min",
        about: "A visit to the dashboard ends after so long without a touch",
    },
    Key {
        name: "session_longest",
        default: Some("12h"),
        form: "a span of at least one minute, such as 12h",
        about: "A visit to the dashboard ends after so long in any case",
    },
    Key {
        name: "sign_in_tries",
        default: Some("5"),
        form: "a number from 1 to 100",
        about: "With so many wrong passwords or codes half a minute's wait begins; each further one doubles it",
    },
    Key {
        name: "max_connections",
        default: Some("900"),
        form: "a number from 1 to 100000",
        about: "So many connections at a time, two thirds of them at most from one address; the rest wait",
    },
    Key {
        name: "request_timeout",
        default: Some("60s"),
        form: "a span of at least one second, such as 60s",
        about: "A request is given up after so long",
    },
    Key {
        name: "min_free_mb",
        default: Some("256"),
        form: "a number of megabytes",
        about: "With less room left for the data the server says that it is not ready",
    },
    Key {
        name: "metrics_listen",
        default: None,
        form: "an address and a port, such as 127.0.0.1:9464",
        about: "Where Prometheus reads /metrics; keep it private",
    },
    Key {
        name: "log",
        default: Some("text"),
        form: "text or json",
        about: "How the log is written: text for people, json for machines",
    },
    Key {
        name: "log_level",
        default: Some("info"),
        form: "error, warn, info or debug",
        about: "How much the log says",
    },
];

impl Key {
    /// The key of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// Its name in the environment.
    pub fn variable(&self) -> String {
        format!("WARMHAND_{}", self.name.to_uppercase())
    }

    /// Its name on the command line.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}
