//! The rules as one batch: the kernel takes all of it, or nothing.

use super::expression::{TCP, UDP, count, is_for, is_loopback, is_own, let_through, redirect, reject};
use super::message::{Message, nested, number, text};
use super::rules::{Family, HTTPS, NAT_PRIORITY, Rules, TABLE};

/// `NFNL_SUBSYS_NFTABLES`
const SUBSYSTEM: u16 = 10;
/// `NFNL_MSG_BATCH_BEGIN`
const BEGIN: u16 = 16;
/// `NFNL_MSG_BATCH_END`
const END: u16 = 17;

/// `NLM_F_REQUEST`
const REQUEST: u16 = 1;
/// `NLM_F_ACK`: every message is answered, so that silence is not taken for success.
const ACKNOWLEDGE: u16 = 4;
/// `NLM_F_CREATE`
const CREATE: u16 = 0x400;
/// `NLM_F_APPEND`
const APPEND: u16 = 0x800;

/// Messages to be sent together.
pub(super) struct Batch {
    /// Everything, from the begin to the end.
    pub bytes: Vec<u8>,
    /// What each message that is answered does, in words; the first has the number 1.
    pub does: Vec<String>,
    family: Family,
}

/// Makes the table of `rules` anew.
pub(super) fn install(rules: &Rules, family: Family) -> Batch {
    let mut batch = Batch::begin(family);
    batch.empty_the_place();
    batch.table();
    batch.chain("output_nat", "nat", NAT_PRIORITY);
    let from_us = || is_own(rules.own);
    batch.rule("output_nat", [from_us(), vec![count(), let_through()]].concat());
    batch.rule("output_nat", [is_loopback(), vec![count(), let_through()]].concat());
    batch.rule("output_nat", [is_for(TCP, HTTPS), vec![count()], redirect(rules.port)].concat());
    batch.chain("output_filter", "filter", 0);
    batch.rule("output_filter", [from_us(), vec![let_through()]].concat());
    batch.rule("output_filter", [is_loopback(), vec![let_through()]].concat());
    batch.rule("output_filter", [is_for(UDP, HTTPS), vec![count(), reject(family)]].concat());
    batch.end()
}

/// Leaves no table.
pub(super) fn remove(family: Family) -> Batch {
    let mut batch = Batch::begin(family);
    batch.empty_the_place();
    batch.end()
}

impl Batch {
    fn begin(family: Family) -> Self {
        let bytes = Message::new(BEGIN, REQUEST, 0, 0, SUBSYSTEM).finish();
        Self { bytes, does: Vec::new(), family }
    }

    /// Only a table that exists can be deleted, so it is made first.
    fn empty_the_place(&mut self) {
        self.table();
        self.add("delete the old table", 2, 0, &[text(1, TABLE)]); // NFT_MSG_DELTABLE
    }

    fn table(&mut self) {
        self.add("make the table", 0, CREATE, &[text(1, TABLE)]); // NFT_MSG_NEWTABLE
    }

    /// A chain of packets that this machine sends.
    fn chain(&mut self, name: &str, kind: &str, priority: i32) {
        // NF_INET_LOCAL_OUT, and where among the others.
        let hook = nested(4, &[number(1, 3), number(2, priority.cast_unsigned())]);
        let attributes = [text(1, TABLE), text(3, name), hook, number(5, 1), text(7, kind)]; // the policy: NF_ACCEPT
        self.add(&format!("make the chain {name}"), 3, CREATE, &attributes); // NFT_MSG_NEWCHAIN
    }

    fn rule(&mut self, chain: &str, steps: Vec<Vec<u8>>) {
        let attributes = [text(1, TABLE), text(2, chain), nested(4, &steps)];
        self.add(&format!("make a rule of {chain}"), 6, CREATE | APPEND, &attributes); // NFT_MSG_NEWRULE
    }

    fn add(&mut self, does: &str, message: u16, flags: u16, attributes: &[Vec<u8>]) {
        self.does.push(format!("{does} ({})", self.family.as_str()));
        let sequence = u32::try_from(self.does.len()).unwrap_or(u32::MAX);
        let family = match self.family {
            Family::Inet => 1,  // NFPROTO_INET
            Family::Ipv4 => 2,  // NFPROTO_IPV4
            Family::Ipv6 => 10, // NFPROTO_IPV6
        };
        let kind = (SUBSYSTEM << 8) | message;
        let message = Message::new(kind, REQUEST | ACKNOWLEDGE | flags, sequence, family, 0);
        self.bytes.extend(message.with(&attributes.concat()).finish());
    }

    fn end(mut self) -> Self {
        self.bytes.extend(Message::new(END, REQUEST, 0, 0, SUBSYSTEM).finish());
        self
    }
}
