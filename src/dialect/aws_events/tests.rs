use super::*;

fn frames() -> Vec<u8> {
    let mut out = Vec::new();
    write_event("messageStart", br#"{"role":"assistant"}"#, &mut out);
    write_event("contentBlockDelta", &[b'x'; 300], &mut out);
    write_exception("throttlingException", br#"{"message":"slow down"}"#, &mut out);
    out
}

/// A name and its data.
type Said = Vec<(String, Vec<u8>)>;

/// What the frames of `bytes` say when they come in chunks of `size`, and what is wrong then.
fn read(bytes: &[u8], size: usize) -> (Said, Option<Broken>, usize) {
    let mut splitter = Splitter::new(1 << 20);
    let (mut said, mut broken) = (Vec::new(), None);
    for chunk in bytes.chunks(size) {
        let ready = splitter.push(Bytes::copy_from_slice(chunk));
        assert_eq!(ready.events().map(<[u8]>::len).sum::<usize>(), ready.bytes.len());
        for frame in ready.events() {
            let event = Event::read(frame);
            said.push((event.name().into_owned(), event.data().into_owned()));
        }
        broken = ready.broken;
    }
    (said, broken, splitter.rest().len())
}

/// The example of AWS's own documentation of the format: no headers, no payload.
#[test]
fn the_smallest_frame() {
    let frame = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
    assert_eq!(read(&frame, 16), (vec![(String::new(), Vec::new())], None, 0));
}

#[test]
fn case_117_frames_do_not_depend_on_the_cuts() {
    let bytes = frames();
    let expected = vec![
        ("messageStart".to_owned(), br#"{"role":"assistant"}"#.to_vec()),
        ("contentBlockDelta".to_owned(), vec![b'x'; 300]),
        ("exception:throttlingException".to_owned(), br#"{"message":"slow down"}"#.to_vec()),
    ];
    for size in 1..=bytes.len() {
        assert_eq!(read(&bytes, size), (expected.clone(), None, 0), "in chunks of {size}");
    }
    let second = number(&bytes, 0);
    let starts = [0, second, second + number(&bytes, second)];
    for end in 0..bytes.len() {
        let (said, broken, rest) = read(&bytes[..end], 7);
        let whole = starts.iter().filter(|start| **start > 0 && **start <= end).count();
        assert_eq!((&said[..], broken, rest), (&expected[..whole], None, end - starts[whole]), "cut at {end}");
    }
}

#[test]
fn case_117_a_changed_bit_is_found() {
    let bytes = frames();
    let first = number(&bytes, 0);
    for at in 0..first {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            let (said, broken, _) = read(&bytes, 64);
            assert!(said.is_empty(), "byte {at}");
            assert_eq!(broken, Some(if at < PRELUDE { Broken::PreludeSum } else { Broken::MessageSum }), "byte {at}");
        }
    }
    let mut bytes = bytes;
    bytes[first + 20] ^= 1;
    let (said, broken, _) = read(&bytes, 1000);
    assert_eq!((said.len(), broken), (1, Some(Broken::MessageSum)), "the good ones before it are given out");
}

#[test]
fn lengths_are_checked() {
    let prelude = |total: u32, headers: u32| {
        let mut bytes = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        bytes
    };
    for (total, headers, broken) in [
        (15, 0, Some(Broken::Lengths)),
        (0, 0, Some(Broken::Lengths)),
        (20, 5, Some(Broken::Lengths)),
        (1 << 19, (128 << 10) + 1, Some(Broken::Lengths)),
        ((1 << 20) + 1, 0, Some(Broken::TooLong)),
        (u32::MAX, u32::MAX, Some(Broken::TooLong)),
        (1 << 20, 4, None),
    ] {
        assert_eq!(read(&prelude(total, headers), 5).1, broken, "{total} {headers}");
    }
}

#[test]
fn an_error_without_a_payload_and_other_headers() {
    let mut headers = Vec::new();
    for (name, kind, value) in [
        ("a", 0, &[][..]),
        ("b", 5, &[1; 8]),
        ("c", 9, &[2; 16]),
        ("d", 6, &[0, 1, 9]),
        (":message-type", 7, b"\0\x05error"),
        (":error-code", 7, b"\0\x02no"),
        (":error-message", 7, b"\0\x03\"x\""),
    ] {
        headers.push(name.len() as u8);
        headers.extend(name.as_bytes());
        headers.push(kind);
        headers.extend(value);
    }
    let frame = [&[0; 4], &(headers.len() as u32).to_be_bytes()[..], &[0; 4], &headers, &[0; 4]].concat();
    let event = Event::read(&frame);
    assert_eq!((&*event.name(), &*event.data()), ("exception:no", &br#"{"message":"\"x\""}"#[..]));
    for end in 0..frame.len() {
        Event::read(&frame[..end]);
    }
}

/// Were a partial frame measured or copied anew with each piece, this would take minutes.
#[test]
fn a_long_frame_in_small_pieces_takes_linear_time() {
    let mut bytes = Vec::new();
    write_event("chunk", &vec![b'x'; 16 << 20], &mut bytes);
    let mut splitter = Splitter::new(32 << 20);
    let bytes = Bytes::from(bytes);
    let mut frames = 0;
    for start in (0..bytes.len()).step_by(64) {
        frames += splitter.push(bytes.slice(start..bytes.len().min(start + 64))).events().count();
    }
    assert_eq!(frames, 1);
}
