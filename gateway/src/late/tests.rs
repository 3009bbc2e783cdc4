use super::*;
use std::future::{pending, ready};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::sleep;

const PLACES: usize = 16;

struct Crowd {
    dials: Arc<LateDials>,
    waiting: JoinSet<Result<(), Silent>>,
}

impl Crowd {
    fn new() -> Self {
        Self {
            dials: Arc::new(LateDials::of(PLACES)),
            waiting: JoinSet::new(),
        }
    }

    /// So many for a pod that answers after `answer`.
    fn come<F>(&mut self, pod: &'static str, answer: fn() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        for _ in 0..PLACES {
            let dials = Arc::clone(&self.dials);
            self.waiting
                .spawn(async move { dials.on(pod, answer()).await });
        }
    }

    /// How many of each pod wait.
    fn waiting(&self, pods: &[&str]) -> Vec<usize> {
        let counted = self.dials.counted();
        pods.iter().map(|pod| counted.of(pod)).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn one_silent_pod_has_half_of_the_places_and_more_are_refused_at_once() {
    let mut crowd = Crowd::new();
    crowd.come("db-0", pending);
    sleep(2 * LATE).await;
    assert_eq!(crowd.waiting(&["db-0"]), [PLACES / 2]);
    let begun = tokio::time::Instant::now();
    assert_eq!(crowd.dials.on("db-0", ready(())).await, Err(Silent));
    assert_eq!(crowd.dials.on("db-1", ready(())).await, Ok(()));
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn silent_pods_share_and_leave_places_to_others() {
    let mut crowd = Crowd::new();
    let pods = ["db-0", "db-1", "db-2"];
    for pod in pods {
        crowd.come(pod, pending);
        sleep(4 * LATE).await;
    }
    let waiting = crowd.waiting(&pods);
    let left = PLACES - waiting.iter().sum::<usize>();
    assert!(left >= PLACES / 4, "{waiting:?}");
    assert!(
        waiting.iter().all(|&of| 0 < of && of <= left),
        "{waiting:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_crowd_whose_pod_answers_is_let_through_as_a_whole() {
    let mut crowd = Crowd::new();
    crowd.come("db-0", || sleep(LATE / 2));
    let answers = std::mem::take(&mut crowd.waiting).join_all().await;
    assert_eq!(answers, [Ok(()); PLACES]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_counted_once_they_are_gone() {
    let mut crowd = Crowd::new();
    crowd.come("db-0", || sleep(4 * LATE));
    crowd.come("db-1", pending);
    sleep(2 * LATE).await;
    crowd.waiting.shutdown().await;
    let counted = crowd.dials.counted();
    assert_eq!((counted.all, counted.of_pod.len()), (0, 0));
}
