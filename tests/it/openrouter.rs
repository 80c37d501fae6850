//! OpenRouter's dialect at our doors.

mod replies;
mod requests;
