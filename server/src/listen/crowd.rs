//! How many connections come from one address. Knows no socket.

use crate::caller::{Proxies, customer};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The connections that are open, by address.
pub(super) struct Crowd {
    most: usize,
    proxies: Proxies,
    open: Mutex<BTreeMap<IpAddr, usize>>,
}

/// One of them; left when it is dropped.
pub(super) struct Place {
    crowd: Arc<Crowd>,
    address: IpAddr,
}

impl Crowd {
    /// So many at most from one address; from a proxy, which brings everybody, as many as there are.
    pub(super) fn new(most: usize, proxies: Proxies) -> Arc<Self> {
        let open = Mutex::default();
        Arc::new(Self {
            most,
            proxies,
            open,
        })
    }

    /// A place for one more from there; none if there are too many.
    pub(super) fn enters(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let address = customer(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let many = open.entry(address).or_default();
        if *many >= self.most && !self.proxies.trusts(peer.to_canonical()) {
            return None;
        }
        *many += 1;
        let crowd = Arc::clone(self);
        Some(Place { crowd, address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let open = self.crowd.open.lock();
        let mut open = open.unwrap_or_else(PoisonError::into_inner);
        if let Some(many) = open.get_mut(&self.address) {
            *many = many.saturating_sub(1);
            if *many == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_and_a_proxy_as_many_as_it_brings() {
        let crowd = Crowd::new(2, Proxies::parse("10.0.0.5").unwrap());
        let enters = |ip: &str| crowd.enters(ip.parse().unwrap());
        let (one, two) = (enters("192.0.2.9").unwrap(), enters("::ffff:192.0.2.9"));
        assert!(two.is_some());
        assert!(enters("192.0.2.9").is_none());
        assert!(enters("192.0.2.8").is_some());
        let brought: Vec<_> = (0..9).map(|_| enters("10.0.0.5")).collect();
        assert!(brought.iter().all(Option::is_some));
        // Who has one long address has as many as she likes.
        let long: Vec<_> = (1..4).map(|n| enters(&format!("2001:db8::{n}"))).collect();
        assert!(long[0].is_some() && long[1].is_some() && long[2].is_none());
        drop(one);
        assert!(enters("192.0.2.9").is_some());
        drop((two, brought, long));
        assert!(crowd.open.lock().unwrap().is_empty());
    }
}
