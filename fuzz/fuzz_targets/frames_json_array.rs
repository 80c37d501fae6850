#![no_main]

outrider_fuzz::target!(framings::json_array);
