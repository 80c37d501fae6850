#![no_main]

outrider_fuzz::target!(vectors::check);
