//! Hosts and network addresses.

use std::net::{IpAddr, Ipv6Addr};

/// Whether a host, by name or address, is this machine. An IPv6 address may be in brackets.
pub fn is_loopback_name(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse().map_or_else(
        |_| name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost"),
        |ip: IpAddr| ip.to_canonical().is_loopback(),
    )
}

/// Returns what counts as one client: an IPv4 address, or the /64 network of an IPv6 address, which one client usually has.
pub fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}
