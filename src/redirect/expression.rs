//! The steps of a rule, as the kernel runs them: load into a register, compare, act. Numbers and their names are those
//! of `linux/netfilter/nf_tables.h`.

use super::message::{bytes, nested, number, text};
use super::rules::{Family, Own};

/// `NFT_REG_VERDICT`
const VERDICT: u32 = 0;
/// `NFT_REG_1`; one register is enough, each comparison has the last word about it.
const REGISTER: u32 = 1;
/// `IPPROTO_TCP`
pub(super) const TCP: u8 = 6;
/// `IPPROTO_UDP`
pub(super) const UDP: u8 = 17;

/// One step; `NFTA_LIST_ELEM` of `NFTA_EXPR_NAME` and `NFTA_EXPR_DATA`.
fn step(name: &str, data: &[Vec<u8>]) -> Vec<u8> {
    nested(1, &[text(1, name), nested(2, data)])
}

/// Loads what the kernel knows about the packet.
fn meta(key: u32) -> Vec<u8> {
    step("meta", &[number(2, key), number(1, REGISTER)])
}

/// Goes on with the next rule where the register holds something else.
fn equals(value: &[u8]) -> Vec<u8> {
    step("cmp", &[number(1, REGISTER), number(2, 0), nested(3, &[bytes(1, value)])])
}

/// The packet is our own. User and group are compared in the machine's order.
pub(super) fn is_own(own: Own) -> Vec<Vec<u8>> {
    match own {
        Own::Uid(uid) => vec![meta(10), equals(&uid.to_ne_bytes())], // NFT_META_SKUID
        Own::Gid(gid) => vec![meta(11), equals(&gid.to_ne_bytes())], // NFT_META_SKGID
    }
}

/// The packet stays on this machine.
pub(super) fn is_loopback() -> Vec<Vec<u8>> {
    let mut name = [0; 16]; // IFNAMSIZ
    name[..2].copy_from_slice(b"lo");
    vec![meta(7), equals(&name)] // NFT_META_OIFNAME
}

/// The packet goes to that port.
pub(super) fn is_for(protocol: u8, port: u16) -> Vec<Vec<u8>> {
    // Two bytes from the second on of the transport's header.
    let destination = step("payload", &[number(1, REGISTER), number(2, 2), number(3, 2), number(4, 2)]);
    vec![meta(16), equals(&[protocol]), destination, equals(&port.to_be_bytes())] // NFT_META_L4PROTO
}

/// Counts what comes here.
pub(super) fn count() -> Vec<u8> {
    step("counter", &[bytes(1, &[0; 8]), bytes(2, &[0; 8])])
}

/// Lets the packet go on its way.
pub(super) fn let_through() -> Vec<u8> {
    let verdict = nested(2, &[number(1, (-5i32).cast_unsigned())]); // NFT_RETURN
    step("immediate", &[number(1, VERDICT), nested(2, &[verdict])])
}

/// Leads the connection to that port of ours.
pub(super) fn redirect(port: u16) -> Vec<Vec<u8>> {
    let load = step("immediate", &[number(1, REGISTER), nested(2, &[bytes(1, &port.to_be_bytes())])]);
    let flag = number(3, 2); // NF_NAT_RANGE_PROTO_SPECIFIED
    vec![load, step("redir", &[number(1, REGISTER), flag])]
}

/// Tells the sender that nobody is there.
pub(super) fn reject(family: Family) -> Vec<u8> {
    let (kind, code) = match family {
        Family::Inet => (2, 1), // NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_PORT_UNREACH
        Family::Ipv4 => (0, 3), // NFT_REJECT_ICMP_UNREACH, ICMP_PORT_UNREACH
        Family::Ipv6 => (0, 4), // NFT_REJECT_ICMP_UNREACH, ICMPV6_PORT_UNREACH
    };
    step("reject", &[number(1, kind), bytes(2, &[code])])
}
