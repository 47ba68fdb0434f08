//! The news that something changed: who listens, and for how long. A page listens as long as its visit lasts; a device
//! in service on so many streams and no more. Losing news costs delay and never data.

use crate::Server;
use axum::response::sse::Event;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_stream::wrappers::BroadcastStream;
use warmhand_core::domain::id::DeviceId;

/// How often it is looked whether a listener may still listen.
const LOOK: Duration = Duration::from_secs(60);
/// So many streams a device: one that lost its signal leaves some behind that have not ended yet.
const STREAMS: usize = 4;

/// What a listener is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The log moved: to here; or further than was told, for one that fell behind.
    Moved(Option<u64>),
    /// The visit has ended. Nothing comes after it.
    Ended,
}

impl Heard {
    /// As an event, in which a move has this name.
    pub fn event(self, name: &str) -> Event {
        match self {
            Self::Moved(head) => {
                let data = head.map_or_else(|| "behind".to_owned(), |head| head.to_string());
                Event::default().event(name).data(data)
            }
            // An event that says nothing is none for a browser.
            Self::Ended => Event::default().event("ended").data("the visit"),
        }
    }
}

/// The moments at which it is looked: at once, and then every minute.
pub fn every_minute() -> impl Stream<Item = ()> {
    stream::unfold(tokio::time::interval(LOOK), |mut looks| async move {
        looks.tick().await;
        Some(((), looks))
    })
}

/// The streams that are open, by device.
#[derive(Default)]
pub struct Listeners(Mutex<BTreeMap<DeviceId, VecDeque<oneshot::Sender<()>>>>);

impl Listeners {
    /// One more; what is returned comes when it has to end. The oldest ends, since of a device that changed its network it
    /// is the one that nobody reads.
    fn joins(&self, device: DeviceId) -> oneshot::Receiver<()> {
        let (end, ended) = oneshot::channel();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.entry(device).or_default();
        own.retain(|listener| !listener.is_closed());
        own.push_back(end);
        while own.len() > STREAMS {
            own.pop_front();
        }
        ended
    }
}

/// News, and in between the moments to look, which are none.
fn news_and(
    server: &Server,
    looks: impl Stream<Item = ()> + Send + 'static,
) -> BoxStream<'static, Option<Heard>> {
    let news = BroadcastStream::new(server.news.subscribe());
    let news = news.map(|head| Some(Heard::Moved(head.ok())));
    stream::select(looks.map(|()| None), news).boxed()
}

/// The news for a device, until it is taken out of service or has opened too many more streams. The news of that itself it
/// still hears: so it asks at once, and is told to wipe.
pub fn of_device(
    server: &Arc<Server>,
    device: DeviceId,
    looks: impl Stream<Item = ()> + Send + 'static,
) -> BoxStream<'static, Heard> {
    let (steps, ended) = (news_and(server, looks), server.listeners.joins(device));
    let server = Arc::clone(server);
    let heard = stream::unfold(steps, move |mut steps| {
        let server = Arc::clone(&server);
        async move {
            loop {
                match steps.next().await? {
                    Some(heard) => return Some((heard, steps)),
                    None if server.store.is_revoked(device).await == Ok(true) => return None,
                    None => {}
                }
            }
        }
    });
    heard.take_until(ended).boxed()
}

/// The news for a page, until its visit has ended or nobody was there for too long. To listen is no touch: a page that is
/// left open keeps no visit alive.
pub fn of_visit(
    server: &Arc<Server>,
    token: String,
    looks: impl Stream<Item = ()> + Send + 'static,
) -> BoxStream<'static, Heard> {
    let steps = news_and(server, looks);
    let server = Arc::clone(server);
    let heard = stream::unfold(Some(steps), move |steps| {
        let (server, token) = (Arc::clone(&server), token.clone());
        async move {
            let mut steps = steps?;
            loop {
                let step = steps.next().await?;
                // Where the store cannot say it nobody is sent away.
                if server.visit(&token, false).await == Ok(None) {
                    return Some((Heard::Ended, None));
                }
                if let Some(heard) = step {
                    return Some((heard, Some(steps)));
                }
            }
        }
    });
    heard.boxed()
}
