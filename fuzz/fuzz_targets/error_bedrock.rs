#![no_main]

outrider_fuzz::target!(errors::check, Bedrock);
