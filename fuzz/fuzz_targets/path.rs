#![no_main]

outrider_fuzz::target!(paths::check);
