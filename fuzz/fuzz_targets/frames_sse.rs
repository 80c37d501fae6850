#![no_main]

outrider_fuzz::target!(framings::sse);
