//! OpenRouter's dialect at our doors.

mod clients;
mod replies;
mod requests;
mod valid;
