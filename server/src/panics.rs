//! What becomes of a panic: its place in the source is logged and nothing that it says, since it may quote a record.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use std::any::Any;
use std::panic::{PanicHookInfo, set_hook};
use tower_http::catch_panic::ResponseForPanic;

/// From now on, in the whole process.
pub fn log_places_alone() {
    set_hook(Box::new(log_place));
}

fn log_place(info: &PanicHookInfo<'_>) {
    let place = info
        .location()
        .map(|at| format!("{}:{}", at.file(), at.line()));
    tracing::error!(
        at = place.unwrap_or_default(),
        "a panic; its words are withheld, since they may quote a record"
    );
}

/// Answers whoever asked that it failed, and nothing else.
#[derive(Clone, Copy)]
pub(crate) struct Withheld;

impl ResponseForPanic for Withheld {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _words: Box<dyn Any + Send>) -> Response<Body> {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::to_bytes;
    use axum::extract::Request;
    use axum::routing::get;
    use std::io::{self, Write};
    use std::panic::take_hook;
    use std::sync::{Arc, Mutex};
    use std::thread;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    async fn panics() {
        panic!("Rosa said something");
    }

    #[test]
    fn a_panic_says_where_and_not_what() {
        // On this thread alone: other tests panic as ever.
        let (here, others) = (thread::current().id(), take_hook());
        set_hook(Box::new(move |info| {
            if thread::current().id() == here {
                log_place(info);
            } else {
                others(info);
            }
        }));
        let log = Log::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone());
        let router = Router::new()
            .route("/", get(panics))
            .layer(CatchPanicLayer::custom(Withheld));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let (status, body) = tracing::subscriber::with_default(lines.finish(), || {
            runtime.block_on(async {
                let request = Request::get("/").body(Body::empty()).unwrap();
                let answer = router.oneshot(request).await.unwrap();
                let status = answer.status();
                (status, to_bytes(answer.into_body(), 1000).await.unwrap())
            })
        });
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(body.is_empty(), "{body:?}");
        let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(told.contains("panics.rs:"), "{told}");
        assert!(!told.contains("Rosa"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}
