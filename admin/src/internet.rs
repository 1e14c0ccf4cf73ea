//! What may be fetched from an address that a stranger named.
//!
//! **Invariant:** nothing inside our network is ever asked for. A client that fetches such addresses uses [`PublicNames`], no
//! proxy, and follows no redirect without [`is_public_url`].

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Whether to ask there at all: by HTTPS, without credentials, and not by an address or name of this network. What a name
/// stands for is looked at when it is resolved.
pub(crate) fn is_public_url(url: &Url) -> bool {
    let is_public = match url.host() {
        Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => is_public(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_public(IpAddr::V6(ip)),
        None => false,
    };
    url.scheme() == "https" && url.username().is_empty() && url.password().is_none() && is_public
}

/// Whether the address is of the internet: none of this machine, of a private network, of a cloud's metadata.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            let is_special = a == 0
                || a >= 224
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && (c == 0 || c == 2))
                || (a == 198 && (b == 18 || b == 19 || (b == 51 && c == 100)))
                || (a == 203 && b == 0 && c == 113);
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || is_special)
        }
        IpAddr::V6(ip) => {
            let [a, b, ..] = ip.segments();
            // Global unicast, without what carries an IPv4 address inside (6to4, Teredo) and documentation.
            let is_plain = (a & 0xe000) == 0x2000 && a != 0x2002 && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8));
            ip.to_ipv4_mapped().map_or(is_plain, |ip| is_public(IpAddr::V4(ip)))
        }
    }
}

/// Resolves names to public addresses alone: what is checked is what is connected to.
pub(crate) struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|addr| is_public(addr.ip())).collect();
            if public.is_empty() {
                return Err("the name stands for no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}
