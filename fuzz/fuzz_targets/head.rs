#![no_main]

outrider_fuzz::target!(heads::check);
