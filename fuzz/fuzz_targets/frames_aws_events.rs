#![no_main]

outrider_fuzz::target!(framings::aws_events);
