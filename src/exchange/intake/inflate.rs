//! Compressed request bodies, decompressed as they come in and never beyond the limit.
//!
//! Routing must read the body and few providers take a compressed one, so it goes on plain.

use std::io::Write;

use bytes::Bytes;
use http::{HeaderMap, header};

use crate::canonical::{Fault, FaultKind};

/// One of the encodings that clients use, writing into memory.
pub(super) enum Inflate {
    Gzip(flate2::write::MultiGzDecoder<Sink>),
    Deflate(flate2::write::ZlibDecoder<Sink>),
    Brotli(Box<brotli::DecompressorWriter<Sink>>),
    Zstd(zstd::stream::write::Decoder<'static, Sink>),
}

/// Where decompressed bytes go: takes no more than there is room for, so that a bomb is noticed while it goes off.
#[derive(Default)]
pub(super) struct Sink {
    out: Vec<u8>,
    room: usize,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if bytes.len() > self.room - self.out.len() {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Inflate {
    /// What the request's `content-encoding` asks for; `None` for a plain body.
    pub(super) fn new(headers: &HeaderMap) -> Result<Option<Self>, Fault> {
        let Some(encoding) = headers.get(header::CONTENT_ENCODING) else { return Ok(None) };
        let encoding = encoding.to_str().unwrap_or_default().trim().to_ascii_lowercase();
        let sink = Sink::default();
        Ok(Some(match encoding.as_str() {
            "" | "identity" => return Ok(None),
            "gzip" | "x-gzip" => Self::Gzip(flate2::write::MultiGzDecoder::new(sink)),
            "deflate" => Self::Deflate(flate2::write::ZlibDecoder::new(sink)),
            "br" => Self::Brotli(Box::new(brotli::DecompressorWriter::new(sink, 4096))),
            "zstd" => Self::Zstd(zstd::stream::write::Decoder::new(sink).map_err(|_| broken())?),
            _ => {
                let message = "content-encoding is not one of gzip, deflate, br, zstd";
                return Err(Fault::new(FaultKind::BadRequest, message));
            }
        }))
    }

    /// Decompresses `chunk`; more than `room` bytes of output are refused.
    pub(super) fn push(&mut self, chunk: &[u8], room: usize) -> Result<Bytes, Fault> {
        self.sink().room = room;
        let written = match self {
            Self::Gzip(decoder) => decoder.write_all(chunk).and_then(|()| decoder.flush()),
            Self::Deflate(decoder) => decoder.write_all(chunk).and_then(|()| decoder.flush()),
            Self::Brotli(decoder) => decoder.write_all(chunk),
            Self::Zstd(decoder) => decoder.write_all(chunk).and_then(|()| decoder.flush()),
        };
        written.map_err(|error| fault(&error, room))?;
        Ok(std::mem::take(&mut self.sink().out).into())
    }

    /// The rest; an error where the compressed body has no end.
    pub(super) fn finish(mut self, room: usize) -> Result<Bytes, Fault> {
        self.sink().room = room;
        let finished = match &mut self {
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Deflate(decoder) => decoder.try_finish(),
            Self::Brotli(decoder) => decoder.close(),
            Self::Zstd(decoder) => decoder.flush(),
        };
        finished.map_err(|error| fault(&error, room))?;
        Ok(std::mem::take(&mut self.sink().out).into())
    }

    fn sink(&mut self) -> &mut Sink {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

fn fault(error: &std::io::Error, room: usize) -> Fault {
    match error.kind() {
        std::io::ErrorKind::StorageFull => {
            let message = format!("the request body decompresses to more than the {room} bytes that are left");
            Fault::new(FaultKind::TooLarge, message)
        }
        _ => broken(),
    }
}

fn broken() -> Fault {
    Fault::new(FaultKind::BadRequest, "the request body is not what its content-encoding says")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(encoding: &str, plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match encoding {
            "gzip" => {
                let mut encoder = flate2::write::GzEncoder::new(&mut out, flate2::Compression::default());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap();
            }
            "deflate" => {
                let mut encoder = flate2::write::ZlibEncoder::new(&mut out, flate2::Compression::default());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap();
            }
            "br" => {
                let mut encoder = brotli::CompressorWriter::new(&mut out, 4096, 5, 20);
                encoder.write_all(plain).unwrap();
            }
            _ => out = zstd::encode_all(plain, 3).unwrap(),
        }
        out
    }

    fn inflate(encoding: &str, bytes: &[u8], size: usize, room: usize) -> Result<Vec<u8>, Fault> {
        let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, encoding.parse().unwrap())]);
        let mut inflate = Inflate::new(&headers)?.unwrap();
        let mut out = Vec::new();
        for chunk in bytes.chunks(size) {
            out.extend_from_slice(&inflate.push(chunk, room - out.len())?);
        }
        out.extend_from_slice(&inflate.finish(room - out.len())?);
        Ok(out)
    }

    #[test]
    fn every_encoding_comes_out_whole_at_any_split() {
        let plain: Vec<u8> = (0..20_000u32).flat_map(|i| format!("{i},").into_bytes()).collect();
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            let bytes = compressed(encoding, &plain);
            for size in [1, 7, 1000, bytes.len()] {
                assert_eq!(inflate(encoding, &bytes, size, 1 << 20).unwrap(), plain, "{encoding} in pieces of {size}");
            }
        }
    }

    #[test]
    fn bombs_and_garbage_are_refused() {
        let bomb = vec![b' '; 1 << 24];
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            let fault = inflate(encoding, &compressed(encoding, &bomb), 4096, 1 << 20).unwrap_err();
            assert_eq!(fault.kind, FaultKind::TooLarge, "{encoding}");
            let fault =
                inflate(encoding, b"this is not compressed at all, not even a little", 10, 1 << 20).unwrap_err();
            assert_eq!(fault.kind, FaultKind::BadRequest, "{encoding}");
        }
    }
}
