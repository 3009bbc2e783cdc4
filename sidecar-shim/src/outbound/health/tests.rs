use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn rule(failures: u32, base: u32) -> OutlierDetection {
    OutlierDetection {
        consecutive_failures: NonZeroU32::new(failures),
        interval: 5 * SECOND,
        base_ejection_time: base * SECOND,
        ..USUAL
    }
}

#[test]
fn as_many_failures_in_a_row_as_the_rule_says_eject() {
    let (rule, now) = (rule(3, 10), Instant::now());
    let mut health = Health::new(now);
    assert_eq!(health.failed(&rule, now, true), None);
    assert_eq!(health.failed(&rule, now, true), None);
    health.answered(now);
    assert_eq!(health.failed(&rule, now, true), None);
    assert_eq!(health.failed(&rule, now, true), None);
    assert!(!health.is_ejected());
    assert_eq!(health.failed(&rule, now, true), Some(10 * SECOND));
    assert!(health.is_ejected());
}

#[test]
fn one_that_the_others_cannot_spare_stays() {
    let (rule, now) = (rule(1, 10), Instant::now());
    let mut health = Health::new(now);
    assert_eq!(health.failed(&rule, now, false), None);
    assert_eq!(health.standing(), Standing::Doubted);
    // As soon as there is another, the next failure counts.
    assert_eq!(health.failed(&rule, now, true), Some(10 * SECOND));
}

#[test]
fn an_ejected_one_is_probed_when_its_time_is_over_and_then_once_an_interval_until_it_answers() {
    let (rule, begin) = (rule(1, 10), Instant::now());
    let mut health = Health::new(begin);
    health.failed(&rule, begin, true);
    let over = begin + 10 * SECOND;
    assert_eq!(health.next_probe(&rule, begin), Some(over));
    health.probing(over);
    assert_eq!(health.failed(&rule, over + SECOND, true), None);
    let next = over + 5 * SECOND;
    assert_eq!(health.next_probe(&rule, over + SECOND), Some(next));
    assert!(health.answered(next));
    assert_eq!(health.standing(), Standing::Good { since: next });
    assert_eq!(health.next_probe(&rule, next), None);
}

#[test]
fn one_that_comes_and_goes_stays_out_longer_each_time_but_not_for_ever() {
    let (rule, mut now) = (rule(1, 60), Instant::now());
    let mut health = Health::new(now);
    let mut times = Vec::new();
    for _ in 0..7 {
        let time = health.failed(&rule, now, true).unwrap();
        times.push(time.as_secs());
        now += time;
        assert!(health.answered(now));
        now += SECOND;
    }
    assert_eq!(times, [60, 120, 180, 240, 300, 300, 300]);
    // One ejection is forgotten for each interval in which it answers.
    now += 5 * 4 * SECOND;
    assert_eq!(health.failed(&rule, now, true), Some(240 * SECOND));
}

#[test]
fn a_base_time_that_is_longer_than_the_longest_is_kept() {
    let (rule, now) = (rule(1, 900), Instant::now());
    let mut health = Health::new(now);
    assert_eq!(health.failed(&rule, now, true), Some(900 * SECOND));
}

#[test]
fn doubt_is_cleared_by_a_probe_at_once_and_by_no_more_than_one_an_interval() {
    let (rule, now) = (rule(1, 10), Instant::now());
    let mut health = Health::new(now);
    health.doubted(&rule, now);
    assert!(!health.is_ejected());
    assert_eq!(health.next_probe(&rule, now), Some(now));
    health.probing(now);
    assert!(!health.answered(now), "it was never away");
    health.doubted(&rule, now + SECOND);
    let next = health.next_probe(&rule, now + SECOND);
    assert_eq!(next, Some(now + 5 * SECOND));
}

#[test]
fn a_connection_that_gets_through_brings_an_ejected_one_back_before_its_time() {
    let (rule, now) = (rule(1, 10), Instant::now());
    let mut health = Health::new(now);
    health.failed(&rule, now, true);
    assert!(health.answered(now + SECOND));
    assert!(!health.is_ejected());
}
