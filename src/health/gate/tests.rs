use std::task::Waker;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const LINE: Line = Line { size: 3, wait: SECOND };

/// What has become of one who waits.
fn look(waiting: &mut Waiting) -> Poll<Option<Permit>> {
    Pin::new(waiting).poll(&mut Context::from_waker(Waker::noop()))
}

fn inside(gate: &Gate) -> usize {
    gate.inside.load(SeqCst)
}

/// A gate for one, the call inside, and so many who wait since so many milliseconds.
fn crowd(since: &[u64]) -> (Arc<Gate>, Permit, Vec<Waiting>) {
    let (gate, now) = (Arc::new(Gate::default()), tokio::time::Instant::now().into_std());
    let first = gate.enter(Some(1)).unwrap();
    let waiting = since.iter().map(|millis| {
        let came = now - Duration::from_millis(*millis);
        gate.queue(1, Line { size: 99, ..LINE }, came, came + SECOND).unwrap()
    });
    let waiting = waiting.collect();
    (gate, first, waiting)
}

/// In which order those who wait are served, each leaving at once.
async fn served(since: &[u64]) -> String {
    let (gate, first, mut waiting) = crowd(since);
    let (mut inside_now, mut order) = (Some(first), String::new());
    while inside_now.take().is_some() {
        for (index, one) in waiting.iter_mut().enumerate() {
            if order.contains(&index.to_string()) {
                continue;
            }
            match look(one) {
                Poll::Ready(Some(permit)) => {
                    order.push_str(&index.to_string());
                    inside_now = Some(permit);
                    break;
                }
                Poll::Ready(None) => panic!("{index} is turned away while others are served: {since:?}"),
                Poll::Pending => {}
            }
        }
    }
    assert_eq!((inside(&gate), gate.waiting()), (0, 0), "{since:?}");
    order
}

#[tokio::test(start_paused = true)]
async fn oldest_first_until_overloaded_then_newest_first() {
    assert_eq!(served(&[400, 300, 200]).await, "012");
    assert_eq!(served(&[600, 300, 200]).await, "210");
    assert_eq!(served(&[]).await, "");
}

#[tokio::test(start_paused = true)]
async fn whose_time_is_over_is_not_served() {
    let (gate, first, mut waiting) = crowd(&[1_500]);
    drop(first);
    assert!(matches!(look(&mut waiting[0]), Poll::Ready(None)));
    assert_eq!((inside(&gate), gate.waiting(), gate.turned_away()), (0, 0, 1));
}

#[test]
fn so_many_and_no_more() {
    let gate = Arc::new(Gate::default());
    let permits: Vec<Permit> = (0..3).filter_map(|_| gate.enter(Some(2))).collect();
    assert_eq!((permits.len(), inside(&gate)), (2, 2));
    assert!(gate.enter(Some(3)).is_some(), "a reload may raise the limit");
    assert!(gate.enter(Some(1)).is_none(), "or lower it");
    assert!(gate.enter(None).is_some());
    assert_eq!(inside(&gate), 2, "the third is gone again");
    drop(permits);
    assert_eq!(inside(&gate), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_overtakes_those_who_wait() {
    let (gate, first, mut waiting) = crowd(&[0]);
    drop(first);
    assert!(gate.enter(Some(1)).is_none(), "the place is given, not left open");
    let Poll::Ready(Some(permit)) = look(&mut waiting[0]) else { panic!("it has its place") };
    drop(permit);
    assert!(gate.enter(Some(1)).is_some());
}

#[tokio::test(start_paused = true)]
async fn who_leaves_the_queue_costs_nothing() {
    let (gate, first, mut waiting) = crowd(&[0, 0, 0]);
    waiting.remove(0).give_up();
    assert_eq!((gate.waiting(), gate.turned_away()), (2, 1));
    drop(first);
    drop(waiting.remove(0)); // it had been given the place, and never looked
    let Poll::Ready(Some(permit)) = look(&mut waiting[0]) else { panic!("the next one has it") };
    assert_eq!((gate.waiting(), inside(&gate)), (0, 1));
    drop((permit, waiting));
    assert_eq!(inside(&gate), 0);
}

#[test]
fn a_full_queue_turns_away_the_newcomer_or_once_overloaded_the_oldest() {
    let (gate, now) = (Arc::new(Gate::default()), Instant::now());
    let _inside = gate.enter(Some(1)).unwrap();
    let queue = |now| gate.queue(1, LINE, now, now + SECOND);
    let mut waiting: Vec<Waiting> = (0..3).map(|_| queue(now).unwrap()).collect();
    assert!(queue(now + SECOND / 4).is_none());
    assert!(queue(now + SECOND / 2).is_some(), "it left at once, which makes room");
    waiting.push(queue(now + SECOND / 2).unwrap());
    assert!(matches!(look(&mut waiting[0]), Poll::Ready(None)), "the oldest is turned away");
    assert!(waiting[1..].iter_mut().all(|one| look(one).is_pending()));
    assert_eq!((gate.waiting(), gate.turned_away()), (3, 2));
}

/// Many threads at once: never more inside than the limit, and nobody is forgotten.
#[test]
fn no_place_is_lost() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    let (gate, most) = (Arc::new(Gate::default()), Arc::new(AtomicUsize::new(0)));
    let line = Line { size: 10_000, wait: 60 * SECOND };
    runtime.block_on(async {
        let calls: Vec<_> = (0..64)
            .map(|_| {
                let (gate, most) = (gate.clone(), most.clone());
                tokio::spawn(async move {
                    for turn in 0..500 {
                        let now = Instant::now();
                        let permit = match gate.enter(Some(3)) {
                            Some(permit) => permit,
                            None => {
                                let waiting = gate.queue(3, line, now, now + line.wait).unwrap();
                                if turn % 7 == 0 {
                                    tokio::task::yield_now().await;
                                    continue; // it leaves, perhaps with a place in its hand
                                }
                                waiting.await.unwrap()
                            }
                        };
                        most.fetch_max(inside(&gate), SeqCst);
                        tokio::task::yield_now().await;
                        drop(permit);
                    }
                })
            })
            .collect();
        for call in calls {
            tokio::time::timeout(30 * SECOND, call).await.expect("somebody was forgotten").unwrap();
        }
    });
    assert_eq!((inside(&gate), gate.waiting()), (0, 0));
    assert!((1..=3).contains(&most.load(SeqCst)), "{most:?} were inside");
}
