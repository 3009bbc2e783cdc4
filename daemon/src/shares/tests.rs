use std::future::pending;

use super::*;

const BOUNDS: Bounds = Bounds {
    in_all: 64,
    of_one: 16,
};

fn shares() -> Shares {
    Shares::new(BOUNDS)
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// One of as many as somebody with a network of IPv6 has.
fn neighbour(network: u16, host: u16) -> IpAddr {
    IpAddr::from([0x2001, 0xdb8, 0, network, 0, 0, 0, host])
}

impl Shares {
    /// One more that says nothing.
    async fn silent(&self, from: IpAddr) -> Workload {
        let mut given = None;
        let serve = |workload| {
            given = Some(workload);
            tokio::spawn(pending())
        };
        self.admit(from, serve).await;
        given.unwrap()
    }

    fn of(&self, address: IpAddr) -> usize {
        let open = self.open();
        let sources = open.0.iter().map(|connection| connection.from.address);
        sources.filter(|source| *source == address).count()
    }

    fn in_all(&self) -> usize {
        self.open().0.len()
    }

    /// In the order in which they came.
    fn tasks(&self) -> Vec<AbortHandle> {
        let open = self.open();
        let tasks = open.0.iter().map(|connection| connection.task.clone());
        tasks.collect()
    }
}

/// Which of them have been ended.
async fn ended(tasks: &[AbortHandle]) -> Vec<usize> {
    yield_now().await;
    let ended = tasks.iter().enumerate();
    let ended = ended.filter(|(_, task)| task.is_finished());
    ended.map(|(place, _)| place).collect()
}

#[tokio::test]
async fn one_client_has_no_more_than_its_share_and_gives_up_its_own_oldest() {
    let shares = shares();
    shares.silent(address(1)).await;
    for _ in 0..BOUNDS.of_one {
        shares.silent(address(2)).await;
    }
    let tasks = shares.tasks();
    for _ in 0..3 {
        shares.silent(address(2)).await;
    }
    assert_eq!(ended(&tasks).await, [1, 2, 3]);
    for _ in 0..2 * BOUNDS.in_all {
        shares.silent(address(2)).await;
    }
    assert_eq!(shares.of(address(1)), 1);
    assert_eq!(shares.of(address(2)), BOUNDS.of_one);
}

#[tokio::test]
async fn where_all_are_taken_the_oldest_of_who_has_the_most_gives_way() {
    let shares = shares();
    shares.silent(address(1)).await;
    for _ in 0..BOUNDS.of_one {
        for client in 2..6 {
            shares.silent(address(client)).await;
        }
    }
    // It was full before the last came, and the first of those that have as many as may be left for it.
    assert_eq!(shares.in_all(), BOUNDS.in_all);
    assert_eq!(shares.of(address(1)), 1);
    assert_eq!(shares.of(address(2)), BOUNDS.of_one - 1);
    shares.silent(address(6)).await;
    assert_eq!(shares.in_all(), BOUNDS.in_all);
    assert_eq!((shares.of(address(1)), shares.of(address(6))), (1, 1));
    assert_eq!(shares.of(address(3)), BOUNDS.of_one - 1);
}

#[tokio::test]
async fn whose_oldest_gives_way_is_the_same_client_in_both_forms_of_its_address() {
    let shares = shares();
    let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
    for from in [address(1), mapped].into_iter().cycle().take(BOUNDS.in_all) {
        shares.silent(from).await;
    }
    assert_eq!(shares.of(address(1)), BOUNDS.of_one);
}

#[tokio::test]
async fn all_addresses_of_a_network_have_one_share() {
    let shares = shares();
    shares.silent(neighbour(1, 1)).await;
    for host in 1..100 {
        shares.silent(neighbour(2, host)).await;
    }
    assert_eq!(shares.in_all(), 1 + BOUNDS.of_one);
    assert_eq!(shares.of(neighbour(1, 1)), 1);
    assert_eq!(shares.of(neighbour(2, 83)), 0);
    assert_eq!(shares.of(neighbour(2, 84)), 1);
}

#[tokio::test]
async fn a_neighbour_with_one_does_not_give_way_to_one_with_many() {
    let shares = shares();
    shares.silent(neighbour(1, 1)).await;
    for _ in 0..2 * BOUNDS.of_one {
        shares.silent(neighbour(1, 2)).await;
    }
    assert_eq!(shares.of(neighbour(1, 1)), 1);
    assert_eq!(shares.of(neighbour(1, 2)), BOUNDS.of_one - 1);
}

#[tokio::test]
async fn who_has_something_to_do_stays_where_one_of_the_same_client_has_nothing() {
    let shares = shares();
    let mut workloads = Vec::new();
    for _ in 0..BOUNDS.of_one {
        workloads.push(shares.silent(address(1)).await);
    }
    let tasks = shares.tasks();
    let first = workloads[0].begin();
    let answer = first.clone();
    let second = workloads[1].begin();
    drop(first);
    workloads.push(shares.silent(address(1)).await);
    assert_eq!(ended(&tasks).await, [2]);
    drop(second);
    workloads.push(shares.silent(address(1)).await);
    assert_eq!(ended(&tasks).await, [1, 2]);
    drop(answer);
    shares.silent(address(1)).await;
    assert_eq!(ended(&tasks).await, [0, 1, 2]);
}

#[tokio::test]
async fn where_all_of_a_client_have_something_to_do_its_oldest_gives_way() {
    let shares = shares();
    let idle = shares.silent(address(2)).await;
    let mut work = Vec::new();
    for _ in 0..BOUNDS.of_one {
        work.push(shares.silent(address(1)).await.begin());
    }
    let tasks = shares.tasks();
    shares.silent(address(1)).await;
    assert_eq!(ended(&tasks).await, [1], "not that of somebody else");
    drop(idle);
}

#[tokio::test]
async fn who_asks_in_the_crowd_has_turns_to_be_answered_before_one_gives_way() {
    let shares = shares();
    let answered = Arc::new(Mutex::new(false));
    let done = Arc::clone(&answered);
    let serve = |_| {
        tokio::spawn(async move {
            yield_now().await;
            *done.lock().unwrap() = true;
        })
    };
    shares.admit(address(1), serve).await;
    for _ in 0..BOUNDS.of_one {
        shares.silent(address(1)).await;
    }
    assert!(*answered.lock().unwrap());
    assert_eq!(shares.of(address(1)), BOUNDS.of_one);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_to_several_listeners_at_once_has_no_more() {
    let shares = Arc::new(shares());
    let listeners = (0..4).map(|listener| {
        let shares = Arc::clone(&shares);
        tokio::spawn(async move {
            for client in 0..200 {
                shares.silent(address(listener * 50 + client % 50)).await;
                assert!(shares.in_all() <= BOUNDS.in_all);
            }
        })
    });
    for listener in listeners.collect::<Vec<_>>() {
        listener.await.unwrap();
    }
    assert_eq!(shares.in_all(), BOUNDS.in_all);
}

#[tokio::test]
async fn what_is_over_has_no_place() {
    let shares = shares();
    for _ in 0..BOUNDS.of_one {
        shares.admit(address(1), |_| tokio::spawn(async {})).await;
    }
    let tasks = shares.tasks();
    yield_now().await;
    shares.silent(address(1)).await;
    assert_eq!(shares.in_all(), 1);
    assert_eq!(ended(&tasks).await.len(), BOUNDS.of_one);
}
