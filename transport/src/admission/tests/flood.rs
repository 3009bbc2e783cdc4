//! Many who say nothing whole, from one address or a few.

use super::*;

use tokio::task::JoinHandle;

use crate::source::Source;

const FLOOD: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const HONEST_SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
/// What a newcomer waits at the most: until who is asked has gone, and one look more.
const NEXT_TO_NOTHING: Duration = Duration::from_millis(50);

/// So many who say nothing from `from(n)`, each after the one before has come in; how each left.
async fn flood(
    admission: &mut Admission,
    number: u16,
    from: impl Fn(u16) -> IpAddr,
) -> Vec<JoinHandle<Leave>> {
    let mut all = Vec::new();
    for n in 0..number {
        let place = seated_from(admission, from(n)).await;
        all.push(tokio::spawn(silent(place, PATIENT)));
    }
    all
}

/// Somebody who needs `time` to say his hello.
fn slow(place: Place, time: Duration) -> JoinHandle<Result<(), Leave>> {
    tokio::spawn(async move { place.within(PATIENT, sleep(time)).await })
}

#[tokio::test(start_paused = true)]
async fn a_flood_from_one_address_gives_way_to_itself_and_to_nobody_else() {
    let mut admission = Admission::of(64);
    let first = seated_from(&mut admission, HONEST_SOURCE).await;
    let first = slow(first, HONEST * 9 / 10);
    let (begun, mut longest) = (Instant::now(), Duration::ZERO);
    while begun.elapsed() < HONEST * 8 / 10 {
        let came = Instant::now();
        flood(&mut admission, 1, |_| FLOOD).await;
        longest = longest.max(came.elapsed());
    }
    assert!(longest <= NEXT_TO_NOTHING, "{longest:?}");
    // In the two seconds of the rule for all there would have been one for each place.
    assert!(admission.seated > 10 * 64, "{}", admission.seated);
    assert_eq!(first.await.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn all_places_are_given_up_faster_than_a_flood_can_take_them() {
    let mut admission = Admission::of(4096);
    drop(flood(&mut admission, 4096, |_| FLOOD).await);
    let begun = Instant::now();
    drop(flood(&mut admission, 20_000, |_| FLOOD).await);
    assert!(begun.elapsed() < HONEST, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn whoever_shares_the_floods_address_comes_in_and_has_time_to_say_a_hello() {
    let mut admission = Admission::of(64);
    drop(flood(&mut admission, 64, |_| FLOOD).await);
    let place = timeout(NEXT_TO_NOTHING, seated_from(&mut admission, FLOOD));
    let honest = slow(place.await.unwrap(), Duration::from_millis(10));
    drop(flood(&mut admission, 640, |_| FLOOD).await);
    assert_eq!(honest.await.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_addresses_of_one_host_in_ipv6_are_one_source() {
    let mut admission = Admission::of(64);
    let honest = seated_from(&mut admission, "2001:db8:0:2::1".parse().unwrap()).await;
    let honest = slow(honest, HONEST * 9 / 10);
    let host = |n| IpAddr::from([0x2001, 0xdb8, 0, 1, n, 0, 0, n]);
    let all = flood(&mut admission, 640, host);
    let all = timeout(HONEST * 8 / 10, all).await.unwrap();
    assert_eq!(honest.await.unwrap(), Ok(()));
    let left = all.into_iter().next().unwrap().await.unwrap();
    assert_eq!(left, Leave::Wanted);
}

#[tokio::test(start_paused = true)]
async fn a_few_of_one_address_share_the_time_that_one_has() {
    let mut admission = Admission::of(4);
    let few = flood(&mut admission, 4, |_| FLOOD).await;
    let came = Instant::now();
    let _fifth = seated_from(&mut admission, HONEST_SOURCE).await;
    assert!(came.elapsed() >= HONEST / 4, "{:?}", came.elapsed());
    assert!(came.elapsed() < HONEST / 2, "{:?}", came.elapsed());
    drop(few);
}

#[tokio::test(start_paused = true)]
async fn who_has_said_a_hello_is_no_stranger_however_many_his_address_has() {
    let mut admission = Admission::of(64);
    let mut site = Vec::new();
    for _ in 0..64 {
        let place = seated_from(&mut admission, FLOOD).await;
        site.push(tokio::spawn(async move {
            let work = async {
                // The hello, a turn to compute, and the way there and back.
                drop(place.clock().ours());
                sleep(HONEST / 2).await;
            };
            place.within(PATIENT, work).await
        }));
    }
    assert!(timeout(HONEST / 4, admission.place()).await.is_err());
    for one in site {
        assert_eq!(one.await.unwrap(), Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_before_what_he_has_sent_was_looked_at() {
    let mut admission = Admission::of(4);
    let mut places = Vec::new();
    for _ in 0..4 {
        places.push(seated_from(&mut admission, FLOOD).await);
    }
    assert!(timeout(2 * HONEST, admission.place()).await.is_err());
    for place in &places {
        assert_eq!(place.within(PATIENT, async {}).await, Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_of_strangers_who_have_left_or_are_none_any_more() {
    let mut admission = Admission::of(64);
    let gone = flood(&mut admission, 640, |n| {
        Ipv4Addr::from_bits(n.into()).into()
    })
    .await;
    let proved = seated(&mut admission).await;
    proved.proved();
    let answered = seated(&mut admission).await;
    drop(answered.clock().ours());
    for one in gone {
        one.await.unwrap();
    }
    assert!(admission.strangers.is_empty());
    drop((proved, answered));
}

#[test]
fn an_address_of_ipv4_that_is_written_as_one_of_ipv6_is_the_same_source() {
    let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
    assert_eq!(Source::from(mapped), Source::from(FLOOD));
    assert_ne!(Source::from(HONEST_SOURCE), Source::from(FLOOD));
}
