//! Which proxies stand in front of us, and what is believed of what they say.
//!
//! **Invariant:** an address that a client wrote into a header is never taken for the client's.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The headers by which a proxy shows itself.
const MARKS: [&str; 7] =
    ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-real-ip", "forwarded", "via"];

/// Whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxies {
    /// No one's.
    #[default]
    None,
    /// The platform's proxy. The service is reachable only through it, so every connection comes from the proxy.
    Platform,
    /// Of these networks.
    Listed(Vec<IpNet>),
}

impl Proxies {
    /// Where a request comes from that `peer` brings.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        let is_proxy = |address: &IpAddr| match self {
            Self::None | Self::Platform => false,
            Self::Listed(networks) => networks.iter().any(|network| network.contains(address)),
        };
        if !is_proxy(&peer) && *self != Self::Platform {
            return peer;
        }
        let values: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
        let mut nearest = peer;
        // Start with the nearest. Entries before the first address that is not our proxy can be forged.
        for text in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            let Some(address) = parse(text.trim()) else { break };
            nearest = address;
            if !is_proxy(&address) {
                break;
            }
        }
        nearest
    }
}

/// Whether a proxy shows itself by a header.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    MARKS.iter().any(|name| headers.contains_key(*name))
}

/// An address, with a port or without.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &Proxies, peer: &str, forwarded: &[&str]) -> String {
        let headers = forwarded
            .iter()
            .map(|value| (http::HeaderName::from_static(FORWARDED_FOR), http::HeaderValue::from_str(value).unwrap()));
        proxies.client(peer.parse().unwrap(), &headers.collect()).to_string()
    }

    #[test]
    fn only_a_known_proxys_word_counts() {
        let listed = Proxies::Listed(vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.1/32".parse().unwrap()]);
        assert_eq!(client(&Proxies::None, "127.0.0.1", &["203.0.113.9"]), "127.0.0.1");
        assert_eq!(client(&listed, "203.0.113.7", &["203.0.113.9"]), "203.0.113.7", "no proxy of ours");
        assert_eq!(client(&listed, "10.1.2.3", &["6.6.6.6, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&listed, "127.0.0.1", &["6.6.6.6, 203.0.113.9, 10.0.0.7"]), "203.0.113.9", "two of ours");
        assert_eq!(client(&listed, "127.0.0.1", &["6.6.6.6", "203.0.113.9:4711"]), "203.0.113.9", "two headers");
        assert_eq!(client(&listed, "10.1.2.3", &["203.0.113.9, unknown"]), "10.1.2.3");
        assert_eq!(client(&listed, "10.1.2.3", &[]), "10.1.2.3");
        assert_eq!(client(&listed, "::ffff:10.1.2.3", &["2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn behind_a_platform_whoever_connects_is_its_proxy() {
        assert_eq!(client(&Proxies::Platform, "198.51.100.1", &["6.6.6.6, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&Proxies::Platform, "198.51.100.1", &[]), "198.51.100.1");
    }

    #[test]
    fn addresses_of_one_network_are_one_client() {
        let of = |text: &str| domain::network::client_network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
