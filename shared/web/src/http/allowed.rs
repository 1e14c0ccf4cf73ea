//! Which addresses this service may call if they came from outside: those of recordings, of outgoing webhooks, and of
//! documents about programs.
//!
//! **Invariant:** nothing inside our network is ever asked for unless an operator named that very host.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Where this service may send requests whose address came from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// These hosts and no others; empty: any public one.
    pub hosts: Vec<String>,
    /// `host:port` of servers that an operator named: they may be private, and speak without TLS.
    pub own: Vec<String>,
}

impl Allowed {
    /// Whether an operator named this host and port.
    pub fn is_own(&self, url: &Url) -> bool {
        let port = url.port_or_known_default().unwrap_or_default();
        url.host_str().is_some_and(|host| self.own.iter().any(|own| *own == format!("{host}:{port}")))
    }

    /// Returns whether requests to this URL are allowed. The addresses of a host name are checked when it is resolved.
    pub fn allows(&self, url: &Url) -> bool {
        if self.is_own(url) {
            return matches!(url.scheme(), "https" | "http");
        }
        let host = url.host_str().unwrap_or_default();
        is_public_url(url) && (self.hosts.is_empty() || self.hosts.iter().any(|listed| is_within(host, listed)))
    }
}

/// Whether the address is HTTPS, without credentials, and not by an address or name of this network. A client that fetches it
/// uses [`PublicNames`], no proxy, and follows no redirect without asking again.
pub fn is_public_url(url: &Url) -> bool {
    let is_public = match url.host() {
        Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => is_public(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_public(IpAddr::V6(ip)),
        None => false,
    };
    url.scheme() == "https" && url.username().is_empty() && url.password().is_none() && is_public
}

/// `a.example.org` is within `example.org`, and so is that itself.
fn is_within(host: &str, listed: &str) -> bool {
    host == listed || host.strip_suffix(listed).is_some_and(|rest| rest.ends_with('.'))
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
#[derive(Debug)]
pub struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|addr| is_public(addr.ip())).collect();
            if public.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(allowed: &Allowed, url: &str) -> bool {
        allowed.allows(&Url::parse(url).unwrap())
    }

    #[test]
    fn nothing_inside_is_asked_for_whatever_it_is_called() {
        for url in [
            "http://storage.example.org/a.wav",
            "https://localhost/a.wav",
            "https://intranet/a.wav",
            "https://127.0.0.1/a.wav",
            "https://0x7f000001/a.wav",
            "https://10.1.2.3/a.wav",
            "https://172.20.0.1/a.wav",
            "https://192.168.0.1/a.wav",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/a.wav",
            "https://[::1]/a.wav",
            "https://[::ffff:127.0.0.1]/a.wav",
            "https://[fd00::1]/a.wav",
            "https://[fe80::1]/a.wav",
            "https://[2002:7f00:1::]/a.wav",
            "https://user:secret@storage.example.org/a.wav",
            "ftp://storage.example.org/a.wav",
        ] {
            assert!(!allows(&Allowed::default(), url), "{url}");
        }
        assert!(allows(&Allowed::default(), "https://storage.example.org/a.wav?sign=x"));
        assert!(allows(&Allowed::default(), "https://8.8.8.8/a.wav"));
    }

    #[test]
    fn a_list_of_hosts_is_all_there_is() {
        let allowed = Allowed { hosts: vec!["vapi.ai".to_owned()], own: vec!["127.0.0.1:9000".to_owned()] };
        assert!(allows(&allowed, "https://storage.vapi.ai/a.wav") && allows(&allowed, "https://vapi.ai/a.wav"));
        assert!(!allows(&allowed, "https://evilvapi.ai/a.wav") && !allows(&allowed, "https://vapi.ai.evil.org/a"));
        assert!(allows(&allowed, "http://127.0.0.1:9000/a.wav"), "named by an operator");
        assert!(!allows(&allowed, "http://127.0.0.1:9001/a.wav"), "another door of the same house");
    }
}
