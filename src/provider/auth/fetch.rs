//! The one thing that is asked of the world: an answer to a request at a token service.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::canonical::Fault;

/// Sends a request and reads the whole reply, whatever its status.
///
/// Requests and replies carry secrets: an implementation logs neither, and quotes neither in a fault.
#[async_trait]
pub trait Fetch: std::fmt::Debug + Send + Sync + 'static {
    /// `request` has an absolute URL. The answer comes, or a fault, within some seconds.
    async fn fetch(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault>;
}

/// A script in the place of the world.
#[cfg(test)]
pub mod script {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;
    use crate::canonical::FaultKind;

    type Answer = Box<dyn FnMut(&Request<Bytes>) -> (u16, String) + Send>;

    /// Answers by a function, after a while, and remembers what it was asked.
    pub struct Script {
        answer: Mutex<Answer>,
        takes: Duration,
        asked: Mutex<Vec<Request<Bytes>>>,
    }

    impl Script {
        /// Each request is answered with a status and a body; status 0 is a broken connection.
        pub fn new(answer: impl FnMut(&Request<Bytes>) -> (u16, String) + Send + 'static) -> Self {
            Self { answer: Mutex::new(Box::new(answer)), takes: Duration::ZERO, asked: Mutex::default() }
        }

        /// Each answer takes so long.
        pub fn taking(self, takes: Duration) -> Self {
            Self { takes, ..self }
        }

        /// How often it was asked.
        pub fn count(&self) -> usize {
            self.asked.lock().unwrap().len()
        }

        /// `METHOD url`, each header, and the body of request number `index`.
        pub fn asked(&self, index: usize) -> String {
            let asked = self.asked.lock().unwrap();
            let request = &asked[index];
            let headers =
                request.headers().iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
            let body = std::str::from_utf8(request.body()).unwrap();
            format!("{} {}\n{}{body}", request.method(), request.uri(), headers.collect::<String>())
        }
    }

    impl std::fmt::Debug for Script {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Script")
        }
    }

    #[async_trait]
    impl Fetch for Script {
        async fn fetch(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault> {
            tokio::time::sleep(self.takes).await;
            let (status, body) = (self.answer.lock().unwrap())(&request);
            self.asked.lock().unwrap().push(request);
            match status {
                0 => Err(Fault::new(FaultKind::Connect, "no connection")),
                status => Ok(Response::builder().status(status).body(body.into()).unwrap()),
            }
        }
    }
}
