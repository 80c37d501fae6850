#![no_main]

outrider_fuzz::target!(streams::check, Cohere);
