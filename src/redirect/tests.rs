//! Without a kernel: the batch's form, and what answers say. `tests/netns` asks a kernel.

use super::batch;
use super::rules::{Family, Own, Rules};
use super::socket::answers;

const RULES: Rules = Rules { own: Own::Uid(14661), port: 15443 };

/// The messages of a batch: kind and sequence.
fn messages(mut bytes: &[u8]) -> Vec<(u16, u32)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let length = u32::from_ne_bytes(bytes[..4].try_into().unwrap()) as usize;
        assert_eq!(length % 4, 0, "attributes are aligned");
        let kind = u16::from_ne_bytes(bytes[4..6].try_into().unwrap());
        found.push((kind, u32::from_ne_bytes(bytes[8..12].try_into().unwrap())));
        bytes = &bytes[length..];
    }
    found
}

#[test]
fn a_batch_empties_the_place_before_it_fills_it() {
    let (table, delete, chain, rule) = (0xa00, 0xa02, 0xa03, 0xa06);
    let kinds = [0x10, table, delete, table, chain, rule, rule, rule, chain, rule, rule, rule, 0x11];
    for family in [Family::Inet, Family::Ipv4, Family::Ipv6] {
        let batch = batch::install(&RULES, family);
        let found = messages(&batch.bytes);
        assert_eq!(found.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), kinds);
        assert_eq!(batch.does.len(), kinds.len() - 2, "the begin and the end are not answered");
        let numbers: Vec<_> = found[1..kinds.len() - 1].iter().map(|(_, number)| *number as usize).collect();
        assert_eq!(numbers, (1..=batch.does.len()).collect::<Vec<_>>());
        assert_eq!(messages(&batch::remove(family).bytes).len(), 4);
    }
}

#[test]
fn answers_are_read_within_their_bounds() {
    let answer = |sequence: u32, code: i32| {
        let head = [36u32.to_ne_bytes(), [2, 0, 0, 0], sequence.to_ne_bytes(), [0; 4], code.to_ne_bytes()].concat();
        [head, vec![0; 16]].concat()
    };
    assert_eq!(answers(&[answer(1, 0), answer(2, -1)].concat()), [(1, 0), (2, -1)]);
    let other = [20u32.to_ne_bytes(), [3, 0, 0, 0], [0; 4], [0; 4], [0; 4]].concat();
    assert_eq!(answers(&[other, answer(7, 0)].concat()), [(7, 0)]);
    let whole = answer(3, -2);
    for cut in 0..whole.len() {
        assert!(answers(&whole[..cut]).len() <= 1, "{cut}");
    }
    for length in [0u32, 4, 15, u32::MAX] {
        answers(&[length.to_ne_bytes().to_vec(), vec![2; 60]].concat());
    }
}
