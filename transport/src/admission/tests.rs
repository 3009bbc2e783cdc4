use super::*;

mod flood;

use std::future::pending;
use std::net::Ipv4Addr;

use tokio::time::{sleep, timeout};

const SOON: Duration = Duration::from_millis(50);
const PATIENT: Duration = Duration::from_secs(30);

/// Somebody from an address of his own.
async fn seated(admission: &mut Admission) -> Place {
    let number = u32::try_from(admission.seated).unwrap();
    seated_from(admission, Ipv4Addr::from_bits(number).into()).await
}

async fn seated_from(admission: &mut Admission, from: IpAddr) -> Place {
    let place = admission.place().await;
    admission.seat(&place, from);
    place
}

#[tokio::test(start_paused = true)]
async fn who_comes_when_all_places_are_taken_waits_for_one() {
    let mut admission = Admission::of(2);
    let (first, _second) = (seated(&mut admission).await, seated(&mut admission).await);
    assert!(timeout(SOON, admission.place()).await.is_err());
    drop(first);
    assert!(timeout(SOON, admission.place()).await.is_ok());
}

/// Somebody with a place who says nothing: how he leaves it, if he does within `limit`.
async fn silent(place: Place, limit: Duration) -> Leave {
    place.within(limit, pending::<()>()).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn the_oldest_who_proves_nothing_is_asked_to_leave_for_the_next() {
    let mut admission = Admission::of(2);
    let oldest = seated(&mut admission).await;
    let oldest = tokio::spawn(silent(oldest, PATIENT));
    sleep(SOON).await;
    let younger = seated(&mut admission).await;
    let younger = tokio::spawn(silent(younger, PATIENT));
    assert!(timeout(HONEST / 2, admission.place()).await.is_err());
    let _third = timeout(HONEST, admission.place()).await.unwrap();
    assert_eq!(oldest.await.unwrap(), Leave::Wanted);
    assert_eq!(younger.await.unwrap(), Leave::Late);
}

#[tokio::test(start_paused = true)]
async fn who_has_proved_himself_is_left_alone() {
    let mut admission = Admission::of(1);
    let proved = seated(&mut admission).await;
    proved.proved();
    let proved = tokio::spawn(silent(proved, 2 * PATIENT));
    assert!(timeout(PATIENT, admission.place()).await.is_err());
    assert_eq!(proved.await.unwrap(), Leave::Late);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_us_keeps_his_place_until_he_has_used_his_own_time() {
    let mut admission = Admission::of(1);
    let waiting = seated(&mut admission).await;
    let begun = Instant::now();
    let leaves = tokio::spawn(async move {
        let work = async {
            sleep(HONEST / 2).await;
            let ours = waiting.clock().ours();
            sleep(5 * HONEST).await;
            drop(ours);
            pending::<()>().await;
        };
        (waiting.within(PATIENT, work).await, Instant::now())
    });
    let _next = admission.place().await;
    let (left, at) = leaves.await.unwrap();
    let after = at - begun;
    assert_eq!(left, Err(Leave::Wanted));
    assert!(
        (6 * HONEST..6 * HONEST + 2 * LOOK).contains(&after),
        "{after:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn one_who_waits_for_us_does_not_stand_before_one_who_is_silent() {
    let mut admission = Admission::of(2);
    let waiting = seated(&mut admission).await;
    let waiting = tokio::spawn(async move {
        let work = async {
            let _ours = waiting.clock().ours();
            sleep(PATIENT).await;
        };
        waiting.within(HONEST, work).await
    });
    let silent = tokio::spawn(silent(seated(&mut admission).await, PATIENT));
    assert!(timeout(2 * HONEST, admission.place()).await.is_ok());
    assert_eq!(silent.await.unwrap(), Leave::Wanted);
    assert_eq!(waiting.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn who_moves_before_he_hears_that_he_is_to_leave_stays() {
    for moves in [true, false] {
        let mut admission = Admission::of(1);
        let place = seated(&mut admission).await;
        let (holder, hello) = (Arc::clone(&place.holder), Arc::new(Notify::new()));
        let said = Arc::clone(&hello);
        let open = tokio::spawn(async move {
            let work = async {
                said.notified().await;
                let _ours = place.clock().ours();
                tokio::task::yield_now().await;
            };
            place.within(PATIENT, work).await
        });
        tokio::task::yield_now().await;
        holder.leave();
        if moves {
            hello.notify_one();
        }
        let stayed = if moves { Ok(()) } else { Err(Leave::Wanted) };
        assert_eq!(open.await.unwrap(), stayed);
    }
}

#[tokio::test(start_paused = true)]
async fn time_before_anybody_has_looked_at_a_connection_is_not_its_own() {
    let mut admission = Admission::of(1);
    let place = seated(&mut admission).await;
    assert!(timeout(2 * HONEST, admission.place()).await.is_err());
    let soon = place.within(PATIENT, sleep(SOON)).await;
    assert_eq!(soon, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn many_who_come_and_go_leave_no_records() {
    let mut admission = Admission::of(4);
    let _stays = seated(&mut admission).await;
    for _ in 0..1000 {
        drop(seated(&mut admission).await);
    }
    assert!(admission.holders.len() <= 8, "{}", admission.holders.len());
}

#[test]
fn the_places_follow_the_limit_of_open_files() {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let places = Admission::standard().most as u64;
    assert!((1..=MOST.min(limit.max(8) / 8)).contains(&places));
}
