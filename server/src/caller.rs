//! Who calls: the address of the peer, or, behind a proxy that the operator named, the address that the proxy saw. What
//! anybody else writes into a header is not believed. Knows no account and no device.

use crate::{Server, Settings};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Where a request came from; none for one that came without a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller(pub Option<IpAddr>);

impl Caller {
    /// Under what its failures are counted.
    pub fn key(self) -> String {
        self.0
            .map(|ip| customer(ip).to_string())
            .unwrap_or_default()
    }
}

/// What one customer is given whole: her address, or of a long one the first half.
pub(crate) fn customer(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
        short @ IpAddr::V4(_) => short,
    }
}

/// The proxies that are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Addresses and networks, separated by commas.
    pub fn parse(text: &str) -> Option<Self> {
        let network = |text: &str| {
            let text = text.trim();
            let alone = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse().or_else(|_| alone()).ok()
        };
        let parts = text.split(',').filter(|part| !part.trim().is_empty());
        parts.map(network).collect::<Option<_>>().map(Self)
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn trusts(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// The first address, from our end of the chain, that no trusted proxy speaks for.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let chain: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let mut caller = peer.to_canonical();
        for hop in chain.into_iter().rev() {
            match address(hop.trim()) {
                Some(ip) if self.trusts(caller) => caller = ip,
                _ => break,
            }
        }
        caller
    }
}

/// Some proxies name the port as well.
fn address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().map(|address| address.ip());
    let ip: IpAddr = hop.parse().or_else(|_| with_port()).ok()?;
    Some(ip.to_canonical())
}

/// Who is at the other end of the connection.
fn peer(request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(peer)| peer.ip().to_canonical())
}

/// Notes who calls.
pub async fn noted(
    State(server): State<Arc<Server>>,
    mut request: Request,
    next: Next,
) -> Response {
    let proxies = &server.settings.proxies;
    let caller = Caller(peer(&request).map(|peer| proxies.caller(peer, request.headers())));
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Without TLS of its own, on an address that other machines reach, the server answers its proxies alone: anybody else
/// would speak in the clear.
pub async fn in_the_clear(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let Settings {
        proxies,
        only_proxies,
        ..
    } = &server.settings;
    let is_strange = |peer: IpAddr| !peer.is_loopback() && !proxies.trusts(peer);
    if *only_proxies && peer(&request).is_some_and(is_strange) {
        let sentence = "this server is reached through its proxy alone\n";
        return (StatusCode::FORBIDDEN, sentence).into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(chain: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for hop in chain {
            headers.append("x-forwarded-for", hop.parse().unwrap());
        }
        headers
    }

    fn caller(proxies: &str, peer: &str, chain: &[&str]) -> String {
        let proxies = Proxies::parse(proxies).unwrap();
        proxies
            .caller(peer.parse().unwrap(), &headers(chain))
            .to_string()
    }

    #[test]
    fn failures_are_counted_by_who_can_have_the_address() {
        let key = |ip: &str| Caller(ip.parse().ok()).key();
        assert_eq!(key("198.51.100.7"), "198.51.100.7");
        assert_eq!(key("::ffff:198.51.100.7"), "198.51.100.7");
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), key("2001:db8:1:2::7"));
        assert_ne!(key("2001:db8:1:2::7"), key("2001:db8:1:3::7"));
    }

    #[test]
    fn a_header_is_believed_from_a_named_proxy_alone() {
        assert_eq!(caller("", "192.0.2.9", &["198.51.100.7"]), "192.0.2.9");
        assert_eq!(
            caller("10.0.0.5", "192.0.2.9", &["198.51.100.7"]),
            "192.0.2.9"
        );
        assert_eq!(
            caller("10.0.0.5", "10.0.0.5", &["198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            caller("10.0.0.0/8", "::ffff:10.0.0.5", &["[2001:db8::7]:4711"]),
            "2001:db8::7"
        );
    }

    #[test]
    fn what_a_caller_writes_before_the_proxy_is_not_believed() {
        let chain = ["203.0.113.1, 198.51.100.7", "10.0.0.6"];
        assert_eq!(caller("10.0.0.0/8", "10.0.0.5", &chain), "198.51.100.7");
        assert_eq!(
            caller("10.0.0.5", "10.0.0.5", &["203.0.113.1, nonsense"]),
            "10.0.0.5"
        );
    }

    #[test]
    fn what_is_no_address_is_no_proxy() {
        assert_eq!(Proxies::parse("10.0.0.5, example.org"), None);
        assert_eq!(Proxies::parse("10.0.0.0/40"), None);
        assert!(Proxies::parse(" ").unwrap().is_empty());
    }
}
