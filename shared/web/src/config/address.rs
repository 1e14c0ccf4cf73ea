//! Where a service listens, and the URL by which others reach it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::env::Settings;
use super::strict::is_local;

pub(super) const MCP_SERVER_ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// The platform's `PORT` wins and means: on all interfaces, behind the platform's proxy.
pub(super) fn address(s: &mut Settings<'_>, variable: &'static str, default: SocketAddr) -> (SocketAddr, bool) {
    match s.optional("PORT").map(|port| port.parse()) {
        Some(Ok(port)) => (SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)), true),
        Some(Err(_)) => {
            s.fault("PORT", "is no port number");
            (default, true)
        }
        None => address_without_port(s, variable, default),
    }
}

pub(super) fn address_without_port(
    s: &mut Settings<'_>,
    variable: &'static str,
    default: SocketAddr,
) -> (SocketAddr, bool) {
    match s.optional(variable).map(|text| text.parse()) {
        None => (default, false),
        Some(Ok(addr)) => (addr, false),
        Some(Err(_)) => {
            s.fault(variable, "is no address such as 127.0.0.1:8080");
            (default, false)
        }
    }
}

pub(super) fn public_url(s: &mut Settings<'_>, addr: SocketAddr) -> String {
    let Some(url) = s.optional("PUBLIC_URL") else {
        if !addr.ip().is_loopback() {
            s.fault("PUBLIC_URL", "is not set; where others than this machine call, it is the https:// URL they use");
        }
        return format!("http://{addr}");
    };
    let url = s.checked_url("PUBLIC_URL", &url, &["https", "http"]);
    if url.starts_with("http://") && !is_local(&url) {
        s.fault("PUBLIC_URL", "begins with http://; tokens may cross a network by https:// only");
    }
    url
}
