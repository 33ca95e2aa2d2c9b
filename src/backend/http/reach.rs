//! Which addresses may be connected to. A resolver's author chooses the host, and whoever runs its name server chooses the
//! address: a call must not end at a machine that only this network can reach, the metadata of the instance that we run on
//! above all (169.254.169.254).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::value::Str;

/// The addresses that a call may lead to. It is asked about the addresses that a name has at the moment of connecting, so
/// that a name which changes its address gains nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reach {
    #[default]
    Anywhere,
    /// Public addresses, and the private ones that are listed.
    Public { except: Arc<[PrivatePlace]> },
}

/// What may be reached although it is not public.
///
/// # Examples
/// ```
/// use syncline::backend::http::PrivatePlace;
/// assert_eq!(PrivatePlace::parse("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
/// assert_eq!(PrivatePlace::parse("[::1]").unwrap().to_string(), "::1/128");
/// assert_eq!(PrivatePlace::parse("Payments.Internal").unwrap().to_string(), "payments.internal");
/// assert_eq!(PrivatePlace::parse("http://payments.internal"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PrivatePlace {
    /// A host by its name, whatever address it has.
    Host(Str),
    /// Whatever lies in a network, under any name.
    Network(IpNet),
}

impl PrivatePlace {
    /// Reads a host's name, an address, or a network such as `10.0.0.0/8`.
    pub fn parse(text: &str) -> Option<PrivatePlace> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Some(PrivatePlace::Network(network.trunc()));
        }
        if let Some(address) = literal(text) {
            return Some(PrivatePlace::Network(address.into()));
        }
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let name = text.strip_suffix('.').unwrap_or(text);
        name.split('.').all(is_label).then(|| PrivatePlace::Host(name.to_ascii_lowercase().into()))
    }
}

impl std::fmt::Display for PrivatePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PrivatePlace::Host(name) => f.write_str(name),
            PrivatePlace::Network(network) => network.fmt(f),
        }
    }
}

impl Reach {
    /// Whether a connection to `host` may go to this one of its addresses.
    pub fn includes(&self, host: &str, address: IpAddr) -> bool {
        let Reach::Public { except } = self else { return true };
        let host = host.strip_suffix('.').unwrap_or(host);
        let is_listed = |place: &PrivatePlace| match place {
            PrivatePlace::Host(name) => name.eq_ignore_ascii_case(host),
            PrivatePlace::Network(network) => network.contains(&address) || network.contains(&meant(address)),
        };
        is_public(address) || except.iter().any(is_listed)
    }

    /// Whether a host may turn out to have an address that is included, as far as its spelling tells: an address is judged, a
    /// name is not yet. `localhost` is known to be this machine.
    pub fn may_include(&self, host: &str) -> bool {
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            let here: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return here.into_iter().any(|address| self.includes(&name, address));
        }
        literal(host).is_none_or(|address| self.includes(host, address))
    }
}

/// A host written as an address, in brackets or without.
fn literal(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// Networks that are not, or not only, the public internet: IANA's registry of special-purpose IPv4 addresses, and
/// multicast.
static SPECIAL_V4: LazyLock<Vec<Ipv4Net>> = LazyLock::new(|| {
    networks(&[
        "0.0.0.0/8",       // this host
        "10.0.0.0/8",      // private
        "100.64.0.0/10",   // shared by the customers of a provider
        "127.0.0.0/8",     // loopback
        "169.254.0.0/16",  // link-local, metadata of instances
        "172.16.0.0/12",   // private
        "192.0.0.0/24",    // protocol assignments
        "192.0.2.0/24",    // documentation
        "192.88.99.0/24",  // relays of 6to4
        "192.168.0.0/16",  // private
        "198.18.0.0/15",   // benchmarks
        "198.51.100.0/24", // documentation
        "203.0.113.0/24",  // documentation
        "224.0.0.0/4",     // multicast
        "240.0.0.0/4",     // reserved, broadcast
    ])
});

/// The only part of IPv6 that is public; all else (loopback, unique-local, link-local, multicast) lies outside.
static GLOBAL_V6: LazyLock<Vec<Ipv6Net>> = LazyLock::new(|| networks(&["2000::/3"]));

/// And what is not public in it: protocol assignments with Teredo among them, and documentation.
static SPECIAL_V6: LazyLock<Vec<Ipv6Net>> = LazyLock::new(|| networks(&["2001::/23", "2001:db8::/32", "3fff::/20"]));

fn networks<N: std::str::FromStr>(texts: &[&str]) -> Vec<N> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn is_public(address: IpAddr) -> bool {
    match meant(address) {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            let is_in = |networks: &[Ipv6Net]| networks.iter().any(|network| network.contains(&address));
            is_in(&GLOBAL_V6) && !is_in(&SPECIAL_V6)
        }
    }
}

/// The address that a packet arrives at: the IPv4 address inside of an IPv6 one that is only its wrapping (mapped, NAT64,
/// 6to4).
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let inside = |at: usize| {
        let octets: Ipv6Addr = v6;
        let octets = octets.octets();
        IpAddr::V4(Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]))
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => inside(12),
        [0x2002, ..] => inside(2),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(except: &[&str]) -> Reach {
        Reach::Public { except: except.iter().map(|text| PrivatePlace::parse(text).unwrap()).collect() }
    }

    /// Every line of the table is an address, what it is, and `public` or `private`.
    #[test]
    fn the_table_of_addresses_says_which_are_public() {
        let table = include_str!("../../../tests/http/addresses.tsv");
        let mut count = 0;
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let [address, verdict, _what] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line:?}") };
            let parsed: IpAddr = address.parse().unwrap_or_else(|error| panic!("{line:?}: {error}"));
            assert_eq!(public(&[]).includes("a.example", parsed), verdict == "public", "{line}");
            assert!(Reach::Anywhere.includes("a.example", parsed), "{line}");
            let host = if parsed.is_ipv6() { format!("[{address}]") } else { address.to_owned() };
            assert_eq!(public(&[]).may_include(&host), verdict == "public", "{line}");
            count += 1;
        }
        assert!(count > 40);
    }

    #[test]
    fn networks_and_their_exceptions_are_all_read() {
        assert_eq!((SPECIAL_V4.len(), GLOBAL_V6.len(), SPECIAL_V6.len()), (15, 1, 3));
    }

    #[test]
    fn a_listed_host_or_network_may_be_reached_and_nothing_beside_it() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let reach = public(&["payments.internal", "10.1.0.0/16", "::1", "192.168.7.9"]);
        for (host, at, is_included) in [
            ("payments.internal", "127.0.0.1", true),
            ("PAYMENTS.internal.", "fd00::1", true),
            ("x.payments.internal", "127.0.0.1", false),
            ("payments.internal.example", "127.0.0.1", false),
            ("any.example", "10.1.255.255", true),
            ("any.example", "10.2.0.0", false),
            // The same network in IPv6's wrapping.
            ("any.example", "::ffff:10.1.2.3", true),
            ("any.example", "::ffff:10.2.2.3", false),
            ("any.example", "::1", true),
            ("any.example", "127.0.0.1", false),
            ("any.example", "192.168.7.9", true),
            ("any.example", "192.168.7.8", false),
            ("any.example", "93.184.215.14", true),
        ] {
            assert_eq!(reach.includes(host, address(at)), is_included, "{host} {at}");
        }
        assert!(reach.may_include("[::1]") && reach.may_include("payments.internal"));
        assert!(!reach.may_include("127.0.0.1") && !reach.may_include("[fd00::1]"));
    }

    #[test]
    fn what_is_no_host_and_no_network_is_not_taken_for_one() {
        for text in ["", ".", "a..b", "http://a", "a:80", "a/b", "10.0.0.0/33", "*.internal", "a b", "ä.example"] {
            assert_eq!(PrivatePlace::parse(text), None, "{text}");
        }
        assert_eq!(PrivatePlace::parse("10.1.2.3/8"), PrivatePlace::parse("10.0.0.0/8"));
    }

    #[test]
    fn localhost_is_private_by_its_name_and_other_names_are_still_to_be_seen() {
        for host in ["localhost", "LOCALHOST", "localhost.", "api.localhost"] {
            assert!(!public(&["10.0.0.0/8", "other.internal"]).may_include(host), "{host}");
            assert!(public(&[host]).may_include(host), "{host}");
            assert!(public(&["127.0.0.1"]).may_include(host) && public(&["::1"]).may_include(host), "{host}");
            assert!(Reach::Anywhere.may_include(host), "{host}");
        }
        for host in ["localhost.example", "notlocalhost", "10.example", "payments.internal"] {
            assert!(public(&[]).may_include(host), "{host}");
        }
    }
}
